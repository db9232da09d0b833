#!/bin/sh
cd /usr || exit 99
exec ssh-agent sh -c 'ssh-add -l >/dev/null 2>&1; test $? = 1 && echo "the agent answers"'
