#!/bin/sh
cat > manager.py <<'END'
from multiprocessing import Manager, set_start_method

if __name__ == "__main__":
    set_start_method("fork")
    with Manager() as manager:
        shared = manager.list([1])
        shared.append(2)
        print(list(shared))
END
script=$PWD/manager.py
cd /usr || exit 99
exec /usr/bin/python3 "$script"
