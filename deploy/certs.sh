#!/bin/sh
# Makes certificates for nsatlas with openssl: a CA, one certificate for agents and collectors, one for people.
#
#   deploy/certs.sh DIR [NAME…]
#
#   DIR/ca.pem       whom to trust; goes wherever nsatlas runs         --tls-ca
#   DIR/ca-key.pem   signs; goes nowhere: keep it off the hosts
#   DIR/node.pem     agents and collectors, as server and as client    --tls-cert
#   DIR/node-key.pem                                                   --tls-key
#   DIR/people.pem   nsatlas, grpcurl and buf curl at a desk           --tls-cert
#   DIR/people-key.pem                                                 --tls-key
#
# The node's certificate is for the names agent.nsatlas and collector.nsatlas, whatever the host is called: clients say
# --tls-server-name agent.nsatlas. Each NAME (a host name or an IP address) is added to it, for clients that do not.
# Running it again keeps the CA and issues new certificates; agents and collectors pick them up without a restart once they
# replace the old files. Lifetimes in days: DAYS (397), CA_DAYS (3650).
set -eu
umask 077

if [ $# -lt 1 ] || [ "${1#-}" != "$1" ]; then
  sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
dir=$1
shift
mkdir -p "$dir"
work=$(mktemp -d "$dir/.certs-XXXXXX")
trap 'rm -rf "$work"' EXIT

names=DNS:agent.nsatlas,DNS:collector.nsatlas
for name; do
  case $name in
    *[!0-9A-Za-z.:_-]* | '') echo "certs.sh: '$name' is neither a host name nor an IP address" >&2; exit 2 ;;
    *:* | [0-9]*.[0-9]*.[0-9]*.*[0-9]) names=$names,IP:$name ;;
    *) names=$names,DNS:$name ;;
  esac
done

key() {
  openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null ||
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"
}

if [ ! -f "$dir/ca.pem" ] || [ ! -f "$dir/ca-key.pem" ]; then
  key "$work/ca-key.pem"
  openssl req -x509 -new -key "$work/ca-key.pem" -out "$work/ca.pem" -days "${CA_DAYS:-3650}" -subj '/CN=nsatlas CA' \
    -addext basicConstraints=critical,CA:TRUE,pathlen:0 -addext keyUsage=critical,keyCertSign,cRLSign
  mv "$work/ca-key.pem" "$work/ca.pem" "$dir/"
fi

# sign NAME COMMON_NAME EXTENDED_KEY_USAGE [SUBJECT_ALTERNATIVE_NAMES]
sign() {
  key "$work/$1-key.pem"
  openssl req -new -key "$work/$1-key.pem" -out "$work/$1.csr" -subj "/CN=$2"
  {
    echo basicConstraints=critical,CA:FALSE
    echo keyUsage=critical,digitalSignature
    echo "extendedKeyUsage=$3"
    if [ $# -gt 3 ]; then echo "subjectAltName=$4"; fi
  } >"$work/$1.ext"
  # A serial number of its own: 16 random bytes, so that no file has to be kept for it.
  openssl x509 -req -in "$work/$1.csr" -CA "$dir/ca.pem" -CAkey "$dir/ca-key.pem" -set_serial "0x$(openssl rand -hex 16)" \
    -days "${DAYS:-397}" -extfile "$work/$1.ext" -out "$work/$1.pem" 2>"$work/log" || { cat "$work/log" >&2; exit 1; }
  mv "$work/$1-key.pem" "$work/$1.pem" "$dir/"
}

sign node nsatlas-node serverAuth,clientAuth "$names"
sign people nsatlas-people clientAuth

chmod 644 "$dir/ca.pem" "$dir/node.pem" "$dir/people.pem"
echo "$dir: ca.pem, node.pem and node-key.pem for agents and collectors, people.pem and people-key.pem for people"
