"""Owns processes that many small models share, so that a test of a pair costs no start of a framework.

It stands in for parity.execution.own_model.conversation.Conversation: the questions, the answers and the arrays in files are the same; a
model is built anew for each comparison, beside those before it. It refuses a model that ends its process.

As a script it is such a process: `python shared_processes.py FRAMEWORK DTYPE`, by the framework's interpreter.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from parity.execution import arrays as array_files
from parity.execution import endings, frameworks
from parity.execution.launcher import isolation
from parity.execution.own_model import answering
from parity.execution.own_model.conversation import Crashed, Refused


class Process:
    """One framework in one precision, whose modules lie below these directories."""

    def __init__(self, framework: str, interpreter: Path, dtype: str, python_path: tuple[Path, ...]) -> None:
        self._place = tempfile.TemporaryDirectory(prefix="parity-shared-")
        self.directory, self.count = Path(self._place.name), 0
        self._log = (self.directory / "worker.log").open("w+")
        self._process = subprocess.Popen(
            [str(interpreter), __file__, framework, dtype],
            env=isolation.variables(self.directory, frameworks.environment(framework), python_path=python_path),
            cwd=isolation.working_directory(self.directory),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )

    def said(self, line: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(line) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            self._log.seek(0)
            raise Crashed(self._log.read())
        found: dict[str, Any] = json.loads(answer)
        return found

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()
        self._log.close()
        self._place.cleanup()


class Processes:
    """Started when first asked for."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Process] = {}
        self._models = 0

    def conversation(
        self, framework: str, interpreter: Path, target: str, dtype: str, python_path: tuple[Path, ...], *_: Any, **__: Any
    ) -> Shared:
        """Called as Conversation is."""
        if (framework, dtype) not in self._found:
            self._found[framework, dtype] = Process(framework, interpreter, dtype, python_path)
        self._models += 1
        return Shared(self._found[framework, dtype], self._models, framework, target, dtype)

    def close(self) -> None:
        for one in self._found.values():
            one.close()


class Shared:
    """One model in a shared process."""

    def __init__(self, process: Process, number: int, framework: str, target: str, dtype: str) -> None:
        self.framework, self.target, self.dtype = framework, target, dtype
        self._process, self._number = process, number
        self._ready = False

    def __enter__(self) -> Shared:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(Exception):
            self._process.said({"ask": "end", "model": self._number})

    def ask(self, what: str, arrays: Any = None, **question: Any) -> tuple[Any, dict[str, Any]]:
        if not self._ready:
            self._answered("build", {"ask": "build", "model": self._number, "target": self.target})
            self._ready = True
        one = self._process
        one.count += 1
        asked, answered = one.directory / f"{one.count}.npz", one.directory / f"{one.count}-answer.npz"
        digest = array_files.write_npz(asked, arrays or {})
        line = {"ask": what, "model": self._number, "arrays": str(asked), "sha256": digest, "answer": str(answered), **question}
        answer = self._answered(what, line)
        found = array_files.read_npz(answered, answer["sha256"])
        asked.unlink()
        answered.unlink()
        return answer["answer"], {name: np.asarray(array) for name, array in found.items()}

    def _answered(self, what: str, line: dict[str, Any]) -> dict[str, Any]:
        answer = self._process.said(line)
        if "failed" in answer:
            raise Refused(f"{self.framework}={self.target} fails to {what} in {self.dtype}: {answer['failed']}")
        return answer


@contextlib.contextmanager
def shared(compare: Any) -> Iterator[Processes]:
    """Within, the verb's conversations are held with shared processes."""
    kept, found = compare.Conversation, Processes()
    compare.Conversation = found.conversation
    try:
        yield found
    finally:
        compare.Conversation = kept
        found.close()


def main(framework: str, dtype: str) -> int:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    models: dict[int, answering.Answering] = {}
    for line in sys.stdin:
        question = json.loads(line)
        try:
            answer = _answer(framework, dtype, models, question)
        except Exception as error:  # what a model raises is an answer
            answer = {"failed": endings.of_exception(error)[1]}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
    return 0


def _answer(framework: str, dtype: str, models: dict[int, answering.Answering], question: dict[str, Any]) -> dict[str, Any]:
    number = question.pop("model")
    if question["ask"] == "build":
        models[number] = answering.built(framework, question["target"], dtype)
        return {}
    if question["ask"] == "end":
        models.pop(number, None)
        return {}
    arrays = array_files.read_npz(Path(question["arrays"]), question["sha256"])
    told, found = getattr(models[number], question["ask"])(question, arrays)
    digest = array_files.write_npz(Path(question["answer"]), {name: np.asarray(one) for name, one in found.items()})
    return {"answer": told, "sha256": digest}


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
