"""Owns what the atlas advises for PyTorch about training: modes, gradients, batches, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from parity.torch_impl.atlas.asking import Answer, Inputs, call, slope, t


def _none_dropped(inputs: Inputs) -> float:
    out = nn.Dropout(0.75)(t(inputs["x"]))
    return float((out != out[:1]).any())


def _eval(layer: nn.Module, x: Tensor) -> Tensor:
    layer.eval()
    return layer(x)


def _twice(inputs: Inputs) -> Tensor:
    x = t(inputs["x"]).requires_grad_()
    optimizer = torch.optim.SGD([x])
    for _ in range(2):
        optimizer.zero_grad()
        (x**2).backward()
    return x.grad


def _accumulated(inputs: Inputs) -> float:
    w = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=1.0)
    for gradient in t(inputs["x"]):
        loss = (w * gradient).sum()
        (loss / 2).backward()
    optimizer.step()
    return -float(w)


class _TwoLayersListed(nn.Module):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.parts = nn.ModuleList([nn.Linear(2, 3), nn.Linear(3, 5)])


def _written(inputs: Inputs) -> float:
    x = t(inputs["x"])
    piece = x[0:1].clone()
    piece[:] = 7.0
    return float(x[0])


def _batches(inputs: Inputs, **arguments: Any) -> list[Any]:
    torch.manual_seed(0)
    return [np.asarray(batch) for batch in DataLoader(t(inputs["x"]), **arguments)]


def _moving(inputs: Inputs) -> Tensor:
    layer = nn.BatchNorm1d(2)
    for x in (t(inputs["x"]), torch.tensor([[1.0, 2.0], [3.0, 5.0]])):
        if len(x):
            layer(x)
    return layer.running_mean / 0.1


def _padded(inputs: Inputs) -> float:
    """An embedding table without padding_idx, whose row 0 is trained."""
    layer = nn.Embedding(3, 1)
    layer(t(inputs["index"])).sum().backward()
    return float(layer.weight.grad[0])


def _ran(x: Tensor) -> Tensor:
    layer = nn.BatchNorm1d(2, momentum=0.25)
    layer(x)
    return layer.running_mean


def _given(inputs: Inputs) -> list[Tensor]:
    """An empty batch, and a batch that is not empty."""
    return [t(inputs["x"]), torch.ones(3, 2)]


def _unclipped(inputs: Inputs) -> Tensor:
    """Clips the gradient of each weight by its own norm."""
    weights = [torch.zeros(1, requires_grad=True) for _ in inputs["x"]]
    for w, gradient in zip(weights, inputs["x"], strict=True):
        w.grad = torch.full((1,), float(gradient))
        nn.utils.clip_grad_norm_([w], 1.0)
    return torch.stack([w.grad for w in weights])


REMEDIES: Mapping[str, Answer] = {
    "lstm.dropout_reaches@keras": _none_dropped,
    "batch_norm.mode@keras": lambda inputs: _eval(nn.BatchNorm1d(2, eps=2.0**-10), t(inputs["x"])),
    "dropout.mode@keras": lambda inputs: _eval(nn.Dropout(0.75), t(inputs["x"])).max(),
    "batch_norm.moves@torch": lambda inputs: _ran(t(inputs["x"])),
    "batch_norm.one_example@keras": call(lambda x: (x - x.mean(0)) / torch.sqrt(x.var(0, correction=0) + 1e-5)),
    "gradient.twice@keras": _twice,
    "squared_error.shapes@keras": call(lambda x, y: nn.MSELoss()(x, y[:, None]), "x", "y"),
    "embedding.padding_gradient@keras": _padded,
    "gradient.accumulated@keras": _accumulated,
    "gradient.of_vector@keras": slope(lambda x: (x**2).sum()),
    "max_pool2d.behind_reshape@torch": slope(lambda x: nn.MaxPool2d(2)(x.reshape(1, 1, 8, 8))),
    "model.list@keras": lambda _: len(list(_TwoLayersListed().parameters())),
    "view.writes@alike": _written,
    "batches.size@alike": lambda inputs: [_batches(inputs, batch_size=32)[place].size for place in (0, -1)],
    "batches.shuffled@keras": lambda inputs: float((np.concatenate(_batches(inputs, shuffle=True)) == inputs["x"]).all()),
    "squared_error.empty@alike": lambda inputs: float(sum(nn.MSELoss()(x, 0 * x) for x in _given(inputs) if len(x))),
    "batch_norm.empty@alike": _moving,
    "clip_norm.over@keras": _unclipped,
}
