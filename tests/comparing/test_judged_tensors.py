"""Two models side by side: verdicts in both precisions, what neither may excuse, what zeros cannot show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from parity.comparing import judged_tensors, training_causes
from parity.comparing.judged_tensors import Pair

NUMBERS = np.random.RandomState(0)


def pair(error: float = 0.0, narrow: float = 1e-8, quantity: str = "activation") -> Pair:
    ours = np.linspace(-1, 1, 12)
    theirs = ours + error
    kept = {"float64": ours, "float32": (ours + narrow * np.cos(9 * ours)).astype(np.float32)}
    return Pair(
        quantity, "layer", 1, kept, {"float64": theirs, "float32": (theirs - narrow * np.cos(9 * ours)).astype(np.float32)}
    )


@pytest.mark.parametrize(
    ("made", "verdicts"),
    [
        (pair(), ["exact", "agrees"]),
        (pair(error=1e-13), ["agrees", "agrees"]),
        (pair(error=5e-9), ["reduced_precision", "agrees"]),
        (pair(error=1e-6), ["differs", "differs"]),
        (pair(error=1e-3), ["differs", "differs"]),
        (pair(error=float("nan")), ["nonfinite", "nonfinite"]),
    ],
)
def test_verdicts_in_both_precisions(made: Pair, verdicts: Sequence[str]) -> None:
    assert [one.verdict for one in judged_tensors.judged([made])] == verdicts


def test_a_model_cannot_excuse_its_own_float32() -> None:
    good, coarse = pair(), pair(narrow=1e-4)
    mixed = replace(good, theirs=coarse.theirs)
    assert [one.verdict for one in judged_tensors.judged([mixed])] == ["exact", "differs"]
    assert judged_tensors.narrow_alone(judged_tensors.judged([mixed]))
    coarsest = 1e-4 * np.abs(np.cos(9 * np.linspace(-1, 1, 12))).max() / 2.0**-24  # of a greatest number of 1
    assert f" u and {coarsest:.3g} u against their own float64" in judged_tensors.judged([mixed])[1].reason
    assert [one.verdict for one in judged_tensors.judged([mixed], [[mixed]])] == ["exact", "differs"]
    assert [one.verdict for one in judged_tensors.judged([mixed], [[good]])] == ["exact", "agrees"]  # a jump in one draw alone


def test_what_cancels_may_err_by_the_size_of_its_terms() -> None:
    """A gradient of 1 whose terms are of the size of the pass's greatest, 1 or 100: an error of 3e-6 is 50 u of the one and
    half a u of the other, for each of two layers."""
    good, coarse = pair(quantity="gradient"), pair(narrow=3e-6, quantity="gradient")
    mixed = replace(good, theirs=coarse.theirs, depth=2)
    for terms, verdict in ((1.0, "differs"), (100.0, "agrees")):
        assert [one.verdict for one in judged_tensors.judged([replace(mixed, terms=terms)])] == ["exact", verdict]


def test_what_comes_through_a_batch_norm_may_err_as_another_order_of_its_sums() -> None:
    """50 u of a gradient: four times what one number errs by for 12 of them at least, which √144 are and √121 are not."""
    good, coarse = pair(quantity="input_gradient"), pair(narrow=50 * 2.0**-24, quantity="input_gradient")
    mixed = replace(good, theirs=coarse.theirs)
    for sums, verdict in ((0.0, "differs"), (11.0, "differs"), (13.0, "agrees")):
        assert [one.verdict for one in judged_tensors.judged([replace(mixed, sums=sums)])] == ["exact", verdict]


def test_no_order_of_sums_excuses_eleven_bits() -> None:
    good, coarse = pair(quantity="gradient"), pair(narrow=1.1 * 2.0**-11, quantity="gradient")
    mixed = replace(good, theirs=coarse.theirs, sums=1e6)
    assert [one.verdict for one in judged_tensors.judged([mixed])] == ["exact", "differs"]


def test_zeros_on_both_sides_are_no_agreement() -> None:
    zeros = {dtype: np.zeros(3, dtype) for dtype in ("float64", "float32")}
    assert judged_tensors.judged([Pair("forward", "output 0", 1, zeros, zeros)])[0].verdict == "mistrusted"


def test_a_shape_that_differs_is_said() -> None:
    wide = {dtype: np.zeros((3, 2), dtype) for dtype in ("float64", "float32")}
    flat = {dtype: np.zeros(3, dtype) for dtype in ("float64", "float32")}
    found = judged_tensors.judged([Pair("forward", "output 0", 1, wide, flat)])
    assert {one.verdict for one in found} == {"differs"} and "(3, 2) and (3,)" in found[0].reason


def test_a_framework_s_own_way_is_documented_unless_something_else_departs() -> None:
    reduced = judged_tensors.judged([pair(error=5e-9)])
    assert {one.verdict for one in judged_tensors.in_its_own_way(reduced, "why")} == {"documented_difference", "agrees"}
    worse = [*reduced, *judged_tensors.judged([pair(error=1e-3)])]
    assert judged_tensors.in_its_own_way(worse, "why") == worse


@pytest.mark.parametrize(
    ("rows", "cause"),
    [
        ([0], "row 0 of it gets no gradient in torch, and one in keras (padding_idx of an embedding"),
        ([1, 3], "row 1, 3 of it gets no gradient in torch"),
        ([0, 1, 2, 3], "no gradient reaches it in torch"),
    ],
)
def test_rows_that_one_model_never_trains_are_a_cause(rows: list[int], cause: str) -> None:
    theirs = NUMBERS.standard_normal((4, 3))
    ours = theirs.copy()
    ours[rows] = 0
    made = Pair("gradient", "embedding table", 1, *(dict.fromkeys(("float64", "float32"), one) for one in (ours, theirs)))
    departure = training_causes.gradients([made], judged_tensors.judged([made]), ("torch", "keras"))
    assert departure is not None
    assert [one[: len(cause)] for one in departure.causes] == [cause]


def test_a_gradient_that_departs_elsewhere_has_no_such_cause() -> None:
    theirs = NUMBERS.standard_normal((4, 3))
    ours = theirs.copy()
    ours[0], ours[2] = 0, 2 * ours[2]
    made = Pair("gradient", "embedding table", 1, *(dict.fromkeys(("float64", "float32"), one) for one in (ours, theirs)))
    departure = training_causes.gradients([made], judged_tensors.judged([made]), ("torch", "keras"))
    assert departure is not None and departure.causes == ()
