"""Owns processes that many small models share, so that a test of a pair costs no start of a framework.

It stands in for parity.execution.own_model.model_client.Conversation: the questions, the answers and the arrays in files are
the same; a model is built anew for each comparison, beside those before it. It refuses a model that ends its process.

As a script it is such a process: `python shared_processes.py FRAMEWORK`, by the framework's interpreter.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from parity.execution import arrays as array_files
from parity.execution import frameworks, outcomes
from parity.execution.launcher import isolation
from parity.execution.own_model import model_server
from parity.execution.own_model.model_client import Crashed, Refused

Line = dict[str, Any]


class SharedProcess:
    """One framework, in both precisions: each question says in which."""

    def __init__(self, framework: str, interpreter: Path) -> None:
        self._place = tempfile.TemporaryDirectory(prefix="parity-shared-")
        self.directory, self.count = Path(self._place.name), 0
        self._log = (self.directory / "worker.log").open("w+")
        self._process = subprocess.Popen(
            [str(interpreter), __file__, framework],
            env=isolation.variables(self.directory, frameworks.environment(framework), python_path=()),
            cwd=isolation.working_directory(self.directory),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )

    def said(self, line: Line) -> Line:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(line) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            self._log.seek(0)
            raise Crashed(self._log.read())
        found: Line = json.loads(answer)
        return found

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()
        self._log.close()
        self._place.cleanup()


class SharedProcesses:
    """Started when first asked for."""

    def __init__(self) -> None:
        self._found: dict[str, SharedProcess] = {}
        self._models = 0

    def conversation(
        self, framework: str, interpreter: Path, target: str, dtype: str, python_path: tuple[Path, ...], *_: Any, **__: Any
    ) -> SharedConversation:
        """Called as Conversation is."""
        if framework not in self._found:
            self._found[framework] = SharedProcess(framework, interpreter)
        self._models += 1
        known = {"model": self._models, "dtype": dtype, "target": target, "path": [str(one) for one in python_path]}
        return SharedConversation(self._found[framework], framework, known)

    def close(self) -> None:
        for one in self._found.values():
            one.close()


class SharedConversation:
    """One model in a shared process."""

    def __init__(self, process: SharedProcess, framework: str, known: Mapping[str, Any]) -> None:
        self._process, self._framework, self._known = process, framework, known
        self.dtype, self._ready = known["dtype"], False

    def __enter__(self) -> SharedConversation:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(Exception):
            self._process.said({**self._known, "ask": "end"})

    def ask(self, what: str, arrays: Mapping[str, Any] | None = None, **question: Any) -> tuple[Any, dict[str, Any]]:
        if not self._ready:
            self._answered("build", {})
            self._ready = True
        one = self._process
        one.count += 1
        asked, answered = one.directory / f"{one.count}.npz", one.directory / f"{one.count}-answer.npz"
        digest = array_files.write_npz(asked, arrays or {})
        answer = self._answered(what, {"arrays": str(asked), "sha256": digest, "answer": str(answered), **question})
        found = array_files.read_npz(answered, answer["sha256"])
        asked.unlink()
        answered.unlink()
        return answer["answer"], {name: np.asarray(array) for name, array in found.items()}

    def _answered(self, what: str, question: Line) -> Line:
        answer = self._process.said({**self._known, "ask": what, **question})
        if "failed" in answer:
            target, dtype = self._known["target"], self._known["dtype"]
            raise Refused(f"{self._framework}={target} fails to {what} in {dtype}: {answer['failed']}")
        return answer


@contextlib.contextmanager
def shared(compare: Any) -> Iterator[SharedProcesses]:
    """Within, the verb's conversations are held with shared processes."""
    kept, found = compare.Conversation, SharedProcesses()
    compare.Conversation = found.conversation
    try:
        yield found
    finally:
        compare.Conversation = kept
        found.close()


def main(framework: str) -> int:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    models: dict[int, model_server.Answering] = {}
    for line in sys.stdin:
        question = json.loads(line)
        try:
            answer = _answer(framework, models, question)
        except Exception as error:  # what a model raises is an answer
            answer = {"failed": outcomes.of_exception(error)[1]}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
    return 0


def _answer(framework: str, models: dict[int, model_server.Answering], question: Line) -> Line:
    number, dtype = question["model"], question["dtype"]
    if question["ask"] == "end":
        models.pop(number, None)
        return {}
    if question["ask"] == "build":
        sys.path[:0] = [one for one in question["path"] if one not in sys.path]
        if framework == "keras":  # names count from 1 in every model, as in a process of its own
            importlib.import_module("keras").utils.clear_session()
        models[number] = model_server.built(framework, question["target"], dtype)
        return {}
    own_model = importlib.import_module(f"{frameworks.find(framework)[1].package}.{frameworks.OWN_MODEL}")
    own_model.prepare(dtype)
    arrays = array_files.read_npz(Path(question["arrays"]), question["sha256"])
    told, found = getattr(models[number], question["ask"])(question, arrays)
    digest = array_files.write_npz(Path(question["answer"]), {name: np.asarray(one) for name, one in found.items()})
    return {"answer": told, "sha256": digest}


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
