#!/bin/sh
here=$PWD
printf '#include <stdio.h>\nint main(void) { return puts("compiled, linked and run") < 0; }\n' > hello.c
cd /usr || exit 99
gcc -o "$here/hello" "$here/hello.c" || exit
exec "$here/hello"
