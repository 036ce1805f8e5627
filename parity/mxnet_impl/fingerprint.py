"""Owns the driving of MXNet's objects as black boxes, with one driver per kind of object.

It refuses to know the results. Arrays are channels first, kernels (out, in, …), sequences (batch, time, features).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from parity.execution.protocol import Array, ProbeRequest
from parity.execution.worker import probe_arguments
from parity.mxnet_impl.device import mxnet

Found = Mapping[str, Array]
nd, autograd = mxnet.nd, mxnet.autograd


def _tensor(request: ProbeRequest, name: str) -> Any:
    return nd.array(request.arrays[name], dtype=request.dtype)


def _layer(request: ProbeRequest, keywords: Mapping[str, Any] | None = None) -> Any:
    layer = request.make(**(request.keywords if keywords is None else keywords))
    layer.initialize()
    layer.cast(request.dtype)
    return layer


def _array(tensor: Any) -> Array:
    return np.asarray(tensor.asnumpy())


def initializer(request: ProbeRequest) -> Found:
    """Draws of weights (out, in, …)."""
    mxnet.random.seed(0)
    np.random.seed(0)  # Orthogonal draws from NumPy's generator
    arrays = {}
    for name, shape in probe_arguments.shapes(request).items():
        weights = nd.zeros(tuple(int(size) for size in shape), dtype=request.dtype)
        request.make(**request.keywords)(mxnet.init.InitDesc("weight"), weights)
        arrays[name] = _array(weights)
    return arrays


def normalization(request: ProbeRequest) -> Found:
    """A pass in training mode, the running values after it, and a pass in evaluation mode."""
    last = "LayerNorm" in request.word
    layer, x = _layer(request), _tensor(request, "x")
    x = x.transpose((0, 2, 3, 1)) if last else x
    layer(x)
    values = layer.collect_params().values()
    counts = {"gains": 0, "shifts": 0}
    for value in values:
        if value.grad_req != "null":
            shift = value.name.endswith("beta")
            counts["shifts" if shift else "gains"] += int(value.shape[0])
            value.set_data(_tensor(request, "beta" if shift else "gamma")[: value.shape[0]])
    with autograd.record():
        out = layer(x)
        total = out.sum()
    total.backward()  # running values move in the backward pass
    nd.waitall()

    def turned(result: Any) -> Array:
        return _array(result.transpose((0, 3, 1, 2)) if last else result)

    arrays = {"training": turned(out), "evaluation": turned(layer(x))}
    arrays |= {name: np.asarray(float(count)) for name, count in counts.items()}
    for value in values:
        if "running" in value.name:
            arrays["variance" if "var" in value.name else "mean"] = _array(value.data())
    return arrays


def pooling(request: ProbeRequest) -> Found:
    """Pooling along the last axis of sequences, of volumes, or of images of one row."""
    layer = _layer(request, probe_arguments.sized(request))
    return {name: _array(layer(_row(request, name))).ravel() for name in request.arrays}


def _row(request: ProbeRequest, name: str) -> Any:
    return _tensor(request, name).reshape((1,) * (1 + probe_arguments.axes_of(request)) + (-1,))


def convolution(request: ProbeRequest) -> Found:
    """Convolution along the last axis, or, for several axes, along all of them; also transposed convolution."""
    axes = probe_arguments.axes_of(request)
    layer = _layer(request, probe_arguments.sized(request))
    if request.setting == "several axes":
        x, kernel = (nd.array(array[None, None], dtype=request.dtype) for array in probe_arguments.box(request))
        layer.weight.set_data(kernel)
        return {str(axes): _array(layer(x))[0, 0]}
    if request.setting == "grouped":
        x = _tensor(request, "channels")
        layer.weight.set_data(_tensor(request, "grouped").reshape(layer.weight.shape))
        out = _array(layer(x.reshape((1, x.shape[0]) + (1,) * (axes - 1) + (-1,))))[0]
        return {"rows": out.reshape(len(out), -1)}
    shape = layer.weight.shape
    layer.weight.set_data(_tensor(request, "kernel")[: shape[-1]].reshape(shape))
    return {name: _array(layer(_row(request, name))).ravel() for name in probe_arguments.rows(request)}


def recurrent(request: ProbeRequest) -> Found:
    """The output of one layer at every step, and the number of its biases."""
    layer = _layer(request)
    values = layer.collect_params()
    for name, value in values.items():
        role = {"i2h_weight": "kernel", "h2h_weight": "recurrent", "i2h_bias": "bias", "h2h_bias": "recurrent_bias"}
        value.set_data(_tensor(request, next(array for end, array in role.items() if name.endswith(end)))[: value.shape[0]])
    rows, units = next(value.shape for name, value in values.items() if name.endswith("h2h_weight"))
    steps = layer(_tensor(request, "x").transpose((1, 0, 2))).transpose((1, 0, 2))
    biases = sum(name.endswith("bias") for name in values)
    return {"steps": _array(steps), "blocks": np.asarray(float(rows // units)), "biases": np.asarray(float(biases))}


def resizing(request: ProbeRequest) -> Found:
    """A row, resized to another length."""
    x, length = _tensor(request, "x").reshape((1, 1, 1, -1)), int(request.wanted["length"])
    keywords = {name: value for name, value in request.keywords.items() if name != "mode"}  # means something else there
    if "height" in request.names:
        if request.wanted["mode"] != "bilinear":
            raise ValueError("it has one mode")
        made = request.make(x, height=1, width=length, **keywords)
    else:
        factor, rest = divmod(length, x.shape[3])
        if rest or request.wanted["mode"] != "nearest":
            raise ValueError("it repeats by whole factors")
        made = request.make(x, scale=factor, **{"sample_type": "nearest", **keywords})[:, :, :1]
    return {"row": _array(made).ravel()}


def attention(request: ProbeRequest) -> Found:
    """Attention of queries, keys and values; for MXNet's interleaved operators, the scores alone."""
    heads = 2 if request.setting == "two heads" else 1
    query, key, value = (_headed(request.arrays[name], heads) for name in ("query", "key", "value"))
    if request.setting not in ("plain", "two heads"):
        raise ValueError(f"it takes no {request.setting}")
    many = {"heads": heads, **request.keywords}
    if "queries_keys_values" in request.names:
        key, value = key[:, :3], value[:, :3]
        outputs = request.make(_interleaved(request, query, key, value), **many)
        return {"scores of three": _scores(outputs, heads)}
    if "keys_values" in request.names:
        outputs = request.make(_interleaved(request, query), _interleaved(request, key, value), **many)
        return {"scores": _scores(outputs, heads)}
    if heads > 1:
        raise ValueError("it has one head")
    parts = (_tensor(request, name) for name in ("query", "key", "value"))
    return {"out": _array(request.make(*parts, **request.keywords))}


def _headed(x: Array, heads: int) -> Array:
    """Splits (batch, time, features) into (batch, time, heads, features of a head)."""
    return x.reshape(*x.shape[:2], heads, -1)


def _interleaved(request: ProbeRequest, *parts: Array) -> Any:
    """(time, batch, features): for every head, its features of the first array, then of the second, and so on."""
    joined = np.concatenate(parts, axis=-1)
    return nd.array(joined.reshape(*joined.shape[:2], -1).swapaxes(0, 1), dtype=request.dtype)


def _scores(outputs: Any, heads: int) -> Array:
    scores = _array(outputs)
    return scores.reshape(-1, heads, *scores.shape[1:]) if heads > 1 else scores


def ctc(request: ProbeRequest) -> Found:
    """The loss of scores and labels. A layer takes (batch, time, classes), a function (time, batch, classes)."""
    scores, labels, lengths, frames = (_tensor(request, name) for name in ("scores", "labels", "lengths", "frames"))
    counts = frames if request.setting == "frames" else nd.full(3, scores.shape[1], dtype=request.dtype)
    if isinstance(request.make, type):
        return {"loss": _array(request.make(**request.keywords)(scores, labels, counts, lengths))}
    used = {name: True for name in ("use_data_lengths", "use_label_lengths") if name in request.names}
    return {"loss": _array(request.make(scores.swapaxes(0, 1), labels, counts, lengths, **used, **request.keywords))}


def loss(request: ProbeRequest) -> Found:
    """A loss, called with predictions, then targets."""
    if not isinstance(request.make, type):
        return {
            "loss": _array(request.make(_tensor(request, "prediction"), _tensor(request, request.setting), **request.keywords))
        }
    made: Any = request.make(**request.keywords)
    made.cast(request.dtype)
    return {"loss": _array(made(_tensor(request, "prediction"), _tensor(request, request.setting)))}


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
