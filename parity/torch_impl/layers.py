"""Owns the table of ops: the native layer of each, and the native tensors that hold its parameters.

It refuses to wire layers into programs: model.py does, and builds `formula` and `scan`, which are programs themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import nn

from parity.execution.protocol import ParameterLayout
from parity.spec.graph import Graph, Node
from parity.torch_impl.ops import attention, images, losses, recurrent, sequences, vectors
from parity.torch_impl.wiring import Layer, Site, attribute

LAYERS: Mapping[str, Callable[[Site], Layer]] = {
    "absolute_error": losses.paired(losses.absolute_error),
    "adaptive_average_pool2d": lambda site: Layer(nn.AdaptiveAvgPool2d(tuple(site["size"]))),
    "add": lambda site: Layer(vectors.add, ("branches",)),
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
    "dense": lambda site: Layer(nn.Linear(site.x[-1], site["units"], bias=site["bias"])),
    "dropout": vectors.dropout,
    "elu": lambda site: Layer(nn.ELU(site["alpha"])),
    "embedding": lambda site: Layer(nn.Embedding(site["size"], site["units"])),
    "flatten": lambda site: Layer(nn.Flatten()),
    "gelu": lambda site: Layer(nn.GELU("none" if site["form"] == "erf" else "tanh")),
    "global_average_pool2d": images.global_average_pool2d,
    "global_max_pool2d": lambda site: Layer(nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten())),
    "group_norm": images.group_norm,
    "gru": recurrent.gru,
    "gru_cell": recurrent.gru_cell,
    "hard_sigmoid": vectors.hard_sigmoid,
    "hard_swish": lambda site: Layer(nn.Hardswish()),
    "hinge": losses.hinge,
    "huber": losses.paired(losses.huber, "delta"),
    "instance_norm": images.instance_norm,
    "kl_divergence": losses.kl_divergence,
    "layer_norm": vectors.layer_norm,
    "leaky_relu": lambda site: Layer(nn.LeakyReLU(site["slope"])),
    "learned_positions": attention.learned_positions,
    "local_response_norm": images.local_response_norm,
    "log_softmax": lambda site: Layer(nn.LogSoftmax(site.axis())),
    "lstm": recurrent.lstm,
    "matmul": lambda site: Layer(vectors.matmul, ("x", "other"), {"transpose_other": site["transpose_other"]}),
    "max_pool1d": sequences.max_pool1d,
    "max_pool2d": images.max_pool2d,
    "mean": lambda site: Layer(torch.mean),
    "mish": lambda site: Layer(nn.Mish()),
    "multi_head_attention": attention.multi_head_attention,
    "multiply": lambda site: Layer(vectors.multiply, ("branches",)),
    "pad2d": images.pad2d,
    "parameter": lambda site: Layer(vectors.TrainableArray(site["shape"]), ()),
    "perceptron_loss": losses.hinge,
    "prelu": vectors.prelu,
    "relu": lambda site: Layer(nn.ReLU()),
    "relu6": lambda site: Layer(nn.ReLU6()),
    "reshape": lambda site: Layer(vectors.reshape, keywords={"shape": tuple(site["shape"])}),
    "reverse": vectors.reverse,
    "rnn": recurrent.rnn,
    "rms_norm": vectors.rms_norm,
    "select": lambda site: Layer(torch.select, keywords={"dim": site.axis(), "index": site["index"]}),
    "selu": lambda site: Layer(nn.SELU()),
    "sigmoid": lambda site: Layer(nn.Sigmoid()),
    "sigmoid_cross_entropy": losses.paired(losses.sigmoid_cross_entropy),
    "silu": lambda site: Layer(nn.SiLU()),
    "sinusoidal_positions": attention.sinusoidal_positions,
    "softmax": lambda site: Layer(nn.Softmax(site.axis())),
    "softmax_cross_entropy": losses.softmax_cross_entropy,
    "softplus": vectors.softplus,
    "softsign": lambda site: Layer(nn.Softsign()),
    "squared_error": losses.paired(losses.squared_error),
    "sum": lambda site: Layer(torch.sum, keywords={"dim": site.axis()}),
    "tanh": lambda site: Layer(nn.Tanh()),
    "transpose": lambda site: Layer(torch.permute, keywords={"dims": (0, *(axis + 1 for axis in site["axes"]))}),
    "upsample2d": images.upsample2d,
    "weighted_mean": lambda site: Layer(losses.weighted_mean, ("x", "weights")),
    "weighted_sum": lambda site: Layer(losses.weighted_sum, ("x", "weights")),
}

NATIVE = {
    "kernel": "weight",
    "table": "weight",
    "scale": "weight",
    "shift": "bias",
    "slope": "weight",
    "running_variance": "running_var",
}
"""Role of a parameter -> torch's name, where it differs."""


def layout(node: Node, graph: Graph) -> list[ParameterLayout]:
    """The layouts of a node's parameters and statistics; native names are paths below the root module."""
    return _layout(node, attribute(node.name))


def _layout(node: Node, path: str) -> list[ParameterLayout]:
    if node.body is not None:
        return [layout for inner in node.body.nodes for layout in _layout(inner, f"{path}.body.{attribute(inner.name)}")]
    if node.op in ("rnn", "lstm", "gru", "gru_cell"):
        return recurrent.layout(node, path)
    if node.op == "multi_head_attention":
        return attention.multi_head_layout(node, path)
    if node.op == "additive_attention":
        return attention.additive_layout(node, path)
    inside = images.inside(node) or vectors.inside(node) or sequences.inside(node)
    arrays = {**node.parameters, **node.statistics}
    return [ParameterLayout((name,), (f"{path}.{inside}{NATIVE.get(role, role)}",)) for role, name in arrays.items()]
