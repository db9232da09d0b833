#!/bin/sh
cd /usr || exit 99
exec /usr/bin/python3 -c '
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import Lock, shared_memory

def pool():
    with ProcessPoolExecutor(1) as executor:
        assert executor.submit(len, "abc").result() == 3

def memory():
    segment = shared_memory.SharedMemory(create=True, size=4096)
    segment.buf[0] = 7
    segment.close()
    segment.unlink()

failed = 0
for name, try_it in ("Lock", Lock), ("ProcessPoolExecutor", pool), ("SharedMemory", memory):
    try:
        try_it()
        print(name + ": works", flush=True)
    except OSError:
        failed += 1
        print(name + ": OSError", flush=True)
sys.exit(failed)
'
