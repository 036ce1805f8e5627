"""Owns recurrence: rnn, lstm, gru as ONNX's RNN, LSTM, GRU, with one node per layer, and the layout of their arrays.

It refuses dropout between layers, which an exported model does not have. ONNX has time first, the gates of an LSTM in the
order input, output, forget, cell, the gates of a GRU in the order update, reset, new, and both biases side by side.
"""

from __future__ import annotations

from collections.abc import Mapping

from parity.execution.protocol import Concatenate, Move, ParameterLayout, Permute, Reshape, ZeroPartner
from parity.onnx_impl.writing import Site
from parity.spec.graph import Node, Shape

ORDERS = {"rnn": (0,), "lstm": (0, 3, 1, 2), "gru": (1, 0, 2), "gru_cell": (1, 0, 2)}
"""Op -> position in the spec of each of ONNX's gates."""


def rnn(site: Site) -> dict[str, str]:
    return _over_time(site, "RNN", ("state",))


def lstm(site: Site) -> dict[str, str]:
    return _over_time(site, "LSTM", ("state", "cell"))


def gru(site: Site) -> dict[str, str]:
    return _over_time(site, "GRU", ("state",), linear_before_reset=int(site["reset"] == "after"))


def gru_cell(site: Site) -> dict[str, str]:
    """A GRU over a sequence of one step."""
    sequence = site.one("Unsqueeze", site.x, site.writer.integers([0]))
    reset = int(site["reset"] == "after")
    y, ends = _stack(site, "GRU", sequence, [site.inputs["state"]], ("state",), linear_before_reset=reset)
    return {"": site.one("Squeeze", y, site.writer.integers([0])), **ends}


def _over_time(site: Site, kind: str, states: tuple[str, ...], **attributes: int) -> dict[str, str]:
    starts = [site.inputs.get(f"initial_{state}", "") for state in states]
    y, ends = _stack(site, kind, site.one("Transpose", site.x, perm=[1, 0, 2]), starts, states, **attributes)
    return {"": site.one("Transpose", y, perm=[1, 0, 2]), **ends}


def _stack(
    site: Site, kind: str, x: str, starts: list[str], states: tuple[str, ...], **attributes: int
) -> tuple[str, dict[str, str]]:
    """Stacked layers. Gives the outputs (time, batch, …), and the last states (batch, layers, units)."""
    lengths = site.one("Cast", site.inputs["lengths"], to=6) if "lengths" in site.inputs else ""
    ends: list[tuple[str, ...]] = []
    for layer in range(site["layers"]):
        arrays = [site.arrays[f"layer{layer}.{role}"] for role in ("kernel", "recurrent_kernel", "bias")]
        begun = [_start(site, start, layer, x) for start in starts] if any(starts) else []
        inputs = (x, *arrays, lengths, *begun)
        y, *last = site.writer.node(kind, *inputs, outputs=1 + len(states), hidden_size=int(site["units"]), **attributes)
        x = site.one("Squeeze", y, site.writer.integers([1]))
        ends.append(tuple(last))
    whole = [site.one("Concat", *layers, axis=0) for layers in zip(*ends, strict=True)]
    return x, {state: site.one("Transpose", name, perm=[1, 0, 2]) for state, name in zip(states, whole, strict=True)}


def _start(site: Site, states: str, layer: int, x: str) -> str:
    """A layer's part (1, batch, units) of states (batch, layers, units), repeated for every example if they have no batch."""
    if not states:
        return ""
    role = next(role for role, name in site.inputs.items() if name == states)
    word = site.one("Gather", states, site.writer.integers([layer]), axis=1)
    if not site.batched[role]:
        word = site.stretched(word, site.one("Transpose", x, perm=[1, 0, 2]), 2)
    return site.one("Transpose", word, perm=[1, 0, 2])


def layouts(node: Node, shapes: Mapping[str, Shape]) -> list[ParameterLayout]:
    """The layout of each parameter: kernels (1, gates·units, …) with gates in ONNX's order, the biases of a layer side by side.

    shapes: name -> shape of the spec's parameters.
    """
    layouts_in_order, order = [], ORDERS[node.op]
    rows, names = len(order) * int(node.attributes["units"]), node.parameters
    for role, name in names.items():
        layer, kind = role.split(".")
        moves: list[Move] = [Permute(order)]
        if kind == "bias":
            partner = names.get(f"{layer}.recurrent_bias")
            moves += [] if partner else [ZeroPartner((rows,))]
            moves += [Reshape((rows,), (1, rows)), Concatenate((rows, rows), axis=1)]
            layouts_in_order.append(ParameterLayout((name, partner) if partner else (name,), (name,), tuple(moves)))
        elif kind != "recurrent_bias":
            layouts_in_order.append(ParameterLayout((name,), (name,), (*moves, Reshape(shapes[name], (1, *shapes[name])))))
    return layouts_in_order
