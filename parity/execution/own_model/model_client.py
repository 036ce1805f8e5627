"""Owns the harness's side of a user's own model: it starts the process, asks, waits, reads the answers, and ends the process.

It refuses to import a framework or the user's code, and to wait for ever.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from parity.execution import arrays as array_files
from parity.execution import frameworks
from parity.execution.launcher import isolation, supervisor_client
from parity.execution.launcher.launching import only_writer
from parity.execution.launcher.supervisor_client import Lines, NoAnswer, Supervised, Surroundings
from parity.execution.outcomes import of_process

Array = npt.NDArray[Any]
SECONDS = 600.0
"""Seconds that one answer may take, as many as a case of `check` may."""
LONGEST = 1 << 28
"""Greatest size in bytes of one answer, which may describe every layer of a model."""
LARGE = 1 << 26
"""Size in bytes from which on an answer's arrays are not held in memory."""
DYING_SECONDS = 5.0
"""How long a process that no longer answers may take to end."""


class Crashed(Exception):
    """The user's model could not be built or run, or took too long. The message is the one that its process gave."""


class Mistaken(Crashed):
    """What the user typed is not so: a name, an argument, a file of weights; the message is the sentence."""


class Refused(Crashed):
    """The model could not answer one question. Its process goes on."""


class Answerer(Protocol):
    """Something that answers the questions of model_server.py: a process, or the harness itself."""

    def ask(self, what: str, arrays: Mapping[str, Array] | None = None, **question: Any) -> tuple[Any, Mapping[str, Array]]: ...


class Conversation:
    """One process with one model in one precision. Use it as a context: the process ends with it."""

    def __init__(
        self,
        framework: str,
        interpreter: Path,
        target: str,
        dtype: str,
        python_path: tuple[Path, ...],
        checkpoint: Path | None = None,
    ) -> None:
        self.framework, self.target, self.dtype = framework, target, dtype
        self._count, self._ready = 0, False
        with contextlib.ExitStack() as stack:
            self._directory = stack.enter_context(supervisor_client.folder("parity-compare-"))
            lock = stack.enter_context(only_writer(self._directory))
            own = frameworks.environment(framework)
            surroundings = Surroundings(
                isolation.variables(self._directory, own, python_path=python_path),
                isolation.working_directory(self._directory),
                self._directory / "worker.log",
                lock,
                grace=0.0,
            )
            command = [str(interpreter.absolute()), "-m", "parity.execution.own_model", framework, target, dtype]
            command += [str(checkpoint.absolute())] if checkpoint is not None else []
            questions, self._questions = os.pipe()
            answers, answered = os.pipe()
            stack.callback(os.close, self._questions)
            stack.callback(os.close, answers)
            self._lines = Lines(answers)
            self._process = Supervised(command, surroundings, stdin=questions, stdout=answered)
            stack.callback(self._process.end)
            self._held = stack.pop_all()

    def __enter__(self) -> Conversation:
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def ask(self, what: str, arrays: Mapping[str, Array] | None = None, **question: Any) -> tuple[Any, Mapping[str, Array]]:
        """The answer to the question `what`, and its arrays. The arrays of a large answer stay in its file until they are read.

        Raises Crashed with the reason that the process gave, or that its end shows.
        """
        if not self._ready:
            self._ready = bool(self._answer("build")["ready"])
        self._count += 1
        path, answered = self._directory / f"{self._count}.npz", self._directory / f"{self._count}-answer.npz"
        digest = array_files.write_npz(path, arrays or {}, synced=False)
        line = {"ask": what, "arrays": str(path), "sha256": digest, "answer": str(answered), **question}
        try:
            supervisor_client.write(self._questions, json.dumps(line).encode() + b"\n", SECONDS)
        except BrokenPipeError as error:
            raise self._dead(what) from error
        except NoAnswer as error:
            raise Crashed(f"{self._name}, asked to {what} in {self.dtype}: {error}") from error
        answer = self._answer(what)
        try:
            large = answered.is_file() and answered.stat().st_size > LARGE
            loaded = (array_files.open_npz if large else array_files.read_npz)(answered, answer["sha256"])
        except (KeyError, OSError, ValueError) as error:
            raise Crashed(f"{self._name}, asked to {what}: its answer cannot be read: {error}") from error
        path.unlink()
        answered.unlink()
        return answer["answer"], loaded if large else {name: np.asarray(array) for name, array in loaded.items()}

    def _answer(self, what: str) -> dict[str, Any]:
        try:
            line = self._lines.next(SECONDS, LONGEST)
            if line is None:
                raise self._dead(what)
            answer = supervisor_client.table(line)
        except NoAnswer as error:
            raise Crashed(f"{self._name}, asked to {what} in {self.dtype}: {error}") from error
        if "mistake" in answer:
            raise Mistaken(f"{self._name}: {answer['mistake']}")
        if "failed" in answer:
            raise Refused(f"{self._name} fails to {what} in {self.dtype}: {answer['failed']}")
        return answer

    def _dead(self, what: str) -> Crashed:
        self._process.ended(DYING_SECONDS)
        return Crashed(f"{self._name}, asked to {what}: {of_process(self._process.end(), self._process.printed())[1]}")

    @property
    def _name(self) -> str:
        return f"{self.framework}={self.target}"
