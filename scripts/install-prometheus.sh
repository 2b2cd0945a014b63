#!/bin/sh
# Installs what the tests of the metrics need, and only what is missing: prometheus and promtool, from Debian's package prometheus. Only these
# two programs are taken out of it: its service, its user and the fonts of its web pages are left. As root they go to /usr/local/bin, else to
# .cache/prometheus, where the tests look, too. Debian and Ubuntu.
#
#   scripts/install-prometheus.sh
set -eu
cd "$(dirname "$0")/.."

say() { echo "install-prometheus: $*" >&2; }

CACHE=.cache/prometheus
PATH=$PATH:/usr/local/bin:$PWD/$CACHE
if command -v prometheus >/dev/null 2>&1 && command -v promtool >/dev/null 2>&1; then
  say 'everything is installed already'
  exit 0
fi
if ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg-deb >/dev/null 2>&1; then
  say 'this is not Debian or Ubuntu; install prometheus and promtool (2.42 or later) by hand'
  exit 1
fi
TARGET=$CACHE
if [ "$(id -u)" -eq 0 ]; then
  TARGET=/usr/local/bin
  # Package lists that are old or not there at all are the usual reason for a package that is not found.
  apt-get update -qq
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# apt-get downloads as a user of its own, who has to be able to write here.
chmod 777 "$scratch"
(cd "$scratch" && apt-get download -qq prometheus)
dpkg-deb --extract "$scratch"/prometheus_*.deb "$scratch/package"
mkdir -p "$TARGET"
install -m 755 "$scratch/package/usr/bin/prometheus" "$scratch/package/usr/bin/promtool" "$TARGET"
say "done: $("$TARGET/promtool" --version | head -n 1)"
