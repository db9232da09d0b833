#!/bin/sh
# Its own cache is in HOME, which a box has; only the build directory is missing.
printf 'module proof\n' > go.mod
printf 'package main\n\nimport "os"\n\nfunc main() { os.Stdout.WriteString("hello from go\\n") }\n' > main.go
CGO_ENABLED=0 GOFLAGS='-mod=mod -buildvcs=false' GOTOOLCHAIN=local GOCACHE=$PWD/cache go build -o hello . || exit
exec ./hello
