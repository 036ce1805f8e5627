"""Owns the training part of a file: its phases, the parameters that each updates, the nodes in
evaluation mode, and the optimizer of the paper.

It refuses losses that do not end in one number or that add parameters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from parity.spec import specs
from parity.spec.architectures import StepPart, TrainingPart, optimizer_choice
from parity.spec.graph import Input, Node, Parameter, Phase
from parity.spec.inputs import read_input
from parity.spec.ledger import BrokenSpec, SpecValue
from parity.spec.mistakes import Place, did_you_mean, short
from parity.spec.models import describe
from parity.spec.scopes import Scope
from parity.spec.source import BROKEN, Rows, Table
from parity.spec.steps import run


@dataclass(frozen=True)
class Training:
    """The expanded training part. evaluate: prefixes with their places; trained: inputs that a phase updates."""

    inputs: tuple[Input, ...] = ()
    phases: tuple[Phase, ...] = ()
    trained: frozenset[str] = frozenset()


def read_training(scope: Scope, part: TrainingPart, inputs: tuple[Input, ...], last: SpecValue | None) -> Training:
    """Expands the loss or the steps. `scope`: the scope of the layers; `last`: their last value."""
    own: dict[str, SpecValue] = {}
    graph_inputs: list[Input] = []
    for name, declared in part.inputs.items():
        graph_input = read_input(scope, name, declared)
        if name in scope.frame.values:
            scope.refuse(part.table("inputs").key_places[name], f"the name `{name}` is taken by a value of the layers")
        if graph_input is not None:
            graph_inputs.append(graph_input)
        shape = None if graph_input is None else graph_input.shape
        own[name] = SpecValue(name, shape, declared.dtype, True, scope.frame)
    steps: list[StepPart | TrainingPart] = list(part.steps) or [part]
    trainable = {item.name: item for item in (*inputs, *graph_inputs)}
    phases = []
    trained: set[str] = set()
    for number, step in enumerate(steps, 1):
        name = f"training{number}" if part.steps else "training"
        first = last or next(iter(own.values()), None)
        phase = _phase(scope, name, step, own, first, trainable, bool(part.steps))
        if phase is not None:
            phases.append(phase)
            trained |= phase.updates.keys() & trainable.keys()
    return Training(tuple(graph_inputs), tuple(phases), frozenset(trained))


def _phase(
    scope: Scope,
    name: str,
    step: StepPart | TrainingPart,
    own: dict[str, SpecValue],
    x: SpecValue | None,
    trainable: Mapping[str, Input],
    alternating: bool,
) -> Phase | None:
    """One loss with its nodes; None after a mistake."""
    frame, before = scope.frame, scope.frame.nodes
    frame.nodes = []
    places = {key: place for key, place in _declared(scope).items() if key in own}
    inner = scope.inner(
        path=f"{name}.", home=f"{name}.", own=own, declared=places, parent=scope, adds_parameters=False, numbers={}
    )
    try:
        loss = run(inner, step.loss, x, step.place("loss"))
        updates = _updates(scope, step, trainable)
        if loss is None or loss.shape is None:
            return None
        if loss.shape != () or loss.batched or loss.dtype != "float":
            kind = "one number for each example" if loss.shape == () else f"shape {loss.shape}"
            raise scope.refuse(_last_place(step), f"a loss ends in one number; `{loss.name}` has {kind}: take its `mean`")
        nodes = tuple(frame.nodes)
        return Phase(name if alternating else "main", nodes, loss.name, updates, _optimizer(scope, step))
    except BrokenSpec:
        return None
    finally:
        frame.nodes = before
        for key in [key for key in frame.values if alternating and key.startswith(f"{name}.")]:
            del frame.values[key]


def _optimizer(scope: Scope, step: StepPart | TrainingPart) -> dict[str, Any] | None:
    """The optimizer of the paper. It must exist and have the given hyper-parameters."""
    chosen = optimizer_choice(step.optimizer)
    if chosen is None:
        return None
    table: Table = step.optimizer
    name, names = chosen["name"], specs.names("optimizers")
    if name not in names:
        raise scope.refuse(table.key_places[name], f"no optimizer is called `{short(name)}`{did_you_mean(name, names)}")
    rule = specs.load(f"optimizers/{name}")
    has = rule.hyperparameters if isinstance(rule, specs.Optimizer) else {}
    for key in chosen["hyperparameters"]:
        if key not in has:
            close = did_you_mean(key, has) or f"; it has {', '.join(has)}"
            scope.refuse(table[name].key_places[key], f"`{name}` has no hyper-parameter `{short(key)}`{close}")
    return chosen


def grouped(parameters: Iterable[Parameter], phases: tuple[Phase, ...]) -> tuple[Parameter, ...]:
    """The parameters with their groups: `default`; `frozen` if no phase updates it; otherwise the factor in each phase."""

    def group(name: str) -> str:
        factors = {phase.name: phase.updates[name] for phase in phases if name in phase.updates}
        if not phases or factors == {"main": 1.0}:
            return "default"
        return " ".join(f"{phase}*{factor:g}" for phase, factor in factors.items()) or "frozen"

    return tuple(replace(parameter, group=group(parameter.name)) for parameter in parameters)


def _declared(scope: Scope) -> Mapping[str, Place]:
    training = scope.ledger.architecture.training
    return training.table("inputs").key_places if training else {}


def _last_place(step: StepPart | TrainingPart) -> Place:
    rows = step.loss
    last = rows[-1]
    return next(iter(last.key_places.values())) if isinstance(last, Table) and last else rows.places[-1]


def lies_under(name: str, prefix: str) -> bool:
    """Whether a dotted name is the prefix or begins with it."""
    return name == prefix or name.startswith(f"{prefix}.")


def prefixes(names: Iterable[str]) -> set[str]:
    """Every dotted prefix of the names, the names included."""
    starts = set()
    for name in names:
        parts = name.split(".")
        starts |= {".".join(parts[:length]) for length in range(1, len(parts) + 1)}
    return starts


def _updates(scope: Scope, step: StepPart | TrainingPart, trainable: Mapping[str, Input]) -> dict[str, float]:
    """Parameter or trained input -> factor of the learning rate. The longest prefix that fits decides."""
    parameters = scope.ledger.parameters
    if step.updates is None:
        return dict.fromkeys(parameters, 1.0)
    chosen: dict[str, tuple[float, int]] = {}
    for prefix, raw, place, at in _prefixes_of(step.updates):
        if prefix is BROKEN or raw is BROKEN:
            continue
        if not isinstance(prefix, str):
            scope.refuse(place, f"the beginning of a parameter's name stands here, not {describe(prefix)}")
            continue
        try:
            factor = scope.real(raw, at)
        except BrokenSpec:
            continue
        if factor <= 0:
            scope.refuse(at, f"a factor of the learning rate is above 0, not {factor:g}; leave the name out to freeze it")
        under = [name for name in parameters if lies_under(name, prefix)]
        if prefix in trainable and trainable[prefix].dtype == "float":
            under.append(prefix)
        if not under and not scope.ledger.mistakes:
            close = did_you_mean(prefix, prefixes(parameters))
            scope.refuse(place, f"no parameter is called or lies under `{short(prefix)}`{close}")
        for name in under:
            if len(prefix) >= chosen.get(name, (0.0, 0))[1]:
                chosen[name] = (factor, len(prefix))
    names = [*parameters, *trainable]
    return {name: chosen[name][0] for name in names if name in chosen}


def _prefixes_of(updates: Any) -> list[tuple[Any, Any, Place, Place]]:
    """(prefix, factor, place of the prefix, place of the factor)."""
    if isinstance(updates, Rows):
        return [(prefix, 1, place, place) for prefix, place in zip(updates, updates.places, strict=True)]
    table: Table = updates
    return [(prefix, raw, table.key_places[prefix], table.places[prefix]) for prefix, raw in table.items()]


def evaluated(scope: Scope, part: TrainingPart, nodes: Iterable[Node], prefix: str = "") -> tuple[Node, ...]:
    """The nodes, with those under a prefix of `evaluate` marked. A prefix may name nodes or parameters."""
    marked = []
    for node in nodes:
        name = prefix + node.name
        homes = (name, scope.ledger.homes.get(name, name))
        if any(lies_under(home, wanted) for home in homes for wanted in part.evaluate):
            node = replace(node, evaluate=True)  # noqa: PLW2901 - the marked node replaces the other
        if node.body is not None:
            body = replace(node.body, nodes=evaluated(scope, part, node.body.nodes, f"{name}."))
            node = replace(node, body=body)  # noqa: PLW2901
        marked.append(node)
    return tuple(marked)


def check_evaluate(scope: Scope, part: TrainingPart) -> None:
    """Every prefix of `evaluate` must match a node."""
    homes = {*scope.ledger.homes, *scope.ledger.homes.values()}
    for wanted, place in zip(part.evaluate, part.places("evaluate"), strict=False):
        if not any(lies_under(home, wanted) for home in homes):
            close = did_you_mean(wanted, prefixes(homes))
            scope.refuse(place, f"no node or part of a network is called or lies under `{short(wanted)}`{close}")
