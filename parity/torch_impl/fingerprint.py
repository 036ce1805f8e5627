"""Owns the driving of PyTorch's objects as black boxes, with one driver per kind of object.

It refuses to know the results. Arrays are channels first, kernels (out, in, …), sequences (batch, time, features).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from parity.execution.protocol import Array, ProbeRequest
from parity.execution.worker import probe_arguments

Found = Mapping[str, Array]


def _tensor(request: ProbeRequest, name: str) -> Tensor:
    return torch.tensor(request.arrays[name], dtype=getattr(torch, request.dtype))


def _layer(request: ProbeRequest) -> nn.Module:
    made: nn.Module = request.make(**request.keywords)
    return made.to(getattr(torch, request.dtype))


def _array(tensor: Tensor) -> Array:
    return np.asarray(tensor.detach())


def initializer(request: ProbeRequest) -> Found:
    """Draws of weights (out, in, …)."""
    torch.manual_seed(0)
    arrays = {}
    for name, shape in probe_arguments.shapes(request).items():
        weights = torch.empty(*(int(size) for size in shape), dtype=getattr(torch, request.dtype))
        request.make(weights, **request.keywords)
        arrays[name] = _array(weights)
    return arrays


def normalization(request: ProbeRequest) -> Found:
    """A pass in training mode, the running values after it, and a pass in evaluation mode."""
    last = "normalized_shape" in request.keywords
    layer, x = _layer(request), _tensor(request, "x")
    shape = x.shape
    x = x.movedim(1, -1) if last else x.flatten(2) if request.word.endswith("1d") else x
    x = x[:, :, None] if request.word.endswith("3d") else x
    parameters = dict(layer.named_parameters())
    shifts = [name for name in parameters if "bias" in name or "beta" in name]
    for name, value in parameters.items():
        value.data = _tensor(request, "beta" if name in shifts else "gamma")[: value.shape[0]]
    counts = {
        "gains": sum(value.numel() for name, value in parameters.items() if name not in shifts),
        "shifts": sum(parameters[name].numel() for name in shifts),
    }

    def turned(out: Tensor) -> Array:
        return _array(out.movedim(-1, 1) if last else out.reshape(shape))

    arrays = {"training": turned(layer.train()(x))}
    for name, value in layer.named_buffers():
        if value.numel() > 1:
            arrays["variance" if "var" in name else "mean"] = _array(value)
    arrays |= {name: np.asarray(float(count)) for name, count in counts.items()}
    return {**arrays, "evaluation": turned(layer.eval()(x))}


def pooling(request: ProbeRequest) -> Found:
    """Pooling along the last axis of sequences, of volumes, or of images of one row."""
    layer, leading = request.make(**probe_arguments.sized(request)), (None,) * (1 + probe_arguments.axes_of(request))
    return {name: _array(layer(_tensor(request, name)[leading])).ravel() for name in request.arrays}


def convolution(request: ProbeRequest) -> Found:
    """Convolution along the last axis, or, for several axes, along all of them; also transposed convolution."""
    axes = probe_arguments.axes_of(request)
    layer = request.make(**probe_arguments.sized(request)).to(getattr(torch, request.dtype))
    if request.setting == "several axes":
        x, kernel = (torch.tensor(array, dtype=layer.weight.dtype) for array in probe_arguments.box(request))
        layer.weight.data = kernel[None, None]
        return {str(axes): _array(layer(x[None, None])[0, 0])}
    if request.setting == "grouped":
        layer.weight.data = _tensor(request, "grouped").reshape(layer.weight.shape)
        x = _tensor(request, "channels")
        out = _array(layer(x.reshape(1, len(x), *(1,) * (axes - 1), -1))[0])
        return {"rows": out.reshape(len(out), -1)}
    layer.weight.data = _tensor(request, "kernel")[: layer.weight.shape[-1]].reshape(layer.weight.shape)
    return {name: _array(layer(_tensor(request, name)[(None,) * (1 + axes)])).ravel() for name in probe_arguments.rows(request)}


def recurrent(request: ProbeRequest) -> Found:
    """The output of one layer at every step, and the number of its biases."""
    layer, x = _layer(request), _tensor(request, "x")
    values = dict(layer.named_parameters())
    for name, value in values.items():
        role = "kernel" if "weight_ih" in name else "recurrent" if "weight_hh" in name else ""
        role = role or ("bias" if "bias_ih" in name else "recurrent_bias")
        value.data = _tensor(request, role)[: len(value)]
    rows, units = values["weight_hh_l0"].shape
    return {
        "steps": _array(layer(x.transpose(0, 1))[0].transpose(0, 1)),
        "blocks": np.asarray(float(rows // units)),
        "biases": np.asarray(float(sum("bias" in name for name in values))),
    }


def resizing(request: ProbeRequest) -> Found:
    """A row, resized to another length."""
    x, length = _tensor(request, "x")[None, None, None], int(request.wanted["length"])
    probe_arguments.check_mode(request)
    keywords = {"size": (1, length), **request.keywords}
    made = request.make(**keywords)(x) if isinstance(request.make, type) else request.make(x, **keywords)
    return {"row": _array(made).ravel()}


def attention(request: ProbeRequest) -> Found:
    """Attention of queries, keys and values. A layer gets identity projections; a function (batch, heads, time, features)."""
    heads = 2 if request.setting == "two heads" else 1
    parts = [_tensor(request, name) for name in ("query", "key", "value")]
    names: Any = request.names
    if isinstance(request.make, type):
        call: Any = _attending(request, heads)
        names = inspect.signature(call.forward).parameters
    else:
        call = partial(request.make, **request.keywords)
        parts = [part.unflatten(-1, (heads, -1)).transpose(1, 2) for part in parts]
    keywords: dict[str, Any] = dict(probe_arguments.caused(request, names))
    if (mask := probe_arguments.masked(request, names)) is not None:
        tensor = torch.tensor(mask[1]) if mask[1].dtype == bool else torch.tensor(mask[1], dtype=parts[0].dtype)
        keywords[mask[0]] = tensor if isinstance(request.make, type) else tensor[:, None]
    made = call(*parts, **keywords)
    out = made[0] if isinstance(made, tuple) else made
    return {"out": _array(out if isinstance(request.make, type) else out.transpose(1, 2).flatten(2))}


def _attending(request: ProbeRequest, heads: int) -> nn.Module:
    size = request.arrays["query"].shape[-1]
    keywords = {name: value for name, value in {"embed_dim": size, "num_heads": heads}.items() if name in request.names}
    if heads > 1 and "num_heads" not in keywords:
        raise ValueError("it has one head")
    batch_first = {"batch_first": True} if "batch_first" in request.names else {}
    layer: nn.Module = request.make(**keywords, **batch_first, **request.keywords).to(getattr(torch, request.dtype)).eval()
    for value in layer.parameters():
        value.data.zero_()
        if value.ndim == 2:
            value.data.copy_(torch.eye(size).repeat(len(value) // size, 1))
    return layer


def ctc(request: ProbeRequest) -> Found:
    """The loss of scores (time, batch, classes), labels, and the lengths of both."""
    made: Any = (
        request.make(**request.keywords) if isinstance(request.make, type) else partial(request.make, **request.keywords)
    )
    scores = _tensor(request, "scores").transpose(0, 1)
    labels, lengths, frames = (torch.tensor(request.arrays[name]) for name in ("labels", "lengths", "frames"))
    frames = torch.full_like(frames, len(scores)) if request.setting == "plain" else frames
    return {"loss": _array(made(scores, labels, frames, lengths))}


def loss(request: ProbeRequest) -> Found:
    """A loss, called with predictions, then targets."""
    made: Any = (
        request.make(**request.keywords) if isinstance(request.make, type) else partial(request.make, **request.keywords)
    )
    target = _tensor(request, request.setting)
    target = target.long() if request.setting == "classes" else target
    return {"loss": _array(made(_tensor(request, "prediction"), target))}


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
