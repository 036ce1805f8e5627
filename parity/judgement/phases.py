"""Owns the judgement of alternating training: what each phase after the first does inside of a step, from where it starts.

It refuses to judge a phase by where it should have started: the phases before it have updated their parameters as the record
shows, and these updates have a judgement of their own. (That a phase's optimizer touches nothing else, bit for bit, is shown
where the phase runs alone: parity.trials.networks.)
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


def judge_phases(case: Case, optimizer: Optimizer, initial: Arrays, arrays: Arrays, known: References) -> list[Comparison]:
    """Loss, gradients and updates of each phase after the first, and the statistics that the whole step leaves."""
    graph, found = known.graph, list[Comparison]()
    one = known.training
    for place, phase in enumerate(graph.phases[1:], start=1):
        begun, reason = begins(known, arrays, place)
        if reason:
            return [*found, named(case, "update", phase.name, Finding("not_compared", reason=reason))]
        start = started(graph, begun, one)
        one = one_pass(graph, begun, known.dtype, training=True, shadows=known.shadows, phase=place, after=one)
        zeros = blind_spots.cancelled(graph, begun, one, place)

        def judged(one: Pass, place: int = place, zeros: Mapping[str, str] = zeros) -> list[Comparison]:
            seen = _seen(case, arrays, known, one, place, zeros)
            return seen + judge_updates(case, optimizer, initial, arrays, known, zeros, place, one)

        found += kinks.judged_either_way(judged, graph, start, one, case.dtype, phase=place)
    if len(graph.phases) > 1:
        found += _statistics(case, arrays, known, one)
    return found


def foreseen(known: References, optimizer: Optimizer) -> Iterator[Pass]:
    """The phases after the first as the rule at its probe values would let them start: for choosing draws, not for judging."""
    rule, values = Rule.of(optimizer), optimizer.probe_values()
    one, arrays = known.training, dict[str, Array]()
    for place in range(1, len(known.graph.phases)):
        factors = trained(known, place - 1)
        (step,) = replay(rule, values, known.values, [one.reference.gradients], known.u, factors)
        after = {name: np.asarray(known.values[name] + step[name].update, float) for name in factors}
        arrays |= put_under(after, step_name(0, PARAMETER))
        begun, reason = begins(known, arrays, place)
        if reason:
            return
        one = one_pass(known.graph, begun, known.dtype, training=True, shadows=known.shadows, phase=place, after=one)
        yield one


def begins(known: References, arrays: Arrays, place: int) -> tuple[dict[str, Array], str]:
    """The values at which a phase starts in the first step, parameters as the record shows them; or why nobody can tell."""
    graph = known.graph
    before = {name for phase in graph.phases[:place] for name in phase.updates}
    again = before & {name for phase in graph.phases[place:] for name in phase.updates}
    if again:
        return {}, f"{min(again)} is updated before and after this phase starts, so nobody sees where it does"
    moved = {}
    for name in before & {parameter.name for parameter in graph.parameters}:
        after = arrays.get(step_name(0, PARAMETER, name))
        if after is None or unfit(after, known.values[name]) is not None:
            return {}, f"{name}, with which this phase starts, is missing or not finite"
        moved[name] = np.asarray(after)
    return {**known.values, **moved}, ""


def _seen(case: Case, arrays: Arrays, known: References, one: Pass, place: int, zeros: Mapping[str, str]) -> list[Comparison]:
    """Loss and gradients, as the phase saw them in the first step."""
    name, key = known.graph.phases[place].name, gradient_keys(known.graph, place, 1)[0]
    found = []
    reference, beside = one.loss()
    if reference is not None:
        loss = arrays.get(step_name(0, LOSS, phase=name))
        found.append(named(case, "loss", name, judge(loss, reference, beside, known.u)))
    for tensor in one.names("gradients"):
        reference, beside = one.array("gradients", tensor), one.beside("gradients", tensor)
        finding = judge(arrays.get(array_name(key, tensor)), reference, beside, known.u, zeros.get(tensor, ""))
        found.append(named(case, "gradient", f"{tensor} {name}", finding))
    return found


def _statistics(case: Case, arrays: Arrays, known: References, last: Pass) -> list[Comparison]:
    """Running statistics, which every phase moves on, once for every call of a network; and carried state."""
    found = []
    for name in last.names("state"):
        got, reference = arrays.get(step_name(0, PARAMETER, name)), last.array("state", name)
        found.append(named(case, "statistic", f"{name} step 0", judge(got, reference, last.beside("state", name), known.u)))
    return found
