"""Owns the weights of a layer of a user's Flax model, with their roles, and joins the arrays that a cell has for each gate.

It refuses to read or to write their numbers in a model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jax.numpy as jnp
from flax import nnx

from parity.execution.own_model.layers import Weight
from parity.jax_impl.own_model.kinds import ATTENTION, BOTH_WAYS, CELLS, OVER_TIME, kind_of, native

Arrays = Mapping[str, Any]
OPTIMIZED = (nnx.OptimizedLSTMCell, nnx.GRUCell)
"""Cells that hold the kernels of all gates in one array. The others have a layer for each gate."""

SIDES = {"i": ("kernel", "bias"), "h": ("recurrent_kernel", "recurrent_bias")}
"""First letter of a gate's layer -> roles of its kernel and its bias."""


class Joined:
    """Arrays of one cell that are told as one. parts: name -> the names of the arrays, joined along their last axis."""

    def __init__(self) -> None:
        self.parts: dict[str, list[str]] = {}

    def add(self, cell: Any, path: str, names: Sequence[str]) -> None:
        """The gates of a cell at this path. names: of all arrays of the model."""
        found = CELLS.get(native(cell))  # type: ignore[arg-type]
        if found is None or isinstance(cell, OPTIMIZED):
            return
        for side in SIDES:
            for own in ("kernel", "bias"):
                every = [f"{path}.{side}{gate}" for gate in found[1].split()]
                gates = [next((f"{one}.{own}" for one in (gate, f"{gate}_") if f"{one}.{own}" in names), "") for gate in every]
                if all(gates):
                    self.parts[f"{path}.{side}.{own}"] = gates

    def told(self, arrays: Arrays) -> dict[str, Any]:
        """The arrays as they are told."""
        whole = {name: [arrays[part] for part in parts] for name, parts in self.parts.items() if parts[0] in arrays}
        inside = {part for parts in self.parts.values() for part in parts}
        rest = {name: array for name, array in arrays.items() if name not in inside}
        return rest | {name: jnp.concatenate(parts, axis=-1) for name, parts in whole.items()}

    def apart(self, arrays: Arrays) -> dict[str, Any]:
        """The inverse of `told`."""
        found: dict[str, Any] = {}
        for name, array in arrays.items():
            parts = self.parts.get(name, [name])
            found |= (
                dict(zip(parts, jnp.split(jnp.asarray(array), len(parts), axis=-1), strict=True))
                if len(parts) > 1
                else {name: array}
            )
        return found


def weights_of(
    layer: Any, path: str, cells: Sequence[str], shapes: Mapping[str, tuple[int, ...]], trained: Sequence[str]
) -> Iterator[Weight]:
    """The weights of the layer at this path. cells: paths of the cells that it runs over time, forward first; shapes: of every
    array, as it is told."""
    kind = kind_of(layer)
    if native(layer) in CELLS:
        yield from _cell(layer, path, "0", shapes, trained)
    elif isinstance(layer, (*OVER_TIME, *BOTH_WAYS)) and kind is not None:
        for cell, begin in zip(cells, ("0", "0back"), strict=False):
            own = layer.forward_rnn if isinstance(layer, BOTH_WAYS) else layer
            yield from _cell(own.cell, cell, begin, shapes, trained)
    elif kind is ATTENTION:
        yield from _attention(path, shapes, trained)
    else:
        known = kind.weights if kind else {}
        for name in within(path, shapes):
            own = name[len(path) + 1 :] if path else name
            role, layout = known.get(own, (own, ""))
            yield Weight(role, name, shapes[name], layout, trainable=name in trained)


def within(path: str, names: Mapping[str, Any]) -> list[str]:
    """The names of the arrays of the module at this path."""
    return [name for name in names if not path or name.startswith(f"{path}.")]


def _cell(cell: Any, path: str, begin: str, shapes: Mapping[str, tuple[int, ...]], trained: Sequence[str]) -> Iterator[Weight]:
    kind, gates = CELLS[native(cell)]  # type: ignore[index]
    optimized = isinstance(cell, OPTIMIZED)
    for side, (kernel, bias) in SIDES.items():
        layer = f"{path}.dense_{side}" if optimized else f"{path}.{side}"
        role = "bias" if kind == "lstm" else bias
        for own, word, layout in (("kernel", kernel, "i o -> o i"), ("bias", role, "")):
            name = f"{layer}.{own}"
            if name in shapes:
                yield Weight(f"{begin}.{word}", name, shapes[name], layout, None, gates, name in trained)
    if kind == "gru" and not optimized and f"{path}.hn.bias" in shapes:
        name = f"{path}.hn.bias"
        yield Weight(f"{begin}.new_recurrent_bias", name, shapes[name], trainable=name in trained)


def _attention(path: str, shapes: Mapping[str, tuple[int, ...]], trained: Sequence[str]) -> Iterator[Weight]:
    """Flax has two axes for heads and their size."""
    layouts = {"kernel": "i h d -> (h d) i", "bias": "h d -> (h d)"}
    for name in within(path, shapes):
        part, _, own = name[len(path) + 1 :].rpartition(".")
        role = f"{'output' if part == 'out' else part}.{own}"
        layout = (
            layouts.get(own, "") if part in ("query", "key", "value") else "h d o -> o (h d)" if role == "output.kernel" else ""
        )
        yield Weight(role, name, shapes[name], layout, trainable=name in trained)
