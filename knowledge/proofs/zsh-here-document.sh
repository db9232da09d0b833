#!/usr/bin/env zsh
# The target is emptied before zsh finds that it can't write the here-document down.
target=$PWD/target
echo "what was there before" > $target
cd /usr || exit 99
cat > $target <<END
small
END
code=$?
echo "$(wc -c < $target) bytes in the target"
rm -f $target
exit $code
