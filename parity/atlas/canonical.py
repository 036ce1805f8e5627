"""Owns the table of native objects whose defaults are measured against a definition: path -> the spec, or the form.

It refuses to know what an object does: that is found out.
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

COMMON = {
    "SGD": "sgd",
    "Adam": "adam",
    "AdamW": "adamw",
    "RMSprop": "rmsprop",
    "Adagrad": "adagrad",
    "Adadelta": "adadelta",
    "Adamax": "adamax",
}
"""Rules that torch and Keras call alike."""
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
}

NATIVES: Mapping[str, Mapping[str, str]] = {
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
    },
}
