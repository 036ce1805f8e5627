"""Owns recurrent layers in torch: stacks of nn.RNN, nn.LSTM, nn.GRU, nn.GRUCell in the spec's state layout, and the scan.

It refuses to wire them into programs. States are (batch, layers, units) outside and (layers, batch, units) in torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from parity.execution.protocol import Move, ParameterLayout, ZeroPartner
from parity.spec.graph import Node
from parity.torch_impl.wiring import Layer, Site


class Dropout(nn.Dropout):  # type: ignore[misc]
    """nn.Dropout; where the case has a mask of 0 and 1/(1 - rate), the product with that mask in training."""

    def __init__(self, rate: float, dictated: bool) -> None:
        super().__init__(rate)
        self.given = dictated

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        if not self.given:
            return super().forward(x)
        if not self.training:
            return x
        if mask is None:
            raise ValueError("the case brings the masks of dropout, and this batch has none")
        return x * mask


class Recurrent(nn.Module):  # type: ignore[misc]
    """A native nn.RNN, nn.LSTM or nn.GRU, batch first. Gives y (batch, time, units) and last states (batch, layers, units)."""

    def __init__(self, native: nn.RNNBase) -> None:
        super().__init__()
        self.native = native

    def forward(self, x: Tensor, *rest: Tensor | None) -> tuple[Tensor, ...]:
        """rest: the initial state (two states for nn.LSTM) and the lengths; None for each that is missing."""
        *starts, lengths = rest
        y, ends = self.native(self._packed(x, lengths), self._started(x, starts))
        if lengths is not None:
            y, _ = pad_packed_sequence(y, batch_first=True, total_length=x.shape[1])
        ends = ends if isinstance(ends, tuple) else (ends,)
        return (y, *(end.transpose(0, 1) for end in ends))

    def _packed(self, x: Tensor, lengths: Tensor | None) -> Any:
        if lengths is None:
            return x
        return pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)

    def _started(self, x: Tensor, starts: Sequence[Tensor | None]) -> Any:
        if all(start is None for start in starts):
            return None  # torch starts from zeros
        blank = x.new_zeros(self.native.num_layers, len(x), self.native.hidden_size)
        states = tuple(blank if start is None else start.transpose(0, 1).contiguous() for start in starts)
        return states if len(states) > 1 else states[0]


class ResetBeforeGru(nn.Module):  # type: ignore[misc]
    """A GRU layer whose reset gate acts before the recurrent product: tanh(W·x + b + U·(r·h)). torch has no such layer."""

    def __init__(self, features: int, units: int) -> None:
        super().__init__()
        self.weight_ih_l0 = nn.Parameter(torch.empty(3 * units, features))
        self.weight_hh_l0 = nn.Parameter(torch.empty(3 * units, units))
        self.bias_ih_l0 = nn.Parameter(torch.empty(3 * units))
        for tensor in self.parameters():
            nn.init.uniform_(tensor, -(units**-0.5), units**-0.5)
        self.units = units

    def forward(self, x: Tensor, start: Tensor | None, lengths: Tensor | None) -> tuple[Tensor, Tensor]:
        hidden = x.new_zeros(len(x), self.units) if start is None else start[:, 0]
        outputs = []
        for time, projected in enumerate(functional.linear(x, self.weight_ih_l0, self.bias_ih_l0).unbind(1)):
            new = output = self.step(projected, hidden)
            if lengths is not None:
                here = (time < lengths)[:, None]
                new, output = torch.where(here, new, hidden), new * here
            hidden = new
            outputs.append(output)
        return torch.stack(outputs, 1), hidden[:, None]

    def step(self, projected: Tensor, hidden: Tensor) -> Tensor:
        gates, new = self.weight_hh_l0.split([2 * self.units, self.units])
        x_gates, x_new = projected.split([2 * self.units, self.units], -1)
        r, z = torch.sigmoid(x_gates + functional.linear(hidden, gates)).chunk(2, -1)
        n = torch.tanh(x_new + functional.linear(r * hidden, new))
        return (1 - z) * n + z * hidden


class Stack(nn.Module):  # type: ignore[misc]
    """Stacked layers with dropout between them; a dropout mask from the case is (batch, layers-1, time, units)."""

    def __init__(self, layers: Sequence[nn.Module], states: int, dropout: Dropout) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.states = states
        self.dropout = dropout

    def forward(self, x: Tensor, *rest: Tensor | None) -> tuple[Tensor, ...]:
        """rest: the initial states, the lengths, the mask."""
        starts, (lengths, mask) = rest[: self.states], rest[self.states :]
        ends = []
        for place, layer in enumerate(self.layers):
            if place:
                x = self.dropout(x, None if mask is None else mask[:, place - 1])
            x, *end = layer(x, *(None if start is None else start[:, place : place + 1] for start in starts), lengths)
            ends.append(end)
        return (x, *(torch.cat(states, 1) for states in zip(*ends, strict=True)))


class GruCells(nn.Module):  # type: ignore[misc]
    """A stack of nn.GRUCell (or of single steps of ResetBeforeGru): x (batch, features), state (batch, layers, units)."""

    def __init__(self, cells: Sequence[nn.Module], dropout: Dropout) -> None:
        super().__init__()
        self.cells = nn.ModuleList(cells)
        self.dropout = dropout

    def forward(self, x: Tensor, state: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
        ends = []
        for place, (cell, hidden) in enumerate(zip(self.cells, state.unbind(1), strict=True)):
            if place:
                x = self.dropout(x, None if mask is None else mask[:, place - 1])
            x = cell(x, hidden) if isinstance(cell, nn.GRUCell) else cell(x[:, None], hidden[:, None], None)[0][:, 0]
            ends.append(x)
        return x, torch.stack(ends, 1)


class Scan(nn.Module):  # type: ignore[misc]
    """A loop over time around a body: body(slices…, states…, captured…) -> (output, next states…).

    ends: positions of the states whose last values follow the stacked outputs.
    """

    def __init__(self, body: nn.Module, sequences: int, states: int, ends: tuple[int, ...]) -> None:
        super().__init__()
        self.body, self.ends = body, ends
        self.sequences, self.states = sequences, states

    def forward(self, *inputs: Tensor | None) -> Any:
        whole, rest = inputs[: self.sequences], inputs[self.sequences :]
        starts, captured = rest[: self.states], rest[self.states :]
        batch = max(len(item) for item in (*whole, *starts) if item is not None)
        states = [stretched(start, batch) for start in starts]
        slices = [[None] if item is None else stretched(item, batch).unbind(1) for item in whole]
        outputs = []
        for time in range(max(map(len, slices))):
            output, *states = self.body(*(item[time] if len(item) > time else None for item in slices), *states, *captured)
            outputs.append(stretched(output, batch))
        stacked = torch.stack(outputs, 1)
        return (stacked, *(states[place] for place in self.ends)) if self.ends else stacked


def stretched(value: Tensor, batch: int) -> Tensor:
    """The value, repeated for every example if it has no batch."""
    return value if len(value) == batch else value.expand(batch, *value.shape[1:])


def rnn(site: Site) -> Layer:
    """One nn.RNN for the stack; one per layer where the case has dropout masks."""
    return Layer(_stacked(nn.RNN, 1, site), ("x", "initial_state", "lengths", *site.mask), outputs=("", "state"))


def lstm(site: Site) -> Layer:
    """One nn.LSTM for the stack; one per layer where the case has dropout masks."""
    roles = ("x", "initial_state", "initial_cell", "lengths", *site.mask)
    return Layer(_stacked(nn.LSTM, 2, site), roles, outputs=("", "state", "cell"))


def gru(site: Site) -> Layer:
    """One nn.GRU for the stack; one per layer where the case has dropout masks; or ResetBeforeGru."""
    roles = ("x", "initial_state", "lengths")
    if site["reset"] == "after":
        return Layer(_stacked(nn.GRU, 1, site), (*roles, *site.mask), outputs=("", "state"))
    layers = [ResetBeforeGru(size, site["units"]) for size in _sizes(site)]
    return Layer(Stack(layers, 1, Dropout(site["dropout"], site.masked)), (*roles, "mask"), outputs=("", "state"))


def _stacked(native: type[nn.RNNBase], states: int, site: Site) -> nn.Module:
    if site.masked:
        layers = [Recurrent(native(size, site["units"], batch_first=True)) for size in _sizes(site)]
        return Stack(layers, states, Dropout(site["dropout"], True))
    dropout = site["dropout"] if site["layers"] > 1 else 0.0
    return Recurrent(native(site.x[-1], site["units"], site["layers"], batch_first=True, dropout=dropout))


def gru_cell(site: Site) -> Layer:
    cell = nn.GRUCell if site["reset"] == "after" else ResetBeforeGru
    cells = [cell(size, site["units"]) for size in _sizes(site)]
    native = GruCells(cells, Dropout(site["dropout"], site.masked))
    return Layer(native, ("x", "state", "mask"), outputs=("", "state"))


def _sizes(site: Site) -> list[int]:
    """The number of input features of each layer of a stack."""
    return [site.x[-1]] + [site["units"]] * (site["layers"] - 1)


NATIVE = {"kernel": "weight_ih", "recurrent_kernel": "weight_hh", "bias": "bias_ih", "recurrent_bias": "bias_hh"}


GATES = {"rnn": 1, "lstm": 4}
"""Layer whose second bias the spec may lack -> number of gates in that bias."""


def layout(node: Node, prefix: str) -> list[ParameterLayout]:
    """torch has the gates in the spec's order. nn.RNN and nn.LSTM always have a second bias, which stays zero where the spec
    has none."""
    layouts = []
    for role, name in node.parameters.items():
        layer, kind = role.split(".")
        template = f"{prefix}.{_template(node, int(layer.removeprefix('layer')))}"
        native, moves = [template.format(NATIVE[kind])], list[Move]()
        if kind == "bias" and node.op in GATES and not node.attributes["recurrent_bias"]:
            native.append(template.format("bias_hh"))
            moves.append(ZeroPartner((GATES[node.op] * int(node.attributes["units"]),)))
        layouts.append(ParameterLayout((name,), tuple(native), tuple(moves)))
    return layouts


def _template(node: Node, layer: int) -> str:
    """The path of one layer's tensors in the modules that the functions above build."""
    before = node.attributes.get("reset") == "before"
    if node.op == "gru_cell":
        return f"cells.{layer}.{{}}_l0" if before else f"cells.{layer}.{{}}"
    if before:
        return f"layers.{layer}.{{}}_l0"
    return f"layers.{layer}.native.{{}}_l0" if "mask" in node.inputs else f"native.{{}}_l{layer}"
