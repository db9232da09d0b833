#!/bin/sh
# Nobody answers, with or without a box: what is shown is the explanation.
exec /usr/bin/python3 -c '
import socket
socket.socket(socket.AF_UNIX).connect("/tmp/.denybox-proof/socket")
'
