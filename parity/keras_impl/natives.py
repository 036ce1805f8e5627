"""Owns the driving of Keras's objects as black boxes: initializer, norm, pool, convolution, recurrent layer, resizing, loss.

It refuses to know what comes out. Arrays are channels first, kernels (out, in, …), sequences (batch, time, features): turned.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import keras
import numpy as np
from keras import ops

from parity.execution.protocol import Array, Probed
from parity.keras_impl import model

Found = Mapping[str, Array]


def _tensor(asked: Probed, name: str) -> Any:
    return ops.convert_to_tensor(np.asarray(asked.arrays[name], asked.dtype))


def _layer(asked: Probed, keywords: Mapping[str, Any] | None = None) -> Any:
    keras.config.set_floatx(asked.dtype)
    return asked.make(**(asked.keywords if keywords is None else keywords))


def initializer(asked: Probed) -> Found:
    """Draws of kernels, turned to (out, in, …)."""
    keras.utils.set_random_seed(0)
    keras.config.set_floatx(asked.dtype)
    found = {}
    for name, shape in asked.arrays.items():
        out, into, *space = (int(size) for size in shape)
        drawn = asked.make(**asked.keywords)((*space, into, out), dtype=asked.dtype)
        found[name] = np.moveaxis(model.array(drawn), (-1, -2), (0, 1))
    return found


def normalization(asked: Probed) -> Found:
    """One pass in training, one in evaluation, and the running values between them."""
    layer, x = _layer(asked), np.moveaxis(np.asarray(asked.arrays["x"], asked.dtype), 1, -1)
    layer.build(x.shape)
    counts = {"gains": 0, "shifts": 0}
    for weight in layer.trainable_variables:
        shift = weight.name.endswith(("beta", "bias"))
        counts["shifts" if shift else "gains"] += int(np.prod(weight.shape))
        weight.assign(_tensor(asked, "beta" if shift else "gamma")[: weight.shape[0]])
    found = {"training": np.moveaxis(model.array(_called(layer, x, True)), -1, 1)}
    for weight in layer.non_trainable_variables:
        if len(weight.shape) == 1 and weight.shape[0] == x.shape[-1]:
            found["variance" if "var" in weight.name else "mean"] = model.array(weight.value)
    evaluated = np.moveaxis(model.array(_called(layer, x, False)), -1, 1)
    found |= {name: np.asarray(float(count)) for name, count in counts.items()}
    return {**found, "evaluation": evaluated}


def _called(layer: Any, x: Array, training: bool) -> Any:
    takes = "training" in inspect.signature(layer.call).parameters
    return layer(x, training=training) if takes else layer(x)


def _flat(asked: Probed) -> tuple[bool, dict[str, Any]]:
    """Whether it goes along sequences, and its arguments then."""
    flat = "1D" in asked.word or "1d" in asked.word
    return flat, {name: value[1] if flat and isinstance(value, tuple) else value for name, value in asked.keywords.items()}


def pooling(asked: Probed) -> Found:
    """A window along images of one row, or sequences."""
    flat, keywords = _flat(asked)
    layer = _layer(asked, keywords)
    rows = {name: _tensor(asked, name)[(None,) * (1 if flat else 2)][..., None] for name in asked.arrays}
    return {name: model.array(layer(row)).ravel() for name, row in rows.items()}


def convolution(asked: Probed) -> Found:
    """Of images of one row, or of sequences."""
    flat, keywords = _flat(asked)
    layer = _layer(asked, keywords)
    rows = {name: _tensor(asked, name)[(None,) * (1 if flat else 2)][..., None] for name in asked.arrays if name != "kernel"}
    layer.build(next(iter(rows.values())).shape)
    shape = layer.get_weights()[0].shape
    layer.set_weights([np.asarray(asked.arrays["kernel"], asked.dtype)[: max(shape)].reshape(shape)])
    return {name: model.array(layer(row)).ravel() for name, row in rows.items()}


def recurrent(asked: Probed) -> Found:
    """Every step of one layer, and how many biases it has."""
    layer = _layer(asked, {**asked.keywords, "return_sequences": True})
    layer.build(asked.arrays["x"].shape)
    kernel, recurrent_kernel, bias = layer.get_weights()
    rows, count = kernel.shape[1], 2 if bias.ndim == 2 else 1
    biases = np.stack([asked.arrays[name][:rows] for name in ("bias", "recurrent_bias")][:count])
    values = [asked.arrays["kernel"][:rows].T, asked.arrays["recurrent"][:rows].T, biases.reshape(bias.shape)]
    layer.set_weights([np.asarray(value, asked.dtype) for value in values])
    blocks = rows // recurrent_kernel.shape[0]
    return {
        "steps": model.array(layer(_tensor(asked, "x"))),
        "blocks": np.asarray(float(blocks)),
        "biases": np.asarray(float(count)),
    }


def resizing(asked: Probed) -> Found:
    """A row to another length."""
    keras.config.set_floatx(asked.dtype)
    x, length = _tensor(asked, "x")[None, None, :, None], int(asked.wanted["length"])
    keywords = dict(asked.keywords)
    if not isinstance(asked.make, type):
        return {"row": model.array(asked.make(x, (1, length), **keywords)).ravel()}
    make: Any = asked.make
    if "height" in asked.names:
        keywords |= {"height": 1, "width": length}
    else:
        factor, rest = divmod(length, x.shape[2])
        if rest:
            raise ValueError("it only enlarges by whole factors")
        keywords |= {"size": (1, factor)}
    return {"row": model.array(make(**keywords)(x)).ravel()}


def loss(asked: Probed) -> Found:
    """Of targets, then predictions."""
    keras.config.set_floatx(asked.dtype)
    made: Any = asked.make(**asked.keywords) if isinstance(asked.make, type) else partial(asked.make, **asked.keywords)
    target = _tensor(asked, asked.setting)
    target = ops.cast(target, "int32") if asked.setting == "classes" else target
    return {"loss": model.array(made(target, _tensor(asked, "prediction")))}


DRIVERS: Mapping[str, Callable[[Probed], Found]] = {
    "initializer": initializer,
    "normalization": normalization,
    "pooling": pooling,
    "convolution": convolution,
    "recurrent": recurrent,
    "resizing": resizing,
    "loss": loss,
}
