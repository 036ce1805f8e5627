"""Owns recurrent layers in MindSpore: stacks of nn.RNN, nn.LSTM, nn.GRU, nn.GRUCell in the spec's state layout, and the scan.

It refuses to wire them into programs. States are (batch, layers, units) outside and (layers, batch, units) in MindSpore.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mindspore
import numpy as np
from mindspore import nn, ops

from parity.execution.protocol import Move, ParameterLayout, ZeroPartner
from parity.mindspore_impl.wiring import EMPTY, Layer, Site, Tensor
from parity.spec.graph import Node


class MaskDropout(nn.Cell):  # type: ignore[misc]
    """In training, the product with a mask of 0 and 1/(1 - rate) that the case brings."""

    def construct(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        if self.training:
            return x * mask
        return x


class StackDropout(nn.Dropout):  # type: ignore[misc]
    """nn.Dropout with the call of MaskDropout."""

    def construct(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        return super().construct(x)


class Recurrent(nn.Cell):  # type: ignore[misc]
    """A native nn.RNN, nn.LSTM or nn.GRU, batch first. Gives y (batch, time, units) and last states (batch, layers, units)."""

    def __init__(self, native: nn.Cell, layers: int, units: int, states: int, dtype: Any) -> None:
        super().__init__(auto_prefix=False)
        self.native, self.size, self.states, self.dtype = native, (layers, units), states, dtype

    def construct(self, x: Tensor, *rest: Tensor | None) -> Any:
        """rest: the initial state (two states for nn.LSTM) and the lengths; None for each that is missing."""
        starts = EMPTY
        for place in range(self.states):
            start = rest[place]
            if start is None:
                starts = (*starts, ops.zeros((self.size[0], x.shape[0], self.size[1]), self.dtype))
            else:
                starts = (*starts, ops.swapaxes(start, 0, 1))
        lengths = rest[self.states]
        if self.states == 1:
            y, end = self.native(x, starts[0], lengths)
            return y, ops.swapaxes(end, 0, 1)
        y, ends = self.native(x, starts, lengths)
        return y, ops.swapaxes(ends[0], 0, 1), ops.swapaxes(ends[1], 0, 1)


class ResetBeforeGru(nn.Cell):  # type: ignore[misc]
    """A GRU layer whose reset gate acts before the recurrent product: tanh(W·x + b + U·(r·h)). MindSpore has no such layer."""

    def __init__(self, features: int, units: int, dtype: Any) -> None:
        super().__init__(auto_prefix=False)
        self.weight_ih = _blank((3 * units, features), dtype)
        self.weight_hh = _blank((3 * units, units), dtype)
        self.bias_ih = _blank((3 * units,), dtype)
        self.units, self.dtype, self.one = units, dtype, mindspore.Tensor(1.0, dtype)

    def construct(self, x: Tensor, start: Tensor | None, lengths: Tensor | None) -> Any:
        hidden = ops.zeros((x.shape[0], self.units), self.dtype) if start is None else start[:, 0]
        outputs = EMPTY
        for time in range(x.shape[1]):
            new = self.step(x[:, time], hidden)
            output = new
            if lengths is not None:
                here = ops.expand_dims(lengths > time, 1)
                output = new * here.astype(self.dtype)
                new = ops.where(here, new, hidden)
            hidden = new
            outputs = (*outputs, output)
        return ops.stack(outputs, 1), ops.expand_dims(hidden, 1)

    def step(self, x: Tensor, hidden: Tensor) -> Tensor:
        units = self.units
        projected = ops.matmul(x, self.weight_ih.T) + self.bias_ih
        gates = ops.matmul(hidden, self.weight_hh[: 2 * units].T)
        r = ops.sigmoid(projected[:, :units] + gates[:, :units])
        z = ops.sigmoid(projected[:, units : 2 * units] + gates[:, units:])
        n = ops.tanh(projected[:, 2 * units :] + ops.matmul(r * hidden, self.weight_hh[2 * units :].T))
        return (self.one - z) * n + z * hidden


class Stack(nn.Cell):  # type: ignore[misc]
    """Stacked layers with dropout between them; a dropout mask from the case is (batch, layers-1, time, units)."""

    def __init__(self, layers: Sequence[nn.Cell], states: int, dropout: nn.Cell) -> None:
        super().__init__(auto_prefix=False)
        self.layers = nn.CellList(list(layers), auto_prefix=False)
        self.states, self.dropout = states, dropout

    def construct(self, x: Tensor, *rest: Tensor | None) -> Any:
        """rest: the initial states, the lengths, the mask."""
        lengths, mask = rest[self.states], rest[self.states + 1]
        first, second = EMPTY, EMPTY
        for place in range(len(self.layers)):
            if place > 0:
                x = self.dropout(x, None if mask is None else mask[:, place - 1])
            starts = EMPTY
            for state in range(self.states):
                start = rest[state]
                starts = (*starts, None if start is None else start[:, place : place + 1])
            found = self.layers[place](x, *starts, lengths)
            x = found[0]
            first = (*first, found[1])
            second = (*second, found[-1])
        if self.states == 1:
            return x, ops.cat(first, 1)
        return x, ops.cat(first, 1), ops.cat(second, 1)


class GruCells(nn.Cell):  # type: ignore[misc]
    """A stack of nn.GRUCell (or of single steps of ResetBeforeGru): x (batch, features), state (batch, layers, units)."""

    def __init__(self, cells: Sequence[nn.Cell], before: bool, dropout: nn.Cell) -> None:
        super().__init__(auto_prefix=False)
        self.cells_list = nn.CellList(list(cells), auto_prefix=False)
        self.before, self.dropout = before, dropout

    def construct(self, x: Tensor, state: Tensor, mask: Tensor | None) -> Any:
        ends = EMPTY
        for place in range(len(self.cells_list)):
            if place > 0:
                x = self.dropout(x, None if mask is None else mask[:, place - 1])
            cell = self.cells_list[place]
            x = cell.step(x, state[:, place]) if self.before else cell(x, state[:, place])
            ends = (*ends, x)
        return x, ops.stack(ends, 1)


class Scan(nn.Cell):  # type: ignore[misc]
    """A loop over time around a body: body(slices…, states…, captured…) -> (output, next states…).

    ends: positions of the states whose last values follow the stacked outputs.
    """

    def __init__(self, inner: nn.Cell, body: nn.Cell, sequences: int, states: int, ends: tuple[int, ...]) -> None:
        super().__init__(auto_prefix=False)
        self.inner, self.body, self.ends = inner, body, ends
        self.sequences, self.states = sequences, states

    def construct(self, *inputs: Tensor | None) -> Any:
        batch, times = 1, 1
        for place in range(self.sequences + self.states):
            item = inputs[place]
            if item is not None:
                batch = max(batch, item.shape[0])
                if place < self.sequences:
                    times = max(times, item.shape[1])
        states = EMPTY
        for place in range(self.states):
            states = (*states, stretched(inputs[self.sequences + place], batch))
        captured = inputs[self.sequences + self.states :]
        outputs = EMPTY
        for time in range(times):
            slices = EMPTY
            for place in range(self.sequences):
                item = inputs[place]
                slices = (*slices, None if item is None else stretched(item, batch)[:, time])
            found = self.body(*slices, *states, *captured)
            outputs = (*outputs, stretched(found[0], batch))
            states = found[1:]
        results = (*EMPTY, ops.stack(outputs, 1))
        for place in self.ends:
            results = (*results, states[place])
        return results if len(self.ends) > 0 else results[0]


def stretched(value: Tensor, batch: int) -> Tensor:
    """The value, repeated for every example if it has no batch."""
    return value if value.shape[0] == batch else ops.broadcast_to(value, (batch, *value.shape[1:]))


def _blank(shape: Sequence[int], dtype: Any) -> mindspore.Parameter:
    return mindspore.Parameter(mindspore.Tensor(np.zeros(tuple(shape)), dtype))


def rnn(site: Site) -> Layer:
    """One nn.RNN for the stack; one per layer where the case has dropout masks."""
    return Layer(_stacked(nn.RNN, 1, site), ("x", "initial_state", "lengths", "mask"), outputs=("", "state"))


def lstm(site: Site) -> Layer:
    """One nn.LSTM for the stack; one per layer where the case has dropout masks."""
    roles = ("x", "initial_state", "initial_cell", "lengths", "mask")
    return Layer(_stacked(nn.LSTM, 2, site), roles, outputs=("", "state", "cell"))


def gru(site: Site) -> Layer:
    """One nn.GRU for the stack; one per layer where the case has dropout masks; or ResetBeforeGru."""
    roles = ("x", "initial_state", "lengths", "mask")
    if site["reset"] == "after":
        return Layer(_stacked(nn.GRU, 1, site), roles, outputs=("", "state"))
    layers = [ResetBeforeGru(size, site["units"], site.dtype) for size in _sizes(site)]
    return Layer(Stack(layers, 1, _dropout(site)), roles, outputs=("", "state"))


def _stacked(native: type[nn.Cell], states: int, site: Site) -> nn.Cell:
    units, made = site["units"], {"batch_first": True, "dtype": site.dtype}
    if site.masked:
        layers = [Recurrent(native(size, units, **made), 1, units, states, site.dtype) for size in _sizes(site)]
        return Stack(layers, states, _dropout(site))
    dropout = site["dropout"] if site["layers"] > 1 else 0.0
    whole = native(site.x[-1], units, site["layers"], dropout=dropout, **made)
    return Recurrent(whole, site["layers"], units, states, site.dtype)


def _dropout(site: Site) -> nn.Cell:
    return MaskDropout() if site.masked else StackDropout(p=site["dropout"])


def gru_cell(site: Site) -> Layer:
    before = site["reset"] != "after"
    kind = ResetBeforeGru if before else nn.GRUCell
    cells = [kind(size, site["units"], dtype=site.dtype) for size in _sizes(site)]
    return Layer(GruCells(cells, before, _dropout(site)), ("x", "state", "mask"), outputs=("", "state"))


def _sizes(site: Site) -> list[int]:
    """The number of input features of each layer of a stack."""
    return [site.x[-1]] + [site["units"]] * (site["layers"] - 1)


LISTS = {"kernel": "w_ih_list", "recurrent_kernel": "w_hh_list", "bias": "b_ih_list", "recurrent_bias": "b_hh_list"}
NATIVE = {"kernel": "weight_ih", "recurrent_kernel": "weight_hh", "bias": "bias_ih", "recurrent_bias": "bias_hh"}
GATES = {"rnn": 1, "lstm": 4}
"""Layer whose second bias the spec may lack -> number of gates in that bias."""


def layout(node: Node, prefix: str) -> list[ParameterLayout]:
    """MindSpore's layers always have a second bias, which stays zero where the spec has none."""
    layouts = []
    for role, name in node.parameters.items():
        layer, kind = role.split(".")
        place = int(layer.removeprefix("layer"))
        native, moves = [f"{prefix}.{_path(node, place, kind)}"], list[Move]()
        if kind == "bias" and node.op in GATES and not node.attributes["recurrent_bias"]:
            native.append(f"{prefix}.{_path(node, place, 'recurrent_bias')}")
            moves.append(ZeroPartner((GATES[node.op] * int(node.attributes["units"]),)))
        layouts.append(ParameterLayout((name,), tuple(native), tuple(moves)))
    return layouts


def _path(node: Node, layer: int, kind: str) -> str:
    """The path of one layer's array in the cells that the functions above build."""
    before = node.attributes.get("reset") == "before"
    if node.op == "gru_cell":
        return f"cells_list.{layer}.{NATIVE[kind]}"
    if before:
        return f"layers.{layer}.{NATIVE[kind]}"
    return f"layers.{layer}.native.{LISTS[kind]}.0" if "mask" in node.inputs else f"native.{LISTS[kind]}.{layer}"
