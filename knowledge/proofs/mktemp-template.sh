#!/bin/sh
cd /usr || exit 99
name=$(mktemp -d /tmp/denybox-proof.XXXXXX)
code=$?
if [ -d "$name" ]; then
    rmdir "$name"
    echo "made a directory"
else
    echo "made nothing"
fi
exit $code
