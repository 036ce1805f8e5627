"""Owns MXNet's own way of log_softmax: oneDNN approximates the logarithm of a row's sum, so all numbers of a float32 row are
off by the same amount.

It refuses rows whose numbers are off by different amounts or by more, and rows that are no logarithms of probabilities.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.comparing.judged_tensors import Pair, TensorVerdict
from parity.judgement import budgets

Array = npt.NDArray[Any]

FRAMEWORK = "mxnet"
GREEN = ("agrees", "exact")
APPROXIMATED = 64 * budgets.roundoff("float32")
"""Greatest error of the kernel's logarithm: 60 u of a number near 1 (mxnet_impl/differences.yaml, `log softmax of oneDNN`)."""

REASON = (
    "mxnet's log_softmax: oneDNN approximates the logarithm of a row's sum, here by {:.3g};"
    " log_softmax(…, temperature=1.0) takes MXNet's own kernel, which does not"
)


TESTED = (
    "in float32 alone: mxnet's log_softmax: oneDNN approximates the logarithm of a row's sum"
    " (tested: with MXNet's own kernel, which log_softmax(…, temperature=1.0) takes, it agrees)"
)


def behind(tensor_verdicts: Sequence[TensorVerdict], plain: Sequence[TensorVerdict]) -> list[TensorVerdict]:
    """The verdicts; a tensor that departs in float32 alone, and agrees with MXNet's own kernel, is a documented difference. So
    a loss, gradients and updates are excused. plain: the verdicts on the same pairs, in the same order, with that kernel."""
    wide = {
        (tensor_verdict.quantity, tensor_verdict.tensor)
        for tensor_verdict in tensor_verdicts
        if tensor_verdict.dtype == "float64" and tensor_verdict.verdict in GREEN
    }
    return [
        replace(tensor_verdict, verdict="documented_difference", reason=TESTED)
        if tensor_verdict.dtype == "float32"
        and tensor_verdict.verdict == "differs"
        and other.verdict in GREEN
        and (tensor_verdict.quantity, tensor_verdict.tensor) in wide
        else tensor_verdict
        for tensor_verdict, other in zip(tensor_verdicts, plain, strict=True)
    ]


def documented(
    tensor_verdicts: Sequence[TensorVerdict], pairs: Iterable[Pair], frameworks: tuple[str, str]
) -> list[TensorVerdict]:
    """The verdicts; an output that departs in float32 alone, by this approximation only, is a documented difference.
    frameworks: of the two models."""
    by_tensor = {(pair.quantity, pair.tensor): pair for pair in pairs if pair.quantity in ("forward", "forward_training")}
    agreeing = {
        (tensor_verdict.quantity, tensor_verdict.tensor)
        for tensor_verdict in tensor_verdicts
        if tensor_verdict.dtype == "float64" and tensor_verdict.verdict in GREEN
    }
    return [
        replace(tensor_verdict, verdict="documented_difference", reason=REASON.format(shift))
        if tensor_verdict.dtype == "float32"
        and tensor_verdict.verdict == "differs"
        and (tensor_verdict.quantity, tensor_verdict.tensor) in agreeing & by_tensor.keys()
        and (shift := _shift(by_tensor[tensor_verdict.quantity, tensor_verdict.tensor], frameworks))
        else tensor_verdict
        for tensor_verdict in tensor_verdicts
    ]


def _shift(pair: Pair, frameworks: tuple[str, str]) -> float:
    """The greatest shift of a row of MXNet's output; 0 if more than such a shift keeps the two models apart."""
    u = budgets.roundoff("float32")
    for framework, mine, other in zip(frameworks, (pair.ours, pair.theirs), (pair.theirs, pair.ours), strict=True):
        exact = mine["float64"]
        if framework != FRAMEWORK or not _logarithms(exact):
            continue
        error = mine["float32"].astype(np.float64) - exact
        shift = error.mean(-1, keepdims=True)
        rests = budgets.greatest(error - shift), budgets.greatest(other["float32"].astype(np.float64) - other["float64"])
        common = u * budgets.greatest(exact)
        agree = all(number <= budgets.SHADOW * max(common, another) for number, another in (rests, rests[::-1]))
        if agree and budgets.greatest(shift) <= APPROXIMATED:
            return budgets.greatest(shift)
    return 0.0


def _logarithms(rows: Array) -> bool:
    """Whether each row holds the logarithms of probabilities, which add up to 1 within rounding. n terms are rounded, and so is
    the greatest number, whose rounding the exponential carries on."""
    if not rows.ndim or not rows.size or not np.isfinite(rows).all():
        return False
    limit = budgets.SHADOW * budgets.roundoff("float64") * (rows.shape[-1] + budgets.greatest(rows))
    return bool(np.all(np.abs(np.exp(rows).sum(-1) - 1) <= limit))
