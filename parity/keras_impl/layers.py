"""Owns the table of ops: how each op becomes native layers, and how its parameters lie in them.

It refuses to use the backend: everything here is Keras.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from parity.execution.protocol import Concatenate, Move, ParameterLayout, Permute, Reshape, Transpose, Unsupported
from parity.keras_impl.arrangements import arrangements
from parity.keras_impl.ops import attention, images, losses, recurrent, sequences, vectors
from parity.keras_impl.wiring import Site, holder, inner, owner
from parity.spec.graph import Graph, Node

LAYERS: dict[str, Callable[[Site], Any]] = {
    "absolute_error": losses.absolute_error,
    "adaptive_average_pool2d": images.adaptive_average_pool2d,
    "add": vectors.join(keras.layers.Add, ops.add),
    "additive_attention": attention.additive_attention,
    "average_pool1d": sequences.average_pool1d,
    "average_pool2d": images.average_pool2d,
    "batch_norm": images.batch_norm,
    "binary_cross_entropy": losses.binary_cross_entropy,
    "concat": vectors.concat,
    "conv1d": sequences.conv1d,
    "conv2d": images.conv2d,
    "conv3d": images.conv3d,
    "conv_transpose2d": images.conv_transpose2d,
    "crop": vectors.crop,
    "dense": vectors.dense,
    "dropout": vectors.dropout,
    "elu": vectors.elu,
    "embedding": vectors.embedding,
    "flatten": vectors.flatten,
    "formula": vectors.formula,
    "gelu": vectors.gelu,
    "global_average_pool2d": images.global_average_pool2d,
    "global_max_pool2d": images.global_max_pool2d,
    "group_norm": images.group_norm,
    "gru": recurrent.gru,
    "gru_cell": recurrent.gru_cell,
    "hard_sigmoid": vectors.hard_sigmoid,
    "hard_swish": vectors.activation("hard_swish"),
    "hinge": losses.hinge,
    "huber": losses.huber,
    "instance_norm": images.instance_norm,
    "kl_divergence": losses.kl_divergence,
    "layer_norm": vectors.layer_norm,
    "leaky_relu": vectors.leaky_relu,
    "learned_positions": attention.learned_positions,
    "local_response_norm": images.local_response_norm,
    "log_softmax": vectors.log_softmax,
    "lstm": recurrent.lstm,
    "matmul": vectors.matmul,
    "max_pool1d": sequences.max_pool1d,
    "max_pool2d": images.max_pool2d,
    "mean": losses.mean,
    "mish": vectors.activation("mish"),
    "multi_head_attention": attention.multi_head_attention,
    "multiply": vectors.join(keras.layers.Multiply, ops.multiply),
    "pad2d": images.pad2d,
    "parameter": vectors.parameter,
    "perceptron_loss": losses.hinge,
    "prelu": vectors.prelu,
    "relu": vectors.activation("relu"),
    "relu6": vectors.activation("relu6"),
    "reshape": vectors.reshape,
    "reverse": vectors.reverse,
    "rnn": recurrent.rnn,
    "scan": recurrent.scan,
    "rms_norm": vectors.rms_norm,
    "select": vectors.select,
    "selu": vectors.activation("selu"),
    "sigmoid": vectors.activation("sigmoid"),
    "sigmoid_cross_entropy": losses.sigmoid_cross_entropy,
    "silu": vectors.activation("silu"),
    "sinusoidal_positions": attention.sinusoidal_positions,
    "softmax": vectors.softmax,
    "softmax_cross_entropy": losses.softmax_cross_entropy,
    "softplus": vectors.activation("softplus"),
    "softsign": vectors.activation("softsign"),
    "squared_error": losses.squared_error,
    "sum": vectors.total,
    "tanh": vectors.activation("tanh"),
    "transpose": vectors.transpose,
    "upsample2d": images.upsample2d,
    "weighted_mean": losses.weighted_mean,
    "weighted_sum": losses.weighted_sum,
}


def layout(node: Node, graph: Graph) -> list[ParameterLayout]:
    """How the parameters of a node lie in variables, named by their Keras paths. For a scan, this includes its body."""
    return _layout(node, graph, graph)


def statistics(node: Node, graph: Graph) -> list[ParameterLayout]:
    """How the statistics of a node lie in variables."""
    name = owner(node, graph)
    return [ParameterLayout((full,), (f"{name}/{STATISTICS[role]}",)) for role, full in node.statistics.items()]


STATISTICS = {"running_mean": "moving_mean", "running_variance": "moving_variance"}
NORMS = {"scale": "gamma", "shift": "beta"}
TURN: tuple[Move, ...] = (Transpose((1, 0)),)
GATES: tuple[Move, ...] = (Permute((1, 0, 2)),)  # reset, update, new -> update, reset, new


def _layout(node: Node, graph: Graph, root: Graph) -> list[ParameterLayout]:
    if node.op == "scan":
        body = inner(node, graph)
        return [item for child in body.nodes for item in _layout(child, body, root)]
    if not node.parameters:
        return []
    if node.op == "dense":
        return _dense(node, graph, root)
    if node.op in ("gru", "gru_cell"):
        return _gru(node, owner(node, root))
    shapes = {parameter.name: parameter.shape for parameter in root.parameters}
    return [
        ParameterLayout((full,), (f"{owner(node, root)}{weight}",), moves)
        for role, full in node.parameters.items()
        for weight, moves in [_weight(node, role, shapes[full], graph)]
    ]


def _weight(node: Node, role: str, shape: tuple[int, ...], graph: Graph) -> tuple[str, tuple[Move, ...]]:
    """The part of the variable's path after the layer's name, and the moves from the spec's layout to the variable's."""
    layer, _, last = role.rpartition(".")
    if node.op in ("conv1d", "conv3d"):
        return f"/{role}", (Transpose((*range(2, len(shape)), 1, 0)),) if role == "kernel" else ()
    if node.op in ("conv2d", "conv_transpose2d"):
        return _convolution(node, role, shape, graph)
    if node.op == "embedding":
        return "/embeddings", ()
    if node.op == "parameter":
        return "/value", (Transpose((1, 2, 0)),) if len(shape) == 3 else ()
    if node.op == "rms_norm":
        return "/scale", ()
    if node.op == "prelu":
        rank = len(node.outputs[""])
        wide = (1,) * (rank - 1)
        image = rank == 3  # channels last
        return "/alpha", (Reshape(shape, (*wide, *shape) if image else (*shape, *wide)),)
    if node.op in ("rnn", "lstm"):
        cell = "simple_rnn_cell" if node.op == "rnn" else "lstm_cell"
        return f">{layer}/{cell}/{last}", TURN if len(shape) == 2 else ()
    if node.op == "additive_attention":
        score = layer == "score"
        return (f">{layer}/scale", (Reshape(shape, shape[1:]),)) if score else (f">{layer}/kernel", TURN)
    if node.op == "multi_head_attention":
        return _attention(layer, last, shape, node.attributes["heads"])
    return f"/{NORMS.get(role, role)}", ()


def _convolution(node: Node, role: str, shape: tuple[int, ...], graph: Graph) -> tuple[str, tuple[Move, ...]]:
    if role == "bias":
        return "/bias", ()
    channels = graph.value_shapes()[str(node.inputs["x"])][0]
    if node.op == "conv2d" and images.depthwise(node.attributes, channels):
        return "/kernel", (Reshape(shape, (channels, shape[0] // channels, *shape[2:])), Transpose((2, 3, 0, 1)))
    return "/kernel", (Transpose((2, 3, 1, 0)),)


def _attention(layer: str, last: str, shape: tuple[int, ...], heads: int) -> tuple[str, tuple[Move, ...]]:
    features = shape[0]
    split = (heads, features // heads)
    if layer == "output":
        moves = (Transpose((1, 0)), Reshape(shape, (*split, features))) if last == "kernel" else ()
        return f"/attention_output/{last}", moves
    if last == "bias":
        return f"/{layer}/bias", (Reshape(shape, split),)
    return f"/{layer}/kernel", (Transpose((1, 0)), Reshape(shape, (features, *split)))


def _dense(node: Node, graph: Graph, root: Graph) -> list[ParameterLayout]:
    """A kernel after a flattened image has its inputs in that image's channels-last order."""
    kernel, first, name = node.parameters["kernel"], holder(node, "kernel", root), owner(node, root)
    layouts = [ParameterLayout((node.parameters["bias"],), (f"{name}/bias",))] if "bias" in node.parameters else []
    if first.op == "embedding":
        return [ParameterLayout((kernel,), (f"{owner(first, root)}/embeddings",)), *layouts]
    lies, moves = arrangements(graph)[str(node.inputs["x"])], TURN
    if lies.kind == "flat":
        (channels, height, width), units = lies.origin, node.outputs[""][-1]
        spread = Reshape((units, *lies.shape), (units, channels, height, width))
        gathered = Reshape((units, height, width, channels), (units, *lies.shape))
        moves = (spread, Transpose((0, 2, 3, 1)), gathered, *TURN)
    return [ParameterLayout((kernel,), (f"{owner(first, root)}/kernel",), moves), *layouts]


def _gru(node: Node, name: str) -> list[ParameterLayout]:
    """Keras keeps both biases in one variable (2, 3·units)."""
    layouts, units = [], node.attributes["units"]
    for number in range(node.attributes["layers"]):
        roles = {role.partition(".")[2]: full for role, full in node.parameters.items() if role.startswith(f"layer{number}.")}
        path = f"{name}>layer{number}" + ("/gru_cell" if node.op == "gru" else "")
        for role in ("kernel", "recurrent_kernel"):
            layouts.append(ParameterLayout((roles[role],), (f"{path}/{role}",), (*GATES, *TURN)))
        if "recurrent_bias" in roles:
            pair = (Concatenate((3 * units, 3 * units)), Reshape((6 * units,), (2, 3 * units)))
            layouts.append(ParameterLayout((roles["bias"], roles["recurrent_bias"]), (f"{path}/bias",), (*GATES, *pair)))
        else:
            layouts.append(ParameterLayout((roles["bias"],), (f"{path}/bias",), GATES))
    return layouts


def each(graph: Graph, of: Callable[[Node, Graph], list[ParameterLayout]]) -> list[ParameterLayout]:
    """The layouts of all nodes, each parameter once."""
    layouts: dict[tuple[str, ...], ParameterLayout] = {}
    for node in graph.all_nodes():
        for layout in of(node, graph):
            if layouts.setdefault(layout.spec, layout) != layout:
                raise Unsupported(f"{node.name}: {', '.join(layout.spec)} would lie in two arrangements")
    return list(layouts.values())
