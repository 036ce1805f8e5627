"""`parity bench` of models of the user's own: what differs is not timed, and each process is a fresh one."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest

from parity.cli import status
from parity.documents import schema
from parity.documents.bench_results import Timed
from parity.execution.own_model import timed
from parity.execution.own_target import Mistyped
from parity.verbs.bench import own_models
from parity.verbs.compare.printing import ComparedModel, ComparedPair

SIDES = ["torch=a.py:build", "torch=b.py:build"]


def pair(verdict: str) -> ComparedPair:
    models = [
        ComparedModel(f"torch-{number}", "torch", f"{name}.py:build", {}, "2.13") for number, name in ((1, "a"), (2, "b"))
    ]
    found = SimpleNamespace(verdict=verdict)
    entered = {model.label: {"0": np.zeros((4, 6)), "mask": np.ones((4, 2))} for model in models}
    return ComparedPair(models[0], models[1], [found], None, entered=entered)  # type: ignore[list-item]


class Process:
    """A model's process that takes so many milliseconds a step; the machine was quiet."""

    started: ClassVar[Counter[str]] = Counter()
    asked: ClassVar[list[tuple[Mapping[str, Any], dict[str, Any]]]] = []

    def __init__(self, framework: str, _: Path, target: str, dtype: str, __: object, timed: int) -> None:
        assert (framework, dtype, timed) == ("torch", "float32", 2)
        self.milliseconds = {"a.py:build": 2.0, "b.py:build": 3.0}[target]
        self.started[target] += 1

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def ask(self, what: str, arrays: Mapping[str, Any], **question: Any) -> tuple[Any, Any]:
        assert what == "time"
        self.asked.append((arrays, question))
        block = {"steps": 10, "wall_ns": int(self.milliseconds * 1e7), "cpu_ns": 1, "minor_faults": 0, "rss_bytes": 1 << 20,
                 "foreign": 0.0, "steal": 0.0, "throttled": 0.0, "started_ns": 0}  # fmt: skip
        where = {"processor": "p", "system": "s", "allocator": True, "own_cpus": [0, 1]}
        told = {"warmup": {"steps_ns": [1] * 20, "flat": True}, "blocks": [block] * 5, "where": where, "threads": 2,
                "measured_at": "2026-12-01", "first_step_ns": 1, "second_step_ns": 1, "short_blocks": [],
                "products_per_second": 1.0}  # fmt: skip
        return told, {}


@pytest.fixture
def benched(monkeypatch: pytest.MonkeyPatch) -> type[Process]:
    Process.started.clear()
    Process.asked.clear()
    monkeypatch.setattr(own_models, "Conversation", Process)
    monkeypatch.setattr(own_models, "installed", lambda _: SimpleNamespace(interpreter=Path("python")))
    monkeypatch.setattr(own_models.comparing, "compare", lambda *_, **__: [pair("agrees")])
    return Process


def test_models_that_agree_are_timed_in_fresh_processes(
    benched: type[Process], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first one twice a round, so that the smallest ratio that can be seen is known."""
    file = tmp_path / "found.json"
    assert status(["bench", *SIDES, "--inputs", "4x6", "--processes", "6", "--json", str(file)]) == 0
    assert benched.started == {"a.py:build": 12, "b.py:build": 6}
    arrays, question = benched.asked[0]
    assert list(arrays) == ["input/0", "input/1"] and question["names"] == ["", "mask"] and question["training"] is True
    told = capsys.readouterr().out
    assert "torch=b.py:build against torch=a.py:build: agrees" in told and "torch-2: torch=b.py:build, 2.13" in told
    assert "1.5" in next(line for line in told.splitlines() if " torch-2 " in line and "as written" in line)
    found = schema.parsed(json.loads(file.read_text()), "found.json")
    assert isinstance(found, Timed) and [cell["batch_size"] for cell in found.results] == [4, 4, 4]


def test_a_pass_in_evaluation_mode_is_another_workload(benched: type[Process], capsys: pytest.CaptureFixture[str]) -> None:
    assert status(["bench", *SIDES, "--inputs", "4x6", "--processes", "5", "--evaluation"]) == 0
    assert all(question["training"] is False for _, question in benched.asked)
    assert "a pass in evaluation mode" in capsys.readouterr().out


def test_models_that_differ_are_not_timed(
    benched: type[Process], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(own_models.comparing, "compare", lambda *_, **__: [pair("differs")])
    assert status(["bench", *SIDES, "--inputs", "4x6"]) == 1
    assert not benched.started
    again = f"to see where: parity compare {' '.join(SIDES)} --inputs 4x6"
    assert f"not timed, since the models differ; {again}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["lenet", "torch=a.py:build"], "`lenet` is an architecture beside models of your own"),
        ([*SIDES, "--batch-size", "8"], "--batch-size is of architectures"),
        ([*SIDES, "--framework", "torch"], "--framework is of architectures"),
        (["lenet", "--evaluation"], "are of models of your own"),
        (["spec=lenet", SIDES[0]], "a spec is timed by its name alone"),
    ],
)
def test_what_means_nothing_is_said(
    benched: type[Process], arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(["bench", *arguments]) == 2
    assert told in capsys.readouterr().err and not benched.started


def test_a_framework_that_cannot_time_says_so() -> None:
    with pytest.raises(Mistyped, match="cannot time models of your own in comparing yet"):
        timed.measured("parity.comparing", None, [], {"names": []})
