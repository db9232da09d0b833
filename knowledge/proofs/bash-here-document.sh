#!/usr/bin/env bash
# A here-document that no pipe holds, where the current directory isn't writable.
cd /usr || exit 99
text=$(printf '%70000s' '')
arrived=$(tr -d '\n' <<END | wc -c
$text
END
)
echo "$arrived characters arrived"
