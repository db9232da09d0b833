#!/bin/sh
cd /usr || exit 99
name=$(mktemp)
code=$?
if [ -f "$name" ]; then
    rm "$name"
    echo "made a file"
else
    echo "made nothing"
fi
exit $code
