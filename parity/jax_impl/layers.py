"""Owns the table of ops: the native layer of each, and the native arrays that hold its parameters.

It refuses to wire layers into programs (model.py).
"""

from __future__ import annotations

import operator
from collections.abc import Mapping

import jax
import jax.numpy as jnp
import optax

from parity.execution.protocol import Move, ParameterLayout, Reshape, Transpose
from parity.jax_impl.ops import attention, images, losses, recurrent, sequences, vectors
from parity.jax_impl.wiring import Layer, attribute, called, elementwise, on_images
from parity.spec.graph import Graph, Node, Shape

LAYERS: Mapping[str, Layer] = {
    "absolute_error": losses.paired(losses.absolute_error),
    "adaptive_average_pool2d": Layer(images.adaptive_average_pool2d),
    "add": vectors.joined(operator.add),
    "additive_attention": Layer(attention.attended, attention.AdditiveAttention),
    "average_pool1d": Layer(sequences.average_pool1d),
    "average_pool2d": Layer(images.average_pool2d),
    "batch_norm": Layer(on_images, images.build_batch_norm),
    "binary_cross_entropy": Layer(losses.binary_cross_entropy),
    "concat": Layer(vectors.concat),
    "conv1d": Layer(called, sequences.build_conv1d),
    "conv2d": Layer(on_images, images.build_conv),
    "conv3d": Layer(on_images, images.build_conv),
    "conv_transpose2d": Layer(on_images, images.build_conv_transpose),
    "crop": Layer(vectors.crop),
    "dense": Layer(called, vectors.build_dense),
    "dropout": Layer(vectors.dropout, lambda site: vectors.dropout_layer(site["rate"], site)),
    "elu": elementwise(jax.nn.elu, "alpha"),
    "embedding": Layer(called, vectors.build_embedding),
    "flatten": Layer(vectors.flatten),
    "formula": Layer(vectors.formula),
    "gelu": Layer(vectors.gelu),
    "global_average_pool2d": Layer(images.global_average_pool2d),
    "global_max_pool2d": Layer(images.global_max_pool2d),
    "group_norm": Layer(on_images, images.build_group_norm),
    "gru": Layer(recurrent.recurrent, recurrent.Stack),
    "gru_cell": Layer(recurrent.gru_cell, recurrent.Cells),
    "hard_sigmoid": Layer(vectors.hard_sigmoid),
    "hard_swish": elementwise(jax.nn.hard_swish),
    "hinge": Layer(losses.hinge),
    "huber": losses.paired(optax.huber_loss, "delta"),
    "instance_norm": Layer(on_images, images.build_instance_norm),
    "kl_divergence": Layer(losses.kl_divergence),
    "layer_norm": Layer(vectors.of_axis, vectors.build_layer_norm),
    "leaky_relu": elementwise(jax.nn.leaky_relu, "slope"),
    "learned_positions": Layer(called, attention.build_positions),
    "local_response_norm": Layer(images.local_response_norm),
    "log_softmax": vectors.of_axis_function(jax.nn.log_softmax),
    "lstm": Layer(recurrent.recurrent, recurrent.Stack),
    "matmul": Layer(vectors.matmul),
    "max_pool1d": Layer(sequences.max_pool1d),
    "max_pool2d": Layer(images.max_pool2d),
    "mean": Layer(lambda use: jnp.mean(use.value().tensor)),
    "mish": elementwise(jax.nn.mish),
    "multi_head_attention": Layer(attention.attended, attention.MultiHeadAttention),
    "multiply": vectors.joined(operator.mul),
    "pad2d": Layer(images.pad2d),
    "parameter": Layer(vectors.parameter, vectors.TrainableArray),
    "perceptron_loss": losses.paired(optax.losses.perceptron_loss),
    "prelu": Layer(vectors.prelu, vectors.build_prelu),
    "relu": elementwise(jax.nn.relu),
    "relu6": elementwise(jax.nn.relu6),
    "reshape": Layer(vectors.reshape),
    "reverse": Layer(vectors.reverse),
    "rms_norm": Layer(vectors.of_axis, vectors.build_rms_norm),
    "rnn": Layer(recurrent.recurrent, recurrent.Stack),
    "scan": Layer(recurrent.scan),
    "select": Layer(vectors.select),
    "selu": elementwise(jax.nn.selu),
    "sigmoid": elementwise(jax.nn.sigmoid),
    "sigmoid_cross_entropy": losses.paired(optax.sigmoid_binary_cross_entropy),
    "silu": elementwise(jax.nn.silu),
    "sinusoidal_positions": Layer(attention.sinusoidal_positions),
    "softmax": vectors.of_axis_function(jax.nn.softmax),
    "softmax_cross_entropy": Layer(losses.softmax_cross_entropy),
    "softplus": elementwise(jax.nn.softplus),
    "softsign": elementwise(jax.nn.soft_sign),
    "squared_error": losses.paired(optax.squared_error),
    "sum": Layer(vectors.total),
    "tanh": elementwise(jnp.tanh),
    "transpose": Layer(vectors.transpose),
    "upsample2d": Layer(images.upsample2d),
    "weighted_mean": Layer(losses.weighted_mean),
    "weighted_sum": Layer(losses.weighted_sum),
}

NATIVE = {
    "shift": "bias",
    "table": "embedding",
    "slope": "negative_slope",
    "running_mean": "mean",
    "running_variance": "var",
}
"""Role of a parameter -> Flax's name, where it differs."""

CELLS = {
    "kernel": "dense_i.kernel",
    "recurrent_kernel": "dense_h.kernel",
    "bias": "dense_i.bias",
    "recurrent_bias": "dense_h.bias",
}
TURNED: tuple[Move, ...] = (Transpose((1, 0)),)


def layout(node: Node, graph: Graph) -> list[ParameterLayout]:
    """The layouts of a node's parameters and statistics; native names are paths below the root module."""
    shapes = {parameter.name: parameter.shape for parameter in graph.parameters}
    shapes |= {statistic.name: statistic.shape for statistic in graph.statistics}
    layouts = []
    for role, name in {**node.parameters, **node.statistics}.items():
        path, moves = _place(node, role, shapes[name])
        layouts.append(ParameterLayout((name,), (f"{attribute(node.name)}.{path}",), moves))
    return layouts


def _place(node: Node, role: str, shape: Shape) -> tuple[str, tuple[Move, ...]]:
    """The path below the node's layer, and the moves from the spec's layout to the native one."""
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
    """nnx.OptimizedLSTMCell has its bias on the recurrent product; a second bias is on the product with the input."""
    path = CELLS[kind]
    if node.op == "lstm" and kind == "bias" and not node.attributes["recurrent_bias"]:
        path = CELLS["recurrent_bias"]
    return f"layers.{layer}.{path}" if node.op == "gru_cell" else f"layers.{layer}.cell.{path}"


def _attention(heads: int, layer: str, kind: str, shape: Shape) -> tuple[str, tuple[Move, ...]]:
    """Flax's kernels are (features, heads, size); the kernel of the output is (heads, size, features)."""
    features = shape[0]
    split = (heads, features // heads)
    if layer == "output":
        return f"out.{kind}", (*TURNED, Reshape(shape, (*split, features))) if kind == "kernel" else ()
    if kind == "bias":
        return f"{layer}.bias", (Reshape(shape, split),)
    return f"{layer}.kernel", (*TURNED, Reshape(shape, (features, *split)))
