"""Owns the step from judged trials to the document of their results (parity.documents.results). It refuses to judge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isnan
from typing import cast

import parity
from parity.documents.results import CaseResult, Checked, Outcome, Result, Summary, Verdict
from parity.judgement.comparison import Comparison
from parity.trials import machine, report_rows
from parity.trials.session import JudgedTrial


def checked(judged: Sequence[JudgedTrial], command: str = "", again: Callable[[JudgedTrial], str] = lambda _: "") -> Checked:
    """Every case with its time, and every comparison. command: what was asked; again: what shows one case again.

    The counts of the summary add up to cases × frameworks.
    """
    results = tuple(_result(judged_trial, comparison) for judged_trial in judged for comparison in judged_trial.comparisons)
    summary = Summary(
        cases=len({judged_trial.trial.case.id for judged_trial in judged}),
        frameworks=tuple(sorted({judged_trial.framework for judged_trial in judged})),
        case_verdicts=dict(sorted(report_rows.case_verdicts(judged).items())),
        comparisons=len(results),
        forward_only=tuple(report_rows.forward_only(judged)),
        redraws=sum({judged_trial.trial.case.id: judged_trial.trial.redraws for judged_trial in judged}.values()),
    )
    return Checked(
        parity=parity.__version__,
        command=command,
        machine=machine.here(),
        summary=summary,
        cases=tuple(_case(judged_trial, again) for judged_trial in judged),
        results=results,
    )


def _case(judged_trial: JudgedTrial, again: Callable[[JudgedTrial], str]) -> CaseResult:
    case, record = judged_trial.trial.case, judged_trial.record
    shares = [comparison.used for comparison in judged_trial.comparisons if comparison.used is not None]
    reasons = (
        comparison.reason
        for comparison in judged_trial.comparisons
        if comparison.verdict == judged_trial.verdict and comparison.reason
    )
    return CaseResult(
        case=case.id,
        framework=judged_trial.framework,
        verdict=cast(Verdict, judged_trial.verdict),
        outcome=cast(Outcome, record.outcome),
        spec=case.spec,
        kind=judged_trial.trial.kind,
        dtype=case.dtype,
        device=case.device,
        mode=record.mode,
        seed=case.seed,
        seconds=record.seconds,
        comparisons=len(judged_trial.comparisons),
        share=max(shares, key=lambda share: float("inf") if isnan(share) else share, default=None),
        reason=record.reason or next(reasons, ""),
        again=again(judged_trial),
    )


def _result(judged_trial: JudgedTrial, comparison: Comparison) -> Result:
    return result(comparison, judged_trial.record.mode, judged_trial.trial.case.seed)


def result(comparison: Comparison, mode: str, seed: int) -> Result:
    """One comparison as it leaves parity."""
    return Result(
        case=comparison.case,
        framework=comparison.framework,
        framework_version=comparison.framework_version,
        device=comparison.device,
        dtype=comparison.dtype,
        quantity=comparison.quantity,
        tensor=comparison.tensor,
        error=comparison.error,
        budget=comparison.budget,
        verdict=cast(Verdict, comparison.verdict),
        outcome=cast(Outcome, comparison.outcome),
        reason=comparison.reason,
        mode=mode,
        seed=seed,
        share=comparison.used,
        where=comparison.where,
    )
