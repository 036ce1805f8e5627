"""Owns the driving of objects of Flax, JAX and Optax as black boxes, with one driver per kind of object.

It refuses to know the results. Arrays are channels first, kernels (out, in, …), sequences (batch, time, features); Flax's have
their channels last. A layer that pads by default is told not to, where the probe names no padding.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from parity.execution.protocol import Array, ProbeRequest
from parity.execution.worker import probe_arguments
from parity.jax_impl import device

Found = Mapping[str, Array]


def _tensor(request: ProbeRequest, name: str) -> jax.Array:
    return jnp.asarray(request.arrays[name], device.DTYPES[request.dtype])


def _layer(request: ProbeRequest, **keywords: Any) -> Any:
    """The layer with parameters of the request's precision."""
    more = {"param_dtype": device.DTYPES[request.dtype], "rngs": nnx.Rngs(0)}
    given = {**request.keywords, **keywords}
    return request.make(**given, **{name: value for name, value in more.items() if name in request.names})


def _set(variable: Any, array: Array) -> None:
    """Writes the first numbers of the array that fill the variable."""
    old = variable.get_value()
    variable.set_value(jnp.asarray(np.ravel(array)[: old.size].reshape(old.shape), old.dtype))


def _precise(driver: Callable[[ProbeRequest], Found]) -> Callable[[ProbeRequest], Found]:
    """The driver, in the request's precision."""

    def drive(request: ProbeRequest) -> Found:
        device.choose_precision(request.dtype)
        return driver(request)

    return drive


def initializer(request: ProbeRequest) -> Found:
    """Draws of kernels, moved to (out, in, …). An initializer is a function of a key, or makes one."""
    arrays = {}
    for number, (name, shape) in enumerate(probe_arguments.shapes(request).items()):
        out, into, *space = (int(size) for size in shape)
        key, size, kind = jax.random.key(number), (*space, into, out), device.DTYPES[request.dtype]
        draw = request.make if {"key", "shape"} <= request.names else request.make(**request.keywords)
        arrays[name] = np.moveaxis(device.array(draw(key, size, kind)), (-1, -2), (0, 1))
    return arrays


def normalization(request: ProbeRequest) -> Found:
    """A pass in training mode, the running values after it, and a pass in evaluation mode."""
    x = jnp.moveaxis(_tensor(request, "x"), 1, -1)
    layer = _layer(request)
    counts = {"gains": 0, "shifts": 0}
    for path, variable in nnx.to_flat_state(nnx.state(layer, nnx.Param)):
        shift = path[-1] == "bias"
        counts["shifts" if shift else "gains"] += int(variable.get_value().size)
        _set(getattr(layer, path[-1]), request.arrays["beta" if shift else "gamma"])
    for variable in jax.tree.leaves(nnx.state(layer, nnx.BatchStat), is_leaf=lambda item: isinstance(item, nnx.Variable)):
        variable.set_value(variable.get_value().astype(x.dtype))  # Flax begins them in float32 (differences.yaml)
    layer.train()
    arrays = {"training": np.moveaxis(device.array(layer(x)), -1, 1)}
    for path, variable in nnx.to_flat_state(nnx.state(layer, nnx.BatchStat)):
        arrays["variance" if path[-1] == "var" else "mean"] = device.array(variable.get_value())
    arrays |= {name: np.asarray(float(count)) for name, count in counts.items()}
    layer.eval()
    return {**arrays, "evaluation": np.moveaxis(device.array(layer(x)), -1, 1)}


def _padded(request: ProbeRequest) -> dict[str, Any]:
    """The arguments, with padding as Flax has it: a word, or a pair for each axis."""
    keywords = probe_arguments.sized(request)
    padding = keywords.get("padding", "valid")
    pads = padding.upper() if isinstance(padding, str) else [(each, each) for each in np.atleast_1d(padding).tolist()]
    return {**keywords, "padding": pads}


def pooling(request: ProbeRequest) -> Found:
    """Pooling along the last axis of images of one row, by a function."""
    made = partial(request.make, **_padded(request))
    return {name: device.array(made(_tensor(request, name)[None, None, :, None])).ravel() for name in request.arrays}


def convolution(request: ProbeRequest) -> Found:
    """Convolution along the last axis, or, for several axes, along all of them; also transposed convolution. The number of axes
    is that of the kernel's size."""
    layer, kind = _layer(request, **_padded(request)), device.DTYPES[request.dtype]
    if request.setting == "several axes":
        x, kernel = probe_arguments.box(request)
        layer.kernel.set_value(jnp.asarray(kernel, kind)[..., None, None])
        return {str(kernel.ndim): device.array(layer(jnp.asarray(x, kind)[None, ..., None])[0, ..., 0])}
    if request.setting == "grouped":
        x, kernel = request.arrays["channels"].T, request.arrays["grouped"].transpose(2, 1, 0)
        _set(layer.kernel, kernel)
        out = device.array(layer(jnp.asarray(x, kind)[None, None]))
        return {"rows": out.reshape(-1, out.shape[-1]).T}
    _set(layer.kernel, request.arrays["kernel"])
    rows = probe_arguments.rows(request)
    return {name: device.array(layer(_tensor(request, name)[None, None, :, None])).ravel() for name in rows}


def recurrent(request: ProbeRequest) -> Found:
    """The output of a cell at every step, run by nnx.RNN, and the number of its biases. A cell's biases are one vector, on the
    product with the input or on the recurrent one."""
    cell = _layer(request)
    biases = 0
    for part, role, bias in ((cell.dense_i, "kernel", "bias"), (cell.dense_h, "recurrent", "recurrent_bias")):
        rows = part.kernel[...].shape[1]
        _set(part.kernel, request.arrays[role][:rows].T)
        if part.bias is not None:
            biases += 1
            _set(part.bias, request.arrays["bias" if biases == 1 else bias][:rows])
    units = cell.dense_h.kernel[...].shape[0]
    steps = nnx.RNN(cell)(_tensor(request, "x"))
    blocks = np.asarray(float(rows // units))
    return {"steps": device.array(steps), "blocks": blocks, "biases": np.asarray(float(biases))}


METHODS = {"nearest": "nearest", "bilinear": "bilinear", "bicubic": "bicubic"}


def resizing(request: ProbeRequest) -> Found:
    """A row, resized to another length; the shape that a function takes is the whole array's."""
    x, length = _tensor(request, "x"), int(request.wanted["length"])
    keywords = {name: value for name, value in request.keywords.items() if name != "mode"}
    made = request.make(x, (length,), method=METHODS[request.wanted["mode"]], **keywords)
    return {"row": device.array(made).ravel()}


def attention(request: ProbeRequest) -> Found:
    """Attention of queries, keys and values. A layer gets identity projections; a function (batch, time, heads, features).

    It is driven in float32: JAX's softmax of attention is in float32 whatever its inputs are (differences.yaml)."""
    request = replace(request, dtype="float32")
    heads = 2 if request.setting == "two heads" else 1
    parts = [_tensor(request, name) for name in ("query", "key", "value")]
    layered = isinstance(request.make, type)
    call: Any = _attending(request, heads, parts[0].shape[-1]) if layered else partial(request.make, **request.keywords)
    names = inspect.signature(call).parameters
    keywords: dict[str, Any] = dict(probe_arguments.caused(request, names))
    if (mask := probe_arguments.masked(request, names)) is not None:
        number = device.DTYPES[request.dtype] if mask[1].dtype != bool else bool
        keywords[mask[0]] = jnp.asarray(mask[1], number)[:, None]
    if not layered:
        parts = [part.reshape(*part.shape[:2], heads, -1) for part in parts]
    out = device.array(call(*parts, **keywords))
    return {"out": out.reshape(*out.shape[:2], -1)}


def _attending(request: ProbeRequest, heads: int, size: int) -> Any:
    layer = _layer(request, num_heads=heads, in_features=size, decode=False)
    for part in (layer.query, layer.key, layer.value, layer.out):
        part.kernel.set_value(jnp.eye(size, dtype=part.kernel[...].dtype).reshape(part.kernel[...].shape))
    return layer


def ctc(request: ProbeRequest) -> Found:
    """The loss of logits and labels, whose lengths are told as paddings."""
    scores, labels = _tensor(request, "scores"), jnp.asarray(request.arrays["labels"], jnp.int32)
    lengths, frames = request.arrays["lengths"], request.arrays["frames"]
    frames = np.full_like(frames, scores.shape[1]) if request.setting == "plain" else frames
    unheard, unwritten = (
        jnp.asarray(np.arange(size)[None] >= np.asarray(ends)[:, None], scores.dtype)
        for size, ends in ((scores.shape[1], frames), (labels.shape[1], lengths))
    )
    return {"loss": device.array(request.make(scores, unheard, labels, unwritten, **request.keywords))}


def loss(request: ProbeRequest) -> Found:
    """A loss, called with predictions, then targets."""
    target = _tensor(request, request.setting)
    target = target.astype(jnp.int32) if request.setting == "classes" else target
    return {"loss": device.array(request.make(_tensor(request, "prediction"), target, **request.keywords))}


DRIVERS: Mapping[str, Callable[[ProbeRequest], Found]] = {
    "initializer": _precise(initializer),
    "normalization": _precise(normalization),
    "pooling": _precise(pooling),
    "convolution": _precise(convolution),
    "transposed_convolution": _precise(convolution),
    "recurrent": _precise(recurrent),
    "resizing": _precise(resizing),
    "attention": _precise(attention),
    "ctc": _precise(ctc),
    "loss": _precise(loss),
}
