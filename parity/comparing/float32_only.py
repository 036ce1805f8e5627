"""Owns the comparison of two models of which one cannot run in float64: its framework lacks a kernel, or its code uses float32.

The float64 verdict is then `unsupported`, with the reason, and float32 is judged. It refuses to judge float64 of such a pair.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy.typing as npt

from parity.comparing import judged_tensors, layer_output_causes
from parity.comparing.judged_tensors import Pair, TensorVerdict
from parity.execution.names import FUNCTION, GIVEN, TAKEN, in_order
from parity.judgement import budgets
from parity.judgement.comparison import place

Array = npt.NDArray[Any]
WIDE, NARROW = "float64", "float32"


def both(passes: Mapping[str, Mapping[str, Array]]) -> dict[str, Mapping[str, Array]]:
    """dtype -> arrays. If float64 is missing, float32's numbers replace it, since the flow of values shows in them too."""
    return {WIDE: passes.get(WIDE, passes[NARROW]), NARROW: passes[NARROW]}


def cast(answer: Sequence[Mapping[str, Any]], arrays: Mapping[str, Array]) -> str:
    """The first function in the user's code that takes float64 and gives float32, as a reason; "" if there is none.

    answer, arrays: a pass in float64 (execution.own_model.layers.OwnModel.functions). A resize is no cast: a framework computes
    it in float32 of its own accord (layer_output_causes.py)."""
    for entry in answer:
        taken, gave = (in_order(arrays, FUNCTION, entry["number"], group) for group in (TAKEN, GIVEN))
        if not layer_output_causes.resizes(entry["name"]) and _any(taken, WIDE) and _any(gave, NARROW):
            return f"`{entry['code'] or entry['name']}` ({entry['where']}) gives float32 where float64 was asked for"
    return ""


def _any(arrays: Sequence[Array], dtype: str) -> bool:
    return any(array.dtype == dtype for array in arrays)


def judged(pairs: Sequence[Pair], lacking: Mapping[str, Mapping[str, str]]) -> list[TensorVerdict]:
    """The verdicts on all pairs. lacking: label -> why that model has no float64 (empty if it has), both models in order."""
    reason = "; ".join(f"{label} has no float64: {entry[WIDE]}" for label, entry in lacking.items() if entry)
    missing = [bool(entry) for entry in lacking.values()]
    tensor_verdicts: list[TensorVerdict] = []
    for pair in pairs:
        tensor_verdicts.append(TensorVerdict(pair.quantity, pair.tensor, WIDE, "unsupported", reason=reason))
        if unfit := judged_tensors.unfit(pair):
            tensor_verdicts.append(TensorVerdict(pair.quantity, pair.tensor, NARROW, "differs", reason=unfit))
            continue
        tensor_verdicts.append(_narrow(pair, missing))
    return tensor_verdicts


def _narrow(pair: Pair, missing: Sequence[bool]) -> TensorVerdict:
    """The verdict on float32 of the model without float64, against float64 of the other model (float32 if both lack float64).

    float32 explains 4 times the other model's own error (judging.SHADOW), and 4 u for each layer, as for a number held in
    float32 (judging.narrow)."""
    u, scale = budgets.roundoff(NARROW), judged_tensors.scale_of(pair)
    narrow, other = (pair.ours, pair.theirs) if missing[0] else (pair.theirs, pair.ours)
    error = judged_tensors.distance(narrow[NARROW], other[WIDE])
    own = judged_tensors.distance(other[NARROW], other[WIDE])
    sums = judged_tensors.SHADOW * u * max(pair.sums * scale, budgets.STORE * pair.stored, max(pair.depth, 1) * pair.terms)
    limit = max(judged_tensors.narrow(pair.depth, scale), judged_tensors.SHADOW * own, sums)
    where = place(judged_tensors.worst_place(narrow[NARROW], other[WIDE])) if error else ""
    return TensorVerdict(pair.quantity, pair.tensor, NARROW, judged_tensors.verdict_of(error, limit), error, limit, where)
