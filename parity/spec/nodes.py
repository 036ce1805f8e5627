"""Owns the node of a step: it asks the op for shapes and parameters, and enters the answers into the ledger.

It refuses to read the file: inputs and attributes come ready.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from parity.formulas.syntax import number_text
from parity.ops.definition import ParameterRule, Shape, ShapeError, StatisticRule
from parity.spec.graph import Node, Parameter, Source, Statistic
from parity.spec.ledger import SpecValue
from parity.spec.mistakes import Place, did_you_mean, short
from parity.spec.scopes import Scope
from parity.spec.signatures import MOST_ELEMENTS, Signature, axis_number, listed


def build(
    scope: Scope,
    place: Place,
    name: str,
    signature: Signature,
    filled: Mapping[str, Any],
    attributes: dict[str, Any],
    share: Mapping[str, tuple[str, Place]],
) -> SpecValue:
    """Asks the op for its outputs and parameters, and enters the node."""
    full = scope.path + name
    values = [value for item in filled.values() for value in (item if isinstance(item, list) else [item])]
    shapes: dict[str, Any] = {role: _shapes(value) for role, value in filled.items()}
    _place_axes(scope, place, full, signature, values, attributes)
    outputs, rules = _ask(scope, place, full, signature, shapes, attributes)
    parameters, statistics = _declare(scope, place, signature.op, name, rules, share)
    batched = signature.offers.batched and any(value.batched for value in values)
    plain = {key: listed(value) for key, value in attributes.items()}
    sources: dict[str, Source] = {role: _names(value) for role, value in filled.items()}
    node = Node(
        name=full,
        op=signature.op,
        inputs=sources,
        attributes=plain,
        parameters=parameters,
        statistics=statistics,
        outputs=outputs,
        dtype="float",
        batched=batched,
        flops=int(signature.module.flops(shapes, outputs, **plain)),
        place=f"{place.line}:{place.column}",
    )
    return enter(scope, name, node)


def enter(scope: Scope, name: str, node: Node) -> SpecValue:
    """Adds a node, and gives its values their names in the scope."""
    scope.frame.nodes.append(node)
    scope.ledger.homes[scope.frame.prefix + node.name] = scope.home + name
    for suffix, shape in node.outputs.items():
        value = SpecValue(node.value(suffix), shape, node.dtype, node.batched, scope.frame)
        scope.give(f"{name}.{suffix}" if suffix else name, value)
    return scope.frame.values[scope.path + name]


def _shapes(value: SpecValue | list[SpecValue]) -> Any:
    return tuple(item.shape for item in value) if isinstance(value, list) else value.shape


def _names(value: SpecValue | list[SpecValue]) -> Source:
    return tuple(item.name for item in value) if isinstance(value, list) else value.name


def _place_axes(
    scope: Scope, place: Place, full: str, signature: Signature, values: list[SpecValue], attributes: dict[str, Any]
) -> None:
    """Turns axes given as words into numbers, now that the shape is known."""
    for rule in signature.attributes.values():
        if rule.kind != "axis":
            continue
        shape = values[0].shape or ()
        axis = axis_number(attributes[rule.name], shape)
        if axis is None:
            raise scope.refuse(place, f"`{signature.op}` ({full}): shape {shape} has no axis `{attributes[rule.name]}`")
        attributes[rule.name] = axis


def _ask(
    scope: Scope, place: Place, full: str, signature: Signature, shapes: Mapping[str, Any], attributes: Mapping[str, Any]
) -> tuple[dict[str, Shape], list[ParameterRule | StatisticRule]]:
    """Runs the op's signature: the shapes of its outputs, and the parameters and statistics that it declares."""
    rules: list[ParameterRule | StatisticRule] = []
    try:
        if signature.joins:
            asking = signature.module.signature(*shapes["branches"], **attributes)
        else:
            asking = signature.module.signature(**shapes, **attributes)
        while True:
            rules.append(next(asking))
    except StopIteration as answer:
        by_suffix = answer.value if isinstance(answer.value, dict) else {"": answer.value}
    except ShapeError as error:
        raise scope.refuse(place, f"`{signature.op}` ({full}): {error}") from None
    outputs = {suffix: tuple(int(size) for size in shape) for suffix, shape in by_suffix.items()}
    every = [*outputs.values(), *(rule.shape for rule in rules)]
    if (most := max(map(prod, every), default=0)) > MOST_ELEMENTS:
        raise scope.refuse(place, f"`{signature.op}` ({full}): {number_text(most)} numbers are too many for one array")
    for shape in every:
        if any(size < 1 for size in shape):
            raise scope.refuse(place, f"`{signature.op}` ({full}): nothing is left, the shape would be {shape}")
    return outputs, rules


def _declare(
    scope: Scope,
    place: Place,
    op: str,
    name: str,
    rules: list[ParameterRule | StatisticRule],
    share: Mapping[str, tuple[str, Place]],
) -> tuple[dict[str, str], dict[str, str]]:
    """Enters the parameters and statistics of a node: role -> full name."""
    parameters: dict[str, str] = {}
    statistics: dict[str, str] = {}
    for role, (_, at) in share.items():
        roles = [rule.role for rule in rules if isinstance(rule, ParameterRule)]
        if role not in roles:
            raise scope.refuse(at, f"`{op}` has no parameter `{short(role)}`{did_you_mean(role, roles)}")
    for rule in rules:
        full = f"{scope.home}{name}.{rule.role}"
        if isinstance(rule, StatisticRule):
            scope.ledger.statistics.setdefault(full, Statistic(full, rule.shape, rule.initial))
            statistics[rule.role] = full
        elif rule.role in share:
            parameters[rule.role] = _shared(scope, rule, full, *share[rule.role])
        else:
            parameters[rule.role] = _own(scope, place, op, rule, full)
    return parameters, statistics


def _own(scope: Scope, place: Place, op: str, rule: ParameterRule, full: str) -> str:
    kind = rule.kind or rule.role.rpartition(".")[2]
    declared = Parameter(full, tuple(int(size) for size in rule.shape), kind, rule.fan_in, rule.fan_out)
    earlier = scope.ledger.parameters.get(full)
    if earlier is None and not scope.adds_parameters:
        raise scope.refuse(place, f"a loss adds no parameter, and `{op}` has `{rule.role}`; it belongs to the layers")
    if earlier is not None and (not scope.again or earlier != declared):
        raise scope.refuse(place, f"the parameter `{full}` exists already; give the step another name")
    scope.ledger.parameters[full] = declared
    return full


def _shared(scope: Scope, rule: ParameterRule, full: str, path: str, place: Place) -> str:
    current: Scope | None = scope
    names: list[str] = []
    while current is not None:
        parameter = scope.ledger.parameters.get(current.home + path)
        if parameter is not None:
            if parameter.shape != rule.shape:
                raise scope.refuse(place, f"`{full}` has shape {tuple(rule.shape)}, `{parameter.name}` {parameter.shape}")
            return parameter.name
        names += [
            parameter.removeprefix(current.home) for parameter in scope.ledger.parameters if parameter.startswith(current.home)
        ]
        current = current.parent
    raise scope.refuse(place, f"no earlier parameter `{short(path)}`{did_you_mean(path, names)}")
