"""Owns the table of ops: the native layer of each, and which native arrays hold its parameters.

It refuses to wire layers into programs (model.py).
"""

from __future__ import annotations

from collections.abc import Mapping

from parity.execution.protocol import Move, ParameterLayout, Reshape, Transpose
from parity.jax_impl.ops import attention, elements, images, losses, recurrent, sequences
from parity.jax_impl.wiring import Layer, attribute
from parity.spec.graph import Graph, Node, Shape

LAYERS: Mapping[str, Layer] = {
    **attention.LAYERS,
    **elements.LAYERS,
    **images.LAYERS,
    **losses.LAYERS,
    **recurrent.LAYERS,
    **sequences.LAYERS,
}

NATIVE = {
    "shift": "bias",
    "table": "embedding",
    "slope": "negative_slope",
    "running_mean": "mean",
    "running_variance": "var",
}
"""Roles that Flax calls otherwise."""

CELLS = {
    "kernel": "dense_i.kernel",
    "recurrent_kernel": "dense_h.kernel",
    "bias": "dense_i.bias",
    "recurrent_bias": "dense_h.bias",
}
TURNED: tuple[Move, ...] = (Transpose((1, 0)),)


def layout(node: Node, graph: Graph) -> list[ParameterLayout]:
    """Where the parameters and statistics of a node of `graph` lie: native names are paths below the root module."""
    shapes = {one.name: one.shape for one in (*graph.parameters, *graph.statistics)}
    found = []
    for role, name in {**node.parameters, **node.statistics}.items():
        path, moves = _place(node, role, shapes[name])
        found.append(ParameterLayout((name,), (f"{attribute(node.name)}.{path}",), moves))
    return found


def _place(node: Node, role: str, shape: Shape) -> tuple[str, tuple[Move, ...]]:
    """The path below the node's layer, and the moves that lead there."""
    layer, _, kind = role.rpartition(".")
    turned = TURNED if len(shape) == 2 else ()
    if node.op in ("rnn", "lstm", "gru", "gru_cell"):
        return _recurrent(node, layer.removeprefix("layer"), kind), turned
    if node.op == "multi_head_attention":
        return _attention(node.attributes["heads"], layer, kind, shape)
    if node.op == "additive_attention":
        return f"{layer}.{kind}", turned
    if node.op == "dense":
        return role, turned
    if role == "kernel":
        window = range(2, len(shape))
        return role, (Transpose((*window, 1, 0)),)
    if node.op == "prelu" and node.attributes["shared"]:
        return NATIVE[role], (Reshape(shape, ()),)
    return NATIVE.get(role, role), ()


def _recurrent(node: Node, layer: str, kind: str) -> str:
    """nnx.OptimizedLSTMCell has its bias on the recurrent product; a second one is on the product with the input."""
    path = CELLS[kind]
    if node.op == "lstm" and kind == "bias" and not node.attributes["recurrent_bias"]:
        path = CELLS["recurrent_bias"]
    return f"layers.{layer}.{path}" if node.op == "gru_cell" else f"layers.{layer}.cell.{path}"


def _attention(heads: int, layer: str, kind: str, shape: Shape) -> tuple[str, tuple[Move, ...]]:
    """Kernels are (features, heads, size), that of the output (heads, size, features)."""
    features = shape[0]
    split = (heads, features // heads)
    if layer == "output":
        return f"out.{kind}", (*TURNED, Reshape(shape, (*split, features))) if kind == "kernel" else ()
    if kind == "bias":
        return f"{layer}.bias", (Reshape(shape, split),)
    return f"{layer}.kernel", (*TURNED, Reshape(shape, (features, *split)))
