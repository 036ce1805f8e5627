"""Owns the harness's end of a user's own model: starts its process, asks, waits, reads what comes back, ends it.

It refuses to import a framework or the user's code, and to wait for ever.
"""

from __future__ import annotations

import json
import select
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from parity.execution import arrays as array_files
from parity.execution import frameworks
from parity.execution.endings import of_process
from parity.execution.launcher import isolation

Array = npt.NDArray[Any]
SECONDS = 600.0
"""What one answer may take: the limit that a case of `check` has."""


class Crashed(Exception):
    """The user's model could not be built or run, or took too long; the message is what its process said."""


class Refused(Crashed):
    """One question that the model could not answer; its process goes on."""


class Asked(Protocol):
    """Whoever answers the questions of parity.execution.own_model.answering: a process, or the harness itself."""

    def ask(self, what: str, arrays: Mapping[str, Array] | None = None, **question: Any) -> tuple[Any, dict[str, Array]]: ...


class Conversation:
    """One process with one model in one precision. Use it as a context: the process ends with it."""

    def __init__(self, framework: str, interpreter: Path, target: str, dtype: str, python_path: tuple[Path, ...]) -> None:
        self.framework, self.target, self.dtype = framework, target, dtype
        self._place = tempfile.TemporaryDirectory(prefix="parity-compare-")
        self._directory, self._count, self._ready = Path(self._place.name), 0, False
        self._log = (self._directory / "worker.log").open("w+")
        own = frameworks.environment(framework)
        self._process = subprocess.Popen(  # noqa: S603  no shell; the interpreter is the caller's
            [str(interpreter), "-m", "parity.execution.own_model.answering", framework, target, dtype],
            env=isolation.variables(self._directory, own, python_path=python_path),
            cwd=isolation.working_directory(self._directory),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            start_new_session=True,
        )

    def __enter__(self) -> Conversation:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()
        self._log.close()
        self._place.cleanup()

    def ask(self, what: str, arrays: Mapping[str, Array] | None = None, **question: Any) -> tuple[Any, dict[str, Array]]:
        """The answer and its arrays. Raises Crashed with the reason that the process gave, or left."""
        if not self._ready:
            self._ready = bool(self._answer("build")["ready"])
        self._count += 1
        asked, answered = self._directory / f"{self._count}.npz", self._directory / f"{self._count}-answer.npz"
        digest = array_files.write_npz(asked, arrays or {})
        line = {"ask": what, "arrays": str(asked), "sha256": digest, "answer": str(answered), **question}
        if self._process.stdin is None:
            raise RuntimeError("subprocess gave no pipes")
        try:
            self._process.stdin.write(json.dumps(line) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise self._dead(what) from error
        answer = self._answer(what)
        found = array_files.read_npz(answered, answer["sha256"])
        asked.unlink()
        answered.unlink()
        return answer["answer"], {name: np.asarray(array) for name, array in found.items()}

    def _answer(self, what: str) -> dict[str, Any]:
        stdout = self._process.stdout
        if stdout is None:
            raise RuntimeError("subprocess gave no pipes")
        if not select.select([stdout], [], [], SECONDS)[0]:
            raise Crashed(f"{self._name} took longer than {SECONDS:g} s to {what}")
        line = stdout.readline()
        if not line:
            raise self._dead(what)
        answer: dict[str, Any] = json.loads(line)
        if "failed" in answer:
            raise Refused(f"{self._name} fails to {what} in {self.dtype}: {answer['failed']}")
        return answer

    def _dead(self, what: str) -> Crashed:
        self._process.wait()
        self._log.seek(0)
        return Crashed(f"{self._name}, asked to {what}: {of_process(self._process.returncode, self._log.read())[1]}")

    @property
    def _name(self) -> str:
        return f"{self.framework}={self.target}"
