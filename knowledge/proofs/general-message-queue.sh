#!/bin/sh
exec /usr/bin/python3 -c '
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
name = b"/denybox-proof-%d" % os.getpid()
if libc.mq_open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600, None) < 0:
    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
libc.mq_unlink(name)
print("made a queue")
'
