"""Which processes of a comparison live together: conversations that are fakes, no process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from parity.execution.own_model import turns
from parity.execution.own_model.turns import InTurn, Turns


class FakeTalk:
    """Notes what it is asked; `trace` is answered with an array of so many bytes."""

    process = 0

    def __init__(self, name: str, log: list[str], size: int) -> None:
        self.name, self.log, self.size = name, log, size
        log.append(f"{name} starts")

    def ask(self, what: str, arrays: Mapping[str, Any] | None = None, **question: Any) -> tuple[Any, Mapping[str, Any]]:
        self.log.append(f"{self.name} {what}{' untold' if question.get('untold') else ''} {sorted(arrays or {})}")
        return what, {"w": np.zeros(self.size, "u1")} if what == "trace" else {}

    def __exit__(self, *_: object) -> None:
        self.log.append(f"{self.name} ends")


def pair(log: list[str], size: int) -> tuple[InTurn, InTurn]:
    both = Turns()
    return InTurn(both, lambda: FakeTalk("a", log, size), "float64"), InTurn(both, lambda: FakeTalk("b", log, size), "float64")


def test_small_models_live_together() -> None:
    log = list[str]()
    first, second = pair(log, 8)
    for conversation in (first, second, first, second):
        conversation.ask("trace", {"x": np.zeros(1)})
        conversation.ask("observe", {"y": np.zeros(1)})
    assert [line for line in log if "starts" in line or "ends" in line] == ["a starts", "b starts"]


def test_large_models_are_observed_one_at_a_time_and_know_what_they_knew() -> None:
    log = list[str]()
    first, second = pair(log, turns.LARGE + 1)
    first.ask("trace", {"x": np.zeros(1)})
    second.ask("trace", {"x": np.zeros(1)})
    first.ask("observe", {"y": np.zeros(1)})
    second.ask("observe", {"z": np.zeros(1)})
    first.ask("rerun", {})
    assert log == [
        *("a starts", "b starts", "a trace ['x']", "b trace ['x']", "b ends", "a observe ['y']"),
        *("a ends", "b starts", "b trace untold ['x']", "b observe ['z']"),
        *("a starts", "a trace untold ['x']", "a observe untold ['y']", "a rerun []"),
    ]


def test_large_processes_give_way_once_they_hold_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    log = list[str]()
    first, second = pair(log, turns.LARGE + 1)
    first.ask("trace", {})
    monkeypatch.setattr(InTurn, "held", lambda _: turns.TOGETHER + 1)
    second.ask("rerun", {})
    assert "a ends" in log and "b ends" not in log


def test_a_question_that_fails_is_not_asked_again() -> None:
    class Failing(FakeTalk):
        def ask(self, what: str, arrays: Mapping[str, Any] | None = None, **question: Any) -> tuple[Any, Mapping[str, Any]]:
            if "bad" in (arrays or {}):
                raise ValueError("no such shape")
            return super().ask(what, arrays, **question)

    log = list[str]()
    talk = InTurn(Turns(), lambda: Failing("a", log, 8), "float64")
    with pytest.raises(ValueError, match="shape"):
        talk.ask("trace", {"bad": np.zeros(1)})
    talk.ask("trace", {"good": np.zeros(1)})
    talk.rest()
    talk.ask("rerun", {})
    assert log[-3:] == ["a starts", "a trace untold ['good']", "a rerun []"]
