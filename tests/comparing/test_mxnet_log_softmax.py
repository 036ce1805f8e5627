"""oneDNN's logarithm: a whole row off by one small number is MXNet's own way, and nothing else is."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from parity.comparing import judged_tensors
from parity.comparing.judged_tensors import Pair, TensorVerdict
from parity.comparing.mxnet_log_softmax import behind, documented

Array = npt.NDArray[Any]

ROWS = np.random.RandomState(0).normal(size=(3, 10))
ROWS -= np.log(np.exp(ROWS).sum(-1, keepdims=True))
ONE_NUMBER = np.array([[1.0], [-0.5], [0.7]])
EACH = np.linspace(-1, 1, 10)


def verdict(error: Array, rows: Array = ROWS, frameworks: tuple[str, str] = ("torch", "mxnet"), **changes: Any) -> str:
    """Of float32, where the second model's float32 errs so."""
    right = {"float64": rows, "float32": rows.astype(np.float32)}
    theirs = {"float64": rows, "float32": (rows + error).astype(np.float32)}
    pair = Pair(**{"quantity": "forward", "tensor": "output 0", "depth": 1, "ours": right, "theirs": theirs, **changes})
    found = judged_tensors.judged([pair])
    assert [one.verdict for one in found] == ["exact", "differs"]
    exact, narrow = documented(found, [pair], frameworks)
    assert exact == found[0]
    assert narrow == found[1] or "here by 2.96e-06" in narrow.reason
    return narrow.verdict


def test_a_row_off_by_one_number_is_its_own_way() -> None:
    assert verdict(3e-6 * ONE_NUMBER) == "documented_difference"


@pytest.mark.parametrize(
    ("error", "changes"),
    [
        (3e-6 * ONE_NUMBER, {"frameworks": ("mxnet", "torch")}),
        (3e-6 * ONE_NUMBER, {"frameworks": ("torch", "keras")}),
        (3e-6 * ONE_NUMBER, {"rows": ROWS + 0.1}),
        (3e-6 * ONE_NUMBER, {"quantity": "activation"}),
        (3e-6 * EACH, {}),
        (3e-6 * ONE_NUMBER + 3e-6 * EACH, {}),
        (5e-6 * ONE_NUMBER, {}),
    ],
    ids=[
        "the other side's",
        "no MXNet",
        "no logarithms of probabilities",
        "a layer",
        "every number by another",
        "both",
        "more",
    ],
)
def test_nothing_else_is(error: Array, changes: dict[str, Any]) -> None:
    assert verdict(error, **changes) == "differs"


@pytest.mark.parametrize(
    ("wide", "plain", "verdict"),
    [("exact", "agrees", "documented_difference"), ("exact", "differs", "differs"), ("differs", "agrees", "differs")],
)
def test_what_agrees_with_the_exact_kernel_is_its_own_way(wide: str, plain: str, verdict: str) -> None:
    found = [TensorVerdict("gradient", "kernel", "float64", wide), TensorVerdict("gradient", "kernel", "float32", "differs")]
    again = [found[0], TensorVerdict("gradient", "kernel", "float32", plain)]
    assert [one.verdict for one in behind(found, again)] == [wide, verdict]
