#!/bin/sh
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
git init --quiet repository && cd repository || exit 99
echo before > file
git add file && git -c user.name=proof -c user.email=proof@localhost commit --quiet -m before || exit 99
echo after > file
here=$PWD
cd /usr || exit 99
exec git -C "$here" difftool --no-prompt --extcmd cat
