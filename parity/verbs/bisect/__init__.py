"""Owns `parity bisect`: the first layer, gradient or step that departs, and a one-file reproduction of it.

It refuses to guess: it names a layer that departs when it runs alone on the reference's inputs. If every layer alone is right,
it names the layer whose value in the whole graph departs first.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from parity.errors import UsageError
from parity.execution import outcomes
from parity.execution.launcher.environments import installed
from parity.judgement.comparison import Comparison
from parity.judgement.verdicts import PASSING
from parity.spec.graph import Graph
from parity.trials import options, selected_frameworks
from parity.trials import report_rows as collating
from parity.trials.session import JudgedTrial
from parity.verbs import terminal
from parity.verbs.bisect import reproduction
from parity.verbs.check import check

PASSES = (
    *("outcome", "forward", "activation", "statistic", "loss", "gradient", "input_gradient"),
    *("update", "unchanged", "decoding"),
)
"""Quantities in the order in which a training step computes them. The first that departs lies nearest to the cause."""


@dataclass(frozen=True)
class FirstDeparture:
    """Where a framework departs first. alone: whether the node departs when it runs by itself."""

    judged: JudgedTrial
    comparison: Comparison
    node: str
    alone: bool


def find(judged: Sequence[JudgedTrial]) -> FirstDeparture | None:
    """The first node, in graph order, that departs when it runs alone; else the first departing quantity of the whole graph;
    None if nothing departs."""
    wholes = [
        judged_trial for judged_trial in judged if judged_trial.trial.kind == "architectures"
    ]  # the architecture, then its phases alone
    whole = next((judged_trial for judged_trial in wholes if judged_trial.verdict not in PASSING), wholes[0])
    graph = whole.trial.case.graph
    if graph is None:
        raise ValueError(f"{whole.trial.case.id} has no graph")
    alone = {
        judged_trial.trial.case.spec.split(":", 1)[1]: judged_trial
        for judged_trial in judged
        if judged_trial.trial.kind == "nodes"
    }
    for node in graph.all_nodes():
        judged_trial = alone.get(node.name)
        if judged_trial is not None and judged_trial.verdict not in PASSING:
            return FirstDeparture(judged_trial, _first(judged_trial, graph), node.name, alone=True)
    if whole.verdict in PASSING:
        return None
    first = _first(whole, graph)
    return FirstDeparture(whole, first, _node_of(first, graph), alone=False)


def _first(judged_trial: JudgedTrial, graph: Graph) -> Comparison:
    """The first departing comparison: by pass, then by the node's place (gradients from the last to the first)."""
    places = {node.name: place for place, node in enumerate(graph.all_nodes())}
    bad = [comparison for comparison in judged_trial.comparisons if comparison.verdict not in PASSING]

    def rank(comparison: Comparison) -> tuple[int, int]:
        order = PASSES.index(comparison.quantity) if comparison.quantity in PASSES else len(PASSES)
        place = places.get(_node_of(comparison, graph), len(places))
        return order, -place if "gradient" in comparison.quantity else place

    return min(bad, key=rank)


def _node_of(comparison: Comparison, graph: Graph) -> str:
    """The node that a tensor belongs to. A parameter belongs to the first node that uses it."""
    for node in graph.all_nodes():
        values = {node.value(suffix) for suffix in node.outputs}
        if comparison.tensor in values | set(node.parameters.values()) | set(node.statistics.values()):
            return node.name
    return comparison.tensor


def bisect(
    spec: str, framework: str, *, realizations: Sequence[str] = (), seed: int = 0, store: str | Path | None = None
) -> FirstDeparture | None:
    """Where a framework departs first from an architecture in float64; None if everything that it supports agrees.

    Raises SpecError, UsageError."""
    return searched(spec, framework, realizations, seed, store)[0]


def searched(
    spec: str, framework: str, realizations: Sequence[str], seed: int, store: str | Path | None
) -> tuple[FirstDeparture | None, list[JudgedTrial]]:
    """The same, and all that was judged."""
    judged = _judged(spec, framework, realizations, seed, store)
    return find(judged), judged


def _judged(spec: str, framework: str, realizations: Sequence[str], seed: int, store: str | Path | None) -> list[JudgedTrial]:
    named = selected_frameworks.that_train([framework])
    judged = check([spec], frameworks=named, dtypes=["float64"], seed=seed, realizations=realizations, store=store)
    if not any(judged_trial.trial.kind == "architectures" for judged_trial in judged):
        raise UsageError(f"{spec} is no architecture; `parity check {spec}` judges it whole")
    return judged


def main(spec: str, framework: str, realizations: Sequence[str], seed: int, store: Path | None, output: Path) -> int:
    """The verb: 0 if nothing departs, 1 with a reproduction if something does, 3 if it could not be run."""
    options.place(output.parent)
    judged = _judged(spec, framework, realizations, seed, store)
    departure = find(judged)
    if departure is None:
        for line in agreement(spec, framework, judged):
            terminal.say(line)
        return 0
    how = "alone, on the reference's inputs" if departure.alone else "in the whole graph, while every layer alone agrees"
    terminal.say(f"{framework} departs first at {departure.node}, {how}:")
    terminal.say(f"    {collating.sentence(departure.comparison)}")
    if departure.judged.record.outcome != "ran":
        return 3
    path = reproduction.write(departure.judged, departure.comparison, realizations, output)
    interpreter = shlex.quote(str(installed(framework).interpreter))
    terminal.say(f"reproduce it: {interpreter} {shlex.quote(str(path))}")
    return 1


def agreement(spec: str, framework: str, judged: Sequence[JudgedTrial]) -> list[str]:
    """The lines for a framework that departs nowhere. They name the parts that it does not support, since those were not
    judged."""
    missing = [judged_trial for judged_trial in judged if judged_trial.verdict == "unsupported"]
    if not missing:
        return [f"{framework} agrees with {spec} in float64: every layer alone, and the whole"]
    count = f"{len(judged) - len(missing)} of {len(judged)} cases were judged"
    head = f"{framework}: nothing departs from {spec} in float64; {count}, the others are unsupported:"
    return [
        head,
        *(f"    {judged_trial.trial.case.spec}: {outcomes.headline(judged_trial.record.reason)}" for judged_trial in missing),
    ]
