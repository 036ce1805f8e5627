"""Owns the driving of Keras's objects as black boxes, with one driver per kind of object.

It refuses to know the results. Arrays come channels first, kernels (out, in, …), sequences (batch, time, features).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import keras
import numpy as np
from keras import ops

from parity.execution.protocol import Array, ProbeRequest
from parity.execution.worker import probe_arguments
from parity.keras_impl import device, model

Found = Mapping[str, Array]


def _tensor(request: ProbeRequest, name: str) -> Any:
    return ops.convert_to_tensor(np.asarray(request.arrays[name], request.dtype))


def _layer(request: ProbeRequest, keywords: Mapping[str, Any] | None = None) -> Any:
    device.choose_precision(request.dtype)
    return request.make(**(request.keywords if keywords is None else keywords))


def initializer(request: ProbeRequest) -> Found:
    """Draws of kernels, moved to (out, in, …)."""
    keras.utils.set_random_seed(0)
    device.choose_precision(request.dtype)
    arrays = {}
    for name, shape in probe_arguments.shapes(request).items():
        out, into, *space = (int(size) for size in shape)
        drawn = request.make(**request.keywords)((*space, into, out), dtype=request.dtype)
        arrays[name] = np.moveaxis(model.array(drawn), (-1, -2), (0, 1))
    return arrays


def normalization(request: ProbeRequest) -> Found:
    """A pass in training mode, the running values after it, and a pass in evaluation mode."""
    layer, x = _layer(request), np.moveaxis(np.asarray(request.arrays["x"], request.dtype), 1, -1)
    layer.build(x.shape)
    counts = {"gains": 0, "shifts": 0}
    for weight in layer.trainable_variables:
        shift = weight.name.endswith(("beta", "bias"))
        counts["shifts" if shift else "gains"] += int(np.prod(weight.shape))
        weight.assign(_tensor(request, "beta" if shift else "gamma")[: weight.shape[0]])
    arrays = {"training": np.moveaxis(model.array(_called(layer, x, True)), -1, 1)}
    for weight in layer.non_trainable_variables:
        if len(weight.shape) == 1 and weight.shape[0] == x.shape[-1]:
            arrays["variance" if "var" in weight.name else "mean"] = model.array(weight.value)
    evaluated = np.moveaxis(model.array(_called(layer, x, False)), -1, 1)
    arrays |= {name: np.asarray(float(count)) for name, count in counts.items()}
    return {**arrays, "evaluation": evaluated}


def _called(layer: Any, x: Array, training: bool) -> Any:
    takes = "training" in inspect.signature(layer.call).parameters
    return layer(x, training=training) if takes else layer(x)


def pooling(request: ProbeRequest) -> Found:
    """Pooling along the last axis of sequences, of volumes, or of images of one row."""
    layer, leading = _layer(request, probe_arguments.sized(request)), (None,) * probe_arguments.axes_of(request)
    return {name: model.array(layer(_tensor(request, name)[leading][..., None])).ravel() for name in request.arrays}


def convolution(request: ProbeRequest) -> Found:
    """Convolution along the last axis, or, for several axes, along all of them; also transposed and depthwise convolution."""
    axes = probe_arguments.axes_of(request)
    layer, flat = _layer(request, probe_arguments.sized(request)), (1,) * (axes - 1)
    if request.setting == "several axes":
        x, kernel = probe_arguments.box(request)
        return {str(axes): _convolved(request, layer, x[None, ..., None], kernel)[0, ..., 0]}
    if request.setting in ("grouped", "depthwise"):
        x, kernel = request.arrays["channels"].T, request.arrays[request.setting]
        kernel = kernel.transpose(2, 1, 0) if request.setting == "grouped" else kernel.transpose(2, 0, 1)
        out = _convolved(request, layer, x.reshape(1, *flat, *x.shape), kernel)
        return {"rows": out.reshape(-1, out.shape[-1]).T}
    rows = {name: row.reshape(1, *flat, -1, 1) for name, row in probe_arguments.rows(request).items()}
    return {name: _convolved(request, layer, row, request.arrays["kernel"]).ravel() for name, row in rows.items()}


def _convolved(request: ProbeRequest, layer: Any, x: Array, kernel: Array) -> Array:
    """The layer's output with this kernel, or with the part of it that fits; other weights of a separable layer are 1."""
    x = np.asarray(x, request.dtype)
    if not layer.built:
        layer.build(x.shape)
    first, *rest = layer.get_weights()
    taken = np.asarray(kernel.ravel()[: first.size].reshape(first.shape), request.dtype)
    layer.set_weights([taken, *(np.ones_like(weight) for weight in rest)])
    return model.array(layer(ops.convert_to_tensor(x)))


def recurrent(request: ProbeRequest) -> Found:
    """The output of one layer at every step, and the number of its biases."""
    layer = _layer(request, {**request.keywords, "return_sequences": True})
    layer.build(request.arrays["x"].shape)
    kernel, recurrent_kernel, bias = layer.get_weights()
    rows, count = kernel.shape[1], 2 if bias.ndim == 2 else 1
    biases = np.stack([request.arrays[name][:rows] for name in ("bias", "recurrent_bias")][:count])
    values = [request.arrays["kernel"][:rows].T, request.arrays["recurrent"][:rows].T, biases.reshape(bias.shape)]
    layer.set_weights([np.asarray(value, request.dtype) for value in values])
    blocks = rows // recurrent_kernel.shape[0]
    return {
        "steps": model.array(layer(_tensor(request, "x"))),
        "blocks": np.asarray(float(blocks)),
        "biases": np.asarray(float(count)),
    }


def resizing(request: ProbeRequest) -> Found:
    """A row, resized to another length."""
    device.choose_precision(request.dtype)
    x, length = _tensor(request, "x")[None, None, :, None], int(request.wanted["length"])
    keywords = dict(request.keywords)
    if not isinstance(request.make, type):
        return {"row": model.array(request.make(x, (1, length), **keywords)).ravel()}
    make: Any = request.make
    if "height" in request.names:
        keywords |= {"height": 1, "width": length}
    else:
        factor, rest = divmod(length, x.shape[2])
        if rest:
            raise ValueError("it only enlarges by whole factors")
        keywords |= {"size": (1, factor)}
    return {"row": model.array(make(**keywords)(x)).ravel()}


def attention(request: ProbeRequest) -> Found:
    """Attention of queries, keys and values. A layer gets identity projections; a function (batch, time, heads, features)."""
    device.choose_precision(request.dtype)
    heads = 2 if request.setting == "two heads" else 1
    parts = [_tensor(request, name) for name in ("query", "key", "value")]
    if isinstance(request.make, type):
        return {"out": model.array(_attended(request, heads, *parts))}
    parts = [ops.reshape(part, (*part.shape[:2], heads, -1)) for part in parts]
    keywords: dict[str, Any] = dict(probe_arguments.caused(request, request.names))
    if (mask := probe_arguments.masked(request, request.names)) is not None:
        keywords[mask[0]] = ops.convert_to_tensor(mask[1] if mask[1].dtype == bool else mask[1].astype(request.dtype))[:, None]
    made = model.array(request.make(*parts, **request.keywords, **keywords))
    return {"out": made.reshape(*made.shape[:2], -1)}


def _attended(request: ProbeRequest, heads: int, query: Any, key: Any, value: Any) -> Any:
    """Calls a layer with heads on queries, values and keys; a layer without heads takes a list of them, and masks over time."""
    size, many = query.shape[-1], {"num_heads", "num_query_heads"} & request.names
    if not many:
        if heads > 1 or request.setting in ("boolean mask", "float mask", "bias"):
            raise ValueError(f"it takes no {request.setting}")
        layer = request.make(**request.keywords)
        layer.build([query.shape, value.shape, key.shape])
        layer.set_weights([_weight(request, weight) for weight in layer.get_weights()])
        masks = [None, request.arrays["keys_kept"] != 0] if request.setting == "key mask" else None
        causal = {"use_causal_mask": True} if request.setting == "causal" else {}
        return layer([query, value, key], mask=masks, **causal)
    sizes = {"key_dim": size // heads, "head_dim": size // heads, **dict.fromkeys(("num_key_value_heads", *many), heads)}
    layer = request.make(**{**{name: size for name, size in sizes.items() if name in request.names}, **request.keywords})
    layer.build(query.shape, value.shape, key.shape)
    layer.set_weights([np.eye(size).reshape(w.shape) if w.size == size**2 else w * 0 for w in layer.get_weights()])
    names = inspect.signature(layer.call).parameters
    keywords: dict[str, Any] = dict(probe_arguments.caused(request, names))
    if (mask := probe_arguments.masked(request, names)) is not None:
        keywords[mask[0]] = ops.convert_to_tensor(mask[1])
    return layer(query, value, key=key, **keywords)


def _weight(request: ProbeRequest, weight: Array) -> Array:
    """The weights of an additive score; for any other layer, its initial weights."""
    return np.asarray(request.arrays["weights"], request.dtype) if weight.shape == request.arrays["weights"].shape else weight


def ctc(request: ProbeRequest) -> Found:
    """The loss of padded labels and scores; a function that takes lengths gets them."""
    device.choose_precision(request.dtype)
    made: Any = (
        request.make(**request.keywords) if isinstance(request.make, type) else partial(request.make, **request.keywords)
    )
    labels, lengths, frames = (ops.cast(request.arrays[name], "int32") for name in ("labels", "lengths", "frames"))
    scores = _tensor(request, "scores")
    frames = ops.full_like(frames, scores.shape[1]) if request.setting == "plain" else frames
    if "target_length" in request.names:
        return {"loss": model.array(made(labels, scores, lengths, frames))}
    if "label_length" in request.names:  # TensorFlow's own function takes time first
        return {"loss": model.array(made(labels, ops.transpose(scores, (1, 0, 2)), lengths, frames))}
    if request.setting != "plain":
        raise ValueError("it takes no lengths")
    return {"loss": model.array(made(labels, scores))}


def loss(request: ProbeRequest) -> Found:
    """A loss, called with targets, then predictions."""
    device.choose_precision(request.dtype)
    made: Any = (
        request.make(**request.keywords) if isinstance(request.make, type) else partial(request.make, **request.keywords)
    )
    target = _tensor(request, request.setting)
    target = ops.cast(target, "int32") if request.setting == "classes" else target
    return {"loss": model.array(made(target, _tensor(request, "prediction")))}


DRIVERS: Mapping[str, Callable[[ProbeRequest], Found]] = {
    "initializer": initializer,
    "normalization": normalization,
    "pooling": pooling,
    "convolution": convolution,
    "transposed_convolution": convolution,
    "recurrent": recurrent,
    "resizing": resizing,
    "attention": attention,
    "ctc": ctc,
    "loss": loss,
}
