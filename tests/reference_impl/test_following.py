"""The reference on a framework's branches: a relu within rounding of its kink decides which value a pooling window takes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hand_built import Builder

from parity.judgement import budgets, kinks
from parity.judgement.agreement import judge_agreement
from parity.judgement.comparison import Comparison
from parity.judgement.references import Pass, References, references
from parity.reference_impl.observation import Reference, observe
from parity.spec.cases import Case
from parity.spec.graph import Graph
from parity.trials import selection

TINY = 1e-9
"""Within rounding of the kink, beside values near 1."""


def pooled() -> Graph:
    """What a convolution of one weight gives, cut off at zero, and the greatest of each window."""
    build = Builder()
    build.input("x", (1, 2, 4))
    build.input("target", (2,))
    build.node("conv2d", "conv", {"x": "x"}, channels=1, kernel=(1, 1))
    build.node("relu", "relu", {"x": "conv"})
    build.node("max_pool2d", "pool", {"x": "relu"}, kernel=(2, 2), stride=(2, 2))
    build.node("flatten", "flat", {"x": "pool"})
    build.node("squared_error", "loss", {"x": "flat", "target": "target"})
    build.phase(1)
    return build.graph(("flat",))


def values(pixel: float) -> dict[str, Any]:
    """The first window is off but for its last pixel, which lies at the kink; the second is on."""
    image = np.array([[[[-1.0, -0.5, 1.0, 0.25], [-0.75, pixel, 0.5, 0.75]]]])
    return {"x": image, "target": np.ones((1, 2)), "conv.kernel": np.ones((1, 1, 1, 1)), "conv.bias": np.zeros(1)}


def seen(pixel: float) -> Reference:
    return observe(pooled(), values(pixel), "float32")


def told(one: Reference) -> dict[str, Any]:
    return {f"value/{name}": array for name, array in one.values.items()}


@pytest.mark.parametrize(("ours", "theirs"), [(-TINY, TINY), (TINY, -TINY)])
def test_a_window_follows_the_relu_before_it(ours: float, theirs: float) -> None:
    known: References = references(pooled(), values(ours), "float32")
    branches, count = kinks.seen_branches(known, told(seen(theirs)))
    followed = known.following(branches)
    assert count == (2 if ours > 0 else 1), "the relu, and where it is on the window that it decides"
    expected = seen(theirs).gradients["conv.bias"]
    assert not np.allclose(expected, known.reference.gradients["conv.bias"])
    np.testing.assert_allclose(followed.reference.gradients["conv.bias"], expected, rtol=1e-6)


def test_what_lies_outside_of_rounding_is_not_followed() -> None:
    known = references(pooled(), values(-1e-3), "float32")
    branches, count = kinks.seen_branches(known, told(seen(1e-3)))
    followed = known.following(branches)
    assert count == 0
    np.testing.assert_array_equal(followed.reference.gradients["conv.bias"], known.reference.gradients["conv.bias"])


def test_more_shadows_keep_those_that_were_walked() -> None:
    known = references(pooled(), values(-TINY), "float32")
    wider, at_once = known.widened(8), references(pooled(), values(-TINY), "float32", shadows=8)
    assert wider.shadows == 8
    assert wider.training.spreads == at_once.training.spreads
    assert wider.training.reference is known.training.reference
    assert wider.widened(2) is wider


SGD = selection.optimizer("sgd")


class Drawn:
    """The arrays of a case of `pooled`."""

    def initial(self) -> dict[str, Any]:
        return {name: values(0)[name].astype(np.float32) for name in ("conv.kernel", "conv.bias")}

    def batch(self, step: int = 0) -> dict[str, Any]:
        return {name: array for name, array in values(-TINY).items() if name in ("x", "target")}


def stepped(shown: float, share: float = 1.0, other: float | None = None) -> dict[str, Any]:
    """A record: the gradients were shown with the pixel at `shown`; the step's own program had it at `other` (share 1), or went
    `share` times as far from what was shown."""
    arrays = told(seen(shown))
    for name, start in Drawn().initial().items():
        gradient = seen(shown).gradients[name]
        taken = gradient + share * (seen(-shown if other is None else other).gradients[name] - gradient)
        arrays |= {f"gradient/{name}": gradient, f"step/0/gradient/{name}": gradient}
        arrays[f"step/0/parameter/{name}"] = start - np.float32(SGD.probe_values()["learning_rate"]) * taken
    return arrays


def case(dtype: str = "float32") -> Case:
    return Case("pooled", "agreement", dtype, graph=pooled(), hyperparameters=SGD.probe_values(), steps=1)


@pytest.mark.parametrize(("share", "verdict"), [(1, "agrees"), (99, "differs")])
@pytest.mark.parametrize("shown", [-TINY, TINY])
def test_a_flip_that_only_the_step_took_is_no_difference(shown: float, share: float, verdict: str) -> None:
    """Also where `gradients` took the reference's branches, so that nothing was followed: Keras's fine_tuning at full size."""
    known = references(pooled(), values(-TINY), "float32")
    found = judge_agreement(case(), pooled(), Drawn(), stepped(shown, share), known, SGD)
    (bias,) = (one for one in found if (one.quantity, one.tensor) == ("update", "conv.bias"))
    assert bias.verdict == verdict
    assert ("within rounding of a kink on either side" in bias.reason) == (verdict == "agrees"), (
        "it agrees only so, and says so"
    )


def test_nothing_falls_to_the_other_side_in_float64() -> None:
    """However near: 1e-18 lies within its rounding too."""
    known = references(pooled(), values(-1e-18), "float64")
    found = judge_agreement(case("float64"), pooled(), Drawn(), stepped(-1e-18), known, SGD)
    assert {one.tensor: one.verdict for one in found if one.quantity == "update"}["conv.bias"] == "differs"


def test_a_step_falls_nowhere_but_at_a_kink() -> None:
    """Another pixel, well away from the kink, is off in the step: a fault."""
    known = references(pooled(), values(-0.25), "float32")
    found = judge_agreement(case(), pooled(), Drawn(), stepped(-0.25, other=0.25), known, SGD)
    assert {one.tensor: one.verdict for one in found if one.quantity == "update"}["conv.bias"] == "differs"


@pytest.mark.parametrize("pixel", [-TINY, TINY])
def test_gradients_may_move_as_far_as_the_other_side_moves_them(pixel: float) -> None:
    """Through the window behind the relu too, which holds nothing but zeros where the pixel is off."""
    known = references(pooled(), values(pixel), "float32")
    seen_beside: list[Pass] = []

    def judged(one: Pass) -> list[Comparison]:
        seen_beside.append(one)
        return judge_forward_missing(known)

    kinks.judged_either_way(judged, pooled(), known.values, known.training, "float32")
    first, wider = seen_beside
    assert first is known.training
    for name in ("conv.kernel", "conv.bias"):
        moved = wider.beside("gradients", name).maximum - first.beside("gradients", name).maximum
        assert moved == pytest.approx(
            budgets.greatest(seen(-pixel).gradients[name] - known.reference.gradients[name]), rel=1e-6
        )
    assert wider.spreads["values"] == first.spreads["values"]


def judge_forward_missing(known: References) -> list[Comparison]:
    """Something that is not green."""
    return judge_agreement(case(), pooled(), Drawn(), {}, known)


@pytest.mark.parametrize(("pixel", "other", "verdict"), [(-TINY, TINY, "agrees"), (-0.25, 0.25, "differs")])
@pytest.mark.parametrize("shown", [True, False])
def test_a_kink_that_no_record_shows_may_be_taken_either_way(pixel: float, other: float, verdict: str, shown: bool) -> None:
    """A phase's networks show no activations; where they are shown, they are followed. Away from the kink it is a fault."""
    known = references(pooled(), values(pixel), "float32")
    taken = seen(other)
    arrays = {f"gradient/{name}": array for name, array in taken.gradients.items()} | {"loss": np.asarray(taken.loss)}
    arrays |= told(taken) if shown else {}
    found = judge_agreement(replace(case(), steps=0), pooled(), Drawn(), arrays, known)
    assert {one.tensor: one.verdict for one in found if one.quantity == "gradient"}["conv.kernel"] == verdict
