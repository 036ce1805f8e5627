"""Owns what all recurrent ops share: their parameters, and the walk of a stack of cells over time, forward and backward.

It refuses to know a cell's equations: the step functions of lstm, gru and rnn hold them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from parity.ops.definition import Array, ParameterRule, Run, Shape, ShapeError

Arrays = tuple[Array, ...]
Step = Callable[[Run, Array, Arrays, Array, Array | None], tuple[Arrays, Arrays, Any]]
StepVjp = Callable[[Run, Any, Arrays], tuple[Array, Array, Arrays]]


def check_sequence(x: Shape, lengths: Shape | None) -> None:
    if len(x) != 2:
        raise ShapeError(f"needs (time, features), has {x}")
    if lengths is not None and lengths != ():
        raise ShapeError(f"takes one length per example, has lengths of shape {lengths}")


def check_state(role: str, shape: Shape | None, layers: int, units: int) -> None:
    if shape is not None and shape != (layers, units):
        raise ShapeError(f"needs {role} of shape (layers, units) = {(layers, units)}, has {shape}")


def parameters(features: int, gates: int, units: int, layers: int, recurrent_bias: bool) -> Iterator[ParameterRule]:
    """The parameters of all layers. Kernels are (gates·units, inputs). Fans are those of the whole matrix, as
    every framework's initializer sees it."""
    rows = gates * units
    for layer in range(layers):
        size = features if layer == 0 else units
        yield ParameterRule(f"layer{layer}.kernel", (rows, size), "kernel", fan_in=size, fan_out=rows)
        yield ParameterRule(f"layer{layer}.recurrent_kernel", (rows, units), "recurrent_kernel", fan_in=units, fan_out=rows)
        yield ParameterRule(f"layer{layer}.bias", (rows,), "bias")
        if recurrent_bias:
            yield ParameterRule(f"layer{layer}.recurrent_bias", (rows,), "recurrent_bias")


def step_flops(features: int, gates: int, units: int, layers: int, *, biases: int, elementwise: int) -> int:
    """FLOPs of one time step of a stack: two products, their sum, the biases, and `elementwise` operations per unit."""
    sizes = [features] + [units] * (layers - 1)
    return sum(gates * units * (2 * (size + units) + 1 + biases) + elementwise * units for size in sizes)


def needed_mask(run: Run, op: str, mask: Array | None, dropout: float, layers: int) -> Array | None:
    """The dropout mask between layers, if dropout applies. The reference never draws one."""
    if not (run.training and dropout and layers > 1):
        return None
    if mask is None:
        raise ValueError(f"{op}: dropout {dropout} in training needs a mask; the reference never draws")
    return mask


@dataclass(frozen=True)
class LayerRecord:
    """What one layer saves for its backward pass. steps, operands: one entry per time step; valid: (batch, time) or None."""

    x: Array
    kernel: Array
    recurrent_kernel: Array
    recurrent_bias: bool
    steps: list[Any]
    operands: list[Arrays]
    valid: Array | None


def forward(
    run: Run,
    step: Step,
    x: Array,
    starts: Arrays,
    values: Mapping[str, Array],
    *,
    lengths: Array | None,
    mask: Array | None,
) -> tuple[Array, Arrays, Any]:
    """x (batch, time, features) and initial states (batch, layers, units) -> y (batch, time, units), last states, saved."""
    valid = None if lengths is None else np.arange(x.shape[1]) < lengths[:, None]
    saved, ends = [], []
    for layer in range(starts[0].shape[1]):
        if layer and mask is not None:
            x = x * mask[:, layer - 1]
        prefix = f"layer{layer}."
        part = {role.removeprefix(prefix): array for role, array in values.items() if role.startswith(prefix)}
        x, end, kept = _layer(run, step, x, tuple(start[:, layer] for start in starts), part, valid=valid)
        saved.append(kept)
        ends.append(end)
    finals = tuple(np.stack(states, axis=1) for states in zip(*ends, strict=True))
    return x, finals, (saved, mask)


def _layer(
    run: Run, step: Step, x: Array, states: Arrays, part: Mapping[str, Array], *, valid: Array | None
) -> tuple[Array, Arrays, LayerRecord]:
    kernel, recurrent, bias = part["kernel"], part["recurrent_kernel"], part.get("recurrent_bias")
    projected = run.matmul(x, kernel.T) + part["bias"]
    outputs, steps, operands = [], [], []
    for time in range(x.shape[1]):
        new, operand, saved = step(run, projected[:, time], states, recurrent, bias)
        output = new[0]
        if valid is not None:
            here = valid[:, time, None]
            output = np.where(here, output, run.number(0))
            new = tuple(np.where(here, after, before) for after, before in zip(new, states, strict=True))
        states = new
        outputs.append(output)
        steps.append(saved)
        operands.append(operand)
    return np.stack(outputs, axis=1), states, LayerRecord(x, kernel, recurrent, bias is not None, steps, operands, valid)


def vjp(
    run: Run, step_vjp: StepVjp, saved: Any, dy: Array | None, dends: tuple[Array | None, ...]
) -> tuple[Array, Arrays, dict[str, Array]]:
    """Gradients of x, of the initial states (batch, layers, units), and of the parameters by role."""
    layers, mask = saved
    batch, time = layers[0].x.shape[:2]
    units = layers[0].recurrent_kernel.shape[1]
    dx = np.zeros((batch, time, units), run.dtype) if dy is None else dy
    blank = np.zeros((batch, len(layers), units), run.dtype)
    dfinals = tuple(blank if dend is None else dend for dend in dends)
    gradients: dict[str, Array] = {}
    dstarts: list[Arrays] = []
    for place in reversed(range(len(layers))):
        layer = layers[place]
        dprojected, drecurrent, dstart = _layer_back(run, step_vjp, layer, dx, tuple(d[:, place] for d in dfinals))
        for role, gradient in _parameter_gradients(run, layer, dprojected, drecurrent).items():
            gradients[f"layer{place}.{role}"] = gradient
        dx = run.matmul(dprojected, layer.kernel)
        if place and mask is not None:
            dx = dx * mask[:, place - 1]
        dstarts.insert(0, dstart)
    return dx, tuple(np.stack(states, axis=1) for states in zip(*dstarts, strict=True)), gradients


def _layer_back(run: Run, step_vjp: StepVjp, layer: LayerRecord, dy: Array, dstates: Arrays) -> tuple[Array, Array, Arrays]:
    """The backward pass through time. Gives the gradients of W·x + b and of the recurrent product, (batch,
    time, rows), and of the initial states."""
    along, recurrent = [], []
    zero = run.number(0)
    for time in reversed(range(dy.shape[1])):
        arriving = (dstates[0] + dy[:, time], *dstates[1:])
        if layer.valid is not None:  # a step beyond the length passes its state on unchanged
            here = layer.valid[:, time, None]
            passed = tuple(np.where(here, zero, dstate) for dstate in dstates)
            arriving = tuple(np.where(here, dstate, zero) for dstate in arriving)
        dprojected, drecurrent, dstates = step_vjp(run, layer.steps[time], arriving)
        if layer.valid is not None:
            dstates = tuple(before + through for before, through in zip(dstates, passed, strict=True))
        along.append(dprojected)
        recurrent.append(drecurrent)
    return np.stack(along[::-1], axis=1), np.stack(recurrent[::-1], axis=1), dstates


def _parameter_gradients(run: Run, layer: LayerRecord, dprojected: Array, drecurrent: Array) -> dict[str, Array]:
    """The gradients of the parameters by role. The recurrent kernel's rows form as many equal blocks as there are operands
    (three for `reset: before`)."""
    rows, recurrent_rows = _rows(dprojected), _rows(drecurrent)
    met = [_rows(np.stack(operand, axis=1)) for operand in zip(*layer.operands, strict=True)]
    blocks = np.split(recurrent_rows, len(met), axis=-1)
    gradients = {
        "kernel": run.matmul(rows.T, _rows(layer.x)),
        "recurrent_kernel": np.concatenate([run.matmul(d.T, h) for d, h in zip(blocks, met, strict=True)]),
        "bias": run.sum(rows, 0),
    }
    if layer.recurrent_bias:
        gradients["recurrent_bias"] = run.sum(recurrent_rows, 0)
    return gradients


def _rows(x: Array) -> Array:
    return x.reshape(-1, x.shape[-1])
