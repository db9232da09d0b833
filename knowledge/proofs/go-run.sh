#!/bin/sh
printf 'module proof\n' > go.mod
printf 'package main\n\nimport "os"\n\nfunc main() { os.Stdout.WriteString("hello from go\\n") }\n' > main.go
CGO_ENABLED=0 GOFLAGS=-mod=mod GOTOOLCHAIN=local GOCACHE=$PWD/cache exec go run .
