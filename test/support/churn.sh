#!/bin/sh
# Makes and removes containers' worth of network namespaces until it is told to stop: $1 folder, $2 host namespace, $3 how many
# live at a time. The ends of a cable carry one number, so that a wrong pair can be told by the names.
set -u
dir=$1 host=$2 keep=$3 next=0
trap 'stop=1' TERM
stop=
remove() {
  umount -l "$dir/c$1" && rm -f "$dir/c$1"
}
while [ -z "$stop" ]; do
  next=$((next + 1))
  : >"$dir/c$next"
  unshare --net="$dir/c$next" ip link set lo up
  ip link add "h$next" netns "$host" type veth peer name "e$next" netns "$dir/c$next" &&
    nsenter --net="$dir/c$next" ip -batch - <<END
addr add 10.1.$((next / 250 % 250)).$((next % 250 + 1))/16 dev e$next
link set e$next up
END
  nsenter --net="$host" ip link set "h$next" up
  [ "$next" -gt "$keep" ] && remove $((next - keep))
done
first=$((next > keep ? next - keep + 1 : 1))
while [ "$first" -le "$next" ]; do
  remove "$first"
  first=$((first + 1))
done
echo "$next"
