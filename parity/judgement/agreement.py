"""Owns the judgement of an agreement case: every quantity of a record is compared with the reference.

It refuses to read files, and to run anything but the reference. Quantities: forward and decoding (evaluation mode); activation,
loss, input_gradient, gradient and statistic (training mode); unchanged (what `gradients` must not touch); update (lock-step).
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
"""How many later steps of the lock-step are tried. The first one whose batch lies away from
kinks has its gradients judged as well."""


class DrawnArrays(Protocol):
    """A case's arrays (parity.trials.draws.Draws)."""

    def initial(self) -> dict[str, Array]: ...

    def batch(self, step: int = 0) -> dict[str, Array]: ...


@dataclass(frozen=True)
class Later:
    """A later step of the lock-step: its number, the reference of its batch, and the
    gradients that are zero by mathematics -> why."""

    step: int
    one: Pass
    zeros: Mapping[str, str]


def judge(
    case: Case, optimizer: Optimizer | None, draws: DrawnArrays, references: References
) -> Callable[[Arrays], list[Comparison]]:
    """The judgement, as a function of a record's arrays. The reference of the later step is
    computed at most once per count of shadows."""

    @cache
    def later(shadows: int) -> Later | None:
        return later_step(case, draws, references, shadows)

    def comparisons(arrays: Arrays, references: References) -> list[Comparison]:
        return judge_agreement(case, references.graph, draws, arrays, references, optimizer, later(references.shadows))

    return settled(references, comparisons)


def judge_forward(case: Case, draws: DrawnArrays, references: References) -> Callable[[Arrays], list[Comparison]]:
    """The judgement of a framework that runs forward only: evaluation mode, and nothing of training."""
    graph = replace(references.graph, phases=())
    return settled(references, lambda arrays, references: judge_agreement(case, graph, draws, arrays, references))


def settled(
    references: References, comparisons: Callable[[Arrays, References], list[Comparison]]
) -> Callable[[Arrays], list[Comparison]]:
    """Judges with few shadows first. While a comparison is not green, it judges again with more shadows (budgets.STAGES)."""
    further = [count for count in STAGES if count > references.shadows]
    widened = [references]

    def judged(arrays: Arrays) -> list[Comparison]:
        judged_comparisons = comparisons(arrays, references)
        for stage, count in enumerate(further, 1):
            if not arrays or all(comparison.verdict in GREEN for comparison in judged_comparisons):
                break
            if stage == len(widened):
                widened.append(widened[-1].widened(count))
            judged_comparisons = comparisons(arrays, widened[stage])
        return judged_comparisons

    return judged


def judge_agreement(
    case: Case,
    graph: Graph,
    draws: DrawnArrays,
    arrays: Arrays,
    references: References,
    optimizer: Optimizer | None = None,
    later: Later | None = None,
) -> list[Comparison]:
    """Every comparison of one record. later: a later step of the lock-step, or None."""
    if not arrays:
        return [named(case, "forward", "", Finding("not_compared", reason="the record holds no arrays"))]
    followed = 0
    if graph.phases and case.dtype != "float64" and kinks.near(references):
        branches, followed = kinks.seen_branches(references, arrays)
        if branches:
            references = references.following(branches)
    comparisons = [*_forward(case, graph, arrays, references), *judge_decoding(case, arrays, references)]
    if graph.phases:
        zeros = blind_spots.cancelled(graph, references.values, references.training)
        initial = draws.initial()

        def training(pass_: Pass) -> list[Comparison]:
            return _training(case, graph, arrays, replace(references, training=pass_), zeros)

        start = graph, references.values, references.training, case.dtype
        comparisons += kinks.judged_either_way(training, *start, nodes=kinks.unseen(references, arrays))
        comparisons += _unchanged(case, initial, arrays)
        comparisons = precision.chance(
            case, [*comparisons, *_steps(case, arrays, references, later, zeros)], arrays, references
        )
        if case.steps and optimizer is not None:
            updates = partial(judge_updates, case, optimizer, initial, arrays, references, zeros, 0)
            comparisons += kinks.judged_either_way(updates, *start)  # the lock-step program records no branches
            comparisons += judge_phases(case, optimizer, initial, arrays, references)
    comparisons += _strangers(case, arrays, references)
    if not comparisons:
        return [named(case, "forward", "", Finding("not_compared", reason="the graph has nothing to compare"))]
    return precision.reduced(_noting(comparisons, followed), graph, optimizer.name if optimizer else "")


def later_step(case: Case, draws: DrawnArrays, references: References, shadows: int) -> Later | None:
    """Finds a step after the first whose batch lies away from kinks and reaches every parameter, and computes its reference.
    Such a step shows parameters or batches that a framework failed to refresh."""
    for step in range(1, min(case.steps, 1 + STEP_TRIES)):
        values = {**draws.initial(), **draws.batch(step)}
        pass_ = one_pass(references.graph, values, references.dtype, training=True, shadows=shadows)
        doubted = any(mask.any() for _, mask in kinks.doubts(references.graph, pass_, references.u))
        zero = {name for name, gradient in pass_.reference.gradients.items() if not np.any(gradient)}
        cancelled = blind_spots.cancelled(references.graph, values, pass_)
        if not zero - set(cancelled) and (references.dtype == "float64" or not doubted):
            return Later(step, pass_, cancelled)
    return None


def _forward(case: Case, graph: Graph, arrays: Arrays, references: References) -> list[Comparison]:
    comparisons = _named(
        case,
        "forward",
        FORWARD,
        "values",
        _values(case, graph, references.evaluation),
        arrays,
        references.evaluation,
        references.u,
    )
    return blind_spots.constant_outputs(comparisons, graph, references)


def _training(case: Case, graph: Graph, arrays: Arrays, references: References, zeros: Mapping[str, str]) -> list[Comparison]:
    pass_, u = references.training, references.u
    comparisons = _named(case, "activation", VALUE, "values", _values(case, graph, pass_), arrays, pass_, u)
    comparisons = blind_spots.saturated(comparisons, graph, references)
    reference, beside = pass_.loss()
    if reference is not None:
        comparisons.append(named(case, "loss", "loss", judge_tensor(arrays.get(LOSS), reference, beside, u)))
    data = {graph_input.name for graph_input in graph.inputs} - mask_inputs(graph.all_nodes())
    present = [name for name in pass_.names("input_gradients") if name in data or array_name(INPUT_GRADIENT, name) in arrays]
    read = {name for node in (*graph.nodes, *graph.phases[0].nodes) for name in node.sources()}
    unread = {name: "no node of this phase reads it" for name in present if name not in read}
    comparisons += _named(case, "input_gradient", INPUT_GRADIENT, "input_gradients", present, arrays, pass_, u, unread)
    comparisons += _named(case, "gradient", GRADIENT, "gradients", pass_.names("gradients"), arrays, pass_, u, zeros)
    comparisons += _named(case, "statistic", STATE, "state", pass_.names("state"), arrays, pass_, u)
    return comparisons


def _values(case: Case, graph: Graph, pass_: Pass) -> list[str]:
    """Names of the float values of all layers, or of the outputs alone."""
    return [name for name in observed_values(graph, case.activations) if name in pass_.reference.values]


def _named(
    case: Case,
    quantity: str,
    group: str,
    kind: str,
    names: Iterable[str],
    arrays: Arrays,
    pass_: Pass,
    u: float,
    zeros: Mapping[str, str] | None = None,
) -> list[Comparison]:
    """One comparison per name. zeros: tensors that are zero by mathematics -> why they can be judged all the same."""
    comparisons = []
    for name in names:
        reference, beside, zero = pass_.array(kind, name), pass_.beside(kind, name), (zeros or {}).get(name, "")
        finding = judge_tensor(arrays.get(array_name(group, name)), reference, beside, u, zero)
        comparisons.append(named(case, quantity, name, finding))
    return comparisons


def _unchanged(case: Case, initial: Arrays, arrays: Arrays) -> list[Comparison]:
    """`gradients` must leave parameters, statistics and carried state bitwise as they were."""
    kept = {name: judge_bits(arrays.get(array_name(AFTER, name)), array) for name, array in initial.items()}
    return [named(case, "unchanged", name, finding) for name, finding in kept.items()]


def _steps(
    case: Case, arrays: Arrays, references: References, later: Later | None, zeros: Mapping[str, str]
) -> list[Comparison]:
    """Statistics after the first step; loss, gradients and statistics of the later step."""
    comparisons = []
    if case.steps and len(references.graph.phases) == 1:  # with several phases, parity.judgement.phases judges statistics
        comparisons += _step(case, 0, arrays, references.training, references.u, ("state",), zeros)
    if later is not None:
        step, pass_ = later.step, later.one
        kinds = ("state", "gradients") if len(references.graph.phases) == 1 else ("gradients",)
        comparisons += _step(case, step, arrays, pass_, references.u, kinds, later.zeros)
        reference, beside = pass_.loss()
        if reference is not None:
            got = arrays.get(step_name(step, LOSS))
            comparisons.append(named(case, "loss", f"step {step}", judge_tensor(got, reference, beside, references.u)))
    return comparisons


def _step(
    case: Case, step: int, arrays: Arrays, pass_: Pass, u: float, kinds: tuple[str, ...], zeros: Mapping[str, str]
) -> list[Comparison]:
    comparisons = []
    for kind in kinds:
        quantity, place = {"state": ("statistic", PARAMETER), "gradients": ("gradient", GRADIENT)}[kind]
        for name in pass_.names(kind):
            got = arrays.get(step_name(step, place, name))
            zero = zeros.get(name, "") if kind == "gradients" else ""
            finding = judge_tensor(got, pass_.array(kind, name), pass_.beside(kind, name), u, zero)
            comparisons.append(named(case, quantity, f"{name} step {step}", finding))
    return comparisons


def _strangers(case: Case, arrays: Arrays, references: References) -> list[Comparison]:
    """Arrays that a framework showed under names that the graph does not have."""
    kinds = {FORWARD: "values", VALUE: "values", GRADIENT: "gradients", STATE: "state"}
    comparisons = []
    for key in arrays:
        group, name = group_of(key), own_name(key)
        if group in kinds and name not in references.training.names(kinds[group]):
            node_values = references.graph.value_shapes()
            if group in (FORWARD, VALUE) and name in node_values:
                continue
            comparisons.append(named(case, group, name, Finding("differs", reason="the graph has nothing of this name")))
    return comparisons


def _noting(comparisons: list[Comparison], followed: int) -> list[Comparison]:
    """Adds to a green loss how many units took the framework's side of a kink in the reference."""
    if not followed:
        return comparisons
    note = f"{followed} units within rounding of a kink follow the framework"
    return [
        Comparison(**{**vars(comparison), "reason": note})
        if comparison.quantity == "loss" and comparison.verdict in GREEN
        else comparison
        for comparison in comparisons
    ]
