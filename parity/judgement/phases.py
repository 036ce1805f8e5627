"""Owns the judgement of alternating training: what each phase after the first does within a step, from where it starts.

It refuses to judge a phase by where it should have started: it starts from the parameters that the record shows after the
phases before it, whose updates have a judgement of their own. (That a phase's optimizer touches nothing else, bit for bit, is
shown where the phase runs alone: parity.trials.networks.)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.execution.names import LOSS, PARAMETER, array_name, put_under, step_name
from parity.judgement import blind_spots, kinks
from parity.judgement.comparison import Comparison, Finding, judge, named, unfit
from parity.judgement.references import Pass, References, one_pass, started
from parity.judgement.updates import gradient_keys, judge_updates, trained
from parity.reference_impl.rules import Rule, replay
from parity.spec.cases import Case
from parity.spec.specs import Optimizer

Array = npt.NDArray[Any]
Arrays = Mapping[str, Array]


def judge_phases(case: Case, optimizer: Optimizer, initial: Arrays, arrays: Arrays, references: References) -> list[Comparison]:
    """Loss, gradients and updates of each phase after the first, and the statistics after the whole step."""
    graph, comparisons = references.graph, list[Comparison]()
    pass_ = references.training
    for place, phase in enumerate(graph.phases[1:], start=1):
        begun, reason = begins(references, arrays, place)
        if reason:
            return [*comparisons, named(case, "update", phase.name, Finding("not_compared", reason=reason))]
        start = started(graph, begun, pass_)
        pass_ = one_pass(graph, begun, references.dtype, training=True, shadows=references.shadows, phase=place, after=pass_)
        zeros = blind_spots.cancelled(graph, begun, pass_, place)

        def judged(pass_: Pass, place: int = place, zeros: Mapping[str, str] = zeros) -> list[Comparison]:
            comparisons = _seen(case, arrays, references, pass_, place, zeros)
            return comparisons + judge_updates(case, optimizer, initial, arrays, references, zeros, place, pass_)

        comparisons += kinks.judged_either_way(judged, graph, start, pass_, case.dtype, phase=place)
    if len(graph.phases) > 1:
        comparisons += _statistics(case, arrays, references, pass_)
    return comparisons


def foreseen(references: References, optimizer: Optimizer) -> Iterator[Pass]:
    """The passes of the phases after the first, if the rule at its probe values makes the updates.
    They serve to choose draws, not to judge."""
    rule, values = Rule.of(optimizer), optimizer.probe_values()
    pass_, arrays = references.training, dict[str, Array]()
    for place in range(1, len(references.graph.phases)):
        factors = trained(references, place - 1)
        (step,) = replay(rule, values, references.values, [pass_.reference.gradients], references.u, factors)
        after = {name: np.asarray(references.values[name] + step[name].update, float) for name in factors}
        arrays |= put_under(after, step_name(0, PARAMETER))
        begun, reason = begins(references, arrays, place)
        if reason:
            return
        pass_ = one_pass(
            references.graph, begun, references.dtype, training=True, shadows=references.shadows, phase=place, after=pass_
        )
        yield pass_


def begins(references: References, arrays: Arrays, place: int) -> tuple[dict[str, Array], str]:
    """The values at which a phase starts in the first step, with the parameters of the
    record; or the reason why nobody can tell."""
    graph = references.graph
    before = {name for phase in graph.phases[:place] for name in phase.updates}
    again = before & {name for phase in graph.phases[place:] for name in phase.updates}
    if again:
        return {}, f"{min(again)} is updated before and after this phase starts, so nobody sees where it does"
    moved = {}
    for name in before & {parameter.name for parameter in graph.parameters}:
        after = arrays.get(step_name(0, PARAMETER, name))
        if after is None or unfit(after, references.values[name]) is not None:
            return {}, f"{name}, with which this phase starts, is missing or not finite"
        moved[name] = np.asarray(after)
    return {**references.values, **moved}, ""


def _seen(
    case: Case, arrays: Arrays, references: References, pass_: Pass, place: int, zeros: Mapping[str, str]
) -> list[Comparison]:
    """Loss and gradients of a phase in the first step."""
    name, key = references.graph.phases[place].name, gradient_keys(references.graph, place, 1)[0]
    comparisons = []
    reference, beside = pass_.loss()
    if reference is not None:
        loss = arrays.get(step_name(0, LOSS, phase=name))
        comparisons.append(named(case, "loss", name, judge(loss, reference, beside, references.u)))
    for tensor in pass_.names("gradients"):
        reference, beside = pass_.array("gradients", tensor), pass_.beside("gradients", tensor)
        finding = judge(arrays.get(array_name(key, tensor)), reference, beside, references.u, zeros.get(tensor, ""))
        comparisons.append(named(case, "gradient", f"{tensor} {name}", finding))
    return comparisons


def _statistics(case: Case, arrays: Arrays, references: References, last: Pass) -> list[Comparison]:
    """Running statistics after the step, which every phase moves once per call of a network; and carried state."""
    comparisons = []
    for name in last.names("state"):
        got, reference = arrays.get(step_name(0, PARAMETER, name)), last.array("state", name)
        comparisons.append(
            named(case, "statistic", f"{name} step 0", judge(got, reference, last.beside("state", name), references.u))
        )
    return comparisons
