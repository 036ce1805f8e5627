"""Owns the step from compared models to the document of their results (parity.documents.results). It refuses to judge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import cast

import parity
from parity.comparing.departures import Departure
from parity.comparing.judged_tensors import TensorVerdict
from parity.documents.results import CaseResult, Checked, DepartureTold, Note, Result, Summary, Verdict
from parity.judgement.verdicts import PASSING
from parity.trials import machine
from parity.verbs.compare.printing import ComparedPair


def checked(compared: Sequence[ComparedPair], command: str = "", seed: int | None = None) -> Checked:
    """A case for each model against the base; the summary holds the departures, the first one first."""
    results = tuple(
        _result(compared_pair, tensor_verdict, seed) for compared_pair in compared for tensor_verdict in compared_pair.found
    )
    summary = Summary(
        cases=len(compared),
        frameworks=tuple(
            sorted(
                {compared_pair.other.framework for compared_pair in compared}
                | {compared_pair.base.framework for compared_pair in compared}
            )
        ),
        case_verdicts=dict(Counter(compared_pair.verdict for compared_pair in compared)),
        comparisons=len(results),
        notes=tuple(Note(case_of(compared_pair), note) for compared_pair in compared for note in compared_pair.notes),
        weights=compared[0].weights if compared else "drawn",
        departures=tuple(
            _told(compared_pair, each)
            for compared_pair in compared
            for each in (compared_pair.departure, *compared_pair.further)
            if each is not None
        ),
    )
    return Checked(
        verb="compare",
        parity=parity.__version__,
        command=command,
        machine=machine.here(),
        summary=summary,
        cases=tuple(_case(compared_pair, command, seed) for compared_pair in compared),
        results=results,
    )


def crashed(sides: Sequence[str], reason: str, command: str = "", seed: int | None = None) -> Checked:
    """Models of which one fails: a case of which nothing was compared, with the reason."""
    framework, _, target = sides[-1].partition("=")
    case = CaseResult(
        case="/".join(sides),
        framework=framework,
        verdict="not_compared",
        outcome="crashed",
        spec=target,
        kind="own_model",
        device="cpu",
        seed=seed,
        reason=reason,
        again=command,
    )
    return Checked(
        verb="compare",
        parity=parity.__version__,
        command=command,
        machine=machine.here(),
        summary=Summary(1, (framework,), {"not_compared": 1}, 0),
        cases=(case,),
        results=(),
    )


def case_of(compared_pair: ComparedPair) -> str:
    """The two models: `torch=mine:build/keras=mine:port`."""
    return f"{compared_pair.base.side}/{compared_pair.other.side}"


def _case(compared_pair: ComparedPair, command: str, seed: int | None) -> CaseResult:
    shares = [share for tensor_verdict in compared_pair.found if (share := _share(tensor_verdict)) is not None]
    return CaseResult(
        case=case_of(compared_pair),
        framework=compared_pair.other.framework,
        verdict=cast(Verdict, compared_pair.verdict),
        outcome="ran",
        spec=compared_pair.other.target,
        kind="own_model",
        device="cpu",
        seed=seed,
        comparisons=len(compared_pair.found),
        share=max(shares, default=None),
        reason=_reason(compared_pair),
        again=command,
    )


def _reason(compared_pair: ComparedPair) -> str:
    """Where the models depart first, and why; else what is not simply green."""
    if compared_pair.departure is not None:
        causes = f": {'; '.join(compared_pair.departure.causes)}" if compared_pair.departure.causes else ""
        return f"departs first at {compared_pair.departure.title}{causes}"
    return next(
        (
            tensor_verdict.reason
            for tensor_verdict in compared_pair.found
            if tensor_verdict.verdict not in PASSING and tensor_verdict.reason
        ),
        "",
    )


def _result(compared_pair: ComparedPair, tensor_verdict: TensorVerdict, seed: int | None) -> Result:
    return Result(
        case=case_of(compared_pair),
        framework=compared_pair.other.framework,
        framework_version=compared_pair.other.version,
        device="cpu",
        dtype=tensor_verdict.dtype,
        quantity=tensor_verdict.quantity,
        tensor=tensor_verdict.tensor,
        error=tensor_verdict.error,
        budget=tensor_verdict.budget,
        verdict=cast(Verdict, tensor_verdict.verdict),
        outcome="ran",
        reason=tensor_verdict.reason,
        seed=seed,
        share=_share(tensor_verdict),
    )


def _share(tensor_verdict: TensorVerdict) -> float | None:
    if tensor_verdict.error is None or tensor_verdict.budget is None:
        return None
    return (
        tensor_verdict.error / tensor_verdict.budget
        if tensor_verdict.budget
        else (0.0 if tensor_verdict.error == 0 else float("inf"))
    )


def _told(compared_pair: ComparedPair, departure: Departure) -> DepartureTold:
    return DepartureTold(
        case=case_of(compared_pair),
        layer=departure.title,
        match=departure.match,
        quantity=departure.quantity,
        between=departure.between,
        error=departure.error,
        inherited=departure.inherited,
        added=departure.added,
        causes=tuple(departure.causes),
    )
