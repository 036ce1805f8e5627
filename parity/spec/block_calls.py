"""Owns the call of a block (a template with new parameters at each use) and of a
network (an instance with the same parameters).

It refuses to let the inside see more than inputs, arguments and the file's constants.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from parity.spec.inputs import network_inputs
from parity.spec.ledger import BrokenSpec, KnownNumber, SpecValue
from parity.spec.mistakes import Place
from parity.spec.scopes import Run, Scope
from parity.spec.source import Table
from parity.spec.wiring import ANY_STEP, WrittenStep, arriving, unknown_keys


def call(scope: Scope, step: WrittenStep, name: str, run: Run) -> SpecValue:
    """The value of a block (new parameters) or of a network (the same parameters at each use)."""
    architecture = scope.ledger.architecture
    scope.ledger.called.add(step.op)
    if step.op in scope.stack:
        chain = " > ".join((*scope.stack[scope.stack.index(step.op) :], step.op))
        raise scope.refuse(step.place, f"block `{step.op}` contains itself: {chain}")
    scope.check_depth(step.place)
    block = architecture.blocks.get(step.op)
    network = None if block else architecture.networks.get(step.op)  # a name that is both is reported elsewhere
    part: Any = block or network
    settings = step.table(scope)
    names = list(block.inputs) if block else list(part.inputs)
    arguments = block.arguments if block else {}
    meant = unknown_keys(scope, step, settings, (*names[1:], *arguments, *ANY_STEP))
    own = _block_inputs(scope, step, settings, names, meant)
    places = dict(zip(names, part.places("inputs"), strict=False)) if block else part.table("inputs").key_places
    changes: dict[str, Any] = {"numbers": {}, "own": own, "declared": dict(places), "parent": None}
    if network:
        _check_network_inputs(scope, step, settings, own)
        changes |= {"home": f"{step.op}.", "adds_parameters": True, "again": step.op in scope.ledger.built}
    else:
        changes["home"] = f"{scope.home}{name}."
    inner = scope.inner(
        path=f"{scope.path}{name}.",
        trail=((f"{step.op} {name}" if name != step.op else name, step.place), *scope.trail),
        stack=(*scope.stack, step.op),
        **changes,
    )
    if block:
        _fill_arguments(scope, inner, step, settings, meant)
    value = run(inner, part.layers, own[names[0]], part.place("layers"))
    if network:
        scope.ledger.built.add(step.op)
    if value is None:
        raise BrokenSpec
    scope.give(name, value)
    return value


def _block_inputs(scope: Scope, step: WrittenStep, settings: Table, names: list[str], meant: set[str]) -> dict[str, SpecValue]:
    own: dict[str, SpecValue] = {}
    for index, name in enumerate(names):
        try:
            if index == 0:
                own[name] = arriving(scope, step, settings)
            elif name in settings:
                own[name] = scope.value(settings[name], settings.places[name])
            elif name not in meant:
                raise scope.refuse(step.place, f"`{step.op}` needs `{name}`, a value")
            else:
                own[name] = scope.broken()
        except BrokenSpec:
            own[name] = scope.broken()
    return own


def _check_network_inputs(scope: Scope, step: WrittenStep, settings: Table, own: Mapping[str, SpecValue]) -> None:
    for index, (name, declared) in enumerate(network_inputs(scope, step.op).items()):
        value = own[name]
        place = settings.places.get("from" if index == 0 else name, step.place)
        if value.shape is None or declared is None:
            continue
        if value.shape != declared.shape:
            message = f"network `{step.op}` takes `{name}` of shape {declared.shape}, not {value.shape}"
            raise scope.refuse(place, message)
        if value.dtype != declared.dtype:
            raise scope.refuse(place, f"network `{step.op}` takes `{name}` of {declared.dtype}s, not {value.dtype}s")


def _fill_arguments(scope: Scope, inner: Scope, step: WrittenStep, settings: Table, meant: set[str]) -> None:
    """Evaluates the arguments: given ones in the caller's scope, defaults inside the block,
    where they may use earlier arguments."""
    block = scope.ledger.architecture.blocks[step.op]
    table = block.table("arguments")
    numbers: dict[str, KnownNumber] = {}
    missing = []
    inner.numbers = numbers
    for name, default in block.arguments.items():
        declared = table.key_places[name]
        value: Fraction | bool | None = None
        try:
            if name in settings:
                value = argument(scope, name, settings[name], settings.places[name])
            elif default is not None:
                value = argument(inner, name, default, table.places[name])
            elif name not in meant:
                missing.append(f"`{name}`")
        except BrokenSpec:
            value = None
        numbers[name] = KnownNumber(value, declared)
    if missing:
        scope.refuse(step.place, f"`{step.op}` needs {' and '.join(missing)}")


def argument(scope: Scope, name: str, raw: Any, place: Place) -> Fraction | bool:
    if raw is None:
        raise scope.refuse(place, f"`{name}` has no value")
    number = scope.known(raw) if isinstance(raw, str) else None
    if isinstance(raw, bool) or (number is not None and isinstance(number.value, bool)):
        return scope.flag(raw, place)
    return scope.number(raw, place)
