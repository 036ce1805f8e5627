"""Owns the comparison: one tensor against its reference, with error, place, budget and verdict. Pure.

It refuses to know where arrays come from, and to forgive: it tests `not (error <= budget)`, so that NaN never agrees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.judgement import budgets
from parity.spec.cases import Case

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Comparison:
    """One quantity judged. error and budget are in the unit of the tensor (or of the test that `tensor` names)."""

    case: str
    quantity: str
    tensor: str
    verdict: str
    dtype: str
    error: float | None = None
    budget: float | None = None
    where: str = ""
    reason: str = ""
    framework: str = ""
    framework_version: str = ""
    device: str = "cpu"
    outcome: str = "ran"

    @property
    def used(self) -> float | None:
        """The share of the budget that the error used; None if nothing was measured."""
        if self.error is None or self.budget is None:
            return None
        return self.error / self.budget if self.budget else (0.0 if self.error == 0 else float("inf"))


@dataclass(frozen=True)
class Finding:
    """A verdict without the name of its tensor: what `judge` says about two arrays."""

    verdict: str
    error: float | None = None
    budget: float | None = None
    where: str = ""
    reason: str = ""


def named(case: Case, quantity: str, tensor: str, finding: Finding) -> Comparison:
    """A finding as the comparison of a case's tensor."""
    return Comparison(
        case=case.id,
        quantity=quantity,
        tensor=tensor,
        verdict=finding.verdict,
        dtype=case.dtype,
        error=finding.error,
        budget=finding.budget,
        where=finding.where,
        reason=finding.reason,
        device=case.device,
    )


def compared(
    case: Case, quantity: str, tensor: str, error: float | None, budget: float | None, reason: str = "", where: str = ""
) -> Comparison:
    """Compares one number (the error of a tensor, the statistic of a test) with its
    budget. A missing number gives `differs`."""
    if error is None or budget is None or not (error <= budget):
        return named(case, quantity, tensor, Finding("differs", error, budget, where, reason))
    return named(case, quantity, tensor, Finding("agrees", error, budget, where))


def by(comparison: Comparison, framework: str, version: str) -> Comparison:
    """The same comparison, with the framework and version that the worker named."""
    return replace(comparison, framework=framework, framework_version=version)


def unfit(got: Array | None, reference: Array) -> Finding | None:
    """Why numbers cannot be compared: the array is missing, has another shape, holds no numbers,
    or is not finite. None if they can be."""
    if got is None:
        return Finding("differs", reason="missing: the framework returned nothing under this name")
    if got.shape != reference.shape:
        return Finding("differs", reason=f"shape {got.shape}, the spec says {reference.shape}")
    if got.dtype.kind not in "fiub":
        return Finding("differs", reason=f"holds {got.dtype}, not numbers")
    if not reference.size:
        return Finding("not_compared", reason="the tensor has no elements")
    if not np.isfinite(got).all() or not np.isfinite(reference).all():
        bad = np.argwhere(~np.isfinite(got))
        share = f"{len(bad)} of {got.size} elements"
        if np.array_equal(np.isfinite(got), np.isfinite(reference)):
            return Finding("nonfinite", where=place(bad[0]), reason=f"{share}, where the reference is not finite either")
        return Finding("nonfinite", where=place(bad[0]) if len(bad) else "", reason=f"{share} are NaN or infinite")
    return None


def judge(got: Array | None, reference: Array, beside: budgets.Spread, u: float, zero: str = "") -> Finding:
    """Judges a whole tensor, in max-norm and in RMS, against the reference. beside: how far the shadows lie from the reference.

    zero: why a reference that is zero everywhere could have shown a fault all the same. If
    it is empty, such a tensor is mistrusted.
    """
    finding = unfit(got, reference)
    if finding is not None or got is None:
        return finding or Finding("differs")
    budget = budgets.shadowed(reference, beside, u)
    error = np.asarray(got, dtype=np.float64) - reference
    norms = ((budgets.greatest(error), budget.maximum), (budgets.rms(error), budget.rms))
    measured, allowed = max(norms, key=lambda pair: _share(*pair))
    where = place(np.unravel_index(int(np.argmax(np.abs(error))), error.shape))
    if any(not (number <= limit) for number, limit in norms):
        return Finding("differs", measured, allowed, where)
    if not np.any(reference) and not zero:
        return Finding("mistrusted", measured, allowed, where, "the reference is zero everywhere, so nothing could show")
    note = "" if np.any(reference) else zero
    return Finding("exact" if same_bits(got, reference) else "agrees", measured, allowed, where, note)


def judge_elements(got: Array | None, reference: Array, budget: Array, first: int = 0) -> Finding:
    """Judges element by element, each with its own budget. first: where these elements begin along the tensor's first axis."""
    finding = unfit(got, reference)
    if finding is not None or got is None:
        return finding or Finding("differs")
    error = np.abs(np.asarray(got, dtype=np.result_type(reference, np.float64)) - reference)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(budget > 0, error / budget, np.where(error > 0, np.inf, 0.0))
    worst = np.unravel_index(int(np.argmax(share)), share.shape)
    measured, allowed = float(error[worst]), float(np.broadcast_to(budget, error.shape)[worst])
    where = place((worst[0] + first, *worst[1:]) if worst else worst)
    if not (error <= budget).all():
        return Finding("differs", measured, allowed, where)
    return Finding("exact" if same_bits(got, reference) else "agrees", measured, allowed, where)


def judge_bits(got: Array | None, expected: Array) -> Finding:
    """Judges whether every bit is as expected."""
    if got is None or got.shape != expected.shape:
        return unfit(got, expected) or Finding("differs")
    if np.array_equal(got, expected, equal_nan=True):
        return Finding("exact", 0.0, 0.0)
    error = np.abs(np.asarray(got, dtype=np.float64) - np.asarray(expected, dtype=np.float64))
    where = place(np.unravel_index(int(np.argmax(np.where(np.isnan(error), np.inf, error))), error.shape))
    return Finding("differs", float(np.max(error)), 0.0, where, "must be bitwise the same")


def same_bits(got: Array, reference: Array) -> bool:
    """Whether `got` is, bit for bit, the reference rounded once to the precision of `got`."""
    return bool(np.array_equal(got, reference.astype(got.dtype)))


def place(index: Sequence[Any] | Array) -> str:
    """An index as text, `[1, 2]`; empty for a scalar."""
    return f"[{', '.join(str(int(number)) for number in index)}]" if len(index) else ""


def _share(error: float, budget: float) -> float:
    return error / budget if budget else (0.0 if error == 0 else float("inf"))
