#!/bin/sh
# Copies the browser's packages into static/vendor and writes their checksums. Needs npm; run it
# after package.json has changed, and commit what it makes. No lock file is kept, because it would
# hold download addresses: versions are exact, scripts stay off, and SHA256SUMS shows any change.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$here/package.json" "$work"
(cd "$work" && npm install --ignore-scripts --no-package-lock --no-audit --no-fund --silent)
out=$here/static/vendor
mkdir -p "$out"
cp "$work/node_modules/htmx.org/dist/htmx.min.js" "$out/htmx.min.js"
cp "$work/node_modules/htmx.org/LICENSE" "$out/htmx.LICENSE.txt"
cd "$out"
sha256sum -- *.js *.txt > SHA256SUMS
cat SHA256SUMS
