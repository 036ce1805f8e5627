"""Owns the driving of PyTorch's objects as black boxes: initializer, norm, pool, convolution, recurrent layer, resizing, loss.

It refuses to know what comes out. Arrays are channels first, kernels (out, in, …), sequences (batch, time, features).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from parity.execution.protocol import Array, Probed

Found = Mapping[str, Array]


def _tensor(asked: Probed, name: str) -> Tensor:
    return torch.tensor(asked.arrays[name], dtype=getattr(torch, asked.dtype))


def _layer(asked: Probed) -> nn.Module:
    made: nn.Module = asked.make(**asked.keywords)
    return made.to(getattr(torch, asked.dtype))


def _array(tensor: Tensor) -> Array:
    return np.asarray(tensor.detach())


def initializer(asked: Probed) -> Found:
    """Draws into weights (out, in, …)."""
    torch.manual_seed(0)
    found = {}
    for name, shape in asked.arrays.items():
        weights = torch.empty(*(int(size) for size in shape), dtype=getattr(torch, asked.dtype))
        asked.make(weights, **asked.keywords)
        found[name] = _array(weights)
    return found


def normalization(asked: Probed) -> Found:
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


def pooling(asked: Probed) -> Found:
    """A window along the last axis of images of one row, or of sequences."""
    flat = asked.word.endswith("1d")
    keywords = {name: value[1] if flat and isinstance(value, tuple) else value for name, value in asked.keywords.items()}
    layer = asked.make(**keywords)
    return {name: _array(layer(_tensor(asked, name)[(None,) * (2 if flat else 3)])).ravel() for name in asked.arrays}


def convolution(asked: Probed) -> Found:
    """Of images of one row, or of sequences."""
    flat = asked.word.endswith("1d")
    keywords = {name: value[1] if flat and isinstance(value, tuple) else value for name, value in asked.keywords.items()}
    layer = asked.make(**keywords).to(getattr(torch, asked.dtype))
    layer.weight.data = _tensor(asked, "kernel")[: layer.weight.shape[-1]].reshape(layer.weight.shape)
    rows = {name: _tensor(asked, name)[(None,) * (2 if flat else 3)] for name in asked.arrays if name != "kernel"}
    return {name: _array(layer(row)).ravel() for name, row in rows.items()}


def recurrent(asked: Probed) -> Found:
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


def resizing(asked: Probed) -> Found:
    """A row to another length."""
    x, length = _tensor(asked, "x")[None, None, None], int(asked.wanted["length"])
    keywords = {"size": (1, length), **asked.keywords}
    made = asked.make(**keywords)(x) if isinstance(asked.make, type) else asked.make(x, **keywords)
    return {"row": _array(made).ravel()}


def loss(asked: Probed) -> Found:
    """Of predictions, then targets."""
    made: Any = asked.make(**asked.keywords) if isinstance(asked.make, type) else partial(asked.make, **asked.keywords)
    target = _tensor(asked, asked.setting)
    target = target.long() if asked.setting == "classes" else target
    return {"loss": _array(made(_tensor(asked, "prediction"), target))}


DRIVERS: Mapping[str, Callable[[Probed], Found]] = {
    "initializer": initializer,
    "normalization": normalization,
    "pooling": pooling,
    "convolution": convolution,
    "recurrent": recurrent,
    "resizing": resizing,
    "loss": loss,
}
