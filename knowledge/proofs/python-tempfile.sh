#!/bin/sh
cd /usr || exit 99
exec /usr/bin/python3 -c '
import os, tempfile
with tempfile.NamedTemporaryFile() as file:
    file.write(b"bytes")
    file.flush()
    print("kept", os.path.getsize(file.name), "bytes")
'
