#!/bin/sh
# Installs what the Swarm tests and the lab need, and only what is missing: a Docker daemon, its command line, iptables,
# a static busybox and iproute2. Debian and Ubuntu. No daemon is started: the tests start their own, in namespaces of their own.
#
#   sudo scripts/install-docker.sh
set -eu

say() { echo "install-docker: $*" >&2; }

# Administrators' programs are not in the PATH of "su" without "-".
PATH=$PATH:/usr/sbin:/sbin
export PATH DEBIAN_FRONTEND=noninteractive

has() { command -v "$1" >/dev/null 2>&1; }

# The packages whose program is missing. docker-ce brings a dockerd, too, and must not be replaced.
missing_packages() {
  has dockerd || echo docker.io
  # A package of its own since Debian 13; before, docker.io has it.
  has docker || { apt-cache show docker-cli >/dev/null 2>&1 && echo docker-cli; } || true
  has iptables || echo iptables
  has ip || echo iproute2
  # The package busybox has a program of the same name that needs libraries.
  [ "$(dpkg-query --show --showformat='${db:Status-Status}' busybox-static 2>/dev/null)" = installed ] || echo busybox-static
}

if ! has apt-get; then
  say 'this is not Debian or Ubuntu; install dockerd, docker, iptables, iproute2 and a static busybox by hand'
  exit 1
fi
if [ -z "$(missing_packages)" ]; then
  say 'everything is installed already'
  exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
  say "missing: $(missing_packages | tr '\n' ' '); run it as root: sudo $0"
  exit 1
fi

# What package scripts ask before they start a service: 101 means no. Somebody's own answer is put back afterwards.
POLICY=/usr/sbin/policy-rc.d
SAVED=
restore() {
  if [ -n "$SAVED" ]; then mv "$SAVED" "$POLICY"; else rm -f "$POLICY"; fi
}
if [ -e "$POLICY" ]; then
  SAVED=$(mktemp "$POLICY.XXXXXX")
  cp -p "$POLICY" "$SAVED"
fi
trap restore EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
printf '#!/bin/sh\nexit 101\n' >"$POLICY"
chmod 755 "$POLICY"

# Package lists that are old or not there at all are the usual reason for a package that is not found.
apt-get update -qq
PACKAGES=$(missing_packages)
say "installing $(echo "$PACKAGES" | tr '\n' ' ')"
# shellcheck disable=SC2086 # one argument for each package
apt-get install -y -qq --no-install-recommends $PACKAGES

for tool in dockerd docker iptables ip busybox; do
  has "$tool" || { say "$tool is still missing"; exit 1; }
done
say "done: $(dockerd --version)"
if [ -d /run/systemd/system ] && systemctl is-enabled --quiet docker.service 2>/dev/null; then
  say 'Docker is not running now, but will start at the next boot; if you do not want that: systemctl disable docker.service docker.socket'
fi
