"""The choice: fronts, orders, intervals and turning points, worked out by hand on small numbers."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from parity.reporting.recommendation import choice
from parity.reporting.recommendation.choice import NOT_MEASURED, Candidate, NeedCheck, Standing


def standing(value: float, spread: float = 0.0) -> Standing:
    return Standing(value, value - spread, value + spread, "told")


def candidate(name: str, needs: Mapping[str, bool | None] | None = None, **values: float | None) -> Candidate:
    """values: criterion -> value; None where it is not on record."""
    standings = {key: NOT_MEASURED if value is None else standing(value) for key, value in values.items()}
    return Candidate(name, standings, {need: NeedCheck(met, "told") for need, met in (needs or {}).items()})


WEIGHTS = {"agreement": 1.0, "speed": 1.0}


def test_a_score_is_the_weighted_mean() -> None:
    found = choice.ranked("x", "cpu", [candidate("a", agreement=1.0, speed=0.4)], {"agreement": 1.0, "speed": 2.0})
    assert found.places[0].score == pytest.approx(0.6)


def test_the_first_is_clear_only_above_every_interval() -> None:
    apart = [Candidate("a", {"speed": standing(0.9, 0.02)}), Candidate("b", {"speed": standing(0.8, 0.02)})]
    near = [Candidate("a", {"speed": standing(0.9, 0.06)}), Candidate("b", {"speed": standing(0.8, 0.06)})]
    assert choice.ranked("x", "cpu", apart, {"speed": 1.0}).clear
    found = choice.ranked("x", "cpu", near, {"speed": 1.0})
    assert not found.clear and found.rivals == ("b",)
    assert "No clear winner" in choice.sentence(found) and "a and b" in choice.sentence(found)


def test_what_is_not_on_record_may_be_anything() -> None:
    """It neither wins nor loses: its interval is whole, and with it the order is open."""
    found = choice.ranked("x", "cpu", [candidate("a", speed=0.9), candidate("b", speed=None)], {"speed": 1.0})
    assert (found.places[1].low, found.places[1].high) == (0.0, 1.0)
    assert not found.clear and all(place.front for place in found.places)


def test_a_criterion_that_is_on_record_of_nobody_does_not_count_and_is_told() -> None:
    found = choice.ranked("x", "cpu", [candidate("a", speed=0.9, size=None)], {"speed": 1.0, "size": 1.0})
    assert found.counted == ("speed",) and found.silent == ("size",)
    assert "not measured here: size" in choice.sentence(found)


def test_what_was_not_asked_is_not_called_missing() -> None:
    silent = Standing(None, 0.0, 1.0, "not asked", asked=False)
    one = Candidate("a", {"speed": standing(0.9), "porting": silent})
    found = choice.ranked("x", "cpu", [one], {"speed": 1.0, "porting": 1.0})
    assert found.silent == () and found.counted == ("speed",)


@pytest.mark.parametrize(
    ("one", "other", "beaten"),
    [
        ((0.9, 0.9), (0.8, 0.8), True),
        ((0.9, 0.8), (0.8, 0.9), False),
        ((0.9, 0.9), (0.9, 0.9), False),
        ((0.9, 0.9), (0.9, 0.8), True),
    ],
)
def test_the_front_holds_who_nobody_beats(one: tuple[float, float], other: tuple[float, float], beaten: bool) -> None:
    both = [candidate(name, agreement=values[0], speed=values[1]) for name, values in (("one", one), ("other", other))]
    found = {place.candidate.name: place.front for place in choice.ranked("x", "cpu", both, WEIGHTS).places}
    assert found == {"one": True, "other": not beaten}


def test_nobody_is_beaten_within_the_intervals() -> None:
    both = [Candidate("a", {"speed": standing(0.9, 0.06)}), Candidate("b", {"speed": standing(0.85, 0.06)})]
    assert all(place.front for place in choice.ranked("x", "cpu", both, {"speed": 1.0}).places)


def test_the_weight_at_which_the_order_turns() -> None:
    """a leads by 0.3 in agreement and lies 0.1 behind in speed: at three times the weight of agreement they are level."""
    both = [candidate("a", agreement=1.0, speed=0.8), candidate("b", agreement=0.7, speed=0.9)]
    found = choice.ranked("x", "cpu", both, WEIGHTS)
    turns = {change.criterion: (change.then, change.winner) for change in found.changes}
    assert turns["speed"] == (pytest.approx(3.0), "b")
    assert turns["agreement"] == (pytest.approx(1 / 3), "b")
    level = choice.ranked("x", "cpu", both, {"agreement": 1.0, "speed": 3.0})
    assert level.places[0].score == pytest.approx(level.places[1].score)


def test_an_order_that_no_weight_turns_has_no_change() -> None:
    both = [candidate("a", agreement=1.0, speed=0.9), candidate("b", agreement=0.7, speed=0.8)]
    assert choice.ranked("x", "cpu", both, WEIGHTS).changes == ()


def test_who_does_not_meet_a_need_is_left_out_and_who_is_not_on_record_stays() -> None:
    every = [
        candidate("a", {"onnx": False}, speed=1.0),
        candidate("b", {"onnx": None}, speed=0.5),
        candidate("c", {"onnx": True}, speed=0.2),
    ]
    found = choice.ranked("x", "cpu", every, {"speed": 1.0})
    assert [place.candidate.name for place in found.places] == ["b", "c"]
    assert [one.name for one in found.refused] == ["a"] and found.places[0].candidate.open == ["onnx"]
    assert "a does not meet onnx" in choice.sentence(found)


def test_nobody_meets_the_needs() -> None:
    found = choice.ranked("x", "cpu", [candidate("a", {"onnx": False}, speed=1.0)], {"speed": 1.0})
    assert choice.sentence(found) == "No framework on record meets the needs for x on cpu: a (onnx)."


def test_nothing_is_on_record() -> None:
    assert "Not measured here" in choice.sentence(choice.ranked("x", "gpu", [], WEIGHTS))
    nothing = choice.ranked("x", "cpu", [candidate("a", speed=None)], {"speed": 1.0})
    assert "Not measured here" in choice.sentence(nothing) and nothing.rivals == ()
