"""The run that shows what bench can see: it counts, goes on where it ended, and says which goals are met."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from parity.execution.worker.speed import slower
from parity.trials import selection, speed
from parity.trials.bench_rounds import CONTROL
from parity.trials.trial import Options
from tests.tools import speed_run
from tests.tools.speed_run import IN_ONE, ROWS, SLOWED, main, summary


def row(kind: str = "trials", equal: float = 1.0, slow: float = 1.2, quiet: int = 8) -> dict[str, Any]:
    def around(value: float) -> dict[str, float]:
        return {"value": value, "low": value - 0.02, "high": value + 0.02}

    ratios: dict[str, Any] = {CONTROL: around(equal), "+5 %": around(1.05), "+20 %": around(slow)}
    if kind == "busy":
        ratios = dict.fromkeys(ratios)
    if kind == "alternating":
        ratios = {IN_ONE: around(1.03)}
    return {"kind": kind, "ratios": ratios, "quiet": 0 if kind == "busy" else quiet}


ALL = [*(row() for _ in range(40)), row("busy"), row("alternating")]


def test_a_machine_that_sees_everything_meets_every_goal() -> None:
    assert all(met for _, _, met in summary(ALL))


@pytest.mark.parametrize(
    ("rows", "what"),
    [
        ([*ALL, row(equal=1.1), row(equal=0.9), row(equal=1.1)], "A/A"),
        ([*ALL, *(row(slow=1.0) for _ in range(5))], "+20 %"),
        ([*ALL, {**row("busy"), "quiet": 1}], "every core"),
        ([*ALL, {**row("alternating"), "ratios": {IN_ONE: {"value": 1.0, "low": 0.9, "high": 1.1}}}], IN_ONE),
        ([], "A/A"),
    ],
    ids=["false-positives", "missed", "a-number-without-quiet", "missed-in-one", "nothing"],
)
def test_what_is_missed_is_open(rows: list[dict[str, Any]], what: str) -> None:
    met = {name: met for name, _, met in summary(rows)}
    assert not next(one for name, one in met.items() if name.startswith(what))


def test_a_run_goes_on_where_it_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def trial(kind: str, *_: object) -> dict[str, Any]:
        asked.append(kind)
        if len(asked) == 3:
            raise KeyboardInterrupt
        return {**row(kind), "measured": 8}

    monkeypatch.setattr(speed_run, "trial", trial)
    words = ["--output", str(tmp_path), "--spec", "mlp_xor", "--trials", "4", "--busy", "1", "--alternating", "1"]
    with pytest.raises(KeyboardInterrupt):
        main(words)
    assert len((tmp_path / ROWS).read_text().splitlines()) == 2
    assert main(words) == 0 and asked == ["trials"] * 3 + ["trials"] * 2 + ["busy", "alternating"]
    monkeypatch.setattr(speed_run, "code", lambda: "other")
    with pytest.raises(SystemExit, match="--anew"):
        main(words)
    assert main([*words, "--anew"]) == 0
    assert {json.loads(line)["code"] for line in (tmp_path / ROWS).read_text().splitlines()} == {"other"}


def test_the_slower_cells_are_the_same_case_otherwise() -> None:
    architecture = selection.select(["mlp_xor"]).architectures[0]
    load = speed.workload(architecture, selection.initializer("ones"), selection.optimizer("sgd"), Options(), 4)
    made = speed_run.cells(load, "torch")
    assert len({cell.key for cell in made.values()}) == len(made) == 4
    for name, share in SLOWED.items():
        assert made[name].workload.timed.case.arguments == {**load.timed.case.arguments, "slowed": share}
    assert made[CONTROL].workload.timed is load.timed


def test_a_slower_step_takes_its_share_more() -> None:
    times = iter(range(0, 10_000, 10))  # each look at the clock takes ten
    looks: list[int] = []

    def now() -> int:
        looks.append(next(times))
        return looks[-1]

    def step() -> str:
        for _ in range(99):
            next(times)
        return "loss"

    waited: list[bool] = []
    assert slower(step, lambda: waited.append(True), 0.2, now)() == "loss"
    begin, end, *_, last = looks
    assert end - begin == 1000 and 1200 <= last - begin <= 1220 and waited == [True]


def test_neighbours_take_cores_and_are_gone_afterwards() -> None:
    with speed_run.neighbours(1, whole=True):
        before, begin = os.times(), time.monotonic()
        while time.monotonic() - begin < 0.3:
            pass
    after = os.times()
    assert after.children_user - before.children_user > 0
