"""Owns the layout of the spec's values in Keras: batch first, channels of images last, and vectors that were images.

It refuses to build anything; it reads the graph and moves NumPy arrays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from parity.execution.protocol import Array, Unsupported
from parity.spec.graph import Graph, Node, Shape

PERMUTED = ("rnn", "lstm", "gru", "gru_cell", "multi_head_attention")
"""Ops whose `mask` has three axes but is no image."""
FOLLOWED = (
    *("relu", "relu6", "sigmoid", "tanh", "leaky_relu", "gelu", "dropout", "elu", "selu", "silu", "mish", "softplus"),
    *("softsign", "hard_sigmoid", "hard_swish"),
)
"""Element-wise ops that keep the order of a flattened image for the dense kernel after them."""


@dataclass(frozen=True)
class Arrangement:
    """How one value lies. `image`: the channels are last. `flat`: a vector that was such an image of shape `origin`. `turned`:
    an image as rows (channels, places), which lies as (places, channels).

    `batched` False: a leading axis of size 1 stands for the missing batch, except for scalars.
    """

    shape: Shape
    kind: str = "plain"  # plain | image | flat | turned
    origin: Shape = ()
    batched: bool = True

    @property
    def native_shape(self) -> Shape:
        return (*self.shape[1:], self.shape[0]) if self.kind in ("image", "turned") else self.shape

    def axis(self, axis: int) -> int:
        """The axis of the native tensor for an axis of the spec, which does not count the batch."""
        place = axis % len(self.shape)
        return (place - 1) % 3 + 1 if self.kind == "image" else place + 1

    def to_native(self, array: Array) -> Array:
        """Moves an array (batch, *shape), or (*shape) where it has no batch, from the spec's order to the native one."""
        if not self.batched and self.shape:
            array = array[None]
        if self.kind in ("image", "turned"):
            array = np.moveaxis(array, 1, -1)
        if self.kind == "flat":
            array = np.moveaxis(array.reshape(-1, *self.origin), 1, -1).reshape(len(array), -1)
        return np.array(array, order="C")

    def from_native(self, array: Array) -> Array:
        """The inverse of `to_native`, as a copy."""
        if self.kind in ("image", "turned"):
            array = np.moveaxis(array, -1, 1)
        if self.kind == "flat":
            channels, height, width = self.origin
            array = np.moveaxis(array.reshape(-1, height, width, channels), -1, 1).reshape(len(array), -1)
        return np.array(array[0] if not self.batched and self.shape else array, order="C")


def arrangements(graph: Graph) -> dict[str, Arrangement]:
    """Name -> arrangement of every value. Images have channels last, since Keras on CPU rejects channels-first convolutions."""
    readers = _readers(graph)
    by_name: dict[str, Arrangement] = {}
    for graph_input in graph.batch_inputs():
        masks = all(_masks(node, role) for node, role in readers.get(graph_input.name, ())) and graph_input.name in readers
        kind = "image" if len(graph_input.shape) == 3 and not masks else "plain"
        by_name[graph_input.name] = Arrangement(graph_input.shape, kind, batched=graph_input.batched)
    for state in graph.carried:
        by_name[state.name] = Arrangement(state.shape, "image" if len(state.shape) == 3 else "plain")
    for node in graph.all_nodes():
        for suffix, shape in node.outputs.items():
            lies = Arrangement(shape, "image" if len(shape) == 3 else "plain", batched=node.batched)
            if by_name.setdefault(node.value(suffix), lies) != lies:
                raise Unsupported(f"two phases give {node.value(suffix)} two shapes")
    carried = {state.next for state in graph.carried}
    for node in graph.all_nodes():
        if node.op not in ("flatten", "reshape") or by_name[str(node.inputs["x"])].kind != "image":
            continue
        origin, lies = by_name[str(node.inputs["x"])].shape, by_name[node.name]
        if node.op == "flatten" and origin[1] * origin[2] > 1:
            for name in _chain(node, readers, carried):
                by_name[name] = replace(by_name[name], kind="flat", origin=origin)
        if lies.shape == (origin[0], origin[1] * origin[2]) and _only_turned(readers.get(node.name, ())):
            by_name[node.name] = replace(lies, kind="plain" if node.name in carried else "turned")
    return by_name


def _readers(graph: Graph) -> dict[str, list[tuple[Node, str]]]:
    readers: dict[str, list[tuple[Node, str]]] = {}
    for node in graph.all_nodes():
        for role, sources in node.inputs.items():
            for name in (sources,) if isinstance(sources, str) else sources:
                readers.setdefault(name, []).append((node, role))
        if node.body:
            for kind in ("sequences", "state"):
                for name in getattr(node.body, kind).values():
                    readers.setdefault(name, []).append((node, kind))
            for name in node.body.captured:
                readers.setdefault(name, []).append((node, "captured"))
    return readers


def _only_turned(readers: Sequence[tuple[Node, str]]) -> bool:
    """Whether only transposes of its two axes read a value, so that it may be stored as they leave it."""
    return bool(readers) and all(node.op == "transpose" and list(node.attributes["axes"]) == [1, 0] for node, _ in readers)


def _masks(node: Node, role: str) -> bool:
    return role == "sequences" or (role == "mask" and node.op in PERMUTED)


def _chain(node: Node, readers: Mapping[str, list[tuple[Node, str]]], kept: set[str]) -> tuple[str, ...]:
    """The values whose order follows from a flatten, if only dense kernels read them in the end; otherwise none."""
    names = [node.name]
    for name in names:
        for reader, role in readers.get(name, ()):
            if reader.op in FOLLOWED and role == "x":
                names.append(reader.name)
                mask = reader.inputs.get("mask")
                if mask and len(readers[str(mask)]) == 1:
                    names.append(str(mask))
                elif mask:
                    return ()
            elif not (reader.op == "dense" and role == "x") and not (name in names and role == "mask"):
                return ()
    return () if kept & set(names) else tuple(names)
