#!/bin/bash
# The cable between the hosts of a lab: a bridge in a network namespace of its own, with no way out of it.
# It also owns the lab's folder, and removes it when the lab is over.
#
#   unshare --net bash fabric.sh DIR ADDRESS/LENGTH < pipe
#
# Prints "ready PID". Lives until its standard input ends, which happens when Lab closes it or when the process that
# runs Lab dies, however it dies.
set -euo pipefail
dir=$1 address=$2

ip link set lo up
ip link add fabric type bridge forward_delay 0
ip address add "$address" dev fabric
ip link set fabric up

echo "ready $BASHPID"
exec >/dev/null
read -r _ || true

# Every host removes its own folder as the last thing it does. After a while the rest goes, whatever it is.
for ((tries = 0; tries < 300; tries++)); do
  folders=("$dir"/host-*)
  [[ -e ${folders[0]} ]] || break
  sleep 0.05
done
rm -rf -- "$dir"
