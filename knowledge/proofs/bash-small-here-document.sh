#!/usr/bin/env bash
cd /usr || exit 99
text=$(printf '%60000s' '')
arrived=$(tr -d '\n' <<END | wc -c
$text
END
)
echo "$arrived characters arrived"
