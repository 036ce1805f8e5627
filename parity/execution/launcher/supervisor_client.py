"""Owns the launcher's side of every process that must not outlive the launcher: it starts it under the supervisor, reads its
answers within a limit of time and of size, and ends it. It also owns the folders that are removed when the launcher is gone.

It refuses to know what a process is asked, and to wait for ever; standard library only.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

GRACE = 2.0
"""Seconds between SIGTERM and SIGKILL."""

LONGEST = 1 << 24
"""Greatest size of one answer in bytes."""

LOG_TAIL = 20_000
POLL_SECONDS = 0.05


class NoAnswer(Exception):
    """A process gave no answer, or an answer that cannot be read. The message says how."""


@dataclass(frozen=True)
class Surroundings:
    """The surroundings of a process. directory: its working directory. log: the file for output beside its answers; None if
    that goes among the answers. lock: a descriptor that is held until its last process is gone, -1 for none. memory: bytes of
    address space, 0 for no limit."""

    variables: Mapping[str, str]
    directory: Path
    log: Path | None
    lock: int = -1
    memory: int = 0
    grace: float = GRACE


class Supervised:
    """One process with a supervisor: it and everything that it starts end when `end` is called, or when the launcher dies."""

    def __init__(self, command: Sequence[str], surroundings: Surroundings, stdin: int = -1, stdout: int = -1) -> None:
        """Starts the process. stdin, stdout: descriptors that become the process's own and are closed here; with -1 it reads
        nothing, and prints to the log."""
        supervisor = Path(__file__).with_name("supervisor.py")
        settings = [
            str(surroundings.lock),
            str(surroundings.log or ""),
            str(surroundings.memory),
            str(surroundings.grace),
            str(stdin),
            str(stdout),
        ]
        self._process = subprocess.Popen(  # noqa: S603  no shell; the interpreter is the caller's
            [sys.executable, "-I", "-S", str(supervisor), *settings, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=surroundings.directory,
            env=dict(surroundings.variables),
            start_new_session=True,
            pass_fds=[descriptor for descriptor in (surroundings.lock, stdin, stdout) if descriptor >= 0],
        )
        self.log = surroundings.log
        self._returncode: int | None = None
        self._stdin, self._stdout = _pipes(self._process)
        for descriptor in (stdin, stdout):
            if descriptor >= 0:
                os.close(descriptor)

    def ended(self, seconds: float) -> bool:
        """Whether the process has ended within this time."""
        return bool(select.select([self._stdout], [], [], seconds)[0])

    def end(self) -> int:
        """Ends the process and all that it started. Gives its return code, negative for a signal."""
        if self._returncode is None:
            self._stdin.close()  # tells the supervisor
            with self._stdout:
                answer = self._stdout.read()
            self._process.wait()
            self._returncode = int(json.loads(answer)["returncode"]) if answer else -signal.SIGKILL
        return self._returncode

    def printed_bytes(self) -> int:
        return self.log.stat().st_size if self.log is not None and self.log.exists() else 0

    def printed(self) -> str:
        """The end of its output beside its answers."""
        return "" if self.log is None else tail_of(self.log)


def tail_of(log: Path) -> str:
    """The end of the file with a process's output."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - LOG_TAIL))
        return file.read(LOG_TAIL).decode(errors="replace")


def write(descriptor: int, data: bytes, seconds: float) -> None:
    """Writes all the data. Raises BrokenPipeError if the reader has gone, NoAnswer if it does not read within `seconds`."""
    os.set_blocking(descriptor, False)
    while data:
        if not select.select([], [descriptor], [], seconds)[1]:
            raise NoAnswer(f"it read no question within {seconds:g} s")
        data = data[os.write(descriptor, data) :]


class Lines:
    """A process's output on a descriptor, line by line."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor, self._held, self._over = descriptor, bytearray(), False

    def next(self, seconds: float, most: int = LONGEST) -> bytes | None:
        """The next line without its line end; at the end of the output, an unfinished last line, and then None.

        Raises NoAnswer if the line takes longer than `seconds` or is longer than `most` bytes.
        """
        deadline, looked = time.monotonic() + seconds, 0
        while (end := self._held.find(b"\n", looked)) < 0:
            looked = len(self._held)
            if looked > most:
                raise NoAnswer(f"its answer is longer than {most:,} bytes")
            if self._over:
                rest = bytes(self._held)
                self._held.clear()
                return rest or None
            if not select.select([self.descriptor], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise NoAnswer(f"it gave no answer within {seconds:g} s")
            more = os.read(self.descriptor, 1 << 16)
            self._over = not more
            self._held += more
        line = bytes(self._held[:end])
        del self._held[: end + 1]
        return line

    def close(self) -> None:
        os.close(self.descriptor)


def ask(command: Sequence[str], surroundings: Surroundings, seconds: float, most: int = LONGEST) -> tuple[int, bytes]:
    """Runs a command to its end. Gives its return code and all its output on stdout.

    Raises NoAnswer if it cannot be run, takes longer than `seconds`, or writes more than `most` bytes to stdout or the log.
    """
    deadline, said = time.monotonic() + seconds, bytearray()
    reading, writing = os.pipe()
    process = Supervised(command, surroundings, stdout=writing)
    try:
        while time.monotonic() < deadline:
            ready = select.select([reading], [], [], POLL_SECONDS)[0]
            more = os.read(reading, 1 << 16) if ready else b""
            said += more
            if max(len(said), process.printed_bytes()) > most:
                raise NoAnswer(f"it answers with more than {most:,} bytes")
            if ready and not more and process.ended(max(0.0, deadline - time.monotonic())):
                break
        else:
            raise NoAnswer(f"it gave no answer within {seconds:g} s")
    finally:
        os.close(reading)
        returncode = process.end()
    failed = f"{command[0]}: [Errno "
    if returncode == UNRUNNABLE and process.printed().startswith(failed):
        raise NoAnswer(f"cannot be run: {process.printed().strip().removeprefix(failed).partition('] ')[2]}")
    return returncode, bytes(said)


UNRUNNABLE = 127
"""The supervisor's exit status for a command that cannot be run. The log then begins with its path and the system's error."""


def table(text: bytes | str) -> dict[str, Any]:
    """The JSON object in an answer. Raises NoAnswer if it is none: other JSON, no JSON, bad UTF-8, nesting that is too deep."""
    try:
        answered = json.loads(text)
    except (ValueError, RecursionError) as error:
        kind = "too deeply nested" if isinstance(error, RecursionError) else "no JSON"
        raise NoAnswer(f"its answer is {kind}: {_shown(text)}") from error
    if not isinstance(answered, dict):
        raise NoAnswer(f"its answer is no JSON object: {_shown(text)}")
    return answered


def _shown(text: bytes | str) -> str:
    """The beginning of an answer, with printable characters only."""
    start = text[:60] if isinstance(text, str) else text[:60].decode(errors="replace")
    clean = "".join(sign if sign.isprintable() else "�" for sign in start)
    return f"{clean!r}{'…' if len(text) > 60 else ''}"


@contextlib.contextmanager
def folder(prefix: str) -> Iterator[Path]:
    """A new folder that is removed at the end of the block, even if this process is killed within it."""
    place = Path(tempfile.gettempdir()).resolve() / f"{prefix}{secrets.token_hex(8)}"
    with kept(place):
        yield place


@contextlib.contextmanager
def kept(place: Path, marker: str = "", locks: Sequence[Path] = ()) -> Iterator[None]:
    """Makes a folder. It is removed at the end of the block, or when this process dies within it, unless it then has a file
    named `marker`. If the process died, the folder is removed only once no process holds one of the locks or a file `lock` in
    it."""
    keeper = Path(__file__).with_name("folder_cleaner.py")
    process = subprocess.Popen(  # noqa: S603  no shell
        [sys.executable, "-I", "-S", str(keeper), str(place), marker, *map(str, locks)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    stdin, stdout = _pipes(process)
    made = False
    try:
        with stdout:
            number = int(stdout.readline() or b"-1")
        if number:
            raise OSError(number, os.strerror(number) if number > 0 else "the folder's keeper died", str(place))
        made = True
        yield
    finally:
        if made and not (marker and (place / marker).is_file()):
            shutil.rmtree(place, ignore_errors=True)
        with contextlib.suppress(BrokenPipeError), stdin:
            stdin.write(b"\n" if made else b"")  # if interrupted before, the keeper removes the folder
        if made or not locks:
            process.wait()


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("subprocess gave no pipes")
    return process.stdin, process.stdout
