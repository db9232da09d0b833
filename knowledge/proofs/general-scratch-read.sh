#!/bin/sh
# One program leaves a file for the next.
name=${TMPDIR:-/tmp}/denybox-proof.$$
echo kept | dd of="$name" status=none
cat "$name" || exit
rm "$name"
