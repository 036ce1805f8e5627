"""Known differences: strict in their versions from both sides, told in others, and no cover for another fault."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from parity.execution.frameworks import training
from parity.execution.records import Record
from parity.judgement import differences
from parity.judgement.comparison import Comparison
from parity.spec.cases import Case

CASE = Case("adam[defaults]", "agreement", "float64", optimizer="adam")
ENTRY = differences.KnownDifference(
    name="betas held in float32",
    cause="a cast",
    source="somewhere",
    cases=("adam[[]defaults]/*",),
    quantities=("update",),
    dtypes=("float64",),
    versions=("3.15.1",),
    low=5e-10,
    high=2e-8,
    tensors=("matrix*",),
)
SEEN = Comparison(CASE.id, "update", "matrix.value step 0", "differs", "float64", error=6e-9, budget=1e-18)


@pytest.fixture(autouse=True)
def only_this_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(differences, "of_cases", lambda _framework: (ENTRY,))


def judged(*comparisons: Comparison, version: str = "3.15.1", case: Case = CASE) -> list[Comparison]:
    record = Record("key", case.id, "keras", "ran", case.dtype, framework_version=version)
    return differences.apply(case, "keras", record, comparisons)


def test_a_documented_departure_within_its_bound_is_documented() -> None:
    (found,) = judged(SEEN)
    assert (found.verdict, found.reason) == ("documented_difference", "betas held in float32: a cast")


@pytest.mark.parametrize("error", [4e-10, 3e-8, 1e-3])
def test_a_departure_outside_of_its_bound_fails_and_says_so(error: float) -> None:
    (found,) = judged(replace(SEEN, error=error))
    assert found.verdict == "differs" and "outside of the documented 5e-10 … 2e-08" in found.reason


def test_a_departure_that_no_longer_occurs_fails() -> None:
    green = replace(SEEN, verdict="agrees", error=1e-19)
    found = judged(green, replace(green, tensor="matrix.value step 1"))
    assert [one.verdict for one in found] == ["differs", "agrees"]
    assert found[0].reason == "betas held in float32 no longer occurs: remove it from keras's differences.yaml"


def test_in_another_version_it_is_told_and_its_absence_is_no_fault() -> None:
    (found,) = judged(SEEN, version="3.16.0")
    assert found.verdict == "documented_difference" and "documented for 3.15.1 and seen in 3.16.0 as well" in found.reason
    assert [one.verdict for one in judged(replace(SEEN, verdict="agrees", error=0.0), version="3.16.0")] == ["agrees"]
    assert [one.verdict for one in judged(replace(SEEN, error=1e-3), version="3.16.0")] == ["differs"]


@pytest.mark.parametrize(
    "planted",
    [
        replace(SEEN, tensor="vector.value step 0"),
        replace(SEEN, quantity="gradient"),
        replace(SEEN, verdict="nonfinite", error=None),
        replace(SEEN, verdict="mistrusted"),
        replace(SEEN, verdict="not_compared", error=None),
    ],
    ids=["another tensor", "another quantity", "not a number", "mistrusted", "not compared"],
)
def test_another_fault_beside_it_is_not_covered(planted: Comparison) -> None:
    beside, found = judged(SEEN, planted)
    assert (beside.verdict, found.verdict) == ("documented_difference", planted.verdict)


@pytest.mark.parametrize(
    "case",
    [replace(CASE, spec="adam"), replace(CASE, spec="adamw[defaults]"), replace(CASE, dtype="float32")],
    ids=["at exact values", "another rule", "another precision"],
)
def test_another_case_is_not_covered(case: Case) -> None:
    assert [one.verdict for one in judged(replace(SEEN, case=case.id, dtype=case.dtype), case=case)] == ["differs"]


def test_every_entry_of_every_framework_can_fail_from_both_sides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    for framework in training(every=True):
        for entry in differences.of_cases(framework):
            assert 0 < entry.low < entry.high < float("inf"), entry.name
            assert entry.cause and entry.source and entry.versions and entry.quantities, entry.name


def test_an_entry_of_some_variants_is_no_difference_of_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "differences.yaml"
    file.write_text("differences:\n  - {name: everywhere}\n  - {name: in one, variants: [tensorflow]}\n")
    monkeypatch.setattr(differences, "_file", lambda _framework: file)
    told = {name: [entry["name"] for entry in differences.documented(name)] for name in ("keras", "keras[jax]")}
    assert told == {"keras": ["everywhere", "in one"], "keras[jax]": ["everywhere"]}
    file = tmp_path / "another.yaml"  # a file is read once
    file.write_text("differences:\n  - {name: in one, variants: [theano]}\n")
    with pytest.raises(ValueError, match=r"'in one': no variant 'theano'; there are tensorflow, jax, torch"):
        differences.documented("keras")
