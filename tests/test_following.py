"""The reference on a framework's branches: a relu within rounding of its kink decides which value a pooling window takes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hand_built import Builder

from parity.judgement import kinks
from parity.judgement.references import References, references
from parity.judgement.updates import judge_updates
from parity.reference_impl.observation import Reference, observe
from parity.spec.cases import Case
from parity.spec.graph import Graph
from parity.verbs import selection

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


@pytest.mark.parametrize(
    ("told_of_flips", "share", "verdict"), [(True, 1, "agrees"), (False, 1, "differs"), (True, 99, "differs")]
)
def test_a_step_may_fall_to_the_other_side_as_well(told_of_flips: bool, share: float, verdict: str) -> None:
    """The gradients were shown with the pixel on; the step's own program had it off (share 1), or went 99 times as far."""
    known = references(pooled(), values(-TINY), "float32")
    branches, _ = kinks.seen_branches(known, told(seen(TINY)))
    followed = known.following(branches)
    sgd = selection.optimizer("sgd")
    case = Case("pooled", "agreement", "float32", graph=pooled(), hyperparameters=sgd.probe_values(), steps=1)
    initial = {name: values(0)[name].astype(np.float32) for name in ("conv.kernel", "conv.bias")}
    arrays: dict[str, Any] = {}
    for name, start in initial.items():
        shown, other = seen(TINY).gradients[name], seen(-TINY).gradients[name]
        taken = shown + share * (other - shown)
        arrays |= {f"gradient/{name}": shown, f"step/0/gradient/{name}": shown}
        arrays[f"step/0/parameter/{name}"] = start - np.float32(case.hyperparameters["learning_rate"]) * taken
    found = judge_updates(
        case, sgd, initial, arrays, followed, unfollowed=known.training.reference.gradients if told_of_flips else None
    )
    assert {one.tensor: one.verdict for one in found}["conv.bias"] == verdict
