"""How much memory `parity compare` takes for two hand-written ResNet-50 at 64 px, in all its processes together.

    python tests/conformance/memory_check.py [--fault] [--limit 4.0] [-- COMMAND …]

starts the command, adds up the PSS of its whole tree of processes five times a second (/proc/PID/smaps_rollup: memory that
several processes share counts once), and prints the peak. Exit 1 above the limit, in GB of 10^9 bytes. --fault plants another
epsilon in the last block, so that the search for causes is measured too.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

MODELS = Path(__file__).parent / "planted"
KILOBYTE = 1024
PAUSE = 0.2


def tree(root: int) -> list[int]:
    """The process and everything below it."""
    children = defaultdict[int, list[int]](list)
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            try:
                parent = int((place / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, ValueError):  # it has ended meanwhile
                continue
            children[parent].append(int(place.name))
    found, waiting = list[int](), [root]
    while waiting:
        found.append(waiting.pop())
        waiting += children[found[-1]]
    return found


def proportional(process: int) -> int:
    """Its PSS in bytes; 0 for a process that has ended."""
    try:
        told = Path(f"/proc/{process}/smaps_rollup").read_text()
    except OSError:
        return 0
    line = re.search(r"^Pss:\s+(\d+) kB", told, re.MULTILINE)
    return KILOBYTE * int(line[1]) if line else 0


def measured(command: Sequence[str], environment: dict[str, str], folder: str) -> tuple[int, int, float, dict[str, int]]:
    """(exit status, greatest sum in bytes, seconds, name of a process -> its bytes at that moment)."""
    begun, greatest, at = time.monotonic(), 0, dict[str, int]()
    with subprocess.Popen(command, env=environment, cwd=folder) as running:
        while running.poll() is None:
            found = {process: proportional(process) for process in tree(running.pid)}
            if sum(found.values()) > greatest:
                greatest = sum(found.values())
                at = {f"{named(process)} ({process})": size for process, size in found.items() if size > 10_000_000}
            time.sleep(PAUSE)
        return running.returncode, greatest, time.monotonic() - begun, at


def named(process: int) -> str:
    """The end of its command line: for a model's process, framework, target and precision."""
    try:
        words = Path(f"/proc/{process}/cmdline").read_text().split("\0")
    except OSError:
        return "ended"
    return " ".join(word for word in words if word)[-60:]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limit", type=float, default=4.0, help="in GB")
    parser.add_argument("--fault", action="store_true")
    parser.add_argument("command", nargs="*")
    given = parser.parse_args(arguments)
    target = f"torch=planted_torch.deep:ResNet50{'?eps=0.001' if given.fault else ''}"
    command = given.command or [
        *(sys.executable, "-m", "parity", "compare", target, "keras=planted_keras.deep:resnet50", "--inputs", "2x3x64x64"),
    ]
    path = os.pathsep.join([str(Path.cwd()), str(MODELS)])
    with tempfile.TemporaryDirectory() as folder:
        status, greatest, seconds, at = measured(command, {**os.environ, "PYTHONPATH": path}, folder)
    for name, size in sorted(at.items(), key=lambda item: -item[1]):
        sys.stdout.write(f"{size / 1e9:6.2f} GB  {name}\n")
    sys.stdout.write(f"peak {greatest / 1e9:.2f} GB in all processes, {seconds:.0f} s, exit status {status}\n")
    return int(greatest > given.limit * 1e9 or status not in (0, 1))


if __name__ == "__main__":
    sys.exit(main())
