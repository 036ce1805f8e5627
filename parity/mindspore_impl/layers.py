"""Owns the table of ops: the native layer of each, and the native parameters that hold its arrays.

It refuses to wire layers into programs: model.py does, and builds `formula` and `scan`, which are programs themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mindspore import nn, ops

from parity.execution.protocol import Move, ParameterLayout, Reshape
from parity.mindspore_impl.ops import activations, attention, images, losses, recurrent, sequences, vectors
from parity.mindspore_impl.wiring import Function, Layer, Site, attribute
from parity.spec.graph import Graph, Node, Shape

LAYERS: Mapping[str, Callable[[Site], Layer]] = {
    "absolute_error": losses.paired(losses.absolute_error),
    "adaptive_average_pool2d": images.adaptive_average_pool2d,
    "add": vectors.joined(ops.add),
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
    "elu": activations.elu,
    "embedding": vectors.embedding,
    "flatten": lambda site: Layer(nn.Flatten()),
    "gelu": activations.gelu,
    "global_average_pool2d": images.global_average_pool2d,
    "global_max_pool2d": images.global_max_pool2d,
    "group_norm": images.group_norm,
    "gru": recurrent.gru,
    "gru_cell": recurrent.gru_cell,
    "hard_sigmoid": activations.hard_sigmoid,
    "hard_swish": lambda site: Layer(nn.HSwish()),
    "hinge": losses.hinge,
    "huber": losses.paired(losses.huber, "delta"),
    "instance_norm": images.instance_norm,
    "kl_divergence": losses.kl_divergence,
    "layer_norm": vectors.layer_norm,
    "leaky_relu": activations.leaky_relu,
    "learned_positions": attention.learned_positions,
    "local_response_norm": images.local_response_norm,
    "log_softmax": activations.log_softmax,
    "lstm": recurrent.lstm,
    "matmul": vectors.matmul,
    "max_pool1d": sequences.max_pool1d,
    "max_pool2d": images.max_pool2d,
    "mean": vectors.mean,
    "mish": activations.mish,
    "multi_head_attention": attention.multi_head_attention,
    "multiply": vectors.joined(ops.mul),
    "pad2d": images.pad2d,
    "parameter": vectors.parameter,
    "perceptron_loss": losses.hinge,
    "prelu": activations.prelu,
    "relu": lambda site: Layer(nn.ReLU()),
    "relu6": activations.relu6,
    "reshape": vectors.reshape,
    "reverse": vectors.reverse,
    "rms_norm": vectors.rms_norm,
    "rnn": recurrent.rnn,
    "select": vectors.select,
    "selu": activations.selu,
    "sigmoid": lambda site: Layer(nn.Sigmoid()),
    "sigmoid_cross_entropy": losses.sigmoid_pair,
    "silu": lambda site: Layer(nn.SiLU()),
    "sinusoidal_positions": attention.sinusoidal_positions,
    "softmax": activations.softmax,
    "softmax_cross_entropy": losses.softmax_cross_entropy,
    "softplus": activations.softplus,
    "softsign": lambda site: Layer(nn.Softsign()),
    "squared_error": losses.paired(losses.squared_error),
    "sum": vectors.total,
    "tanh": lambda site: Layer(nn.Tanh()),
    "transpose": vectors.transpose,
    "upsample2d": images.upsample2d,
    "weighted_mean": lambda site: Layer(Function(losses.weighted_mean), ("x", "weights")),
    "weighted_sum": lambda site: Layer(Function(losses.weighted_sum), ("x", "weights")),
}

NATIVE = {"kernel": "weight", "table": "embedding_table", "slope": "w", "scale": "gamma", "shift": "beta"}
"""Role of a parameter -> MindSpore's name, where it differs."""
STATISTICS = {"running_mean": "moving_mean", "running_variance": "moving_variance"}


def layout(node: Node, graph: Graph) -> list[ParameterLayout]:
    """The layouts of a node's parameters and statistics; native names are paths below the root cell."""
    shapes = {parameter.name: parameter.shape for parameter in graph.parameters}
    return _layout(node, attribute(node.name), shapes)


def _layout(node: Node, path: str, shapes: Mapping[str, Shape]) -> list[ParameterLayout]:
    if node.body is not None:
        inner = f"{path}.inner"
        return [found for child in node.body.nodes for found in _layout(child, f"{inner}.{attribute(child.name)}", shapes)]
    if node.op in ("rnn", "lstm", "gru", "gru_cell"):
        return recurrent.layout(node, path)
    if node.op == "multi_head_attention":
        return attention.multi_head_layout(node, path)
    if node.op == "additive_attention":
        return attention.additive_layout(node, path)
    found = []
    for role, name in {**node.parameters, **node.statistics}.items():
        native, moves = f"{path}.{_inside(node)}{_name(node, role)}", list[Move]()
        if node.op == "conv1d" and role == "kernel":
            channels, inputs, width = shapes[name]
            moves.append(Reshape((channels, inputs, width), (channels, inputs, 1, width)))
        found.append(ParameterLayout((name,), (native,), tuple(moves)))
    return found


def _name(node: Node, role: str) -> str:
    if node.op == "rms_norm":
        return "weight"
    return {**NATIVE, **STATISTICS}.get(role, role)


def _inside(node: Node) -> str:
    """The path of a layer's parameters below the cell that turns its axes."""
    if node.op == "conv1d" or (node.op == "batch_norm" and node.attributes["running_variance"] == "biased"):
        return "native."
    turned = node.op in ("layer_norm", "rms_norm") and node.attributes["axis"] not in (-1, len(node.outputs[""]) - 1)
    return "native." if turned else ""
