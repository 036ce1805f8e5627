"""Owns the verdicts on two models' tensors, in float64 and in float32, each with the error that rounding explains.

It refuses numbers tuned by hand: every constant below carries its derivation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.judgement import budgets
from parity.judgement.comparison import place

Array = npt.NDArray[Any]

SHADOW = budgets.SHADOW
"""The budget in float32. A model's own error (its float32 run against its float64 run) is a sample of the error of any equally
right order of computation (budgets.SHADOW). One model must stay within 4 times the *other* model's own error, since its own
error would excuse itself.

A tensor of few elements may err little by luck. Its budget is therefore at least the median share of the pass's tensors. If a
tensor departs in float32 alone, further draws are made: the share is then the greatest of all draws, and the finding must stand
in each draw, since rounding may move a number across a kink and so change a gradient by a jump. If a gradient's terms cancel
(the scale of a batch norm), each term may err by u in every layer, as in float64 (`tolerance`): the luck of one model does not
measure the other. Nor does one order of summation measure another: a gradient that comes back through a batch norm is a sum
over the n numbers of the norm (`Pair.sums`).
"""

ELEVEN_BITS = budgets.roundoff("float16") / budgets.roundoff("float32")
"""The rounding error of an 11-bit significand (float16, TF32), in u of float32. No order of sums excuses so great an error."""

PRECISION_RATIO = budgets.PRECISION_RATIO
"""Rounding errors are proportional to u, so a float32 error divided by this ratio is the error that rounding explains in
float64. It matters if terms cancel, such as in the gradient of a bias before a batch norm, which is zero but for rounding."""


@dataclass(frozen=True)
class Pair:
    """One tensor in two models and two precisions, in neutral order.

    depth: number of layers before it; ours, theirs: dtype -> array; stored: for an update, the greatest number to which it was
    added before rounding; terms: the greatest number among the pass's gradients, as the size of terms that may cancel in this
    one; sums: by how many u of its greatest number a gradient errs if the sums of the batch norms that it came back through are
    taken in another order."""

    quantity: str
    tensor: str
    depth: int
    ours: Mapping[str, Array]
    theirs: Mapping[str, Array]
    stored: float = 0.0
    note: str = ""
    terms: float = 0.0
    sums: float = 0.0


@dataclass(frozen=True)
class TensorVerdict:
    """A verdict on one tensor in one precision."""

    quantity: str
    tensor: str
    dtype: str
    verdict: str
    error: float | None = None
    budget: float | None = None
    where: str = ""
    reason: str = ""


def judged(pairs: Sequence[Pair], redrawn: Sequence[Sequence[Pair]] = ()) -> list[TensorVerdict]:
    """The verdicts on all pairs of one pass, in both precisions. redrawn: the same pairs from other draws, for tensors that
    depart in float32 alone.

    A float64 error of at most 4 u of float32 for each layer is `reduced_precision` if float32 agrees: a framework holds a
    constant or a sum in float32.
    """
    draws = [pairs, *redrawn]
    usual = [[median([_own(pair, side)[1] for pair in draw if not unfit(pair)] or [0.0]) for side in (0, 1)] for draw in draws]
    tensor_verdicts: list[TensorVerdict] = []
    for number, pair in enumerate(pairs):
        if reason := unfit(pair):
            tensor_verdicts += [
                TensorVerdict(pair.quantity, pair.tensor, dtype, "differs", reason=reason) for dtype in pair.ours
            ]
            continue
        wide = _semantic(pair, max(_own(pair, side)[0] for side in (0, 1)))
        same = [draw[number] for draw in draws]
        shares = [max(_own(pair, side)[1] for pair in same) for side in (0, 1)]
        tried = [_rounded(pair, shares, median_share) for pair, median_share in zip(same, usual, strict=True)]
        closest = min(
            tried,
            key=lambda tensor_verdict: (tensor_verdict.error or 0.0) / tensor_verdict.budget if tensor_verdict.budget else 0.0,
        )
        reduced = narrow(pair.depth, scale_of(pair))
        if wide.verdict == "differs" and closest.verdict == "agrees" and (wide.error or 0.0) <= reduced:
            wide = replace(wide, verdict="reduced_precision")
        if wide.verdict not in ("differs", "nonfinite") and closest.verdict == "differs":
            u, errors = budgets.roundoff("float32"), [_own(pair, side)[1] for side in (0, 1)]
            error_text = " and ".join(f"{error / u:.3g} u" for error in errors)
            closest = replace(closest, reason=f"in float32 alone: the two models err by {error_text} against their own float64")
        tensor_verdicts += [wide, closest]
    return tensor_verdicts


def in_its_own_way(tensor_verdicts: Sequence[TensorVerdict], reason: str) -> list[TensorVerdict]:
    """The verdicts, with each `reduced_precision` as a documented difference that has this reason. Unchanged if any other
    tensor departs by more (statistics aside). The caller has found that the first departure is a framework's own way."""
    if any(
        tensor_verdict.verdict in ("differs", "nonfinite") and tensor_verdict.quantity != "statistic"
        for tensor_verdict in tensor_verdicts
    ):
        return list(tensor_verdicts)
    explained = f"inherited: {reason}"
    return [
        replace(tensor_verdict, verdict="documented_difference", reason=explained)
        if tensor_verdict.verdict == "reduced_precision"
        else tensor_verdict
        for tensor_verdict in tensor_verdicts
    ]


def narrow_alone(tensor_verdicts: Sequence[TensorVerdict]) -> bool:
    """Whether some tensor departs in float32 while it agrees in float64."""
    wide = {
        (tensor_verdict.quantity, tensor_verdict.tensor)
        for tensor_verdict in tensor_verdicts
        if tensor_verdict.dtype == "float64" and tensor_verdict.verdict != "differs"
    }
    return any(
        tensor_verdict.dtype == "float32"
        and tensor_verdict.verdict == "differs"
        and (tensor_verdict.quantity, tensor_verdict.tensor) in wide
        for tensor_verdict in tensor_verdicts
    )


def _own(pair: Pair, side: int) -> tuple[float, float]:
    """A model's own error in float32, and this error divided by the tensor's greatest number."""
    arrays, scale = (pair.ours, pair.theirs)[side], scale_of(pair)
    error = distance(arrays["float32"], arrays["float64"])
    return error, error / scale if scale else 0.0


def _rounded(pair: Pair, shares: Sequence[float], usual: Sequence[float]) -> TensorVerdict:
    """The verdict on float32: each model's float32 against the other model's float64.

    shares: both models' own errors as shares of the tensor's greatest number; usual: the median shares of the pass."""
    u, scale = budgets.roundoff("float32"), scale_of(pair)
    sums = min(max(1.0, pair.sums), ELEVEN_BITS / SHADOW)
    least = u * max(sums * scale, budgets.STORE * pair.stored, max(pair.depth, 1) * pair.terms)
    limits = [SHADOW * max(share * scale, common * scale, least) for share, common in zip(shares, usual, strict=True)]
    crossed = [distance(pair.theirs["float32"], pair.ours["float64"]), distance(pair.ours["float32"], pair.theirs["float64"])]
    error, limit = max(zip(crossed, limits, strict=True), key=lambda item: item[0] / item[1] if item[1] else item[0])
    where = place(worst_place(pair.theirs["float32"], pair.ours["float64"]))
    return TensorVerdict(pair.quantity, pair.tensor, "float32", verdict_of(error, limit), error, limit, where)


def scale_of(pair: Pair) -> float:
    return max(_greatest(pair.ours["float64"]), _greatest(pair.theirs["float64"]))


def tolerance(depth: int, scale: float, shadow: float, stored: float = 0.0, terms: float = 0.0) -> float:
    """Greatest difference of two float64 tensors that rounding explains. depth, stored, terms: as in Pair; scale: the greatest
    number of the two; shadow: their own error in float32. That error is a single sample and may be small by luck, so terms of
    the size of the pass's gradients may each err by u in every layer (the bias of attention's keys: softmax cancels it)."""
    u = budgets.roundoff("float64")
    rounding = max(SHADOW * shadow / PRECISION_RATIO, budgets.STORE * u * stored, SHADOW * u * max(depth, 1) * terms)
    return max(budgets.COMPARED * max(depth, 1) * scale, rounding)


def narrow(depth: int, scale: float) -> float:
    """Greatest difference of two float64 tensors that is explained by a constant or a sum held in float32."""
    return SHADOW * budgets.roundoff("float32") * max(depth, 1) * scale


def distance(ours: Array, theirs: Array) -> float:
    """Greatest difference of two arrays. A pair of numbers counts 0 if both are the same infinity, and infinity if only one is
    finite."""
    if not ours.size:
        return 0.0
    same = ours == theirs
    with np.errstate(invalid="ignore"):
        gaps = np.abs(np.subtract(ours, theirs, dtype=np.float64))
    gaps = np.where(same, 0.0, np.where(np.isfinite(gaps), gaps, np.inf))
    return float(np.max(gaps))


def _semantic(pair: Pair, shadow: float) -> TensorVerdict:
    ours, theirs, scale = pair.ours["float64"], pair.theirs["float64"], scale_of(pair)
    error, limit = distance(ours, theirs), tolerance(pair.depth, scale, shadow, pair.stored, pair.terms)
    narrow = [side.dtype.name for side in (ours, theirs) if side.dtype.name != "float64"]
    reason = f"one model hands out {narrow[0]} where float64 was asked for" if narrow and error > limit else ""
    where = place(worst_place(ours, theirs)) if error else ""
    verdict = "exact" if error == 0 and scale else verdict_of(error, limit)
    if verdict in ("agrees", "exact") and pair.quantity == "forward" and scale == 0:
        verdict, reason = "mistrusted", "both models give zeros alone, so nothing could show"
    return TensorVerdict(pair.quantity, pair.tensor, "float64", verdict, error, limit, where, reason)


def unfit(pair: Pair) -> str:
    ours, theirs = pair.ours["float64"], pair.theirs["float64"]
    if ours.shape != theirs.shape:
        return f"shapes differ: {ours.shape} and {theirs.shape}"
    if not np.isfinite(ours).all() and not np.isfinite(theirs).all() and not np.array_equal(ours, theirs):
        return "both hold numbers that are not finite, at other places or of another kind"
    return ""


def verdict_of(error: float, limit: float) -> str:
    if not np.isfinite(error):
        return "nonfinite"
    return "agrees" if error <= limit else "differs"


def worst_place(ours: Array, theirs: Array) -> tuple[int, ...]:
    with np.errstate(invalid="ignore"):
        gaps = np.abs(np.subtract(ours, theirs, dtype=np.float64))
    return (
        tuple(int(item) for item in np.unravel_index(int(np.argmax(np.nan_to_num(gaps, nan=np.inf))), gaps.shape))
        if gaps.size
        else ()
    )


def _greatest(array: Array) -> float:
    finite = array[np.isfinite(array)]
    return budgets.greatest(finite)
