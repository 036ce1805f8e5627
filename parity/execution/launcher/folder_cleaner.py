"""Owns one folder: it makes the folder, and removes it once the process that asked for it is gone, even if that was killed.

    python -I -S folder_cleaner.py FOLDER MARKER LOCK…

It prints a line when the folder exists. A byte on stdin means that all is in order and nothing is to be done. The end of stdin
means that the asking process has died. The keeper then waits until no process holds a LOCK or a file `lock` inside of the
folder, and removes the folder, unless a file named MARKER lies in it ("" for none). It refuses to know what the folder is for;
standard library only.
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
    """Makes the folder and waits. If it cannot be made, stdout says why and the exit status is 1."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):  # the asking process handles the terminal's signals
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
    """Waits until no other process holds the lock."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
