#!/bin/bash
# The init (PID 1) of one lab host: makes fresh namespaces look like a machine of their own, then waits for the end.
#
#   unshare --net --mount --uts --pid --fork --kill-child --propagation private bash host.sh NAME DIR CGROUP v1|v2 < pipe
#
# NAME: the host's name. DIR: its folder, which the machine sees, too. CGROUP: the cgroup (from the root) for its containers.
# Prints "ready PID", the PID as the machine sees it. Lives until its standard input ends, which happens when Lab closes it
# or when the process that runs Lab dies, however it dies. Then everything in this PID namespace is killed, and the mounts,
# the network namespaces and their links go with the namespaces.
set -euo pipefail
shopt -s nullglob
name=$1 dir=$2 cgroup=$3 cgroup_version=$4

# The machine's /proc is still here, so this is the PID as the machine counts.
read -r pid _ </proc/self/stat

clean_up() {
  set +e
  # Signals all of this PID namespace but its init. Again and again: what is killed may have been about to fork.
  for ((tries = 0; tries < 200; tries++)); do
    kill -KILL -1 2>/dev/null
    processes=(/proc/[0-9]*)
    ((${#processes[@]} == 1)) && break
    sleep 0.05
  done
  # Cgroups belong to no namespace: the only thing that would stay.
  for root in /sys/fs/cgroup /sys/fs/cgroup/*; do
    [[ -d $root$cgroup ]] || continue
    find "$root$cgroup" -depth -type d -exec rmdir {} +
    rmdir --ignore-fail-on-non-empty "$root$(dirname "$cgroup")"
  done
  umount -l /etc "$dir/etc" "$dir/data" 2>/dev/null
  rm -rf -- "$dir"
}

# This namespace began as a copy of the machine's mounts. A copy of a mounted network namespace would keep it alive, so
# those go first, with all that is replaced below.
detach_copies() {
  local mounts=() target type
  mapfile -t mounts </proc/self/mounts
  # From the last one backwards: what is mounted on top comes off first.
  for ((i = ${#mounts[@]} - 1; i >= 0; i--)); do
    read -r _ target type _ <<<"${mounts[i]}"
    printf -v target %b "$target" # spaces are written \040
    if [[ $type == nsfs || $target/ == /run/* || $target/ == /sys/* || $target/ == /proc/* ]]; then
      # It fails when the machine has removed the mount point meanwhile, which takes the mount off here, too.
      umount -l -- "$target" 2>/dev/null || true
    fi
  done
}

detach_copies
mount -t proc proc /proc
trap clean_up EXIT

# A fresh /sys shows this network namespace. /sys/kernel/security is left out: no daemon of the lab loads an AppArmor
# profile into the machine's kernel.
mount -t sysfs sysfs /sys
if [[ $cgroup_version == v1 ]]; then
  mount -t tmpfs -o mode=755 cgroups /sys/fs/cgroup
  # One line for each hierarchy: "4:memory:/", "3:cpu,cpuacct:/", "9:name=systemd:/". The one of version 2 ("0::/") has no name.
  while IFS=: read -r _ controllers _; do
    [[ -n $controllers ]] || continue
    hierarchy=/sys/fs/cgroup/${controllers#name=}
    mkdir "$hierarchy"
    [[ $controllers == name=* ]] && options=none,$controllers || options=$controllers
    mount -t cgroup -o "$options" cgroup "$hierarchy"
    # Programs look for single controllers: cpu -> cpu,cpuacct.
    for controller in ${controllers//,/ }; do
      [[ -e /sys/fs/cgroup/${controller#name=} ]] || ln -s "${hierarchy##*/}" "/sys/fs/cgroup/$controller"
    done
  done </proc/self/cgroup
else
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
fi

# Shared, as under systemd, so that a bind mount with rslave sees the namespaces that Docker adds to /run/docker/netns.
mount -t tmpfs -o mode=755 run /run
mount --make-shared /run
mkdir -p /run/lock

# The daemon's images and containers, in memory: quick, and gone with the mount namespace.
mkdir "$dir/data"
mount -t tmpfs -o mode=711 data "$dir/data"

# A private /etc: a daemon keeps its identity in /etc/docker, and the machine's own daemon.json must not reach it.
mkdir "$dir/etc"
mount -t tmpfs -o mode=700 etc "$dir/etc"
mkdir "$dir/etc/upper" "$dir/etc/work"
chmod 755 "$dir/etc/upper"
mount -t overlay -o "lowerdir=/etc,upperdir=$dir/etc/upper,workdir=$dir/etc/work" etc /etc
rm -rf /etc/docker
tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id
echo "$name" >/etc/hostname
printf '127.0.0.1 localhost\n127.0.1.1 %s\n' "$name" >/etc/hosts
echo "$name" >/proc/sys/kernel/hostname

ip link set lo up

echo "ready $pid"
exec >/dev/null
read -r _ || true
