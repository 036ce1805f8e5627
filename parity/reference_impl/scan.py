"""Owns the scan: a body of nodes repeated over time, and its gradients by backpropagation through time.

It refuses to evaluate a node: the caller passes in the walk of a list of nodes, forward or backward.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from parity.ops.definition import Array, Run
from parity.reference_impl.walk_state import EvaluatedNode, Frame, Tape, accumulate
from parity.spec.graph import Body, Node

Forward = Callable[[Frame, Iterable[Node]], list[EvaluatedNode]]
Backward = Callable[[list[EvaluatedNode], dict[str, Array], dict[str, Array]], None]


def _body(node: Node) -> Body:
    if node.body is None:
        raise ValueError(f"scan ({node.name}) has no body")
    return node.body


def forward(frame: Frame, node: Node, values: Mapping[str, Array], walk: Forward) -> tuple[dict[str, Array], Tape]:
    """given: outer name -> array with a batch axis. Captured values enter as they are, with or without a batch.

    Outputs: the body's output stacked over time, and under the name of a state its last value, if the node asks for it.
    """
    body = _body(node)
    sequences = {inner: values[outer] for inner, outer in body.sequences.items()}
    states = {inner: values[outer] for inner, outer in body.state.items()}
    captured = {name: frame.values[name] for name in body.captured}
    batched = {name: frame.batched[name] for name in captured} | dict.fromkeys([*sequences, *states], True)
    own = f"{node.name}."  # outside the scan, a node of its body is called SCAN.NODE
    times, outputs = [], []
    for time in range(_length(node, sequences)):
        here = {inner: array[:, time] for inner, array in sequences.items()}
        branches = {
            name.removeprefix(own): _at(branch, time) for name, branch in frame.branches.items() if name.startswith(own)
        }
        inside = replace(frame, values={**captured, **here, **states}, batched=batched, branches=branches)
        times.append(walk(inside, body.nodes))
        width = len(next(iter(here.values())))
        outputs.append(_stretched(inside, body.output, width))
        states = {inner: _stretched(inside, name, width) for inner, name in body.next.items()}
    lifted = frozenset(name for name in [*body.sequences.values(), *body.state.values()] if not frame.batched[name])
    unbatched = frozenset(name for name, flag in batched.items() if not flag)
    whole = {"": np.stack(outputs, axis=1), **states}
    return {suffix: whole[suffix] for suffix in node.outputs}, Tape(times, sequences, lifted, unbatched)


def _length(node: Node, sequences: Mapping[str, Array]) -> int:
    lengths = {inner: array.shape[1] for inner, array in sequences.items()}
    if len(set(lengths.values())) != 1:
        raise ValueError(f"scan ({node.name}): sequences of different lengths: {lengths}")
    return int(next(iter(lengths.values())))


def _at(branch: Any, time: int) -> Any:
    """The dictated branch at one time. A formula has several arrays, in order."""
    return branch[:, time] if isinstance(branch, np.ndarray) else tuple(item[:, time] for item in branch)


def _stretched(inside: Frame, name: str, width: int) -> Array:
    """A value of the body with a batch axis, even if it was computed from values without a batch."""
    value = inside.values[name]
    return value if inside.batched[name] else np.broadcast_to(value, (width, *value.shape))


def backward(
    run: Run, node: Node, tape: Tape, dy: Mapping[str, Array], parameters: dict[str, Array], *, walk: Backward
) -> dict[str, Array]:
    """Gradients by outer name, each in the shape of its own value. Gradients of parameters are added in place."""
    body = _body(node)
    dstates = {inner: dy[inner] for inner in body.state if inner in dy}
    floats = [inner for inner, array in tape.sequences.items() if array.dtype.kind in "fc"]
    slices: dict[str, list[Array]] = {inner: [] for inner in floats}
    dcaptured: dict[str, Array] = {}
    for time, steps in reversed(list(enumerate(tape.times))):
        cotangents = dict(dcaptured)
        arriving = [(body.next[inner], gradient) for inner, gradient in dstates.items()]
        if "" in dy:
            arriving.append((body.output, dy[""][:, time]))
        for name, gradient in arriving:
            accumulate(cotangents, name, run.sum(gradient, 0) if name in tape.unbatched else gradient)
        walk(steps, cotangents, parameters)
        dstates = {inner: cotangents[inner] for inner in body.state if inner in cotangents}
        dcaptured = {name: cotangents[name] for name in body.captured if name in cotangents}
        for inner in floats:
            slices[inner].append(cotangents.get(inner, np.zeros_like(tape.sequences[inner][:, time])))
    gradients = dict(dcaptured)
    ends = [(body.state[inner], gradient) for inner, gradient in dstates.items()]
    ends += [(body.sequences[inner], np.stack(slices[inner][::-1], axis=1)) for inner in floats]
    for outer, gradient in ends:
        accumulate(gradients, outer, run.sum(gradient, 0) if outer in tape.lifted else gradient)
    return gradients
