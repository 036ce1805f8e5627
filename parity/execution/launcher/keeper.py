"""Owns one folder: makes it, and removes it once whoever asked for it is gone, however that one went.

    python -I -S keeper.py FOLDER MARKER LOCK…

Prints a line when the folder is there. A byte on stdin: all is in order, nothing is to be done. The end of stdin: whoever asked
has died; the keeper waits until nobody holds a LOCK or a file `lock` inside of the folder, and removes the folder, unless a
file named MARKER lies in it ("" for none). It refuses to know what the folder is for; standard library.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path


def main(arguments: list[str]) -> int:
    """Makes the folder and waits. Exit status 1 where it cannot be made; stdout then says why."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):  # the terminal's signals are its business who asked
        signal.signal(number, signal.SIG_IGN)
    folder, marker, locks = Path(arguments[0]), arguments[1], arguments[2:]
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        os.write(1, f"{error.errno}\n".encode())
        return 1
    with contextlib.suppress(BrokenPipeError):
        os.write(1, b"0\n")
    if not os.read(0, 1):
        with contextlib.ExitStack() as held:
            for lock in (*map(Path, locks), *folder.rglob("lock")):
                held.enter_context(_locked(lock))
            if not (marker and (folder / marker).is_file()):
                shutil.rmtree(folder, ignore_errors=True)
    return 0


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Waits until nobody else holds the lock."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
