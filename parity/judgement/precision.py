"""Owns two verdicts that only all comparisons of a case together can show: computation in float32
though float64 was asked for, and chance.

It refuses to turn any verdict into a green verdict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.execution.names import GRADIENT, LOSS, array_name, step_name
from parity.judgement import budgets
from parity.judgement.comparison import Comparison
from parity.judgement.first_departure import FORWARD, Origins
from parity.judgement.references import References
from parity.spec.cases import Case
from parity.spec.graph import Graph

Array = npt.NDArray[Any]

_BITS = frozenset({"unchanged"})
REASON = "right at float32 accuracy, though float64 was asked for"


def reduced(comparisons: Sequence[Comparison], graph: Graph | None = None, rule: str = "") -> list[Comparison]:
    """In float64: turns `differs` into `reduced_precision` if a quantity is right, but only to float32 accuracy.

    A tensor is a candidate if its error lies between REDUCED_LEAST of the float32 budget and the float32 budget. A quantity is
    turned if all of its tensors that differ are candidates, and if they are at least half of the tensors that a fault in the
    same nodes would reach. A single wrong constant (an epsilon, say) moves some elements by far more than float32 rounding, and
    stays `differs`. If the values of layers are turned, values computed from them may err less than a candidate, since sums and
    means even float32 errors out; these are turned too. The reason names the op where the errors begin (if a graph is given),
    or the rule of the optimizer.
    """
    corrected, origins = list(comparisons), Origins(graph) if graph else None
    turned: list[int] = []
    for quantity in dict.fromkeys(comparison.quantity for comparison in comparisons if comparison.dtype == "float64"):
        places = [
            place
            for place, comparison in enumerate(corrected)
            if comparison.quantity == quantity and comparison.error is not None
        ]
        failed = [place for place in places if corrected[place].verdict == "differs"]
        sized = [place for place in failed if _float32_sized(corrected[place])]
        if quantity in _BITS or not failed or sized != failed:
            continue
        failed_comparisons = [corrected[place] for place in failed]
        reached = [
            place for place in places if origins is None or origins.reached(quantity, failed_comparisons, corrected[place])
        ]
        if 2 * len(failed) >= len({*reached, *failed}):
            turned += failed
    if any(corrected[place].quantity in FORWARD for place in turned):
        turned += _followers(corrected, turned)
    layers = [corrected[place] for place in turned if corrected[place].quantity != "update"]
    begins = origins.said(layers) if origins and layers else ""
    for place in turned:
        where = f"the rule {rule}" if rule and corrected[place].quantity == "update" else begins
        corrected[place] = replace(
            corrected[place], verdict="reduced_precision", reason=f"{REASON}: {where}" if where else REASON
        )
    return corrected


def _followers(comparisons: Sequence[Comparison], turned: Sequence[int]) -> list[int]:
    """Further comparisons that differ, of quantities in which no error exceeds what float32 errors of the layers explain."""
    more: list[int] = []
    for quantity in dict.fromkeys(
        comparison.quantity for comparison in comparisons if comparison.quantity not in _BITS | {"update"}
    ):
        places = [
            place
            for place, comparison in enumerate(comparisons)
            if comparison.quantity == quantity and comparison.verdict == "differs"
        ]
        left = [place for place in places if place not in turned]
        if all(_float32_share(comparisons[place]) <= 1 for place in left):
            more += left
    return more


def _float32_sized(comparison: Comparison) -> bool:
    return budgets.REDUCED_LEAST <= _float32_share(comparison) <= 1


def _float32_share(comparison: Comparison) -> float:
    """The error as a share of the float32 budget; infinite if nothing was measured."""
    if comparison.error is None or not comparison.budget:
        return float("inf")
    return comparison.error / (comparison.budget * budgets.PRECISION_RATIO)


def chance(
    case: Case, comparisons: Sequence[Comparison], arrays: Mapping[str, Array], references: References
) -> list[Comparison]:
    """Turns a verdict into `nondeterministic` if two passes over the same batch lie further apart than the budget.

    The passes are the first `gradients`, and the start of step 0 of the lock-step, from the same parameters.
    """
    if not case.steps:
        return list(comparisons)
    shares = []
    for comparison in comparisons:
        spread = _spread(comparison, arrays)
        if spread is None or not (spread > _allowed(comparison, references)):
            shares.append(comparison)
            continue
        reason = f"two passes over the same batch lie {spread:.3g} apart"
        shares.append(replace(comparison, verdict="nondeterministic", error=spread, reason=reason))
    return shares


def _spread(comparison: Comparison, arrays: Mapping[str, Array]) -> float | None:
    """The greatest distance between the two passes, if both are finite and have one shape."""
    tensor = comparison.tensor.partition(" step ")[0]
    if comparison.quantity not in ("gradient", "loss"):
        return None
    first = LOSS if comparison.quantity == "loss" else array_name(GRADIENT, tensor)
    array, other = arrays.get(first), arrays.get(step_name(0, first))
    if array is None or other is None or array.shape != other.shape or not array.size:
        return None
    if not (np.isfinite(array).all() and np.isfinite(other).all()):
        return None
    return budgets.greatest(array.astype(np.float64) - other.astype(np.float64))


def _allowed(comparison: Comparison, references: References) -> float:
    if comparison.quantity == "loss":
        reference, beside = references.training.loss()
        return budgets.shadowed(reference, beside, references.u).maximum if reference is not None else float("inf")
    tensor = comparison.tensor.partition(" step ")[0]
    return references.training.budget("gradients", tensor, references.u).maximum
