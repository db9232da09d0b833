#!/usr/bin/env dash
cd /usr || exit 99
text=$(head -c 1048576 /dev/zero | tr '\0' x)
arrived=$(tr -d '\n' <<END | wc -c
$text
END
)
echo "$arrived characters arrived"
