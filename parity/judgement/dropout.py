"""Owns the judgement of a native dropout layer: recover its mask, test it, replay it.

It refuses the layers' randomness as such: which units fall is not compared, only that the mask is one and is used as one.
Srivastava et al. 2014, with the kept units scaled by 1/(1 - rate).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.execution.draws import Draws
from parity.judgement.comparison import Comparison, compared
from parity.spec.cases import Case

Array = npt.NDArray[Any]

DEVIATIONS = 5.0
"""The number of dropped units lies within 5 standard deviations of its expectation: 6e-7 of correct layers do not."""


def judge(case: Case, draws: Draws) -> Callable[[Mapping[str, Array]], list[Comparison]]:
    """Comparisons of a record of probes.dropout_probe, drawn away from zero so that a zero output is a dropped unit."""

    def comparisons(arrays: Mapping[str, Array]) -> list[Comparison]:
        assert case.graph is not None  # noqa: S101 - every agreement case has one
        rate = float(case.graph.nodes[0].attributes["rate"])
        x, weights = draws.batch()["x"], draws.batch()["weights"]
        roundoff = np.finfo(case.dtype).eps / 2
        found = [_equal(case, "forward", "dropout", arrays.get("forward/dropout"), x, 0.0)]
        y = arrays.get("value/dropout")
        if y is None or y.shape != x.shape:
            return [*found, compared(case, "activation", "dropout", None, None, "the training pass gave no output")]
        kept = y != 0
        expected = np.where(kept, x.astype(np.float64) / (1.0 - rate), 0.0)
        found.append(_equal(case, "activation", "scale", y, expected, 4 * roundoff * np.abs(expected).max()))
        error = abs(float(np.mean(~kept)) - rate)
        found.append(compared(case, "activation", "rate", error, DEVIATIONS * sqrt(rate * (1 - rate) / kept.size)))
        replayed = np.where(kept, weights.astype(np.float64) / (1.0 - rate), 0.0)
        budget = 4 * roundoff * np.abs(replayed).max()
        return [*found, _equal(case, "input_gradient", "x", arrays.get("input_gradient/x"), replayed, budget)]

    return comparisons


def _equal(case: Case, quantity: str, tensor: str, got: Array | None, expected: Array, budget: float) -> Comparison:
    if got is None or got.shape != expected.shape:
        return compared(case, quantity, tensor, None, None, "missing or of another shape")
    error = float(np.max(np.abs(got.astype(np.float64) - expected.astype(np.float64))))
    return compared(case, quantity, tensor, error, budget)
