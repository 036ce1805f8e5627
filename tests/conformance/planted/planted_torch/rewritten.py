"""The same computation written in two ways: `net?kind=WORD` and `net?kind=WORD&other=true` must agree."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Way = Callable[[Any, Tensor], Tensor]


def depth(model: Any, h: Tensor, _: bool) -> Tensor:
    """Stochastic depth for each example, by hand."""
    y = torch.tanh(h)
    if not model.training:
        return h + y
    kept = torch.bernoulli(torch.full((len(h), 1), 0.8, dtype=h.dtype))
    return h + y * kept / 0.8


def noise(model: Any, h: Tensor, _: bool) -> Tensor:
    return h + 0.1 * torch.randn_like(h) if model.training else h


def dropout(model: Any, h: Tensor, other: bool) -> Tensor:
    return F.dropout(h, 0.3, model.training) if other else model.drop(h)


def relu(_: Any, h: Tensor, other: bool) -> Tensor:
    return h.clamp(min=0) if other else F.relu(h)


def gelu(_: Any, h: Tensor, other: bool) -> Tensor:
    return 0.5 * h * (1 + torch.erf(h / math.sqrt(2))) if other else F.gelu(h)


def softplus(_: Any, h: Tensor, other: bool) -> Tensor:
    return torch.log1p(torch.exp(h)) if other else F.softplus(h)


def halves(_: Any, h: Tensor, other: bool) -> Tensor:
    a, b = (h[:, :4], h[:, 4:]) if other else h.chunk(2, -1)
    return torch.cat([a * torch.sigmoid(b), b], -1)


def skip(_: Any, h: Tensor, other: bool) -> Tensor:
    y = torch.tanh(h)
    if not other:
        return y + h
    y += h
    return y


def stacked(_: Any, h: Tensor, other: bool) -> Tensor:
    a, b = h[:, :4], h[:, 4:]
    return torch.stack([b, a], 1).flatten(1) if other else torch.cat([b, a], -1)


def turned(_: Any, h: Tensor, other: bool) -> Tensor:
    square = h.reshape(-1, 2, 4)
    return square.permute(0, 2, 1).permute(0, 2, 1).reshape(len(h), -1) if other else h


def einsum(model: Any, h: Tensor, other: bool) -> Tensor:
    scores = torch.einsum("bi,bj->bij", h, h) if other else h[:, :, None] @ h[:, None, :]
    return (scores.softmax(-1) @ h[..., None])[..., 0]


def normed(model: Any, h: Tensor, other: bool) -> Tensor:
    if not other:
        return model.norm(h)
    return F.layer_norm(h, (8,), model.norm.weight, model.norm.bias, 1e-5)


def log_softmax(_: Any, h: Tensor, other: bool) -> Tensor:
    return h.softmax(-1).log() if other else F.log_softmax(h, -1)


def batch_normed(model: Any, h: Tensor, other: bool) -> Tensor:
    norm = model.batch
    if not other:
        return norm(h)
    return F.batch_norm(h, norm.running_mean, norm.running_var, norm.weight, norm.bias, model.training, 0.1, 1e-5)


WAYS: Mapping[str, Callable[[Any, Tensor, bool], Tensor]] = {
    way.__name__: way
    for way in (
        *(
            depth,
            noise,
            dropout,
            relu,
            gelu,
            softplus,
            halves,
            skip,
            stacked,
            turned,
            einsum,
            normed,
            log_softmax,
            batch_normed,
        ),
    )
}


class Net(nn.Module):
    def __init__(self, kind: str, other: bool) -> None:
        super().__init__()
        self.kind, self.other = kind, other
        self.first, self.second = nn.Linear(7, 8), nn.Linear(8, 3)
        self.drop = nn.Dropout(0.3)
        if kind == "normed":
            self.norm = nn.LayerNorm(8)
        if kind == "batch_normed":
            self.batch = nn.BatchNorm1d(8)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(WAYS[self.kind](self, self.first(x), self.other))


def net(kind: str, other: bool = False) -> nn.Module:
    return Net(kind, other)


class Wrapped(nn.Module):
    """A model within a model, as for several devices."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, *given: Any, **named: Any) -> Any:
        return self.module(*given, **named)


def wrapped(kind: str, other: bool = False) -> nn.Module:
    return Wrapped(Wrapped(Net(kind, other))) if other else Net(kind, other)


class Image(nn.Module):
    """Convolutions with their padding inside or before, and an average by a layer or a function."""

    def __init__(self, other: bool) -> None:
        super().__init__()
        self.other = other
        self.conv, self.out = nn.Conv2d(3, 4, 3, padding=0 if other else 1), nn.Linear(4, 2)
        self.pool = nn.AdaptiveAvgPool2d(1)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.conv(F.pad(x, (1, 1, 1, 1)) if self.other else x))
        return self.out(y.mean((-2, -1)) if self.other else self.pool(y).flatten(1))


def image(other: bool = False) -> nn.Module:
    return Image(other)


class Scaled(nn.Linear):
    """A subclass that computes in its own way what the class does."""

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.weight.t() + self.bias


def subclassed(other: bool = False) -> nn.Module:
    layer = Scaled if other else nn.Linear
    return nn.Sequential(layer(7, 8), nn.Tanh(), layer(8, 3))


class Heads(nn.Module):
    """Attention by torch's function or by hand."""

    def __init__(self, other: bool) -> None:
        super().__init__()
        self.other = other
        self.qkv, self.out = nn.Linear(6, 18), nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (part.unflatten(-1, (2, 3)).transpose(1, 2) for part in self.qkv(x).chunk(3, -1))
        if self.other:
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            hidden = torch.full((x.shape[1], x.shape[1]), float("-inf"), dtype=x.dtype).triu(1)
            y = (q @ k.transpose(-2, -1) / math.sqrt(3) + hidden).softmax(-1) @ v
        return self.out(y.transpose(1, 2).flatten(2))


def heads(other: bool = False) -> nn.Module:
    return Heads(other)


class Told(nn.Module):
    """Several outputs, as a tuple or as a table."""

    def __init__(self, other: bool) -> None:
        super().__init__()
        self.other, self.a, self.b = other, nn.Linear(7, 4), nn.Linear(7, 2)

    def forward(self, x: Tensor) -> Any:
        return {"a": self.a(x), "b": self.b(x)} if self.other else (self.a(x), self.b(x))


def told(other: bool = False) -> nn.Module:
    return Told(other)
