"""Kills `parity compare` and `parity env build` at random moments: no process, no folder and no held lock may be left.

    python -m tests.tools.killed_commands --rounds 200

The frameworks' interpreter is a small script. As a user's model it starts a daemon and never answers; as venv and pip it writes
files for a while, and starts a daemon too. Each round starts the command, waits for a random time, sends SIGKILL, SIGTERM,
SIGINT or SIGHUP to it or to one of its processes, waits until the last keeper and supervisor is gone, and looks at the rest.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import random
import select
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import parity

SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
LONGEST = 1.0
"""Most seconds until the kill: in a fifth of the rounds from the start, else from the moment when the work begins."""

HOLDING = ("supervisor.py", "folder_cleaner.py")
MARK = "PARITY_KILLED_ROUND"
"""An environment variable that every process started in a round inherits; it marks the round's processes."""

INTERPRETER = '''#!{python} -IS
"""Python, but for three things: a user's model that never ends, and a venv and a pip of a few files."""
import os, pathlib, signal, sys, time

def daemon():
    if os.fork() == 0:
        os.setsid()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        while True:
            time.sleep(60)

arguments = sys.argv[1:]
if "parity.execution.own_model" in arguments:
    daemon()
    while True:
        time.sleep(60)
elif arguments[:2] == ["-m", "venv"]:
    (pathlib.Path(arguments[2]) / "bin").mkdir(parents=True, exist_ok=True)
    os.symlink({itself!r}, arguments[2] + "/bin/python")
elif arguments[:2] == ["-m", "pip"]:
    daemon()
    for number in range(40):
        (pathlib.Path(sys.argv[0]).parent / f"file{{number}}").write_text("x")
        print("Collecting file", number, flush=True)
        time.sleep(0.01)
else:
    os.execv({python!r}, [{python!r}, *arguments])
'''

COMMANDS = {
    "compare": ("compare", "torch=mine:build", "torch=mine:build", "--inputs", "3x7"),
    "env build": ("env", "build", "torch"),
}

FOLDERS = {"compare": "temporary/parity-compare-*/", "env build": "environments/*/"}
"""Command -> the folder that it makes when its work begins."""


@dataclass(frozen=True)
class Left:
    """What a round left behind. status: the command's exit status, negative for a signal. at_work: the number of its processes
    when the kill came, without supervisors and keepers."""

    status: int
    at_work: int
    processes: Sequence[str]
    folders: Sequence[str]
    locks: Sequence[str]

    def __bool__(self) -> bool:
        return bool(self.processes or self.folders or self.locks)


def killed(command: str, place: Path, chance: random.Random) -> Left:
    """Runs one round below `place`, an empty folder."""
    interpreter = place / "python"
    interpreter.write_text(INTERPRETER.format(python=sys.executable, itself=str(interpreter)))
    interpreter.chmod(0o755)
    for name in ("temporary", "environments", "work"):
        (place / name).mkdir()
    mark = f"{os.getpid()}-{chance.random()}"
    own = {"PARITY_ENVIRONMENTS": str(place / "environments"), "TMPDIR": str(place / "temporary"), MARK: mark}
    own |= {"PARITY_BASE_PYTHON": str(interpreter), "PYTHONPATH": str(Path(parity.__file__).resolve().parents[1])}
    if command == "compare":
        own["PARITY_TORCH_PYTHON"] = str(interpreter)
    started = [sys.executable, "-m", "parity", *COMMANDS[command]]
    given = {name: value for name, value in os.environ.items() if not name.startswith("PARITY_")}
    with subprocess.Popen(
        started, cwd=place / "work", env={**given, **own}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        begun = chance.random() < 1 / 5
        while not begun and process.poll() is None:
            begun = any(place.glob(FOLDERS[command]))
            select.select([process.stderr], [], [], LONGEST / 50)
        select.select([process.stderr], [], [], chance.uniform(0, LONGEST))
        others = _started_by(process.pid, mark)
        victim = chance.choice([*others, *[process.pid] * max(1, len(others))])
        with contextlib.suppress(ProcessLookupError):
            os.kill(victim, chance.choice(SIGNALS))
        if victim != process.pid:  # whatever becomes of the command then, it is to end as well
            select.select([process.stderr], [], [], chance.uniform(0, LONGEST / 4))
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(chance.choice(SIGNALS))
        process.stderr.read()  # keepers and supervisors hold it as long as they are
        status = process.wait()
    standing = [path for path in (place / "environments").glob("*/") if not (path / "complete.json").is_file()]
    locks = [str(path) for path in place.rglob("*lock") if path.is_file() and not _free(path)]
    folders = [str(path) for path in (*standing, *(place / "temporary").iterdir())]
    return Left(status, len(others), [command for _, command in _bearing(mark)], folders, locks)


def _started_by(command: int, mark: str) -> list[int]:
    """The processes that the command started, without supervisors and keepers, which hold the others."""
    return [one for one, line in _bearing(mark) if one != command and not any(word in line for word in HOLDING)]


def _bearing(mark: str) -> Iterator[tuple[int, str]]:
    """Every running process of a round, with its command line."""
    for entry in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            state = entry.with_name("stat").read_text().rpartition(")")[2].split()[0]
            if f"{MARK}={mark}".encode() in entry.read_bytes().split(b"\0") and state not in "ZX":
                yield (
                    int(entry.parent.name),
                    entry.with_name("cmdline").read_bytes().decode(errors="replace").replace("\0", " "),
                )


def _free(lock: Path) -> bool:
    with lock.open("r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def rounds(command: str, count: int, seed: int) -> Iterator[Left]:
    """Runs `count` rounds of one command."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell's job in the background: what it starts would ignore it too
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in range(count):
        with tempfile.TemporaryDirectory(prefix="parity-killed-") as place:
            yield killed(command, Path(place), random.Random(f"{command} {seed} {number}"))  # noqa: S311  moments, no secrets


def main() -> int:
    """Prints what was left. Gives 1 if anything was left."""
    parser = argparse.ArgumentParser(prog="python -m tests.tools.killed_commands", description=__doc__)
    parser.add_argument("--rounds", type=int, default=200, help="kills of each command")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    found = {command: list(rounds(command, given.rounds, given.seed)) for command in COMMANDS}
    for command, all_left in found.items():
        statuses = Counter(left.status for left in all_left)
        totals = [sum(len(getattr(left, kind)) for left in all_left) for kind in ("processes", "folders", "locks")]
        at_work = sum(left.at_work > 0 for left in all_left)
        told = f"{command}: {len(all_left)} kills, {at_work} of them with processes at work"
        sys.stdout.write(f"{told}, exit statuses {dict(sorted(statuses.items()))}; left behind: ")
        sys.stdout.write("{} processes, {} folders, {} held locks\n".format(*totals))
        for left in filter(None, all_left):
            sys.stdout.write(f"    {left}\n")
    return int(any(left for all_left in found.values() for left in all_left))


if __name__ == "__main__":
    sys.exit(main())
