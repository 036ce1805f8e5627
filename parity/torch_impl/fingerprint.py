"""Owns the driving of PyTorch's objects as black boxes, a driver for each kind.

It refuses to know what comes out. Arrays are channels first, kernels (out, in, …), sequences (batch, time, features).
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


def _tensor(asked: ProbeRequest, name: str) -> Tensor:
    return torch.tensor(asked.arrays[name], dtype=getattr(torch, asked.dtype))


def _layer(asked: ProbeRequest) -> nn.Module:
    made: nn.Module = asked.make(**asked.keywords)
    return made.to(getattr(torch, asked.dtype))


def _array(tensor: Tensor) -> Array:
    return np.asarray(tensor.detach())


def initializer(asked: ProbeRequest) -> Found:
    """Draws into weights (out, in, …)."""
    torch.manual_seed(0)
    found = {}
    for name, shape in probe_arguments.shapes(asked).items():
        weights = torch.empty(*(int(size) for size in shape), dtype=getattr(torch, asked.dtype))
        asked.make(weights, **asked.keywords)
        found[name] = _array(weights)
    return found


def normalization(asked: ProbeRequest) -> Found:
    """One pass in training, one in evaluation, and the running values between them."""
    last = "normalized_shape" in asked.keywords
    layer, x = _layer(asked), _tensor(asked, "x")
    shape = x.shape
    x = x.movedim(1, -1) if last else x.flatten(2) if asked.word.endswith("1d") else x
    x = x[:, :, None] if asked.word.endswith("3d") else x
    parameters = dict(layer.named_parameters())
    shifts = [name for name in parameters if "bias" in name or "beta" in name]
    for name, value in parameters.items():
        value.data = _tensor(asked, "beta" if name in shifts else "gamma")[: value.shape[0]]
    counts = {
        "gains": sum(value.numel() for name, value in parameters.items() if name not in shifts),
        "shifts": sum(parameters[name].numel() for name in shifts),
    }

    def turned(out: Tensor) -> Array:
        return _array(out.movedim(-1, 1) if last else out.reshape(shape))

    found = {"training": turned(layer.train()(x))}
    for name, value in layer.named_buffers():
        if value.numel() > 1:
            found["variance" if "var" in name else "mean"] = _array(value)
    found |= {name: np.asarray(float(count)) for name, count in counts.items()}
    return {**found, "evaluation": turned(layer.eval()(x))}


def pooling(asked: ProbeRequest) -> Found:
    """A window along the last axis of images of one row, of sequences or volumes."""
    layer, leading = asked.make(**probe_arguments.sized(asked)), (None,) * (1 + probe_arguments.axes_of(asked))
    return {name: _array(layer(_tensor(asked, name)[leading])).ravel() for name in asked.arrays}


def convolution(asked: ProbeRequest) -> Found:
    """Along the last axis, or (several axes) along all; transposed ones as well."""
    axes = probe_arguments.axes_of(asked)
    layer = asked.make(**probe_arguments.sized(asked)).to(getattr(torch, asked.dtype))
    if asked.setting == "several axes":
        x, kernel = (torch.tensor(array, dtype=layer.weight.dtype) for array in probe_arguments.box(asked))
        layer.weight.data = kernel[None, None]
        return {str(axes): _array(layer(x[None, None])[0, 0])}
    if asked.setting == "grouped":
        layer.weight.data = _tensor(asked, "grouped").reshape(layer.weight.shape)
        x = _tensor(asked, "channels")
        out = _array(layer(x.reshape(1, len(x), *(1,) * (axes - 1), -1))[0])
        return {"rows": out.reshape(len(out), -1)}
    layer.weight.data = _tensor(asked, "kernel")[: layer.weight.shape[-1]].reshape(layer.weight.shape)
    return {name: _array(layer(_tensor(asked, name)[(None,) * (1 + axes)])).ravel() for name in probe_arguments.rows(asked)}


def recurrent(asked: ProbeRequest) -> Found:
    """Every step of one layer, and how many biases it has."""
    layer, x = _layer(asked), _tensor(asked, "x")
    values = dict(layer.named_parameters())
    for name, value in values.items():
        role = "kernel" if "weight_ih" in name else "recurrent" if "weight_hh" in name else ""
        role = role or ("bias" if "bias_ih" in name else "recurrent_bias")
        value.data = _tensor(asked, role)[: len(value)]
    rows, units = values["weight_hh_l0"].shape
    return {
        "steps": _array(layer(x.transpose(0, 1))[0].transpose(0, 1)),
        "blocks": np.asarray(float(rows // units)),
        "biases": np.asarray(float(sum("bias" in name for name in values))),
    }


def resizing(asked: ProbeRequest) -> Found:
    """A row to another length."""
    x, length = _tensor(asked, "x")[None, None, None], int(asked.wanted["length"])
    probe_arguments.check_mode(asked)
    keywords = {"size": (1, length), **asked.keywords}
    made = asked.make(**keywords)(x) if isinstance(asked.make, type) else asked.make(x, **keywords)
    return {"row": _array(made).ravel()}


def attention(asked: ProbeRequest) -> Found:
    """Of queries, keys and values. A layer's projections are the identity; a function takes (batch, heads, time, features)."""
    heads = 2 if asked.setting == "two heads" else 1
    parts = [_tensor(asked, name) for name in ("query", "key", "value")]
    names: Any = asked.names
    if isinstance(asked.make, type):
        call: Any = _attending(asked, heads)
        names = inspect.signature(call.forward).parameters
    else:
        call = partial(asked.make, **asked.keywords)
        parts = [part.unflatten(-1, (heads, -1)).transpose(1, 2) for part in parts]
    keywords: dict[str, Any] = dict(probe_arguments.caused(asked, names))
    if (mask := probe_arguments.masked(asked, names)) is not None:
        tensor = torch.tensor(mask[1]) if mask[1].dtype == bool else torch.tensor(mask[1], dtype=parts[0].dtype)
        keywords[mask[0]] = tensor if isinstance(asked.make, type) else tensor[:, None]
    made = call(*parts, **keywords)
    out = made[0] if isinstance(made, tuple) else made
    return {"out": _array(out if isinstance(asked.make, type) else out.transpose(1, 2).flatten(2))}


def _attending(asked: ProbeRequest, heads: int) -> nn.Module:
    size = asked.arrays["query"].shape[-1]
    keywords = {name: value for name, value in {"embed_dim": size, "num_heads": heads}.items() if name in asked.names}
    if heads > 1 and "num_heads" not in keywords:
        raise ValueError("it has one head")
    batch_first = {"batch_first": True} if "batch_first" in asked.names else {}
    layer: nn.Module = asked.make(**keywords, **batch_first, **asked.keywords).to(getattr(torch, asked.dtype)).eval()
    for value in layer.parameters():
        value.data.zero_()
        if value.ndim == 2:
            value.data.copy_(torch.eye(size).repeat(len(value) // size, 1))
    return layer


def ctc(asked: ProbeRequest) -> Found:
    """Of scores (time, batch, classes), labels, and the lengths of both."""
    made: Any = asked.make(**asked.keywords) if isinstance(asked.make, type) else partial(asked.make, **asked.keywords)
    scores = _tensor(asked, "scores").transpose(0, 1)
    labels, lengths, frames = (torch.tensor(asked.arrays[name]) for name in ("labels", "lengths", "frames"))
    frames = torch.full_like(frames, len(scores)) if asked.setting == "plain" else frames
    return {"loss": _array(made(scores, labels, frames, lengths))}


def loss(asked: ProbeRequest) -> Found:
    """Of predictions, then targets."""
    made: Any = asked.make(**asked.keywords) if isinstance(asked.make, type) else partial(asked.make, **asked.keywords)
    target = _tensor(asked, asked.setting)
    target = target.long() if asked.setting == "classes" else target
    return {"loss": _array(made(_tensor(asked, "prediction"), target))}


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
