"""Owns the table of native objects whose defaults are compared with a definition: path -> spec, or form.

It refuses to know what an object does: a fingerprint finds out.
"""

from __future__ import annotations

from collections.abc import Mapping

BATCH_NORM = (
    "each channel over the batch and its places, by the biased variance, ε inside the root; "
    "running values: momentum is the share of the old value, the variance kept is biased"
)
LAYER_NORM = "each place over its channels, by the biased variance, ε inside the root"
GROUP_NORM = "each group of channels of each example, by the biased variance, ε inside the root"
INSTANCE_NORM = "each channel of each example over its places, by the biased variance, ε inside the root"
RMS_NORM = "each place over its channels, by the mean of squares, not centered, ε inside the root"
POOL = "the mean, divided by the window's size"
SQUARED, ABSOLUTE = "squared error, the mean of all elements", "absolute error, the mean of all elements"
HUBER, CROSS_ENTROPY = "Huber, δ = 1, the mean of all elements", "cross-entropy of logits, by label, the mean over the batch"
BINARY = "binary cross-entropy of probabilities, the mean of all elements"
KL = "KL divergence of probabilities, the mean over the batch of each example's sum"
HINGE, POISSON = "hinge, the mean of all elements", "Poisson of rates, the mean of all elements"

CONVOLUTION = {
    "computes": "cross-correlation",
    "dilates": "taps lie as far apart as it says",
    "groups": "inputs of a group: neighbours; its outputs: neighbours",
    "multiplies channels": "those of one channel side by side",
}
"""The ops conv1d, conv2d and conv3d, without the facets for which an object has no argument."""
TRANSPOSED = {
    "computes": "spreads the kernel as it stands; size (n - 1)·stride + kernel",
    "`padding`": "cut off both ends",
    "dilates": "taps lie as far apart as it says",
}
"""The op conv_transpose2d."""
RNN, LSTM = "tanh", "lstm, gates input, forget, cell, output"
GRU = "gru, gates reset, update, new; reset after the product, update weighs the old state"
RESIZE = {
    "nearest": "asymmetric, rounded down",
    "bilinear": "half-pixel centers",
    "bicubic": "a = -0.5, half-pixel centers, ends repeated",
}
"""The op upsample2d, at any length; bicubic: Keys 1981, equation 15."""
SCALED = {"scores are": "products divided by √features", "a boolean mask": "True takes part"}
"""Vaswani et al. 2017, equation 1."""
ADDITIVE = {"scores are": "additive: the weighted sum of tanh(query + key)"}
"""Bahdanau et al. 2015, appendix A.1.2."""
CTC = "of logits, the blank is the first class, the mean over the batch"

COMMON = {
    "SGD": "sgd",
    "Adam": "adam",
    "AdamW": "adamw",
    "RMSprop": "rmsprop",
    "Adagrad": "adagrad",
    "Adadelta": "adadelta",
    "Adamax": "adamax",
}
"""Rules with the same name in torch and Keras."""
OPTIMIZERS: Mapping[str, Mapping[str, str]] = {
    "torch": {f"torch.optim.{name}": spec for name, spec in {**COMMON, "NAdam": "nadam"}.items()},
    "keras": {
        f"keras.optimizers.{name}": spec
        for name, spec in {**COMMON, "Nadam": "nadam", "Ftrl": "ftrl", "Lion": "lion", "Lamb": "lamb"}.items()
    },
    "mxnet": {
        f"mxnet.optimizer.{name}": spec
        for name, spec in {
            "SGD": "sgd",
            "NAG": "nesterov",
            "Adam": "adam",
            "RMSProp": "rmsprop",
            "AdaGrad": "adagrad",
            "AdaDelta": "adadelta",
            "Adamax": "adamax",
            "Nadam": "nadam",
            "Ftrl": "ftrl",
            "LAMB": "lamb",
        }.items()
    },
    "jax": {
        f"optax.{name}": name for name in ("sgd", "adam", "adamw", "rmsprop", "adagrad", "adadelta", "adamax", "nadam", "lamb")
    },
}

Definition = str | Mapping[str, str]
"""The name of a form for the last facet of the object; or facet -> name of a form."""

NATIVES: Mapping[str, Mapping[str, Definition]] = {
    "torch": {
        "torch.nn.BatchNorm2d": BATCH_NORM,
        "torch.nn.LayerNorm": LAYER_NORM,
        "torch.nn.GroupNorm": GROUP_NORM,
        "torch.nn.InstanceNorm2d": INSTANCE_NORM,
        "torch.nn.AvgPool2d": POOL,
        "torch.nn.MSELoss": SQUARED,
        "torch.nn.L1Loss": ABSOLUTE,
        "torch.nn.HuberLoss": HUBER,
        "torch.nn.CrossEntropyLoss": CROSS_ENTROPY,
        "torch.nn.BCELoss": BINARY,
        "torch.nn.KLDivLoss": KL,
        "torch.nn.PoissonNLLLoss": POISSON,
        **{f"torch.nn.Conv{axes}d": CONVOLUTION for axes in (1, 2, 3)},
        **{f"torch.nn.ConvTranspose{axes}d": TRANSPOSED for axes in (1, 2, 3)},
        "torch.nn.RNN": RNN,
        "torch.nn.LSTM": LSTM,
        "torch.nn.GRU": GRU,
        "torch.nn.Upsample": RESIZE,
        "torch.nn.functional.interpolate": RESIZE,
        "torch.nn.UpsamplingNearest2d": RESIZE,
        "torch.nn.UpsamplingBilinear2d": RESIZE,
        "torch.nn.functional.scaled_dot_product_attention": SCALED,
        "torch.nn.MultiheadAttention": SCALED,
        "torch.nn.CTCLoss": CTC,
    },
    "keras": {
        "keras.layers.BatchNormalization": BATCH_NORM,
        "keras.layers.LayerNormalization": LAYER_NORM,
        "keras.layers.GroupNormalization": GROUP_NORM,
        "keras.layers.RMSNormalization": RMS_NORM,
        "keras.layers.AveragePooling2D": POOL,
        "keras.losses.MeanSquaredError": SQUARED,
        "keras.losses.MeanAbsoluteError": ABSOLUTE,
        "keras.losses.Huber": HUBER,
        "keras.losses.SparseCategoricalCrossentropy": CROSS_ENTROPY,
        "keras.losses.BinaryCrossentropy": BINARY,
        "keras.losses.KLDivergence": KL,
        "keras.losses.Poisson": POISSON,
        "keras.losses.Hinge": HINGE,
        **{f"keras.layers.Conv{axes}D": CONVOLUTION for axes in (1, 2, 3)},
        **{f"keras.layers.{kind}Conv{axes}D": CONVOLUTION for kind in ("Depthwise", "Separable") for axes in (1, 2)},
        **{f"keras.layers.Conv{axes}DTranspose": TRANSPOSED for axes in (1, 2, 3)},
        "keras.layers.SimpleRNN": RNN,
        "keras.layers.LSTM": LSTM,
        "keras.layers.GRU": GRU,
        "keras.layers.UpSampling2D": RESIZE,
        "keras.layers.Resizing": RESIZE,
        "keras.ops.image.resize": RESIZE,
        "keras.layers.Attention": SCALED,
        "keras.layers.AdditiveAttention": ADDITIVE,
        "keras.layers.MultiHeadAttention": SCALED,
        "keras.ops.dot_product_attention": SCALED,
        "keras.losses.CTC": CTC,
    },
    "mxnet": {
        "mxnet.gluon.nn.BatchNorm": BATCH_NORM,
        "mxnet.gluon.nn.LayerNorm": LAYER_NORM,
        "mxnet.gluon.nn.GroupNorm": GROUP_NORM,
        "mxnet.gluon.nn.InstanceNorm": INSTANCE_NORM,
        "mxnet.gluon.nn.AvgPool2D": POOL,
        "mxnet.gluon.loss.L2Loss": SQUARED,
        "mxnet.gluon.loss.L1Loss": ABSOLUTE,
        "mxnet.gluon.loss.HuberLoss": HUBER,
        "mxnet.gluon.loss.SoftmaxCrossEntropyLoss": CROSS_ENTROPY,
        "mxnet.gluon.loss.SigmoidBinaryCrossEntropyLoss": BINARY,
        "mxnet.gluon.loss.KLDivLoss": KL,
        "mxnet.gluon.loss.PoissonNLLLoss": POISSON,
        "mxnet.gluon.loss.HingeLoss": HINGE,
        **{f"mxnet.gluon.nn.Conv{axes}D": CONVOLUTION for axes in (1, 2, 3)},
        **{f"mxnet.gluon.nn.Conv{axes}DTranspose": TRANSPOSED for axes in (1, 2, 3)},
        "mxnet.gluon.rnn.RNN": RNN,
        "mxnet.gluon.rnn.LSTM": LSTM,
        "mxnet.gluon.rnn.GRU": GRU,
        "mxnet.nd.UpSampling": RESIZE,
        "mxnet.nd.contrib.BilinearResize2D": RESIZE,
        "mxnet.nd.contrib.interleaved_matmul_selfatt_qk": SCALED,
        "mxnet.gluon.loss.CTCLoss": CTC,
    },
    "jax": {
        "flax.nnx.BatchNorm": BATCH_NORM,
        "flax.nnx.LayerNorm": LAYER_NORM,
        "flax.nnx.GroupNorm": GROUP_NORM,
        "flax.nnx.InstanceNorm": INSTANCE_NORM,
        "flax.nnx.RMSNorm": RMS_NORM,
        "flax.nnx.avg_pool": POOL,
        "flax.nnx.Conv": CONVOLUTION,
        "flax.nnx.ConvTranspose": TRANSPOSED,
        "flax.nnx.SimpleCell": RNN,
        "flax.nnx.OptimizedLSTMCell": LSTM,
        "flax.nnx.GRUCell": GRU,
        "jax.image.resize": RESIZE,
        "jax.nn.dot_product_attention": SCALED,
        "flax.nnx.MultiHeadAttention": SCALED,
    },
}

INITIALIZERS: Mapping[str, Mapping[str, str]] = {
    "torch": {
        f"torch.nn.init.{name}_": spec
        for name, spec in {
            "kaiming_normal": "he_normal",
            "kaiming_uniform": "he_uniform",
            "xavier_normal": "glorot_normal",
            "xavier_uniform": "glorot_uniform",
            "normal": "normal",
            "uniform": "uniform",
            "trunc_normal": "truncated_normal",
            "orthogonal": "orthogonal",
            "eye": "identity",
            "ones": "ones",
            "zeros": "zeros",
        }.items()
    },
    "keras": {
        f"keras.initializers.{name}": spec
        for name, spec in {
            "HeNormal": "he_normal",
            "HeUniform": "he_uniform",
            "GlorotNormal": "glorot_normal",
            "GlorotUniform": "glorot_uniform",
            "LecunNormal": "lecun_normal",
            "LecunUniform": "lecun_uniform",
            "VarianceScaling": "variance_scaling",
            "RandomNormal": "normal",
            "RandomUniform": "uniform",
            "TruncatedNormal": "truncated_normal",
            "Orthogonal": "orthogonal",
            "Identity": "identity",
            "Constant": "constant",
            "Ones": "ones",
            "Zeros": "zeros",
        }.items()
    },
    "mxnet": {
        f"mxnet.init.{name}": spec
        for name, spec in {
            "MSRAPrelu": "he_normal",
            "Xavier": "glorot_uniform",
            "Normal": "normal",
            "Uniform": "uniform",
            "Orthogonal": "orthogonal",
            "One": "ones",
            "Zero": "zeros",
        }.items()
    },
    "jax": {
        f"jax.nn.initializers.{name}": name
        for name in (
            *("he_normal", "he_uniform", "glorot_normal", "glorot_uniform", "lecun_normal", "lecun_uniform"),
            *("normal", "uniform", "truncated_normal", "orthogonal", "ones", "zeros"),
        )
    },
}
"""Framework -> initializer with its own arguments -> the spec of the same name, with the spec's arguments."""
