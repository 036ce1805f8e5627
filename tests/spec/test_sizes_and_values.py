"""Specs that ask for what nothing holds, and formulas without a value: a mistake with its place, before anything is drawn."""

from __future__ import annotations

from collections import Counter

import pytest
from mutated_specs import faults

from parity.errors import UsageError
from parity.execution.launcher.worker_process import Progress
from parity.spec import specs
from parity.spec.expansion import expand
from parity.spec.mistakes import SpecError
from parity.trials import limits

HEAD = "name: mine\nsource: none\n"
RULE = HEAD + "hyperparameters: {learning_rate: 0.5}\nupdate: {w: FORMULA}\n"
RATE = HEAD + "hyperparameters: {learning_rate: 0.5, decay: 2}\nfactor: FORMULA\n"
NETWORK = HEAD + "inputs: {image: {shape: SHAPE}}\nlayers:\n  - STEP\n"


@pytest.mark.parametrize(
    "formula",
    [
        *(
            f"w - learning_rate*newton_schulz(g, 1, 1, 1, {count})"
            for count in ("10**9", "-1", "2.5", "t*10**6", "10**400", "g")
        ),
        *("w - learning_rate*g*10**400", "w - g*learning_rate/(1e308*10)", "w - maximum(g, 10**400)*learning_rate"),
        *("w*learning_rate*exp(10**400)", "w - learning_rate*(g + log(-(10**400)))", "w*(-2.0)**(1e308*10)*learning_rate"),
    ],
)
def test_a_rule_without_a_value_is_refused_at_its_place(formula: str) -> None:
    with pytest.raises(SpecError) as told:
        specs.parse(RULE.replace("FORMULA", f'"{formula}"'), "mine.yaml")
    assert all(mistake.line == 4 for mistake in told.value.mistakes)


@pytest.mark.parametrize("factor", ["decay*10**400", "10**400 - t", "exp(10**400)*decay", "cos(10**400)*decay"])
def test_a_factor_that_overflows_is_refused_at_its_place(factor: str) -> None:
    with pytest.raises(SpecError, match=r"mine\.yaml:4:"):
        specs.parse(RATE.replace("FORMULA", factor), "mine.yaml")


@pytest.mark.parametrize(
    ("shape", "step"),
    [
        ("[100000000, 3]", "scan s: {layers: [relu]}"),
        ("[1000000, 3]", "scan s: {layers: [relu]}"),
        ("[1000000, 2]", "lstm: {units: 2}"),
        ("[1000000, 1000000]", "relu"),
        ("[600000000, 1]", "relu"),
        ("[" + ", ".join(["17179869184"] * 40) + "]", "relu"),
        ("[3]", "repeat r: {times: 0, layers: [relu]}"),
    ],
)
def test_what_nothing_holds_is_refused_at_its_place(shape: str, step: str) -> None:
    text = NETWORK.replace("SHAPE", shape).replace("STEP", step)
    with pytest.raises(SpecError) as told:
        expand(specs.parse(text, "mine.yaml"))  # type: ignore[arg-type]
    assert all(mistake.line in (3, 5) for mistake in told.value.mistakes)


def test_what_is_held_is_accepted() -> None:
    for step in ("scan s: {layers: [relu]}", "lstm: {units: 2}"):
        assert expand(specs.parse(NETWORK.replace("SHAPE", "[4, 3]").replace("STEP", step), "mine.yaml"))  # type: ignore[arg-type]


def test_a_block_without_inputs_and_a_name_of_two_things_are_told() -> None:
    blocks = "blocks:\n  b: {inputs: [], layers: [relu]}\n"
    both = "blocks:\n  b: {inputs: [one], layers: [relu]}\nnetworks:\n  b: {inputs: {two: {shape: [3]}}, layers: [relu]}\n"
    for text in (blocks, both):
        whole = NETWORK.replace("SHAPE", "[3]").replace("STEP", "b: {}").replace("layers:\n  -", f"{text}layers:\n  -")
        with pytest.raises(SpecError, match=r"mine\.yaml:\d+:\d+: "):
            expand(specs.parse(whole, "mine.yaml"))  # type: ignore[arg-type]


TOO_MANY = ("steps: 1000000000000", "batch_sizes: [1000000000000]", "steps: 900000, batch_sizes: [900000]")


@pytest.mark.parametrize("numbers", TOO_MANY)
def test_a_suite_that_no_machine_runs_is_refused_at_its_place(numbers: str) -> None:
    with pytest.raises(SpecError, match=r"mine\.yaml:3:"):
        specs.parse(f"name: mine\nentries:\n  - {{task: training, specs: [mlp], {numbers}}}\n", "mine.yaml")


def test_a_case_is_counted_from_shapes_alone() -> None:
    graph = expand(specs.load("architectures/lenet"))  # type: ignore[arg-type]
    limits.check_case(graph, 3, 20)
    with pytest.raises(UsageError, match="one case may have"):
        limits.check_case(graph, 1_000_000)
    for asked in ({"batch_sizes": [10**12]}, {"steps": 10**12}, {"processes": 10**9}, {"seeds": [10**30]}):
        with pytest.raises(UsageError, match="lies between"):
            limits.check_numbers(**asked)  # type: ignore[arg-type]


def test_families_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read = Counter[str]()
    load = specs.load
    monkeypatch.setattr(specs, "load", lambda name: (read.update([name]), load(name))[1])
    specs._families.cache_clear()
    assert specs.family("residual") and specs.family("recurrent") is not None and specs.family("residual")
    assert set(read.values()) == {1}


def test_mutated_specs_are_specs_or_mistakes() -> None:
    found = Counter[bool]()
    assert list(faults(150, 11, found)) == []
    assert found[False] > 30 and found[True] > 10


def test_progress_is_read_once(tmp_path: object) -> None:
    from pathlib import Path

    from requests_for_fakes import write

    place = Path(str(tmp_path))
    asked = write(place / "request", "Sound", 3)
    progress = Progress(asked, place / "progress.jsonl")
    lines = [f'{{"key": "{entry.key}"}}\n' for entry in asked.entries]
    for count in range(1, 4):
        with (place / "progress.jsonl").open("a") as file:
            file.write(lines[count - 1] + ("{" if count < 3 else ""))
        assert len(progress.begun()) == count
        (place / "progress.jsonl").write_bytes((place / "progress.jsonl").read_bytes().removesuffix(b"{"))
        assert progress.read == (place / "progress.jsonl").stat().st_size
