"""Owns the judgement of initializers: whether native draws have the distribution that the spec claims.

It refuses to compare single numbers, since generators differ. The level of each test is
budgets.FALSE_ALARM. The power with 4 draws of 61×53 numbers: a limit or standard deviation that is wrong by
5 % is missed once in 1,000 cases or less (test_sampling).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from math import log, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.execution.names import AGAIN, SAMPLE, array_name
from parity.judgement import budgets
from parity.judgement.comparison import Comparison, Finding, compared, judge_bits, named, place, unfit
from parity.reference_impl.distributions import Claim, as_matrix, claim
from parity.spec.cases import Case, Sampling
from parity.spec.specs import Initializer

Array = npt.NDArray[Any]
QUANTITY = "sample"


def judge(case: Case, spec: Initializer) -> Callable[[Mapping[str, Array]], list[Comparison]]:
    """Judges the draws of a record: `sample/0`, `sample/1`, … from consecutive seeds, `sample/again` from the first seed."""
    sampling = case.sampling
    if sampling is None:
        raise ValueError(f"case {case.id} samples, and says not what")
    claimed = claim(spec, case.arguments, sampling)

    def comparisons(arrays: Mapping[str, Array]) -> list[Comparison]:
        draws = [arrays.get(array_name(SAMPLE, i)) for i in range(sampling.count)]
        bad = _unfit(case, sampling, draws)
        if bad:
            return bad
        drawn = [draw for draw in draws if draw is not None]
        comparisons = [*_seeds(case, claimed, drawn, arrays)]
        comparisons += {"constant": _constant, "identity": _constant, "orthogonal": _orthogonal}.get(
            claimed.kind, _independent
        )(case, claimed, drawn)
        return comparisons

    return comparisons


def _unfit(case: Case, sampling: Sampling, draws: list[Array | None]) -> list[Comparison]:
    expected = np.zeros(sampling.shape)
    findings = [(f"draw {i}", unfit(draw, expected)) for i, draw in enumerate(draws)]
    return [named(case, QUANTITY, name, finding) for name, finding in findings if finding is not None]


def _seeds(case: Case, claimed: Claim, draws: list[Array], arrays: Mapping[str, Array]) -> Iterator[Comparison]:
    """The same seed must give the same numbers, and another seed other numbers."""
    again = arrays.get(array_name(SAMPLE, AGAIN))
    if again is not None:
        finding = judge_bits(again, draws[0])
        if finding.verdict != "exact":
            finding = Finding("nondeterministic", finding.error, 0.0, finding.where, "one seed gave two samples")
        yield named(case, QUANTITY, "same seed", finding)
    if claimed.kind in ("constant", "identity"):
        return
    for number, (array, other) in enumerate(pairwise(draws)):
        if claimed.scale and np.array_equal(array, other):
            reason = f"draws {number} and {number + 1} are the same, their seeds are not"
            yield compared(case, QUANTITY, "other seed", None, None, reason)


def _constant(case: Case, claimed: Claim, draws: list[Array]) -> list[Comparison]:
    """Every element must be the claimed number, or the element of the scaled identity, rounded once."""
    comparisons = []
    for number, draw in enumerate(draws):
        whole = claimed.scale * np.eye(*draw.shape) if claimed.kind == "identity" else np.full(draw.shape, claimed.scale)
        expected = whole.astype(draw.dtype)
        budget = budgets.roundoff(case.dtype) * abs(claimed.scale) if case.dtype == "bfloat16" else 0.0
        error = np.abs(draw.astype(np.float64) - expected)
        worst = np.unravel_index(int(np.argmax(error)), error.shape)
        comparison = compared(case, QUANTITY, f"draw {number}", float(error[worst]), budget, where=place(worst))
        exact = comparison.verdict == "agrees" and not comparison.error
        comparisons.append(named(case, QUANTITY, comparison.tensor, Finding("exact", 0.0, budget)) if exact else comparison)
    return comparisons


def _independent(case: Case, claimed: Claim, draws: list[Array]) -> list[Comparison]:
    """Tests of independent elements of a known distribution, on all draws together."""
    flat = [np.asarray(draw, dtype=np.float64).ravel() for draw in draws]
    pooled = np.sort(np.concatenate(flat))
    count, deviation = len(pooled), claimed.standard_deviation
    allowed = budgets.deviations()
    mean = abs(float(np.mean(pooled))) * sqrt(count) / deviation
    comparisons = [compared(case, QUANTITY, "mean", mean, allowed, "standard errors of the mean")]
    comparisons.append(_variance(case, claimed, pooled))
    comparisons.append(_extreme(case, claimed, float(max(-pooled[0], pooled[-1])), count))
    below = claimed.below(pooled)
    distance = max(float(np.max(np.arange(1, count + 1) / count - below)), float(np.max(below - np.arange(count) / count)))
    budget = budgets.distribution_distance(count)
    comparisons.append(compared(case, QUANTITY, "distribution", distance, budget, "Kolmogorov-Smirnov distance"))
    for lag in (1, draws[0].shape[-1]):
        related = max(_correlation(array[:-lag], array[lag:], deviation) for array in flat)
        reason = f"correlation of elements {lag} apart, in standard errors"
        comparisons.append(compared(case, QUANTITY, f"neighbours {lag}", related, budgets.deviations(len(flat)), reason))
    for array, other in pairwise(flat):
        reason = "correlation of two seeds, in standard errors"
        comparisons.append(compared(case, QUANTITY, "seeds", _correlation(array, other, deviation), allowed, reason))
    return comparisons


def _variance(case: Case, claimed: Claim, pooled: Array) -> Comparison:
    """Tests the ratio of the mean square to the claimed variance, in standard errors of √((kurtosis - 1)/n) each.

    The distribution of the ratio is skewed to the right. The Cornish-Fisher term (z² - 1)/6 times its
    skewness, at most √(8/n), allows for that.
    """
    count = len(pooled)
    ratio = float(np.mean(np.square(pooled / claimed.standard_deviation)))
    allowed = budgets.deviations()
    allowed += (allowed**2 - 1) / 6 * sqrt(8 / count)
    measured = abs(ratio - 1) / sqrt((claimed.kurtosis - 1) / count)
    return compared(case, QUANTITY, "variance", measured, allowed, f"variance is {ratio:.4f} of the claimed one")


def _extreme(case: Case, claimed: Claim, greatest: float, count: int) -> Comparison:
    """Tests the greatest |element|: P(max <= x) = P(|element| <= x)^n must be neither near 0
    (cut off) nor near 1 (out of bounds)."""
    if greatest > claimed.edge * (1 + 4 * budgets.roundoff(case.dtype)):
        reason = "greatest |element| beyond the limit"
        return compared(case, QUANTITY, "greatest", greatest, claimed.edge, reason, where="")
    inside = claimed.within(greatest)
    surprise = -count * log(inside) if inside > 0 else np.inf  # -log P(max <= greatest)
    budget = -log(budgets.FALSE_ALARM / 2)
    if claimed.kind == "normal":
        tail = count * (1 - inside)
        if tail < budgets.FALSE_ALARM / 2:
            return compared(case, QUANTITY, "greatest", 1 / max(tail, 1e-300), 2 / budgets.FALSE_ALARM, "too far out")
    return compared(case, QUANTITY, "greatest", surprise, budget, "the greatest |element| is too small: cut off")


def _orthogonal(case: Case, claimed: Claim, draws: list[Array]) -> list[Comparison]:
    """Tests that the shorter side is orthogonal up to rounding, and that no direction is preferred."""
    u, comparisons = budgets.roundoff(case.dtype), []
    for number, draw in enumerate(draws):
        q = np.asarray(as_matrix(draw), dtype=np.float64)
        q = q if q.shape[0] >= q.shape[1] else q.T
        error = np.abs(q.T @ q - claimed.scale**2 * np.eye(q.shape[1]))
        worst = np.unravel_index(int(np.argmax(error)), error.shape)
        budget = budgets.orthogonality((q.shape[0], q.shape[1]), claimed.scale, u)
        comparisons.append(
            compared(case, QUANTITY, f"draw {number}", float(error[worst]), budget, "QᵀQ - gain²·I", place(worst))
        )
        # 1ᵀQ1 is √columns·√rows times one coordinate of a random unit vector of `rows` dimensions.
        total = abs(float(np.sum(q))) / (abs(claimed.scale) * sqrt(q.shape[1]))
        reason = "sum of all elements, in standard deviations"
        comparisons.append(compared(case, QUANTITY, f"mean {number}", total, budgets.deviations(len(draws)), reason))
    return comparisons


def _correlation(array: Array, other: Array, deviation: float) -> float:
    """|Σxy|/(σ²·√n), which is about normal for independent x and y."""
    return abs(float(np.dot(array, other))) / (deviation**2 * sqrt(len(array)))
