"""Which cases share a process, and that records are judged while their worker still runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from parity.execution import arrays, request
from parity.execution.launcher.environments import Environment
from parity.execution.records import Record
from parity.judgement.comparison import Comparison
from parity.spec.cases import Case
from parity.trials import session
from parity.trials.trial import Trial

Arrays = dict[str, np.ndarray]


def trial(number: int, dtype: str, judged: list[str]) -> Trial:
    case = Case(f"case{number}", "sampling", dtype)

    def judge(_: object) -> list[Comparison]:
        judged.append(case.id)
        return [Comparison(case.id, "forward", "x", "agrees", dtype)]

    return Trial(case, {}, judge, "ops")


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, int]]:
    """(folder, precisions, cases) of every launch."""
    seen: list[tuple[str, str, int]] = []

    def launch(directory: Path, _: object, out: Path, *, on_record: Callable[[Record], None], **more: object) -> list[Record]:
        asked = request.read(directory)
        found = [
            Record(entry.key, entry.case.id, asked.framework, "ran", entry.case.dtype, framework_version="1")
            for entry in reversed(asked.entries)
        ]
        for record in found:
            on_record(record)
        seen.append((directory.name, asked.dtype, len(asked.entries)))
        return found

    environment = Environment("torch", Path("python"), {})
    monkeypatch.setattr(session, "launch", launch)
    monkeypatch.setattr(session, "installed", lambda _: environment)
    return seen


def run(store: Path, count: int, realizations: dict[str, str], judged: list[str]) -> list[session.JudgedTrial]:
    trials = [trial(number, dtype, judged) for number in range(count) for dtype in ("float64", "float32")]
    return session.Session(store, ["torch"], realizations).run(trials)


def test_few_cases_share_a_process_in_the_order_of_one_each(tmp_path: Path, launched: list[tuple[str, str, int]]) -> None:
    judged: list[str] = []
    found = run(tmp_path, 2, {}, judged)
    assert launched == [("torch-float64-float32", "float64+float32", 4)]
    order = [(one.record.dtype, one.trial.case.spec) for one in found]
    assert order == [(dtype, f"case{number}") for dtype in ("float64", "float32") for number in range(2)]
    assert all(one.record.case == one.trial.case.id for one in found)


def test_more_cases_have_a_process_for_each_precision(tmp_path: Path, launched: list[tuple[str, str, int]]) -> None:
    run(tmp_path, session.FEW // 2 + 1, {}, [])
    assert sorted(name for name, _, _ in launched) == ["torch-float32", "torch-float64"]


def test_a_realization_of_the_users_own_has_one_for_each(tmp_path: Path, launched: list[tuple[str, str, int]]) -> None:
    run(tmp_path, 1, {"torch": "json:JSONDecoder"}, [])
    assert sorted(name for name, _, _ in launched) == ["torch-float32", "torch-float64"]


def test_large_networks_have_one_for_each(tmp_path: Path, launched: list[tuple[str, str, int]]) -> None:
    trials = [replace(one, case=replace(one.case, size="full")) for one in (trial(0, "float64", []), trial(0, "float32", []))]
    session.Session(tmp_path, ["torch"]).run(trials)
    assert sorted(name for name, _, _ in launched) == ["torch-float32", "torch-float64"]


def test_a_record_of_large_arrays_is_judged_when_the_worker_is_gone(
    tmp_path: Path, launched: list[tuple[str, str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[str] = []
    before: list[int] = []

    def launch(directory: Path, _: object, out: Path, *, on_record: Callable[[Record], None], **more: object) -> list[Record]:
        (entry,) = request.read(directory).entries
        out.mkdir(parents=True)
        stored = arrays.store(out, entry.key, {"x": np.zeros(64)}, "float64")
        record = Record(entry.key, entry.case.id, "torch", "ran", "float64", framework_version="1", arrays=stored)
        on_record(record)
        before.append(len(judged))
        return [record]

    monkeypatch.setattr(session, "launch", launch)
    for limit in (1 << 20, 1 << 4):
        monkeypatch.setattr(session, "PROMPT", limit)
        session.Session(tmp_path / str(limit), ["torch"]).run([trial(0, "float64", judged)])
    assert before == [1, 1] and len(judged) == 2


def test_records_are_judged_as_they_come(
    tmp_path: Path, launched: list[tuple[str, str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[str] = []
    before: list[int] = []
    plain = session.launch

    def launch(*arguments: object, **more: object) -> object:
        found = plain(*arguments, **more)  # type: ignore[arg-type]
        before.append(len(judged))
        return found

    monkeypatch.setattr(session, "launch", launch)
    run(tmp_path, 3, {}, judged)
    assert before == [6] and len(judged) == 6
