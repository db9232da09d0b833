#!/bin/sh
# More than sort's memory holds, sorted backwards.
cd /usr || exit 99
last=$(seq 300000 | sort -S1M -nr 2>&3 | tail -n 1) 3>&2
seq 300000 | sort -S1M -nr >/dev/null || exit
test "$last" = 1 && echo sorted
