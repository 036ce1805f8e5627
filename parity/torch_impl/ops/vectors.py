"""Owns the ops on vectors and sequences: norms, dropout, joins, moves of axes, formulas.

It refuses images, recurrence and attention: those have files of their own.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, fx, nn

from parity.formulas.formula import Formula
from parity.spec.graph import Node
from parity.torch_impl.ops.recurrent import Dropout, stretched
from parity.torch_impl.wiring import Layer, Site


class TrainableArray(nn.Module):  # type: ignore[misc]
    """A trainable array as a module."""

    def __init__(self, shape: Sequence[int]) -> None:
        super().__init__()
        self.value = nn.Parameter(torch.zeros(*shape))

    def forward(self) -> Tensor:
        return self.value[None]


class Moved(nn.Module):  # type: ignore[misc]
    """Moves one axis."""

    def __init__(self, source: int, target: int) -> None:
        super().__init__()
        self.axes = source, target

    def forward(self, x: Tensor) -> Tensor:
        return x.movedim(*self.axes)


def layer_norm(site: Site) -> Layer:
    return _of_last_axis(site, nn.LayerNorm)


def rms_norm(site: Site) -> Layer:
    return _of_last_axis(site, nn.RMSNorm)


def _of_last_axis(site: Site, kind: Callable[..., nn.Module]) -> Layer:
    """A norm of one axis: torch normalises the last axes, so any other axis is moved there and back."""
    axis = site.axis() % (len(site.x) + 1)
    native = kind(site.x[axis - 1], eps=site["epsilon"])
    if axis == len(site.x):
        return Layer(native)
    return Layer(nn.Sequential(Moved(axis, -1), native, Moved(-1, axis)))


def prelu(site: Site) -> Layer:
    """nn.PReLU has its slopes along the axis after the batch, as the spec has."""
    return Layer(nn.PReLU(1 if site["shared"] else site.x[0]))


def hard_sigmoid(site: Site) -> Layer:
    """nn.Hardsigmoid has the fixed slope 1/6, and its gradient uses this slope in float32 whatever the precision of x."""
    if site["slope"] == 1 / 6 and torch.get_default_dtype() != torch.float64:
        return Layer(nn.Hardsigmoid())
    return Layer(clipped_line, keywords={"slope": site["slope"]})


def clipped_line(x: Tensor, slope: float) -> Tensor:
    return torch.clamp(slope * x + 0.5, 0.0, 1.0)


def softplus(site: Site) -> Layer:
    """Above its threshold nn.Softplus returns x: the error is 2e-9 at the default of 20, and below float64's u at 40."""
    return Layer(nn.Softplus(threshold=40.0))


def dropout(site: Site) -> Layer:
    return Layer(Dropout(site["rate"], True), ("x", "mask")) if site.masked else Layer(nn.Dropout(site["rate"]))


def add(branches: Sequence[Tensor]) -> Tensor:
    return functools.reduce(operator.add, branches)


def multiply(branches: Sequence[Tensor]) -> Tensor:
    return functools.reduce(operator.mul, branches)


def concat(site: Site) -> Layer:
    return Layer(concat_mixed if site.mixed else torch.cat, ("branches",), {"dim": site.axis()})


def concat_mixed(branches: Sequence[Tensor], dim: int) -> Tensor:
    """A branch without a batch is repeated for every example."""
    batch = max(len(branch) for branch in branches)
    return torch.cat([stretched(branch, batch) for branch in branches], dim)


def crop(site: Site) -> Layer:
    return Layer(torch.narrow, ("x",), {"dim": site.axis(), "start": site["start"], "length": site["size"]})


def reshape(x: Tensor, shape: Sequence[int]) -> Tensor:
    return x.reshape(len(x), *shape)


def reverse(site: Site) -> Layer:
    if "lengths" in site.shapes:
        return Layer(reverse_valid, ("x", "lengths"))
    return Layer(torch.flip, keywords={"dims": (1,)})


def reverse_valid(x: Tensor, lengths: Tensor) -> Tensor:
    """x with its first `length` steps reversed, the others unchanged."""
    steps, ends = torch.arange(x.shape[1], device=x.device), lengths[:, None]
    places = torch.where(steps < ends, ends - 1 - steps, steps)
    return torch.take_along_dim(x, places.reshape(*places.shape, *(1,) * (x.dim() - 2)), 1)


def matmul(x: Tensor, other: Tensor, transpose_other: bool) -> Tensor:
    return x @ (other.transpose(-1, -2) if transpose_other else other)


def formula(site: Site, values: Mapping[str, fx.Proxy]) -> fx.Proxy:
    """Writes the formula into a program by evaluating it on torch.fx proxies of its values."""
    rank = max((len(shape) for shape in site.shapes.values()), default=0)
    aligned = dict(values)
    for role, shape in site.shapes.items():
        if rank and not shape:  # single numbers among larger values
            aligned[role] = values[role].reshape(-1, *(1,) * rank)
    result: fx.Proxy = Formula(site["text"]).evaluate(aligned, FUNCTIONS)
    return result


def _function(native: Callable[..., Any], plain: Callable[[float], float]) -> Callable[..., Any]:
    return lambda x: native(x) if isinstance(x, fx.Proxy) else plain(x)


def _bound(side: str, native: Callable[..., Any], plain: Callable[..., float]) -> Callable[..., Any]:
    """Maximum or minimum of tensors and numbers; torch.maximum takes tensors only."""

    def two(a: Any, b: Any) -> Any:
        values = [item for item in (a, b) if isinstance(item, fx.Proxy)]
        if len(values) == 2:
            return native(a, b)
        number = b if values and values[0] is a else a
        return torch.clamp(values[0], **{side: number}) if values else plain(a, b)

    return lambda *inputs: functools.reduce(two, inputs)


_GREATEST, _LEAST = _bound("min", torch.maximum, max), _bound("max", torch.minimum, min)
FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "sqrt": _function(torch.sqrt, math.sqrt),
    "exp": _function(torch.exp, math.exp),
    "log": _function(torch.log, math.log),
    "abs": _function(torch.abs, abs),
    "sign": _function(torch.sign, lambda x: (x > 0) - (x < 0)),
    "sigmoid": _function(torch.sigmoid, lambda x: 1 / (1 + math.exp(-x))),
    "tanh": _function(torch.tanh, math.tanh),
    "maximum": _GREATEST,
    "max": _GREATEST,
    "minimum": _LEAST,
    "min": _LEAST,
}


def inside(node: Node) -> str:
    """The path of the tensors of a norm of one axis below its layer."""
    moved = node.op in ("layer_norm", "rms_norm") and node.attributes["axis"] not in (-1, len(node.outputs[""]) - 1)
    return "1." if moved else ""
