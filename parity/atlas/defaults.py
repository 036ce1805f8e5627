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
        "he_normal": ("slope",),
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
        "cosine_restarts": ("multiplier",),
        "plateau": ("factor", "patience"),
        "warmup": ("start",),
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
}
"""Chapter -> item -> what about it. A framework without such an argument has no answer."""

NOTHING = {"None": "0"}
MEANINGS: Mapping[str, Mapping[str, str]] = {
    "conv2d.padding": {"valid": "0"},
    "conv_transpose2d.padding": {"valid": "0"},
    "max_pool2d.padding": {"valid": "0"},
    "embedding.padding_index": {"False": "None"},
    "gelu.approximate": {"none": "False"},
    "sgd.weight_decay": NOTHING,
    "adam.weight_decay": NOTHING,
    "cross_entropy.reduction": {"sum_over_batch_size": "mean"},
    "squared_error.reduction": {"sum_over_batch_size": "mean"},
}
"""Question -> words of one framework that mean what another word means in another: they are no difference."""

ROOT = "Keras and MXNet add it inside the root, torch outside: from torch pass its square, to torch the root"
RATE = "name it: Keras: learning_rate=…; torch: lr=…; MXNet: learning_rate=…"
ADVICE: Mapping[str, str] = {
    "batch_norm.momentum": "torch's is the share of the new value: pass 1 - momentum "
    "(Keras's 0.99 is torch's 0.01, MXNet's 0.9 its 0.1)",
    "layer_norm.axes": "torch is told sizes, not axes: nn.LayerNorm(features) is axis=-1",
    "rms_norm.epsilon": "torch's None is the type's roundoff: Keras: epsilon=1.192e-7 in float32; torch: eps=1e-6 is Keras's",
    "truncated_normal.standard_deviation": "torch cuts at ±2: trunc_normal_(w, std=0.05, a=-0.1, b=0.1) is Keras's",
    "softmax.axis": "torch: nn.Softmax(dim=-1): None goes over axis 0 or 1, by the number of axes",
    "log_softmax.axis": "torch: nn.LogSoftmax(dim=-1): None goes over axis 0 or 1, by the number of axes",
    "prelu.start": "Keras: PReLU(alpha_initializer=Constant(0.25)); torch: PReLU(init=0.0)",
    "leaky_relu.function_slope": "name it: Keras: negative_slope=…; torch: negative_slope=…; MXNet: nd.LeakyReLU(slope=…)",
    "uniform.low": "MXNet's Uniform(scale) is ±scale; torch: nn.init.uniform_(w, -0.05, 0.05) is Keras's",
    "uniform.high": "MXNet's Uniform(scale) is ±scale; torch: nn.init.uniform_(w, -0.07, 0.07) is MXNet's",
    "variance_scaling.mode": "MXNet: MSRAPrelu(factor_type='in') is the others' fan_in; "
    "Keras: mode='fan_avg'; torch has no average",
    "he_normal.slope": "MXNet: MSRAPrelu(slope=0.0) is the gain for relu; torch: kaiming_normal_(w, a=0.25) is MXNet's",
    "local_response_norm.offset": "MXNet: nd.LRN(knorm=1.0) is torch's; torch: LocalResponseNorm(k=2.0) is MXNet's",
    "cosine_restarts.multiplier": "torch: T_mult=2 is Keras's; Keras: t_mul=1.0 is torch's",
    "warmup.start": "torch's is a share of the rate, MXNet's a rate: LinearLR(start_factor=0.01) starts near MXNet's 0",
    "sgd.learning_rate": RATE,
    "adagrad.learning_rate": RATE,
    "adadelta.learning_rate": "MXNet ignores it and moves as with 1: Keras: "
    "Adadelta(learning_rate=1.0); torch: Adadelta(lr=1.0)",
    "rmsprop.epsilon": ROOT,
    "adagrad.epsilon": ROOT,
    "rmsprop.momentum": "MXNet's gamma2 counts only with centered=True: its plain rule is the others' momentum=0.0",
}
"""Question -> what to do, where the value of one framework must not be copied to another as it is."""

QUESTIONS = tuple(
    Question(
        f"{item}.{aspect}",
        chapter,
        f"{item}: default {aspect.replace('_', ' ')}",
        advice=ADVICE.get(f"{item}.{aspect}", ""),
    )
    for chapter, items in ASPECTS.items()
    for item, aspects in items.items()
    for aspect in aspects
)
