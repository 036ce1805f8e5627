"""A suite is planned here, run by another interpreter without the harness, and judged here from what came back."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from parity.errors import UsageError
from parity.execution.damaged_files import Damaged
from parity.execution.launcher import launching, plan, planning
from parity.execution.launcher.plan import PlannedRun
from parity.judgement import budgets
from parity.judgement.verdicts import GREEN, PASSING
from parity.reporting import speeds
from parity.spec import specs as language
from parity.spec.suites import Suite
from parity.trials import speed
from parity.verbs import bench
from parity.verbs.run import planned_elsewhere

FAKES = Path(__file__).parent.parent / "fakes"
SUITE = """
name: tiny
entries:
  - {task: agreement, specs: [mlp_xor], nodes: false}
  - {task: training, specs: [mlp_xor], dataset: exclusive_or, seeds: [3], steps: 20, batch_sizes: [4], optimizer: sgd}
  - {task: speed, specs: [mlp_xor], batch_sizes: [4], optimizer: sgd}
"""


@pytest.fixture
def suite() -> Suite:
    parsed = language.parse(SUITE)
    assert isinstance(parsed, Suite)
    return parsed


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Two rounds of short blocks that all count as quiet. Gives a function that sets which fake stands for torch."""
    plain = speed.timed_case

    def short(*asked: Any) -> Any:
        case = plain(*asked)
        little = {"blocks": 1, "attempts": 1, "block_seconds": 0.001, "warmup_steps": 1, "foreign": 1e9, "steal": 1e9}
        return replace(case, arguments={**case.arguments, **little})

    monkeypatch.setattr(speed, "timed_case", short)
    monkeypatch.setattr(speed, "PEAK_BATCH", 8)
    monkeypatch.setattr(bench, "PROCESSES", 2)
    monkeypatch.setattr(budgets, "FOREIGN", 1e9)
    monkeypatch.setattr(budgets, "STEAL", 1e9)
    monkeypatch.setattr(budgets, "PEAK", 1e9)
    monkeypatch.setattr(plan.launching, "launch", functools.partial(launching.launch, python_path=[FAKES]))
    written = planning.write_request

    def stand_in(fake: str) -> None:
        monkeypatch.setattr(planning, "write_request", functools.partial(written, realization=fake))

    return stand_in


def ran(suite: Suite, folder: Path, interpreter: str = sys.executable) -> int:
    planned_elsewhere.write_plan(suite, ["torch"], folder)
    return plan.main([str(folder), "--python", f"torch={interpreter}"])


def test_checks_training_and_speed_come_back(tmp_path: Path, suite: Suite, quick: Callable[[str], None]) -> None:
    quick("reference_framework:Implementation")
    assert ran(suite, tmp_path / "plan") == 0
    found = planned_elsewhere.collected(suite, ["torch"], tmp_path / "plan", tmp_path / "store")
    assert {one.trial.kind for one in found.judged} == {"architectures", "training"}
    assert {one.verdict for one in found.judged if one.trial.kind == "architectures"} <= set(GREEN)
    assert {curve.framework for curve in found.curves} >= {"reference", "torch"}
    cells = {item.role: item for item in found.speeds}
    assert {role: len(item.processes) for role, item in cells.items()} == {"": 2, "A/A": 2, "peak": 1}
    assert cells[""].verdict in PASSING and speeds.measured(cells[""])
    assert {process["threads"] for process in cells[""].processes} == {bench.THREADS}
    assert [process["round"] for process in cells[""].processes] == [0, 1]


def test_a_fault_that_the_check_finds_leaves_its_cell_without_a_number(
    tmp_path: Path, suite: Suite, quick: Callable[[str], None]
) -> None:
    quick("updating:WrongEpsilon")
    (tmp_path / "plan").mkdir()
    text = SUITE.replace("optimizer: sgd}\n", "optimizer: adam}\n")
    wrong = language.parse(text)
    assert isinstance(wrong, Suite)
    wrong = wrong.model_copy(update={"entries": wrong.entries[2:]})
    assert ran(wrong, tmp_path / "plan") == 0
    (item,) = planned_elsewhere.collected(wrong, ["torch"], tmp_path / "plan", tmp_path / "store").speeds
    assert (item.verdict, item.processes) == ("differs", []) and item.reason.startswith("update")


def test_what_did_not_run_is_missing_and_said(
    tmp_path: Path, suite: Suite, quick: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    quick("reference_framework:Implementation")
    planned_elsewhere.write_plan(suite, ["torch"], tmp_path)
    assert plan.main([str(tmp_path), "--python", f"keras={sys.executable}"]) == 3
    assert "left out: torch, which has no --python" in capsys.readouterr().out
    found = planned_elsewhere.collected(suite, ["torch"], tmp_path, tmp_path / "store")
    assert {one.verdict for one in found.judged} == {"not_compared"}
    assert {item.verdict for item in found.speeds if not item.role} == {"not_compared"}
    with pytest.raises(UsageError, match="holds no request of mxnet"):
        planned_elsewhere.collected(
            suite.model_copy(update={"entries": suite.entries[:1]}), ["mxnet"], tmp_path, tmp_path / "store"
        )


def test_rounds_are_shuffled_and_the_pair_is_one_request(tmp_path: Path, suite: Suite, quick: Callable[[str], None]) -> None:
    quick("reference_framework:Implementation")
    planned_elsewhere.write_plan(suite, ["torch"], tmp_path)
    runs = [run for run in plan.read(tmp_path) if run.request.startswith("timed")]
    assert sorted(run.results for run in runs) == ["round0", "round0", "round0-again", "round1", "round1-again"]
    assert {run.request for run in runs if "again" in run.results} < {run.request for run in runs}


@pytest.mark.parametrize(
    "damage", [lambda text: text.replace("round1", "round7", 1), lambda _: "{", lambda _: ""], ids=["edited", "torn", "empty"]
)
def test_a_damaged_plan_is_refused(tmp_path: Path, damage: Callable[[str], str]) -> None:
    plan.write(tmp_path, [PlannedRun("timed0", "round1")])
    file = tmp_path / plan.FILE
    file.write_text(damage(file.read_text()))
    with pytest.raises(Damaged, match="write the plan again"):
        plan.read(tmp_path)


@pytest.mark.parametrize("run", [PlannedRun("../other", "results"), PlannedRun("a", ".."), PlannedRun("/etc", "x")])
def test_a_plan_stays_in_its_folder(tmp_path: Path, run: PlannedRun) -> None:
    plan.write(tmp_path, [run])
    with pytest.raises(Damaged, match="outside of the plan"):
        plan.read(tmp_path)


@pytest.mark.parametrize("words", [[], ["--python", "torch"], ["--python", "torch=/no/python"]])
def test_a_plan_without_interpreters_says_what_it_needs(
    tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    plan.write(tmp_path, [])
    with pytest.raises(SystemExit):
        plan.main([str(tmp_path), *words])
    assert "FRAMEWORK=/path/to/its/python" in capsys.readouterr().err
