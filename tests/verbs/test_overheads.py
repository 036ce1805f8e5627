"""`parity bench --twin`: what is gated, what has no twin, what is printed, and the exit status; measurements are generated."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from generated_turns import LOSSES, process

from parity.commands import parity as commands
from parity.errors import UsageError
from parity.execution.names import CHECK, lies_under
from parity.spec import specs as language
from parity.trials import overheads as trials
from parity.trials import selection
from parity.trials.speed import workload
from parity.trials.trial import Options
from parity.verbs import bench
from parity.verbs.bench import Gated, overheads

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command with given verdicts of the gate and given measurements of each process."""

    def called(
        gate: str = "agrees", measured: Any = None, words: tuple[str, ...] = (), folder: Path = BENCHMARKS
    ) -> tuple[int, str]:
        def gated(session: Any, loads: Any) -> Mapping[tuple[int, str], Gated]:
            return {(place, name): Gated(gate, "conv1 differs") for place in range(len(loads)) for name in session.frameworks}

        seeds = iter(range(100))

        def sampled(*_: Any, **more: Any) -> tuple[str, str, Any]:
            return measured if isinstance(measured, tuple) else ("ran", "", measured or process(next(seeds), 1.05))

        monkeypatch.setattr(bench, "gate", gated)
        monkeypatch.setattr(trials, "sampled", sampled)
        told = ["bench", "mlp_xor", "--size", "small", "--twin", str(folder), "--store", str(tmp_path / "store"), *words]
        status = commands.main(args=told, standalone_mode=False)
        seen = capsys.readouterr()
        return status, seen.out + seen.err

    return called


def test_a_ratio_is_printed_with_its_a_a_pair_and_kept_raw(run: Run, tmp_path: Path) -> None:
    status, told = run(words=("-f", "torch", "--processes", "3", "--json", str(tmp_path / "out.json")))
    assert status == 0 and "1.05" in told and "1.00" in told and "over its twin" in told
    (row,) = json.loads((tmp_path / "out.json").read_text())["overheads"]
    assert (row["framework"], row["processes"], row["rounds"], row["why"]) == ("torch", 3, 600, "")
    assert row["ratio"]["low"] <= 1.05 <= row["ratio"]["high"] and len(row["samples"]) == 3
    assert row["samples"][0]["blocks"][0]["turns"]


@pytest.mark.parametrize(
    ("gate", "measured", "status", "told"),
    [
        ("differs", None, 1, "conv1 differs"),
        ("agrees", ("crashed", "no memory\nmore", None), 3, "no memory"),
        ("agrees", process(0, foreign=[0.9]), 3, "no quiet samples"),
        ("agrees", process(0, losses={**LOSSES, "twin": [1.0, 0.9, 0.8]}), 1, "from the same weights the loss is 2.3"),
    ],
    ids=["gate", "crash", "busy", "another-network"],
)
def test_what_has_no_number_says_why(run: Run, gate: str, measured: Any, status: int, told: str) -> None:
    found, printed = run(gate, measured, ("-f", "torch", "--processes", "1"))
    assert found == status and told in " ".join(printed.split()) and "1.05" not in printed


def test_a_framework_without_twins_is_said(run: Run, tmp_path: Path) -> None:
    (tmp_path / "torch_twins.py").write_text("def twin(): ...\n")
    status, told = run(words=("-f", "torch", "-f", "jax", "--processes", "1"), folder=tmp_path)
    assert status == 3 and "jax_twins.py" in told.replace("\n", "") and "1.05" in told


def test_a_folder_without_twins_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no folder"):
        trials.file_of(tmp_path / "nothing", "torch")
    with pytest.raises(UsageError, match="no file FRAMEWORK_twins"):
        trials.file_of(tmp_path, "torch")


def test_the_case_is_the_timed_one_with_its_twins_source(tmp_path: Path) -> None:
    file = tmp_path / "torch_twins.py"
    file.write_text("a = 1\n")
    architecture = language.load("architectures/mlp_xor")
    assert isinstance(architecture, language.Architecture)
    load = workload(architecture, selection.initializer("glorot_uniform"), selection.optimizer("adam"), Options(), 4)
    made = trials.trial(load, file, best=True)
    assert made.case.task == "overhead" and made.case.graph == load.timed.case.graph and made.case.id.endswith("/overhead")
    assert made.case.arguments["twin"] == "torch_twins:twin" and made.case.arguments["best"] is True
    assert made.arrays and not any(lies_under(name, CHECK) for name in made.arrays)
    file.write_text("a = 2\n")
    assert trials.trial(load, file, best=True).case.arguments["source"] != made.case.arguments["source"]


def test_the_twins_of_every_file_are_those_of_the_speed_suite() -> None:
    suite = language.load("suites/speed")
    names = {name for entry in suite.entries for name in entry.specs}  # type: ignore[union-attr]
    for file in sorted(BENCHMARKS.glob("*_twins.py")):
        text = file.read_text()
        assert {name for name in names if f"def {name}()" in text} == names, file.name
        assert "parity." not in "".join(line for line in text.splitlines() if line.startswith(("import", "from")))
    assert overheads.NO_TWIN
