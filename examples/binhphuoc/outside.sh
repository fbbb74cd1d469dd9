#!/usr/bin/env bash
# Checks a certified copy with tools written by others (poppler-utils, openssl, qpdf):
#   outside.sh FILE.pdf ROOT.pem
set -euo pipefail
file=$(realpath "$1") root=$(realpath "$2")
cd "$(mktemp -d)"
pdfsig -nocert "$file"
pdfsig -dump "$file" >dumped
n=0
while read -r before from to; do # the signed ranges of each signature
  cms=$(basename "$file").sig$n
  n=$((n + 1))
  { head -c "$before" "$file"; head -c "$to" "$file" | tail -c +$((from + 1)); } >content
  openssl cms -verify -cades -purpose any -binary -inform DER -in "$cms" -content content -CAfile "$root" -out /dev/null
  # where the signature value lies, and the time stamp over it
  read -r value length token < <(openssl asn1parse -inform DER -in "$cms" | awk '
    /OCTET STRING/ { split($1, o, ":"); sub(/.*hl=/, ""); h = $1; sub(/.*l= */, ""); v = o[1] + h; l = $1 + 0 }
    /id-smime-aa-timeStampToken/ { getline; getline; split($1, o, ":"); print v, l, o[1]; exit }')
  openssl asn1parse -inform DER -in "$cms" -strparse "$token" -noout -out token
  head -c $((value + length)) "$cms" | tail -c +$((value + 1)) >signature
  openssl ts -verify -token_in -in token -data signature -CAfile "$root"
done < <(pdfsig -nocert "$file" | sed -n 's/.*Signed Ranges: \[0 - \([0-9]*\)\], \[\([0-9]*\) - \([0-9]*\)\]/\1 \2 \3/p')
qpdf --check "$file"
