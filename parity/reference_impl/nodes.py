"""Owns one node of a walk: the arrays that its op gets, the check of its outputs' shape
and precision, and where its gradients go.

It refuses to know an op's mathematics (parity.ops) and the order of nodes (walk, scan).
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from parity.ops import TABLE
from parity.ops.definition import Array, Op, Run, evaluate
from parity.reference_impl import scan
from parity.reference_impl.walk_state import EvaluatedNode, Frame, accumulate
from parity.spec.graph import Node


def forward(frame: Frame, nodes: Iterable[Node]) -> list[EvaluatedNode]:
    return [_forward(frame, node) for node in nodes]


def _forward(frame: Frame, node: Node) -> EvaluatedNode:
    widths = [len(frame.values[name]) for name in node.sources() if frame.batched[name]]
    lifted = frozenset(name for name in node.sources() if not frame.batched[name])
    values = {name: _lifted(frame, name, widths[0] if widths else 1) for name in node.sources()}
    run = _evaluating(frame.run) if node.evaluate else frame.run
    outputs: Any
    if node.op == "scan":
        outputs, saved = scan.forward(replace(frame, run=run), node, values, forward)
    else:
        outputs, saved = _apply(frame, node, run, values)
    _keep(frame, node, outputs if isinstance(outputs, dict) else {"": outputs}, widths)
    floats = tuple(role for role, source in node.inputs.items() if role != "mask" and _is_float(values, source))
    return EvaluatedNode(node, run, saved, lifted, not widths, floats, frame.rounding)


def _evaluating(run: Run) -> Run:
    """The same run in evaluation mode; it continues the same stream of summation orders."""
    other = copy.copy(run)
    other.training = False
    return other


def _lifted(frame: Frame, name: str, width: int) -> Array:
    value = frame.values[name]
    return value if frame.batched[name] else np.broadcast_to(value, (width, *value.shape))


def _is_float(values: Mapping[str, Array], source: str | tuple[str, ...]) -> bool:
    return values[source if isinstance(source, str) else source[0]].dtype.kind in "fc"


def _apply(frame: Frame, node: Node, run: Run, values: Mapping[str, Array]) -> Any:
    arrays: dict[str, Any] = {}
    for role, source in node.inputs.items():
        arrays[role] = values[source] if isinstance(source, str) else tuple(values[name] for name in source)
    arrays |= {role: frame.parameters[name] for role, name in node.parameters.items()}
    arrays |= {role: frame.statistics[name] for role, name in node.statistics.items()}
    return evaluate(TABLE[node.op], run, arrays, node.attributes, _dictated(frame, node))


def _dictated(frame: Frame, node: Node) -> Any:
    """The branch that the caller dictates, in the shape that the op sees: with a batch of
    one if the node's sources have no batch."""
    branch = frame.branches.get(node.name)
    if branch is None or any(frame.batched[name] for name in node.sources()):
        return branch
    return branch[None] if isinstance(branch, np.ndarray) else tuple(item[None] for item in branch)


def _keep(frame: Frame, node: Node, outputs: Mapping[str, Array], widths: list[int]) -> None:
    """Checks shape and precision of outputs and new statistics, rounds them, and puts them into the frame."""
    whole = node.op in TABLE and not Op(TABLE[node.op]).batched  # a loss or a parameter has no batch axis
    for suffix, shape in node.outputs.items():
        array = outputs[suffix]
        expected = shape if whole else (widths[0] if widths else 1, *shape)
        if array.shape != tuple(expected):
            raise ValueError(f"{node.op} ({node.name}): output {suffix!r} has shape {array.shape}, the graph says {expected}")
        if node.dtype == "float":
            array = frame.rounding(checked(frame.run, node, array))
        name = node.value(suffix)
        frame.values[name] = array if whole or widths else array[0]
        frame.batched[name] = bool(widths) and not whole
    for role, name in node.statistics.items():
        if role in outputs:
            frame.statistics[name] = frame.rounding(checked(frame.run, node, outputs[role]))


def checked(run: Run, node: Node, array: Array) -> Array:
    """The array, if it has the run's precision. Another precision would hide the rounding that a walk is there to show."""
    if array.dtype != run.dtype:
        raise TypeError(f"{node.op} ({node.name}) gave {array.dtype} in a walk of {run.dtype}")
    return array


def backward(
    steps: list[EvaluatedNode], cotangents: dict[str, Array], parameters: dict[str, Array], *, keep: bool = True
) -> None:
    """Goes through the steps from last to first. Adds the gradient of every value to
    `cotangents`, of every parameter to `parameters`.

    keep: whether the gradients of the nodes' own values stay in `cotangents`. The steps are used up: each
    step's saved arrays are released as soon as its gradient is computed, since a large network's would not
    fit into memory beside all its gradients.
    """
    while steps:
        step = steps.pop()
        outputs = {step.node.value(suffix): suffix for suffix in step.node.outputs}
        arriving = {suffix: cotangents[name] for name, suffix in outputs.items() if name in cotangents}
        if arriving:
            _backward(step, arriving, cotangents, parameters)
        if not keep:  # all nodes that read these values have been visited
            for name in outputs:
                cotangents.pop(name, None)


def _backward(step: EvaluatedNode, dy: dict[str, Array], cotangents: dict[str, Array], parameters: dict[str, Array]) -> None:
    node = step.node
    if step.alone and (node.op not in TABLE or Op(TABLE[node.op]).batched):
        dy = {suffix: array[None] for suffix, array in dy.items()}
    if node.op == "scan":
        for name, gradient in scan.backward(step.run, node, step.saved, dy, parameters, walk=backward).items():
            _add(step, cotangents, name, gradient)
        return
    gradients = TABLE[node.op].vjp(step.run, step.saved, dy if len(node.outputs) > 1 else dy[""])
    if missing := {*step.differentiable, *node.parameters} - set(gradients):
        raise ValueError(f"{node.op} ({node.name}): vjp gives no gradient of {', '.join(sorted(missing))}")
    for role in step.differentiable:
        source, gradient = node.inputs[role], gradients[role]
        pairs = [(source, gradient)] if isinstance(source, str) else zip(source, gradient, strict=True)
        for name, item in pairs:
            _add(step, cotangents, name, step.run.sum(item, 0) if name in step.lifted else item)
    for role, name in node.parameters.items():
        _add(step, parameters, name, gradients[role])


def _add(step: EvaluatedNode, totals: dict[str, Array], name: str, gradient: Array) -> None:
    accumulate(totals, name, checked(step.run, step.node, gradient))
    totals[name] = step.rounding(totals[name])
