"""Owns the questions about default arguments: the arguments that can be compared, and their chapters.

It refuses to know their values.
"""

from __future__ import annotations

from collections.abc import Mapping

from parity.atlas.question import Question

ASPECTS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "normalization": {
        "batch_norm": ("epsilon", "momentum", "scale", "shift"),
        "layer_norm": ("epsilon", "axes", "scale", "shift"),
        "group_norm": ("epsilon", "groups", "scale", "shift"),
        "instance_norm": ("epsilon", "scale", "shift"),
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
        "ftrl": ("learning_rate", "beta", "penalty_1", "start"),
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
"""Chapter -> item -> its arguments. A framework without such an argument has no answer."""

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
"""Question -> word of one framework -> word of another framework with the same meaning: such answers are no difference."""

ADVICE: Mapping[str, str] = {
    "batch_norm.momentum": "torch's is the share of the new value: pass 1 - momentum: torch: momentum=0.01 "
    "is Keras's 0.99, MXNet: momentum=0.9 is torch's 0.1",
    "layer_norm.axes": "torch is told sizes, not axes: nn.LayerNorm(features) is axis=-1",
    "rms_norm.epsilon": "torch's None is the type's roundoff: Keras: epsilon=2**-23 in float32 (in float64 "
    "2**-52); torch: eps=1e-6 is Keras's",
    "truncated_normal.standard_deviation": "torch cuts at ±2: trunc_normal_(w, std=0.05, a=-0.1, b=0.1) is Keras's",
    "softmax.axis": "torch: nn.Softmax(dim=-1): None goes over axis 0 or 1, by the number of axes",
    "log_softmax.axis": "torch: nn.LogSoftmax(dim=-1): None goes over axis 0 or 1, by the number of axes",
    "prelu.start": "Keras: PReLU(alpha_initializer=initializers.Constant(0.25)); torch: PReLU(init=0.0); "
    "MXNet: alpha_initializer=init.Constant(0.0)",
    "leaky_relu.function_slope": "name it: Keras: negative_slope=0.01 and MXNet: nd.LeakyReLU(slope=0.01) "
    "are torch's; torch: negative_slope=0.2 is Keras's",
    "uniform.low": "MXNet's Uniform(scale) is ±scale: MXNet: init.Uniform(0.05) is Keras's; torch: "
    "nn.init.uniform_(w, -0.05, 0.05) is Keras's, ±0.07 MXNet's",
    "uniform.high": "MXNet's Uniform(scale) is ±scale; torch: nn.init.uniform_(w, -0.05, 0.05) and MXNet: "
    "init.Uniform(0.05) are Keras's",
    "variance_scaling.mode": "MXNet: MSRAPrelu(factor_type='in', slope=0.0) is the others' fan_in; Keras: "
    "mode='fan_avg' is MXNet's; torch has no average",
    "he_normal.slope": "MXNet: MSRAPrelu(factor_type='in', slope=0.0) is the gain for relu; torch: "
    "kaiming_normal_(w, a=0.25) is MXNet's",
    "local_response_norm.offset": "MXNet: nd.LRN(knorm=1.0) is torch's; torch: LocalResponseNorm(k=2.0) is MXNet's",
    "cosine_restarts.multiplier": "torch: T_mult=2 is Keras's; Keras: t_mul=1.0 is torch's",
    "warmup.start": "a share in torch, a rate in MXNet, a step earlier: MXNet: warmup_steps=5, "
    "warmup_begin_lr=1/6 is torch's; torch: start_factor=1/4, total_iters=3 MXNet's",
    "sgd.learning_rate": "name it: Keras, MXNet: SGD(learning_rate=0.001) is torch's; torch: SGD(lr=0.01) is theirs",
    "adagrad.learning_rate": "name it: Keras: Adagrad(learning_rate=0.01) is torch's and MXNet's",
    "adadelta.learning_rate": "MXNet ignores it and moves as with 1: Keras: "
    "Adadelta(learning_rate=1.0); torch: Adadelta(lr=1.0)",
    "rmsprop.epsilon": "no value is alike (torch adds it outside the root): Keras: w -= rate * g / "
    "(ops.sqrt(s) + eps) is torch's, written out",
    "adagrad.epsilon": "no value is alike (torch adds it outside the root): Keras: w -= rate * g / "
    "(ops.sqrt(s) + eps) is torch's; MXNet: the same with nd.sqrt(s)",
    "rmsprop.momentum": "MXNet's gamma2 counts only where it is centered: its plain rule is momentum=0.0 in torch and Keras",
    "adam.epsilon": "torch adds it behind bias correction: Keras, MXNet: optimizer.epsilon = 1e-8 * (1 - "
    "beta_2**step) ** 0.5 before each step is torch's",
    "adamw.epsilon": "torch adds it behind bias correction: Keras: optimizer.epsilon = 1e-8 * (1 - "
    "beta_2**step) ** 0.5 before each step is torch's",
    "adamax.epsilon": "Keras adds it to the maximum, torch to |g| in it: no value is alike but 0: Keras: "
    "epsilon=0.0; torch: eps=0.0",
    "upsample.align_corners": "MXNet: BilinearResize2D(align_corners=False) is torch's default; torch: "
    "align_corners=True is MXNet's",
    "instance_norm.shift": "MXNet: nn.InstanceNorm(center=False) is torch's; torch: affine=True, and "
    "layer.weight.requires_grad_(False) for MXNet's",
}
"""Question -> advice, for values that must not be copied from one framework to another unchanged."""

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
