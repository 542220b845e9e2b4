#!/bin/sh
# Makes the certificates of the tests' relays anew, valid for a hundred years but for one. Needs OpenSSL 3; run it here.
set -eu
tmp=$(mktemp -d)
trap 'rm -r "$tmp"' EXIT
key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1"; }
signed() {  # name, subject alternative names, further options
    name=$1 names=$2; shift 2
    key "$tmp/$name.key"
    printf 'subjectAltName=%s\n' "$names" > "$tmp/names"
    openssl req -new -key "$tmp/$name.key" -subj "/CN=test relay" -out "$tmp/$name.csr"
    openssl x509 -req -in "$tmp/$name.csr" -CA authority.pem -CAkey "$tmp/authority.key" -extfile "$tmp/names" -out "$tmp/$name.pem" "$@"
    cat "$tmp/$name.key" "$tmp/$name.pem" > "$name.pem"
}
key "$tmp/authority.key"
openssl req -x509 -new -key "$tmp/authority.key" -subj "/CN=test authority" -days 36500 \
    -addext keyUsage=critical,keyCertSign -out authority.pem
signed relay "DNS:localhost,IP:127.0.0.1" -days 36500
signed elsewhere "DNS:elsewhere.example" -days 36500
signed expired "DNS:localhost,IP:127.0.0.1" -days 0
key "$tmp/stranger.key"
openssl req -x509 -new -key "$tmp/stranger.key" -subj "/CN=stranger" -addext "subjectAltName=DNS:localhost,IP:127.0.0.1" -days 36500 -out "$tmp/stranger.pem"
cat "$tmp/stranger.key" "$tmp/stranger.pem" > stranger.pem
