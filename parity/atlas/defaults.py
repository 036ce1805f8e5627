"""Owns the questions about default arguments: which of them compare, and in which chapter.

It refuses to know their values.
"""

from __future__ import annotations

from collections.abc import Mapping

from parity.atlas.question import Question

ASPECTS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "normalization": {
        "batch_norm": ("epsilon", "momentum", "scale", "shift"),
        "layer_norm": ("epsilon", "axes", "scale"),
        "group_norm": ("epsilon", "groups"),
        "instance_norm": ("epsilon", "scale"),
        "rms_norm": ("epsilon",),
        "local_response_norm": ("alpha", "exponent", "offset"),
    },
    "convolution": {
        "conv2d": ("stride", "dilation", "bias", "padding", "groups"),
        "conv_transpose2d": ("padding",),
        "dense": ("use_bias",),
        "embedding": ("padding_index",),
        "max_pool2d": ("kernel", "stride", "padding", "ceil"),
        "average_pool2d": ("kernel", "count_padding", "ceil"),
        "upsample": ("factor", "interpolation", "align_corners"),
        "zero_pad2d": ("padding",),
        "dropout": ("rate",),
    },
    "activations": {
        "gelu": ("approximate",),
        "softplus": ("beta", "threshold"),
        "leaky_relu": ("layer_slope", "function_slope"),
        "elu": ("alpha",),
        "celu": ("alpha",),
        "prelu": ("start",),
        "softmax": ("axis",),
        "log_softmax": ("axis",),
        "glu": ("axis",),
        "softshrink": ("threshold",),
        "hardshrink": ("threshold",),
    },
    "recurrent": {
        "rnn": ("activation",),
        "lstm": ("bias", "dropout", "bidirectional", "forget_bias_one", "recurrent_activation"),
        "gru": ("reset_after",),
    },
    "attention": {"multi_head_attention": ("bias", "dropout")},
    "initializers": {
        "normal": ("standard_deviation",),
        "uniform": ("low", "high"),
        "truncated_normal": ("standard_deviation",),
        "orthogonal": ("gain",),
        "variance_scaling": ("mode",),
        "glorot": ("mode",),
    },
    "optimizers": {
        "sgd": ("learning_rate", "momentum", "nesterov", "weight_decay"),
        "adagrad": ("learning_rate", "epsilon", "start"),
        "rmsprop": ("learning_rate", "rho", "epsilon", "momentum", "centered"),
        "adadelta": ("learning_rate", "rho", "epsilon"),
        "adam": ("learning_rate", "beta_1", "beta_2", "epsilon", "amsgrad", "weight_decay"),
        "adamw": ("learning_rate", "epsilon", "weight_decay"),
        "adamax": ("learning_rate", "epsilon"),
        "nadam": ("learning_rate", "epsilon", "schedule_decay"),
        "ftrl": ("learning_rate", "beta", "penalty_1"),
        "lamb": ("epsilon",),
        "adafactor": ("learning_rate",),
        "muon": ("weight_decay",),
        "exponential_decay": ("factor",),
        "polynomial_decay": ("power",),
        "cosine_decay": ("end",),
    },
    "losses": {
        "cross_entropy": ("smoothing", "ignored_label", "reduction"),
        "squared_error": ("reduction",),
        "ctc": ("blank_index",),
        "huber": ("delta",),
        "hinge": ("margin",),
        "triplet": ("margin",),
        "poisson": ("logarithms",),
    },
    "training": {"batches": ("size", "shuffled", "last_dropped")},
}
"""Chapter -> item -> what about it. A framework without such an argument has no answer."""

QUESTIONS = tuple(
    Question(f"{item}.{aspect}", chapter, f"{item}: default {aspect.replace('_', ' ')}")
    for chapter, items in ASPECTS.items()
    for item, aspects in items.items()
    for aspect in aspects
)
