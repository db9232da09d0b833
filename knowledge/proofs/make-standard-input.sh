#!/bin/sh
cd /usr || exit 99
printf 'all:\n\t@echo made\n' | make -f -
