"""What became of a model's own arrays: every way in which a port moves them wrongly is named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from parity.comparing import weight_differences
from parity.comparing.layer_mapping import LayerMap, Match
from parity.comparing.layouts import Placement

NUMBERS = np.random.RandomState(3)
LABELS = "torch", "keras"


def drawn(*shape: int) -> npt.NDArray[Any]:
    return np.asarray(NUMBERS.standard_normal(shape).astype(np.float32), dtype=np.float64)


def told(mine: Placement, other: Placement, ours: Any, theirs: Any) -> tuple[str, str]:
    """The verdict and the reason on one kernel that lies so in two models."""
    found = LayerMap({}, (Match({"torch": "fc", "keras": "dense"}, {"kernel": {"torch": mine, "keras": other}}),))
    (row,) = weight_differences.rows(found, {"torch": {mine.native: ours}, "keras": {other.native: theirs}}, LABELS)
    return row.verdict, row.reason


SQUARE = drawn(5, 5)
WIDE = drawn(4, 7)
IMAGE = drawn(6, 3, 2, 2)
DENSE = Placement("w", (5, 5), "o i -> o i"), Placement("k", (5, 5), "i o -> o i")
FLAT = Placement("w", (4, 7)), Placement("k", (4, 7))
CONV = Placement("w", (6, 3, 2, 2), "o i h w -> o i h w"), Placement("k", (2, 2, 3, 6), "h w i o -> o i h w")
GATES = Placement("w", (8, 3), gates="i f g o"), Placement("k", (8, 3), gates="i f g o")
PLAIN = Placement("w", (8, 3)), Placement("k", (8, 3))
GATED = drawn(8, 3)
ONE = np.eye(4, 7)[[1, 0, 2, 3]] * [[0], [3.0], [0], [0]]
"""3 at [1, 0], and 0 elsewhere."""


def in_order(array: Any, order: tuple[int, ...]) -> Any:
    return np.concatenate([np.split(array, 4)[place] for place in order])


@pytest.mark.parametrize(
    ("places", "ours", "theirs", "reason"),
    [
        (DENSE, SQUARE, SQUARE, "transposed in keras"),
        (CONV, IMAGE, IMAGE.reshape(2, 2, 3, 6), "copied as it lies in memory, from (6, 3, 2, 2) in torch into (2, 2, 3, 6)"),
        (CONV, IMAGE, IMAGE[:, :, ::-1, ::-1].transpose(2, 3, 1, 0), "flipped along axis 2, 3 in keras"),
        (CONV, IMAGE, IMAGE.transpose(3, 2, 1, 0), "its axes stand as (0, 1, 3, 2) in keras"),
        (FLAT, WIDE, WIDE[::-1], "flipped along axis 0 in keras"),
        (PLAIN, GATED, in_order(GATED, (2, 0, 3, 1)), "its 4 blocks along axis 0 stand as [2, 0, 3, 1] in keras"),
        (FLAT, WIDE, WIDE[:, [3, 0, 6, 1, 2, 5, 4]], "its rows along axis 1 stand in another order in keras"),
        (FLAT, WIDE, -WIDE, "it has the other sign in keras"),
        (FLAT, WIDE, 0.5 * WIDE, "it is 0.5 times as large in keras"),
        (FLAT, WIDE**2, np.abs(WIDE), "keras has the root of it"),
        (FLAT, WIDE, np.zeros((4, 7)), "every number of it is 0 in keras: it was not set there"),
        (FLAT, WIDE, drawn(4, 7), "another value in keras than in torch"),
        (FLAT, WIDE, WIDE + ONE, "1 of its 28 numbers differ in keras, the first at [1, 0]"),
        (FLAT, WIDE, NUMBERS.permutation(WIDE.ravel()).reshape(4, 7), "the same numbers stand in another order in keras"),
        (GATES, GATED, in_order(GATED, (0, 2, 1, 3)), "gate order: its blocks stand as `i g f o` in keras, which"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)  # fmt: skip
def test_what_was_moved_wrongly_is_named(places: tuple[Placement, Placement], ours: Any, theirs: Any, reason: str) -> None:
    verdict, said = told(*places, ours, theirs)
    assert (verdict, said[: len(reason)]) == ("differs", reason)


@pytest.mark.parametrize(("change", "verdict"), [(0.0, "exact"), (2.0**-24, "agrees"), (2.0**-12, "differs")])
def test_what_float32_rounds_is_the_same(change: float, verdict: str) -> None:
    assert told(*FLAT, WIDE, WIDE * (1 + change))[0] == verdict


def test_an_array_in_the_place_of_another_one_is_found() -> None:
    first, second = drawn(4, 7), drawn(4, 7)
    matches = tuple(
        Match({"torch": name, "keras": name}, {"kernel": {"torch": Placement(name, (4, 7)), "keras": Placement(name, (4, 7))}})
        for name in ("one", "two")
    )
    mine, other = {"one": first, "two": second}, {"one": second, "two": first}
    rows = weight_differences.rows(LayerMap({}, matches), {"torch": mine, "keras": other}, LABELS)
    assert [row.reason for row in rows] == [
        "it holds in keras what torch has in two kernel",
        "it holds in keras what torch has in one kernel",
    ]


def biases(theirs: Any, first: Any, second: Any) -> tuple[LayerMap, Mapping[str, Mapping[str, Any]]]:
    """A layer of two biases in one model, and one in the other."""
    at = {"torch": Placement("b", (6,)), "keras": Placement("k", (6,))}
    roles = {"0.bias": at, "0.recurrent_bias": {"torch": Placement("r", (6,))}}
    found = LayerMap({}, (Match({"torch": "rnn", "keras": "lstm"}, roles),))
    return found, {"torch": {"b": first, "r": second}, "keras": {"k": theirs}}


def test_two_biases_are_their_sum() -> None:
    first, second = drawn(6), drawn(6)
    (row,) = weight_differences.rows(*biases((first + second).astype(np.float32), first, second), LABELS)
    assert row.verdict in ("agrees", "exact")
    (row,) = weight_differences.rows(*biases(first, first, second), LABELS)
    assert row.reason == "keras holds the first of the two biases of torch: what counts is their sum"


def test_the_same_arrays_are_made_the_same_numbers() -> None:
    first, second = drawn(6), drawn(6)
    found, own = biases((first + second).astype(np.float32), first, second)
    values = weight_differences.aligned(found, own, LABELS)
    assert np.array_equal(values["torch"]["b"], values["keras"]["k"]) and not np.any(values["torch"]["r"])
    other = weight_differences.aligned(*biases(first, first, second), LABELS)
    assert np.array_equal(other["torch"]["r"], second) and np.array_equal(other["keras"]["k"], first)


def test_another_shape_is_said() -> None:
    wide = replace(FLAT[1], shape=(4, 6))
    assert told(FLAT[0], wide, WIDE, drawn(4, 6)) == ("differs", "shapes differ: (4, 7) and (4, 6)")
