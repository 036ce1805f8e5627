"""What a release brought: by verdicts against the reference, between neighbours in time, of one framework alone."""

from __future__ import annotations

from math import nan

import pytest

from parity.judgement import releases
from parity.judgement.comparison import Comparison


def comparison(
    framework: str, version: str, case: str, verdict: str, error: float | None = 1.0, tensor: str = "a"
) -> Comparison:
    return Comparison(case, "forward", tensor, verdict, "float64", error, 2.0, framework=framework, framework_version=version)


def test_a_difference_is_told_of_the_release_that_brought_it() -> None:
    """The order of the columns does not matter: 2.9 comes before 2.12."""
    found = [
        *(comparison("torch", "2.12.0", "one", "differs", 7.0), comparison("torch@2.9.1", "2.9.1", "one", "agrees")),
        *(comparison("torch", "2.12.0", "two", "agrees", 0.5), comparison("torch@2.9.1", "2.9.1", "two", "exact", 0.0)),
        *(comparison("torch", "2.12.0", "three", "agrees"), comparison("torch@2.9.1", "2.9.1", "three", "agrees")),
        *(comparison("torch", "2.12.0", "four", "agrees"), comparison("torch@2.9.1", "2.9.1", "four", "nonfinite", nan)),
        *(comparison("torch", "2.12.0", "five", "not_compared", None), comparison("torch@2.9.1", "2.9.1", "five", "agrees")),
        comparison("torch", "2.12.0", "alone", "differs"),
        comparison("keras", "3.15.1", "one", "differs"),
    ]
    (change,) = releases.changes(found)
    assert (change.framework, change.before, change.after, change.cases) == ("torch", "2.9.1", "2.12.0", 5)
    assert (change.moved, change.same) == (1, 1)
    one, four, five = change.changed
    assert one.brought and not four.brought and one.comparison.error == 7.0
    assert releases.case_sentence(change, one) == "one: agrees → differs: 2.12.0 brought the difference"
    assert releases.case_sentence(change, four) == "four: nonfinite → agrees: 2.12.0 no longer has the difference"
    assert releases.case_sentence(change, five) == "five: agrees → not compared: 2.9.1 alone could be compared"
    assert not five.brought
    told = "3 with another verdict, 1 with other numbers, 1 with the same errors"
    assert releases.sentence(change) == f"torch 2.9.1 → 2.12.0: 5 cases in both, {told}"


def test_three_releases_are_told_by_neighbours() -> None:
    found = [comparison(f"torch@{version}", version, "one", verdict) for version, verdict in
             (("2.13.0+cpu", "differs"), ("2.11", "agrees"), ("2.12", "documented_difference"))]  # fmt: skip
    assert [(change.before, change.after) for change in releases.changes(found)] == [("2.11", "2.12"), ("2.12", "2.13.0+cpu")]
    first, second = releases.changes(found)
    assert releases.case_sentence(first, first.changed[0]).endswith("agrees → documented difference: 2.12 changed it")
    assert second.changed[0].brought


@pytest.mark.parametrize("versions", [("2.13.0", "2.13.0"), ("2.13.0", "")], ids=["the same version", "one is not there"])
def test_one_release_brings_nothing(versions: tuple[str, str]) -> None:
    found = [comparison(name, version, "one", verdict) for name, version, verdict in
             zip(("torch", "torch@2.13.0"), versions, ("agrees", "differs"), strict=True)]  # fmt: skip
    assert releases.changes(found) == []
