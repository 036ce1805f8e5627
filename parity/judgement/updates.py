"""Owns the judgement of optimizer steps: each update against the formula, which is fed with the framework's own gradients.

It refuses to blame an optimizer for a gradient, and to compare weights: an update of 1e-3 drowns in a weight near 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.execution.names import GRADIENT, PARAMETER, array_name, ends_in, step_name
from parity.judgement import budgets
from parity.judgement.comparison import Comparison, Finding, judge_bits, judge_elements, named, unfit
from parity.judgement.references import Pass, References
from parity.reference_impl.rules import Expected, Rule, replay
from parity.spec.cases import Case
from parity.spec.graph import Graph
from parity.spec.specs import Optimizer

Array = npt.NDArray[Any]
Arrays = Mapping[str, Array]
QUANTITY = "update"

PIECE = 1 << 16
"""How many elements of a parameter are replayed at once: their numbers in wide precision fit into a cache."""

Part = tuple[int, Any, list[Expected]]
"""A part of a parameter: where it begins along the first axis, the index that cuts it out,
and the expected effect of each step."""


def judge_updates(
    case: Case,
    optimizer: Optimizer,
    initial: Arrays,
    arrays: Arrays,
    references: References,
    zeros: Mapping[str, str] | None = None,
    phase: int = 0,
    pass_: Pass | None = None,
) -> list[Comparison]:
    """One comparison per parameter, over all steps: it tells the step and element that use the most of their budget.

    initial: parameters by name, as every step started. A parameter that no phase updates must stay bitwise as it was. zeros:
    parameters whose gradient is zero by mathematics -> why that can be judged (blind_spots.cancelled). phase: the phase whose
    updates are judged. pass_: the reference of that phase's pass, if it is not the training pass of `references`.
    """
    rule, factors = Rule.of(optimizer), trained(references, phase)
    keys = gradient_keys(references.graph, phase, case.steps)
    missing = [name for name in factors if array_name(keys[0], name) not in arrays]
    comparisons = [named(case, QUANTITY, name, Finding("differs", reason="no gradient was seen for it")) for name in missing]
    factors = {name: factor for name, factor in factors.items() if name not in missing}
    gradients = [{name: arrays.get(array_name(key, name)) for name in factors} for key in keys]
    bad = [_unfit_gradient(case, initial, gradients, name) for name in factors]
    if any(bad):  # a rule may read every gradient (a global norm), so no parameter can be replayed
        return [*comparisons, *(comparison for comparison in bad if comparison)]
    observed = [{name: array for name, array in step.items() if array is not None} for step in gradients]
    first = keys[0] if phase else GRADIENT
    alone, pass_ = _alone(references.graph), pass_ or references.training
    errors = {name: 0.0 if alone else _gradient_error(pass_, references.u, arrays, first, name) for name in factors}
    for name, parts in _replayed(rule, case, initial, observed, references.u, factors, errors):
        afters = [arrays.get(step_name(k, PARAMETER, name)) for k in range(case.steps)]
        zero = (zeros or {}).get(name, "")
        comparisons.append(named(case, QUANTITY, name, _over_steps(initial[name], afters, parts, references.u, zero)))
    comparisons += _frozen(case, initial, arrays, references) if not phase else []
    if alone and dict(case.hyperparameters) == optimizer.probe_values():
        comparisons += blind_hyperparameters(case, rule, initial, observed, references.u, factors)
    return comparisons


def _alone(graph: Graph) -> bool:
    """Whether this is the probe of a rule (trials/probes.py). Its layers are the parameters themselves. Its gradients are
    drawn, so they are exact, and they are made so that every hyper-parameter can show."""
    return bool(graph.nodes) and all(node.op == "parameter" for node in graph.nodes)


def trained(references: References, phase: int = 0) -> dict[str, float]:
    """Parameter -> factor of its learning rate in a phase. Parameters that another phase updates too are left out."""
    graph = references.graph
    parameters = {parameter.name for parameter in graph.parameters}
    others = {name for place, other in enumerate(graph.phases) if place != phase for name in other.updates}
    return {name: factor for name, factor in graph.phases[phase].updates.items() if name in parameters - others}


def gradient_keys(graph: Graph, phase: int, steps: int) -> list[str]:
    """The groups of a record that hold the gradients of a phase, for each step of the lock-step."""
    inside = graph.phases[phase].name if phase else ""
    return [step_name(k, GRADIENT, phase=inside) for k in range(steps)]


def blind_hyperparameters(
    case: Case, rule: Rule, initial: Arrays, gradients: Sequence[Arrays], u: float, factors: Mapping[str, float]
) -> list[Comparison]:
    """Mistrusts a hyper-parameter if halving it changes no update by HALVED budgets or more."""
    comparisons = []
    true = replay(rule, case.hyperparameters, initial, gradients, u, factors)
    for hyper, value in case.hyperparameters.items():
        halved = replay(rule, {**case.hyperparameters, hyper: value / 2}, initial, gradients, u, factors)
        moved = 0.0
        for name in factors:
            for entry, other in zip(true, halved, strict=True):
                budget = budgets.updated(entry[name].error, entry[name].size, u)
                moved = max(moved, float(np.max(np.abs(entry[name].update - other[name].update) / np.maximum(budget, 1e-300))))
        if value and moved < budgets.HALVED:
            reason = f"halving {hyper} moves no update by more than {moved:.1g} budgets: these data cannot judge it"
            comparisons.append(named(case, QUANTITY, hyper, Finding("mistrusted", reason=reason)))
    return comparisons


def _unfit_gradient(
    case: Case, initial: Arrays, gradients: Sequence[Mapping[str, Array | None]], name: str
) -> Comparison | None:
    for k, step in enumerate(gradients):
        finding = unfit(step[name], initial[name])
        if finding is not None:
            return named(case, QUANTITY, name, Finding(finding.verdict, reason=f"gradient of step {k}: {finding.reason}"))
    return None


def _gradient_error(pass_: Pass, u: float, arrays: Arrays, first: str, name: str) -> float:
    """How far the gradient inside `step` may lie from the gradient that `gradients` showed:
    rounding may differ between the two programs."""
    reference = pass_.array("gradients", name)
    budget = pass_.budget("gradients", name, u).maximum
    size = budgets.greatest(reference)
    largest = max(budgets.greatest(array) for key, array in arrays.items() if ends_in(key, GRADIENT, name))
    return budget * max(1.0, largest / size) if size else budget


def _replayed(
    rule: Rule,
    case: Case,
    initial: Arrays,
    gradients: Sequence[Arrays],
    u: float,
    factors: Mapping[str, float],
    errors: Mapping[str, float],
) -> Iterator[tuple[str, Iterator[Part]]]:
    """Parameter -> its parts, one at a time if the rule allows it: the wide numbers of a whole VGG would fill the memory."""
    if not rule.elementwise():
        expected = replay(rule, case.hyperparameters, initial, gradients, u, factors, errors)
        for name in factors:
            yield name, iter([(0, ..., [step[name] for step in expected])])
        return

    def parts(name: str) -> Iterator[Part]:
        for first, part in _pieces(initial[name].shape):
            pieces = {name: initial[name][part]}, [{name: step[name][part]} for step in gradients]
            replayed = replay(rule, case.hyperparameters, *pieces, u, {name: factors[name]}, errors)
            yield first, part, [step[name] for step in replayed]

    for name in factors:
        yield name, parts(name)


def _pieces(shape: tuple[int, ...]) -> Iterator[tuple[int, Any]]:
    """Pieces of about PIECE elements along the first axis: where each begins, and the index that cuts it out."""
    if prod(shape) <= PIECE:
        yield 0, ...
        return
    rows = max(1, PIECE // prod(shape[1:]))
    for first in range(0, shape[0], rows):
        yield first, slice(first, first + rows)


def _over_steps(start: Array, afters: Sequence[Array | None], parts: Iterator[Part], u: float, zero: str = "") -> Finding:
    """The finding of the worst step and part. afters: the parameter after each step."""
    findings = [(k, finding) for k, after in enumerate(afters) if (finding := unfit(after, start)) is not None]
    unfits = {k for k, _ in findings}
    moved = False
    for first, part, steps in parts:
        for k, (step, after) in enumerate(zip(steps, afters, strict=True)):
            moved = moved or bool(np.any(step.update))
            if after is not None and k not in unfits:
                update = after[part].astype(step.update.dtype) - start[part].astype(step.update.dtype)
                findings.append((k, judge_elements(update, step.update, budgets.updated(step.error, step.size, u), first)))
    k, worst = max(findings, key=lambda findings: _badness(findings[1]))
    worst = replace(worst, where=f"step {k} {worst.where}".strip())
    if worst.verdict in ("exact", "agrees") and not moved:
        verdict, reason = (worst.verdict, zero) if zero else ("mistrusted", "no step moves it, so nothing could show")
        return replace(worst, verdict=verdict, reason=reason)
    if worst.verdict == "exact" and not all(finding.verdict == "exact" for _, finding in findings):
        return replace(worst, verdict="agrees")
    return worst


def _badness(finding: Finding) -> tuple[int, float]:
    rank = {"exact": 0, "agrees": 0, "differs": 1}.get(finding.verdict, 2)
    if finding.error is None or finding.budget is None:
        return (3 if rank else 0), 0.0
    return rank, finding.error / finding.budget if finding.budget else float("inf" if finding.error else 0)


def _frozen(case: Case, initial: Arrays, arrays: Arrays, references: References) -> list[Comparison]:
    """Parameters that no phase ever updates must be bitwise the same after every step."""
    ever = {name for phase in references.graph.phases for name in phase.updates}
    comparisons = []
    for parameter in references.graph.parameters:
        name = parameter.name
        if name in ever:
            continue
        findings = [judge_bits(arrays.get(step_name(k, PARAMETER, name)), initial[name]) for k in range(case.steps)]
        bad = [finding for finding in findings if finding.verdict != "exact"]
        comparisons.append(named(case, QUANTITY, name, bad[0] if bad else Finding("exact", 0.0, 0.0, reason="frozen")))
    return comparisons
