"""Owns the table of ops: the ONNX nodes that each op becomes, or the reason why it has none.

It refuses to write a model around them: model.py does, and writes `scan`, which has a body.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from parity.execution.protocol import Unsupported
from parity.onnx_impl.ops import activations, attention, images, norms, recurrent, sequences, vectors
from parity.onnx_impl.writing import Site

Written = str | dict[str, str]
"""The ONNX name of a node's value; for several values, suffix -> ONNX name."""

Emitter = Callable[[Site], Written]


def of_training(site: Site) -> Written:
    """Raises Unsupported: an exported model has no loss."""
    raise Unsupported(f"the op {site.node.op} ({site.node.name}) belongs to training: export the network without its loss")


LAYERS: Mapping[str, Emitter] = {
    "absolute_error": of_training,
    "adaptive_average_pool2d": images.adaptive_average_pool2d,
    "add": vectors.joined("Add"),
    "additive_attention": attention.additive_attention,
    "average_pool1d": sequences.average_pool1d,
    "average_pool2d": images.average_pool2d,
    "batch_norm": norms.batch_norm,
    "binary_cross_entropy": of_training,
    "concat": vectors.concat,
    "conv1d": sequences.conv1d,
    "conv2d": images.convolution,
    "conv3d": images.convolution,
    "conv_transpose2d": images.conv_transpose2d,
    "crop": vectors.crop,
    "dense": vectors.dense,
    "dropout": lambda site: site.one("Identity", site.x),
    "elu": activations.elu,
    "embedding": lambda site: site.one("Gather", site.arrays["table"], site.x, axis=0),
    "flatten": lambda site: site.one("Flatten", site.x, axis=1),
    "formula": vectors.formula,
    "gelu": activations.gelu,
    "global_average_pool2d": lambda site: site.mean(site.x, (2, 3), keep=False),
    "global_max_pool2d": lambda site: site.one("Flatten", site.one("GlobalMaxPool", site.x), axis=1),
    "group_norm": norms.group_norm,
    "gru": recurrent.gru,
    "gru_cell": recurrent.gru_cell,
    "hard_sigmoid": lambda site: activations.clipped_line(site, site["slope"]),
    "hard_swish": lambda site: site.one("Mul", site.x, activations.clipped_line(site, 1 / 6)),
    "hinge": of_training,
    "huber": of_training,
    "instance_norm": norms.instance_norm,
    "kl_divergence": of_training,
    "layer_norm": norms.layer_norm,
    "leaky_relu": activations.leaky_relu,
    "learned_positions": attention.learned_positions,
    "local_response_norm": norms.local_response_norm,
    "log_softmax": lambda site: site.one("LogSoftmax", site.x, axis=site.axis()),
    "lstm": recurrent.lstm,
    "matmul": vectors.matmul,
    "max_pool1d": sequences.max_pool1d,
    "max_pool2d": images.max_pool2d,
    "mean": of_training,
    "mish": lambda site: site.one("Mul", site.x, site.one("Tanh", site.one("Softplus", site.x))),
    "multi_head_attention": attention.multi_head_attention,
    "multiply": vectors.joined("Mul"),
    "pad2d": images.pad2d,
    "parameter": lambda site: site.one("Unsqueeze", site.arrays["value"], site.writer.integers([0])),
    "perceptron_loss": of_training,
    "prelu": activations.prelu,
    "relu": lambda site: site.one("Relu", site.x),
    "relu6": lambda site: activations.clipped(site, site.x, 0.0, 6.0),
    "reshape": lambda site: site.reshaped(site.x, site["shape"]),
    "reverse": sequences.reverse,
    "rms_norm": norms.rms_norm,
    "rnn": recurrent.rnn,
    "select": vectors.select,
    "selu": activations.selu,
    "sigmoid": lambda site: site.one("Sigmoid", site.x),
    "sigmoid_cross_entropy": of_training,
    "silu": lambda site: site.one("Mul", site.x, site.one("Sigmoid", site.x)),
    "sinusoidal_positions": attention.sinusoidal_positions,
    "softmax": lambda site: site.one("Softmax", site.x, axis=site.axis()),
    "softmax_cross_entropy": of_training,
    "softplus": lambda site: site.one("Softplus", site.x),
    "softsign": activations.softsign,
    "squared_error": of_training,
    "sum": vectors.total,
    "tanh": lambda site: site.one("Tanh", site.x),
    "transpose": lambda site: site.one("Transpose", site.x, perm=[0, *(axis + 1 for axis in site["axes"])]),
    "upsample2d": images.upsample2d,
    "weighted_mean": of_training,
    "weighted_sum": of_training,
}
