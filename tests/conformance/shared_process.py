"""One process for all models of a framework, in the place of parity.execution.own_model.conversation.Conversation: many small pairs cost
what one costs. `sharing(monkeypatch)` puts it there."""

from __future__ import annotations

import itertools
import json
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from parity.execution import arrays as array_files
from parity.execution import frameworks
from parity.execution.launcher import isolation
from parity.execution.own_model.conversation import Refused
from parity.verbs import compare as verb

WORKER = Path(__file__).with_name("shared_worker.py")
NUMBERS = itertools.count()


class Process:
    def __init__(self, framework: str, interpreter: Path) -> None:
        self.place = Path(tempfile.mkdtemp(prefix="parity-shared-"))
        variables = isolation.variables(self.place, frameworks.environment(framework), python_path=())
        command = [str(interpreter), str(WORKER), framework]
        self.running = subprocess.Popen(
            command,
            env=variables,
            cwd=self.place,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        assert self.running.stdin is not None
        assert self.running.stdout is not None
        self.running.stdin.write(json.dumps(question) + "\n")
        self.running.stdin.flush()
        answer: dict[str, Any] = json.loads(self.running.stdout.readline())
        if "failed" in answer:
            raise Refused(answer["failed"])
        return answer


@contextmanager
def sharing() -> Iterator[None]:
    """Within, every model of a framework is answered for by one process."""
    processes: dict[str, Process] = {}

    class Shared:
        def __init__(self, framework: str, interpreter: Path, target: str, dtype: str, python_path: tuple[Path, ...]) -> None:
            self.process = (
                processes.setdefault(framework, Process(framework, interpreter))
                if framework not in processes
                else (processes[framework])
            )
            self.dtype = dtype
            self.known = {"target": target, "dtype": dtype, "name": f"{target}/{dtype}/{next(NUMBERS)}"}
            self.path, self.built = [str(one) for one in python_path], False

        def __enter__(self) -> Shared:
            return self

        def __exit__(self, *_: object) -> None:
            """The process goes on."""

        def ask(self, what: str, arrays: Mapping[str, Any] | None = None, **more: Any) -> tuple[Any, dict[str, Any]]:
            if not self.built:
                self.process.ask({**self.known, "ask": "build", "path": self.path})
                self.built = True
            asked, answered = (self.process.place / f"{next(NUMBERS)}.npz" for _ in range(2))
            digest = array_files.write_npz(asked, arrays or {})
            files = {"arrays": str(asked), "sha256": digest, "answer": str(answered)}
            answer = self.process.ask({**self.known, "ask": what, **files, **more})
            found = array_files.read_npz(answered, answer["sha256"])
            return answer["answer"], {name: np.asarray(one) for name, one in found.items()}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verb, "Conversation", Shared)
        try:
            yield
        finally:
            for process in processes.values():
                process.running.kill()
                process.running.communicate()
