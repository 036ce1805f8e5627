"""Owns the driving of MXNet's objects as black boxes, a driver for each kind.

It refuses to know what comes out. Arrays are channels first, kernels (out, in, …), sequences (batch, time, features).
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


def _tensor(asked: ProbeRequest, name: str) -> Any:
    return nd.array(asked.arrays[name], dtype=asked.dtype)


def _layer(asked: ProbeRequest, keywords: Mapping[str, Any] | None = None) -> Any:
    layer = asked.make(**(asked.keywords if keywords is None else keywords))
    layer.initialize()
    layer.cast(asked.dtype)
    return layer


def _array(found: Any) -> Array:
    return np.asarray(found.asnumpy())


def initializer(asked: ProbeRequest) -> Found:
    """Draws of weights (out, in, …)."""
    mxnet.random.seed(0)
    np.random.seed(0)  # Orthogonal draws from NumPy's
    found = {}
    for name, shape in probe_arguments.shapes(asked).items():
        weights = nd.zeros(tuple(int(size) for size in shape), dtype=asked.dtype)
        asked.make(**asked.keywords)(mxnet.init.InitDesc("weight"), weights)
        found[name] = _array(weights)
    return found


def normalization(asked: ProbeRequest) -> Found:
    """One pass in training, one in evaluation, and the running values between them."""
    last = "LayerNorm" in asked.word
    layer, x = _layer(asked), _tensor(asked, "x")
    x = x.transpose((0, 2, 3, 1)) if last else x
    layer(x)
    values = layer.collect_params().values()
    counts = {"gains": 0, "shifts": 0}
    for value in values:
        if value.grad_req != "null":
            shift = value.name.endswith("beta")
            counts["shifts" if shift else "gains"] += int(value.shape[0])
            value.set_data(_tensor(asked, "beta" if shift else "gamma")[: value.shape[0]])
    with autograd.record():
        out = layer(x)
        total = out.sum()
    total.backward()  # running values move on the way back
    nd.waitall()

    def turned(result: Any) -> Array:
        return _array(result.transpose((0, 3, 1, 2)) if last else result)

    found = {"training": turned(out), "evaluation": turned(layer(x))}
    found |= {name: np.asarray(float(count)) for name, count in counts.items()}
    for value in values:
        if "running" in value.name:
            found["variance" if "var" in value.name else "mean"] = _array(value.data())
    return found


def pooling(asked: ProbeRequest) -> Found:
    """A window along the last axis of images of one row, of sequences or volumes."""
    layer = _layer(asked, probe_arguments.sized(asked))
    return {name: _array(layer(_row(asked, name))).ravel() for name in asked.arrays}


def _row(asked: ProbeRequest, name: str) -> Any:
    return _tensor(asked, name).reshape((1,) * (1 + probe_arguments.axes_of(asked)) + (-1,))


def convolution(asked: ProbeRequest) -> Found:
    """Along the last axis, or (several axes) along all; transposed ones as well."""
    axes = probe_arguments.axes_of(asked)
    layer = _layer(asked, probe_arguments.sized(asked))
    if asked.setting == "several axes":
        x, kernel = (nd.array(array[None, None], dtype=asked.dtype) for array in probe_arguments.box(asked))
        layer.weight.set_data(kernel)
        return {str(axes): _array(layer(x))[0, 0]}
    if asked.setting == "grouped":
        x = _tensor(asked, "channels")
        layer.weight.set_data(_tensor(asked, "grouped").reshape(layer.weight.shape))
        out = _array(layer(x.reshape((1, x.shape[0]) + (1,) * (axes - 1) + (-1,))))[0]
        return {"rows": out.reshape(len(out), -1)}
    shape = layer.weight.shape
    layer.weight.set_data(_tensor(asked, "kernel")[: shape[-1]].reshape(shape))
    return {name: _array(layer(_row(asked, name))).ravel() for name in probe_arguments.rows(asked)}


def recurrent(asked: ProbeRequest) -> Found:
    """Every step of one layer, and how many biases it has."""
    layer = _layer(asked)
    values = layer.collect_params()
    for name, value in values.items():
        role = {"i2h_weight": "kernel", "h2h_weight": "recurrent", "i2h_bias": "bias", "h2h_bias": "recurrent_bias"}
        value.set_data(_tensor(asked, next(found for end, found in role.items() if name.endswith(end)))[: value.shape[0]])
    rows, units = next(value.shape for name, value in values.items() if name.endswith("h2h_weight"))
    steps = layer(_tensor(asked, "x").transpose((1, 0, 2))).transpose((1, 0, 2))
    biases = sum(name.endswith("bias") for name in values)
    return {"steps": _array(steps), "blocks": np.asarray(float(rows // units)), "biases": np.asarray(float(biases))}


def resizing(asked: ProbeRequest) -> Found:
    """A row to another length."""
    x, length = _tensor(asked, "x").reshape((1, 1, 1, -1)), int(asked.wanted["length"])
    keywords = {name: value for name, value in asked.keywords.items() if name != "mode"}  # another thing there
    if "height" in asked.names:
        if asked.wanted["mode"] != "bilinear":
            raise ValueError("it has one mode")
        made = asked.make(x, height=1, width=length, **keywords)
    else:
        factor, rest = divmod(length, x.shape[3])
        if rest or asked.wanted["mode"] != "nearest":
            raise ValueError("it repeats by whole factors")
        made = asked.make(x, scale=factor, **{"sample_type": "nearest", **keywords})[:, :, :1]
    return {"row": _array(made).ravel()}


def attention(asked: ProbeRequest) -> Found:
    """Of queries, keys and values, or of these laid out as MXNet's operators have them: then the scores alone."""
    heads = 2 if asked.setting == "two heads" else 1
    query, key, value = (_headed(asked.arrays[name], heads) for name in ("query", "key", "value"))
    if asked.setting not in ("plain", "two heads"):
        raise ValueError(f"it takes no {asked.setting}")
    many = {"heads": heads, **asked.keywords}
    if "queries_keys_values" in asked.names:
        key, value = key[:, :3], value[:, :3]
        found = asked.make(_interleaved(asked, query, key, value), **many)
        return {"scores of three": _scores(found, heads)}
    if "keys_values" in asked.names:
        found = asked.make(_interleaved(asked, query), _interleaved(asked, key, value), **many)
        return {"scores": _scores(found, heads)}
    if heads > 1:
        raise ValueError("it has one head")
    parts = (_tensor(asked, name) for name in ("query", "key", "value"))
    return {"out": _array(asked.make(*parts, **asked.keywords))}


def _headed(x: Array, heads: int) -> Array:
    """(batch, time, features) to (batch, time, heads, features of a head)."""
    return x.reshape(*x.shape[:2], heads, -1)


def _interleaved(asked: ProbeRequest, *parts: Array) -> Any:
    """(time, batch, features): of every head its part of the first, then of the second."""
    joined = np.concatenate(parts, axis=-1)
    return nd.array(joined.reshape(*joined.shape[:2], -1).swapaxes(0, 1), dtype=asked.dtype)


def _scores(found: Any, heads: int) -> Array:
    scores = _array(found)
    return scores.reshape(-1, heads, *scores.shape[1:]) if heads > 1 else scores


def ctc(asked: ProbeRequest) -> Found:
    """Of scores and labels. A layer takes (batch, time, classes), a function (time, batch, classes)."""
    scores, labels, lengths, frames = (_tensor(asked, name) for name in ("scores", "labels", "lengths", "frames"))
    given = frames if asked.setting == "frames" else nd.full(3, scores.shape[1], dtype=asked.dtype)
    if isinstance(asked.make, type):
        return {"loss": _array(asked.make(**asked.keywords)(scores, labels, given, lengths))}
    used = {name: True for name in ("use_data_lengths", "use_label_lengths") if name in asked.names}
    return {"loss": _array(asked.make(scores.swapaxes(0, 1), labels, given, lengths, **used, **asked.keywords))}


def loss(asked: ProbeRequest) -> Found:
    """Of predictions, then targets."""
    if not isinstance(asked.make, type):
        return {"loss": _array(asked.make(_tensor(asked, "prediction"), _tensor(asked, asked.setting), **asked.keywords))}
    made: Any = asked.make(**asked.keywords)
    made.cast(asked.dtype)
    return {"loss": _array(made(_tensor(asked, "prediction"), _tensor(asked, asked.setting)))}


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
