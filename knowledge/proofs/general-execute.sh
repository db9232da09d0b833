#!/bin/sh
name=/tmp/denybox-proof.$$
trap 'rm -f "$name"' EXIT
printf '#!/bin/sh\necho executed\n' 2>/dev/null > "$name"
chmod 700 "$name" 2>/dev/null
env "$name"
