"""Owns the judgement of an agreement case: every quantity of a record against the reference.

It refuses to read files and to run anything but the reference. Quantities: forward, decoding (evaluation mode), activation,
loss, input_gradient, gradient, statistic (training mode), unchanged (what `gradients` must leave alone), update (lock-step).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from parity.execution.names import (
    AFTER,
    FORWARD,
    GRADIENT,
    INPUT_GRADIENT,
    LOSS,
    PARAMETER,
    STATE,
    VALUE,
    array_name,
    group_of,
    own_name,
    step_name,
)
from parity.judgement import blind_spots, kinks, precision
from parity.judgement.budgets import STAGES
from parity.judgement.comparison import Comparison, Finding, judge_bits, named
from parity.judgement.comparison import judge as judge_tensor
from parity.judgement.decoding import judge_decoding
from parity.judgement.phases import judge_phases
from parity.judgement.references import Pass, References, one_pass, references
from parity.judgement.updates import judge_updates
from parity.judgement.verdicts import GREEN
from parity.spec.cases import Case
from parity.spec.graph import Graph
from parity.spec.graph_facts import mask_inputs, observed_values
from parity.spec.specs import Optimizer

__all__ = ["DrawnArrays", "References", "judge", "judge_agreement", "judge_forward", "references"]

Array = npt.NDArray[Any]
Arrays = Mapping[str, Array]

STEP_TRIES = 3
"""How many steps of the lock-step are tried for one that lies away from kinks, so that its gradients can be judged as well."""


class DrawnArrays(Protocol):
    """A case's arrays (parity.trials.draws.Draws)."""

    def initial(self) -> dict[str, Array]: ...

    def batch(self, step: int = 0) -> dict[str, Array]: ...


@dataclass(frozen=True)
class Later:
    """A further step of the lock-step, the reference of its batch, and which gradients are zero there by mathematics -> why."""

    step: int
    one: Pass
    zeros: Mapping[str, str]


def judge(
    case: Case, optimizer: Optimizer | None, draws: DrawnArrays, known: References
) -> Callable[[Arrays], list[Comparison]]:
    """The judgement as a function of a record's arrays. What it needs of the reference beyond `known` is computed once."""

    @cache
    def later(shadows: int) -> Later | None:
        return later_step(case, draws, known, shadows)

    def comparisons(arrays: Arrays, known: References) -> list[Comparison]:
        return judge_agreement(case, known.graph, draws, arrays, known, optimizer, later(known.shadows))

    return settled(known, comparisons)


def judge_forward(case: Case, draws: DrawnArrays, known: References) -> Callable[[Arrays], list[Comparison]]:
    """The judgement where a framework runs forward only: evaluation mode, and nothing of training."""
    graph = replace(known.graph, phases=())
    return settled(known, lambda arrays, known: judge_agreement(case, graph, draws, arrays, known))


def settled(
    known: References, comparisons: Callable[[Arrays, References], list[Comparison]]
) -> Callable[[Arrays], list[Comparison]]:
    """Judged beside the shadows at hand; and where not all is green, beside more (budgets.STAGES)."""
    further = [count for count in STAGES if count > known.shadows]
    widened = [known]

    def judged(arrays: Arrays) -> list[Comparison]:
        found = comparisons(arrays, known)
        for stage, count in enumerate(further, 1):
            if not arrays or all(one.verdict in GREEN for one in found):
                break
            if stage == len(widened):
                widened.append(widened[-1].widened(count))
            found = comparisons(arrays, widened[stage])
        return found

    return judged


def judge_agreement(
    case: Case,
    graph: Graph,
    draws: DrawnArrays,
    arrays: Arrays,
    known: References,
    optimizer: Optimizer | None = None,
    later: Later | None = None,
) -> list[Comparison]:
    """Every comparison of one record. later: a further step of the lock-step."""
    if not arrays:
        return [named(case, "forward", "", Finding("not_compared", reason="the record holds no arrays"))]
    followed = 0
    if graph.phases and case.dtype != "float64" and kinks.near(known):
        branches, followed = kinks.seen_branches(known, arrays)
        if branches:
            known = known.following(branches)
    found = [*_forward(case, graph, arrays, known), *judge_decoding(case, arrays, known)]
    if graph.phases:
        zeros = blind_spots.cancelled(graph, known.values, known.training)
        initial = draws.initial()

        def training(one: Pass) -> list[Comparison]:
            return _training(case, graph, arrays, replace(known, training=one), zeros)

        start = graph, known.values, known.training, case.dtype
        found += kinks.judged_either_way(training, *start, nodes=kinks.unseen(known, arrays))
        found += _unchanged(case, initial, arrays)
        found = precision.chance(case, [*found, *_steps(case, arrays, known, later, zeros)], arrays, known)
        if case.steps and optimizer is not None:
            updates = partial(judge_updates, case, optimizer, initial, arrays, known, zeros, 0)
            found += kinks.judged_either_way(updates, *start)  # the program of a step shows no branch at all
            found += judge_phases(case, optimizer, initial, arrays, known)
    found += _strangers(case, arrays, known)
    if not found:
        return [named(case, "forward", "", Finding("not_compared", reason="the graph has nothing to compare"))]
    return precision.reduced(_noting(found, followed), graph, optimizer.name if optimizer else "")


def later_step(case: Case, draws: DrawnArrays, known: References, shadows: int) -> Later | None:
    """A step after the first whose batch lies away from kinks and reaches every parameter, with its reference: parameters
    or batches that are stale show there."""
    for step in range(1, min(case.steps, 1 + STEP_TRIES)):
        values = {**draws.initial(), **draws.batch(step)}
        one = one_pass(known.graph, values, known.dtype, training=True, shadows=shadows)
        doubted = any(mask.any() for _, mask in kinks.doubts(known.graph, one, known.u))
        zero = {name for name, gradient in one.reference.gradients.items() if not np.any(gradient)}
        cancelled = blind_spots.cancelled(known.graph, values, one)
        if not zero - set(cancelled) and (known.dtype == "float64" or not doubted):
            return Later(step, one, cancelled)
    return None


def _forward(case: Case, graph: Graph, arrays: Arrays, known: References) -> list[Comparison]:
    found = _named(
        case, "forward", FORWARD, "values", _values(case, graph, known.evaluation), arrays, known.evaluation, known.u
    )
    return blind_spots.constant_outputs(found, graph, known)


def _training(case: Case, graph: Graph, arrays: Arrays, known: References, zeros: Mapping[str, str]) -> list[Comparison]:
    one, u = known.training, known.u
    found = _named(case, "activation", VALUE, "values", _values(case, graph, one), arrays, one, u)
    found = blind_spots.saturated(found, graph, known)
    reference, beside = one.loss()
    if reference is not None:
        found.append(named(case, "loss", "loss", judge_tensor(arrays.get(LOSS), reference, beside, u)))
    data = {given.name for given in graph.inputs} - mask_inputs(graph.all_nodes())
    present = [name for name in one.names("input_gradients") if name in data or array_name(INPUT_GRADIENT, name) in arrays]
    read = {name for node in (*graph.nodes, *graph.phases[0].nodes) for name in node.sources()}
    unread = {name: "no node of this phase reads it" for name in present if name not in read}
    found += _named(case, "input_gradient", INPUT_GRADIENT, "input_gradients", present, arrays, one, u, unread)
    found += _named(case, "gradient", GRADIENT, "gradients", one.names("gradients"), arrays, one, u, zeros)
    found += _named(case, "statistic", STATE, "state", one.names("state"), arrays, one, u)
    return found


def _values(case: Case, graph: Graph, one: Pass) -> list[str]:
    """Float values of the layers, or the outputs only."""
    return [name for name in observed_values(graph, case.activations) if name in one.reference.values]


def _named(
    case: Case,
    quantity: str,
    group: str,
    kind: str,
    names: Iterable[str],
    arrays: Arrays,
    one: Pass,
    u: float,
    zeros: Mapping[str, str] | None = None,
) -> list[Comparison]:
    """zeros: tensors that are zero by mathematics -> why that can be judged."""
    found = []
    for name in names:
        reference, beside, zero = one.array(kind, name), one.beside(kind, name), (zeros or {}).get(name, "")
        finding = judge_tensor(arrays.get(array_name(group, name)), reference, beside, u, zero)
        found.append(named(case, quantity, name, finding))
    return found


def _unchanged(case: Case, initial: Arrays, arrays: Arrays) -> list[Comparison]:
    """`gradients` leaves parameters, statistics and carried state bitwise as they were."""
    kept = {name: judge_bits(arrays.get(array_name(AFTER, name)), array) for name, array in initial.items()}
    return [named(case, "unchanged", name, finding) for name, finding in kept.items()]


def _steps(case: Case, arrays: Arrays, known: References, later: Later | None, zeros: Mapping[str, str]) -> list[Comparison]:
    """Statistics after the first step, and everything of a later step that the reference was computed for."""
    found = []
    if case.steps and len(known.graph.phases) == 1:  # phases judges what several have left
        found += _step(case, 0, arrays, known.training, known.u, ("state",), zeros)
    if later is not None:
        step, one = later.step, later.one
        kinds = ("state", "gradients") if len(known.graph.phases) == 1 else ("gradients",)
        found += _step(case, step, arrays, one, known.u, kinds, later.zeros)
        reference, beside = one.loss()
        if reference is not None:
            got = arrays.get(step_name(step, LOSS))
            found.append(named(case, "loss", f"step {step}", judge_tensor(got, reference, beside, known.u)))
    return found


def _step(
    case: Case, step: int, arrays: Arrays, one: Pass, u: float, kinds: tuple[str, ...], zeros: Mapping[str, str]
) -> list[Comparison]:
    found = []
    for kind in kinds:
        quantity, place = {"state": ("statistic", PARAMETER), "gradients": ("gradient", GRADIENT)}[kind]
        for name in one.names(kind):
            got = arrays.get(step_name(step, place, name))
            zero = zeros.get(name, "") if kind == "gradients" else ""
            finding = judge_tensor(got, one.array(kind, name), one.beside(kind, name), u, zero)
            found.append(named(case, quantity, f"{name} step {step}", finding))
    return found


def _strangers(case: Case, arrays: Arrays, known: References) -> list[Comparison]:
    """What a framework showed under names that the graph does not have."""
    kinds = {FORWARD: "values", VALUE: "values", GRADIENT: "gradients", STATE: "state"}
    found = []
    for key in arrays:
        group, name = group_of(key), own_name(key)
        if group in kinds and name not in known.training.names(kinds[group]):
            node_values = known.graph.value_shapes()
            if group in (FORWARD, VALUE) and name in node_values:
                continue
            found.append(named(case, group, name, Finding("differs", reason="the graph has nothing of this name")))
    return found


def _noting(found: list[Comparison], followed: int) -> list[Comparison]:
    """Says in how many units the reference took the framework's side of a kink."""
    if not followed:
        return found
    note = f"{followed} units within rounding of a kink follow the framework"
    return [
        Comparison(**{**vars(one), "reason": note}) if one.quantity == "loss" and one.verdict in GREEN else one for one in found
    ]
