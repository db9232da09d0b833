#!/bin/sh
name=/run/lock/denybox-proof.$$
# flock's own code depends on the errno.
flock "$name" echo locked || exit 1
rm "$name"
