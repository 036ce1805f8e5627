"""Owns rnn, lstm, gru, gru_cell and scan.

It refuses other gate orders: MXNet's are the spec's (input, forget, cell, output; reset, update, new). A whole sequence runs
in the fused native layer. A stack with dropout between layers, or a gru with lengths, runs in one fused layer per layer (on
CPU the fused layer drops nothing in float32). An lstm with lengths runs in native cells (the fused layer takes lengths on
GPUs only, and gives only the last cell state).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from parity.mxnet_impl.device import mxnet
from parity.mxnet_impl.wiring import Block, Held, Layer, Site, Tensor, Use, tensor, zeros
from parity.spec.graph import Node, Shape

rnn = mxnet.gluon.rnn
ROLES = {"kernel": "i2h_weight", "recurrent_kernel": "h2h_weight", "bias": "i2h_bias", "recurrent_bias": "h2h_bias"}


def form(node: Node) -> str:
    """How a node runs: fused (all layers at once), stack (a fused layer per layer), cells, or before (a gru of operators)."""
    if node.attributes.get("reset") == "before":
        return "before"
    if node.op == "gru_cell" or (node.op == "lstm" and "lengths" in node.inputs):
        return "cells"
    dropped = node.attributes.get("layers", 1) > 1 and node.attributes.get("dropout") and not node.evaluate
    return "stack" if dropped or "lengths" in node.inputs or "mask" in node.inputs else "fused"


def natives(node: Node) -> Mapping[str, str]:
    """Role -> path; `a+b` where the spec has one bias and MXNet has two, of which the second stays zero."""
    inner = {"fused": "l{}_", "stack": "layer{}.l0_", "cells": "layer{}.", "before": "layer{}."}[form(node)]
    alone = node.op in ("rnn", "lstm") and not node.attributes["recurrent_bias"]
    paths = {}
    for layer in range(node.attributes["layers"]):
        path = inner.format(layer)
        for role, name in ROLES.items():
            paths[f"layer{layer}.{role}"] = path + name
        if alone:
            paths[f"layer{layer}.bias"] = f"{path}i2h_bias+{path}h2h_bias"
    return paths


def build(site: Site) -> Block:
    kind, units, layers = form(site.node), site["units"], site["layers"]
    if kind == "fused":
        return _fused(site, layers, site.x[-1], **site.naming)
    block = Held(site.naming)
    for layer in range(layers):
        size = site.x[-1] if layer == 0 else units
        name = f"layer{layer}"
        setattr(block, name, _one(site, kind, size, f"{block.prefix}{name}_"))
    return block


def _fused(site: Site, layers: int, size: int, **more: object) -> Block:
    native = {"rnn": partial(rnn.RNN, activation="tanh"), "lstm": rnn.LSTM, "gru": rnn.GRU}[site.node.op]
    return native(site["units"], layers, layout="NTC", input_size=size, dtype=site.dtype, **more)


def _one(site: Site, kind: str, size: int, prefix: str) -> Block:
    if kind == "stack":
        return _fused(site, 1, size, prefix=prefix)
    if kind == "cells":
        native = rnn.LSTMCell if site.node.op == "lstm" else rnn.GRUCell
        return native(site["units"], input_size=size, prefix=prefix)
    block, units = Held({"prefix": prefix}), site["units"]
    block.hold("i2h_weight", (3 * units, size))
    block.hold("h2h_weight", (3 * units, units))
    block.hold("i2h_bias", (3 * units,))
    return block


def sequence(use: Use) -> dict[str, Tensor]:
    """rnn, lstm and gru: the outputs over time, and the last valid states (batch, layers, units)."""
    F, layers, kind = use.F, use["layers"], form(use.site.node)
    x, lengths = use.x, use.inputs.get("lengths")
    starts = _starts(use, layers)
    if kind == "fused":
        x, states = use.block(x, [F.transpose(start, axes=(1, 0, 2)) for start in starts])
        ends = [F.transpose(state, axes=(1, 0, 2)) for state in states]
        return dict(zip(("", "state", "cell"), (x, *ends), strict=False))
    finals = []
    for layer in range(layers):
        if layer:
            x = use.drop(x, use["dropout"], _layer_mask(use, layer))
        native = getattr(use.block, f"layer{layer}")
        x, final = _run(use, native, x, [_layer(use, start, layer) for start in starts])
        finals.append(final)
    if lengths is not None:
        x = F.SequenceMask(x, _ends(use), use_sequence_length=True, axis=1)
    ends = [F.stack(*parts, axis=1) for parts in zip(*finals, strict=True)]
    return dict(zip(("", "state", "cell"), (x, *ends), strict=False))


def _ends(use: Use) -> Tensor:
    return use.F.cast(use.inputs["lengths"], dtype=use.site.dtype)


def _starts(use: Use, layers: int) -> list[Tensor]:
    roles = ("initial_state", "initial_cell") if use.site.node.op == "lstm" else ("initial_state",)
    blank = zeros(use, use.x, (layers, use["units"]))
    return [use.inputs.get(role, blank) for role in roles]


def _layer(use: Use, values: Tensor, layer: int) -> Tensor:
    """The part (batch, …) of one layer in values (batch, layers, …)."""
    return use.F.squeeze(use.F.slice_axis(values, axis=1, begin=layer, end=layer + 1), axis=1)


def _layer_mask(use: Use, layer: int) -> Tensor | None:
    """The dropout mask of a layer's input, or None where native dropout draws it."""
    mask = use.inputs.get("mask")
    return None if mask is None else _layer(use, mask, layer - 1)


def _run(use: Use, native: Block, x: Tensor, starts: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
    """Runs one layer over time. Gives its outputs, and the last valid states (batch, units)."""
    F, kind, time = use.F, form(use.site.node), use.site.x[0]
    bounded = "lengths" in use.inputs
    if kind == "cells":
        y, finals = native.unroll(time, x, starts, "NTC", True, _ends(use) if bounded else None)
        return y, finals
    if kind == "stack":
        y, states = native(x, [F.expand_dims(start, axis=0) for start in starts])
        finals = [F.squeeze(state, axis=0) for state in states]
    else:
        y = _reset_before(use, native, x, starts[0])
        finals = [_time(use, y, time - 1)]
    if bounded:  # the state of an rnn or a gru is its output
        finals = [F.SequenceLast(y, _ends(use), use_sequence_length=True, axis=1)]
    return y, finals


def _time(use: Use, x: Tensor, time: int) -> Tensor:
    return use.F.squeeze(use.F.slice_axis(x, axis=1, begin=time, end=time + 1), axis=1)


def _reset_before(use: Use, native: Block, x: Tensor, state: Tensor) -> Tensor:
    """A gru that resets before the recurrent product at every time step; MXNet's own resets after the product only."""
    F, units = use.F, use["units"]
    kernel, bias = tensor(use, native.i2h_weight), tensor(use, native.i2h_bias)
    projected = F.FullyConnected(x, kernel, bias, num_hidden=3 * units, flatten=False)
    outputs = []
    for time in range(use.site.x[0]):
        state = _step_before(use, native, _time(use, projected, time), state)
        outputs.append(state)
    return F.stack(*outputs, axis=1)


def _step_before(use: Use, native: Block, projected: Tensor, state: Tensor) -> Tensor:
    F, units = use.F, use["units"]
    kernel = tensor(use, native.h2h_weight)
    gating = F.slice_axis(kernel, axis=0, begin=0, end=2 * units)
    renewing = F.slice_axis(kernel, axis=0, begin=2 * units, end=3 * units)
    recurrent = F.FullyConnected(state, gating, num_hidden=2 * units, no_bias=True)
    gates = F.sigmoid(F.slice_axis(projected, axis=1, begin=0, end=2 * units) + recurrent)
    reset = F.slice_axis(gates, axis=1, begin=0, end=units)
    update = F.slice_axis(gates, axis=1, begin=units, end=2 * units)
    kept = F.FullyConnected(reset * state, renewing, num_hidden=units, no_bias=True)
    new = F.tanh(F.slice_axis(projected, axis=1, begin=2 * units, end=3 * units) + kept)
    return (1 - update) * new + update * state


def gru_cell(use: Use) -> dict[str, Tensor]:
    """One time step of a stack of cells: x (batch, features), state (batch, layers, units)."""
    F, x, finals = use.F, use.x, []
    for layer in range(use["layers"]):
        if layer:
            x = use.drop(x, use["dropout"], _layer_mask(use, layer))
        native, state = getattr(use.block, f"layer{layer}"), _layer(use, use.inputs["state"], layer)
        if form(use.site.node) == "before":
            kernel, bias = tensor(use, native.i2h_weight), tensor(use, native.i2h_bias)
            x = _step_before(use, native, F.FullyConnected(x, kernel, bias, num_hidden=3 * use["units"]), state)
        else:
            x, _ = native(x, [state])
        finals.append(x)
    return {"": F.identity(x), "state": F.stack(*finals, axis=1)}


def scan(use: Use) -> dict[str, Tensor]:
    """Runs the body's nodes once per time step, unrolled as Gluon's own cells are; the compiled program is one graph."""
    F, body = use.F, use.site.node.body
    assert body is not None  # noqa: S101 - a scan has one
    outer, shapes = use.inputs, use.site.shapes
    state = {name: outer[source] for name, source in body.state.items()}
    outputs = []
    for time in range(use.site.node.outputs[""][0]):
        values = {name: outer[name] for name in body.captured} | state
        values |= {name: _time(use, outer[source], time) for name, source in body.sequences.items() if source in outer}
        use.walk(body.nodes, values, inner_shapes(use.site.node, shapes))
        outputs.append(values[body.output])
        state = {name: values[source] for name, source in body.next.items()}
    ends = {suffix: state[suffix] for suffix in use.site.node.outputs if suffix}
    return {"": F.stack(*outputs, axis=1), **{suffix: F.identity(end) for suffix, end in ends.items()}}


def inner_shapes(node: Node, shapes: Mapping[str, Shape]) -> dict[str, Shape]:
    """Shapes of the values that a scan's body reads, and of its nodes' values."""
    body = node.body
    assert body is not None  # noqa: S101 - a scan has one
    inner = {name: tuple(shapes[name]) for name in body.captured}
    inner |= {name: tuple(shapes[source]) for name, source in body.state.items()}
    inner |= {name: tuple(shapes[source][1:]) for name, source in body.sequences.items()}
    for child in body.nodes:
        inner |= {child.value(suffix): shape for suffix, shape in child.outputs.items()}
    return inner


LAYERS: Mapping[str, Layer] = {
    "gru": Layer(sequence, build, natives),
    "gru_cell": Layer(gru_cell, build, natives),
    "lstm": Layer(sequence, build, natives),
    "rnn": Layer(sequence, build, natives),
    "scan": Layer(scan),
}
