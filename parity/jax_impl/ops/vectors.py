"""Owns the ops on vectors and sequences: dense, embedding, activations, dropout, norms of an axis, joins, formulas.

It refuses images, recurrence and attention: those have files of their own.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from parity.execution.protocol import Unsupported
from parity.formulas.formula import Formula
from parity.jax_impl.wiring import LaidTensor, Layer, Site, Tensor, Use


class GivenDropout(nnx.Module):  # type: ignore[misc]
    """Dropout by a mask of 0 and 1/(1 - rate) that the batch brings. `train` and `eval` of the model set `deterministic`."""

    def __init__(self) -> None:
        self.deterministic = False

    def __call__(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        if self.deterministic:
            return x
        if mask is None:
            raise ValueError("the case brings the masks of dropout, and this batch has none")
        return x * mask


class DrawnDropout(nnx.Dropout):  # type: ignore[misc]
    """nnx.Dropout with the call of GivenDropout."""

    def __call__(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        y: Tensor = super().__call__(x)
        return y


class TiedLinear(nnx.Module):  # type: ignore[misc]
    """A dense layer whose kernel is the table of an embedding."""

    def __init__(self, embed: nnx.Embed, units: int, bias: bool, dtype: Any) -> None:
        self.embed = embed
        self.bias = nnx.Param(jnp.zeros(units, dtype)) if bias else None

    def __call__(self, x: Tensor) -> Tensor:
        y: Tensor = self.embed.attend(x)
        return y if self.bias is None else y + self.bias[...]


class TrainableArray(nnx.Module):  # type: ignore[misc]
    """A trainable array as a module."""

    def __init__(self, site: Site) -> None:
        self.value = nnx.Param(jnp.zeros(tuple(site["shape"]), site.dtype))


class ChannelPReLU(nnx.Module):  # type: ignore[misc]
    """A slope for each channel; nnx.PReLU has one for all."""

    def __init__(self, channels: int, dtype: Any) -> None:
        self.negative_slope = nnx.Param(jnp.full(channels, 0.25, dtype))

    def __call__(self, x: Tensor) -> Tensor:
        return jnp.where(x >= 0, x, self.negative_slope[...] * x)


def dropout_layer(rate: float, site: Site) -> nnx.Module:
    return GivenDropout() if site.masked else DrawnDropout(rate, rngs=site.rngs)


def build_dense(site: Site) -> nnx.Module:
    if site.tied is not None:
        if not isinstance(site.tied, nnx.Embed):
            raise Unsupported(f"{site.node.name}: a dense kernel tied to another layer than an embedding")
        return TiedLinear(site.tied, site["units"], site["bias"], site.dtype)
    return nnx.Linear(site.x[-1], site["units"], use_bias=site["bias"], **site.keywords)


def build_embedding(site: Site) -> nnx.Module:
    if site.tied is not None:
        raise Unsupported(f"{site.node.name}: an embedding whose table another layer holds")
    return nnx.Embed(site["size"], site["units"], **site.keywords)


def build_layer_norm(site: Site) -> nnx.Module:
    return nnx.LayerNorm(site.x[site["axis"]], epsilon=site["epsilon"], use_fast_variance=False, **site.keywords)


def build_rms_norm(site: Site) -> nnx.Module:
    return nnx.RMSNorm(site.x[site["axis"]], epsilon=site["epsilon"], **site.keywords)


def of_axis(use: Use) -> Tensor | LaidTensor:
    """A norm of one axis: Flax normalises the last axis by default, so any other axis is moved there and back."""
    value = use.value()
    axis = use.axis(value.last)
    moved = jnp.moveaxis(value.tensor, axis, -1)
    return LaidTensor(jnp.moveaxis(use.module(moved), -1, axis), value.last)


def build_prelu(site: Site) -> nnx.Module:
    return nnx.PReLU(param_dtype=site.dtype) if site["shared"] else ChannelPReLU(site.x[0], site.dtype)


def prelu(use: Use) -> Tensor | LaidTensor:
    value = use.value()
    if use["shared"]:
        return LaidTensor(use.module(value.tensor), value.last)
    image = LaidTensor(
        jnp.moveaxis(value.first(), 1, -1) if value.tensor.ndim > 2 else value.tensor, last=value.tensor.ndim > 2
    )
    return LaidTensor(use.module(image.tensor), image.last)


def dropout(use: Use) -> LaidTensor:
    value = use.value()
    if "mask" not in use.inputs:
        return LaidTensor(use.module(value.tensor), value.last)
    (x, mask), last = use.alike("x", "mask")
    return LaidTensor(use.module(x, mask), last)


def of_axis_function(function: Callable[..., Tensor]) -> Layer:
    """An op by a function that takes an axis, such as jax.nn.softmax."""
    return Layer(lambda use: LaidTensor(function(use.value().tensor, axis=use.axis(use.value().last)), use.value().last))


def hard_sigmoid(use: Use) -> LaidTensor:
    """jax.nn.hard_sigmoid has the fixed slope 1/6; a line of another slope is clipped here in the same way."""
    x, slope = use.value(), float(use["slope"])
    if slope == 1 / 6:
        return LaidTensor(jax.nn.hard_sigmoid(x.tensor), x.last)
    return LaidTensor(jax.nn.relu6(6 * (slope * x.tensor + 0.5)) / 6, x.last)


def gelu(use: Use) -> LaidTensor:
    return LaidTensor(jax.nn.gelu(use.value().tensor, approximate=use["form"] != "erf"), use.value().last)


def joined(function: Callable[[Tensor, Tensor], Tensor]) -> Layer:
    def apply(use: Use) -> LaidTensor:
        branches, last = use.alike("branches")
        return LaidTensor(functools.reduce(function, branches), last)

    return Layer(apply)


def concat(use: Use) -> LaidTensor:
    """A branch without a batch is repeated for every example."""
    branches, last = use.alike("branches")
    batch = max(len(branch) for branch in branches)
    whole = [stretched(branch, batch) for branch in branches]
    return LaidTensor(jnp.concatenate(whole, axis=use.axis(last)), last)


def stretched(x: Tensor, batch: int) -> Tensor:
    """The value, repeated for every example if it has no batch."""
    return x if len(x) == batch else jnp.broadcast_to(x, (batch, *x.shape[1:]))


def crop(use: Use) -> Tensor:
    return jax.lax.slice_in_dim(use.first(), use["start"], use["start"] + use["size"], axis=use.axis())


def reverse(use: Use) -> Tensor:
    """x with its first `length` steps reversed, the others unchanged."""
    x, lengths = use.first(), use.maybe("lengths")
    if lengths is None:
        return jnp.flip(x, axis=1)
    steps, ends = jnp.arange(x.shape[1]), lengths[:, None]
    places = jnp.where(steps < ends, ends - 1 - steps, steps)
    return jnp.take_along_axis(x, places.reshape(*places.shape, *(1,) * (x.ndim - 2)), axis=1)


def matmul(use: Use) -> Tensor:
    other = use.first("other")
    return use.first() @ (jnp.swapaxes(other, -1, -2) if use["transpose_other"] else other)


def reshape(use: Use) -> Tensor:
    x = use.first()
    return x.reshape(len(x), *use["shape"])


def flatten(use: Use) -> Tensor:
    x = use.first()
    return x.reshape(len(x), -1)


def transpose(use: Use) -> Tensor:
    return jnp.transpose(use.first(), (0, *(axis + 1 for axis in use["axes"])))


def select(use: Use) -> Tensor:
    return jnp.take(use.first(), use["index"], axis=use.axis())


def total(use: Use) -> Tensor:
    return jnp.sum(use.first(), axis=use.axis())


def parameter(use: Use) -> Tensor:
    weight: Tensor = use.module.value[...][None]
    return weight


def formula(use: Use) -> LaidTensor:
    """A value of one number per example broadcasts over all axes of larger values."""
    values = dict(use.inputs)
    rank = max(value.tensor.ndim for value in values.values())
    last = any(value.last for value in values.values())
    tensors = {}
    for role, value in values.items():
        tensor = value.image() if last and value.tensor.ndim == rank else value.first()
        tensors[role] = tensor.reshape(-1, *(1,) * (rank - 1)) if tensor.ndim < rank else tensor
    result = Formula(use["text"]).evaluate(tensors, FUNCTIONS)
    return LaidTensor(jnp.asarray(result), last)


def _function(native: Callable[..., Any], plain: Callable[[float], float]) -> Callable[..., Any]:
    return lambda x: native(x) if isinstance(x, jax.Array) else plain(x)


def _bound(native: Callable[..., Any], plain: Callable[..., float]) -> Callable[..., Any]:
    def two(a: Any, b: Any) -> Any:
        return native(a, b) if isinstance(a, jax.Array) or isinstance(b, jax.Array) else plain(a, b)

    return lambda *inputs: functools.reduce(two, inputs)


_GREATEST, _LEAST = _bound(jnp.maximum, max), _bound(jnp.minimum, min)
FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "sqrt": _function(jnp.sqrt, math.sqrt),
    "exp": _function(jnp.exp, math.exp),
    "log": _function(jnp.log, math.log),
    "abs": _function(jnp.abs, abs),
    "sign": _function(jnp.sign, lambda x: (x > 0) - (x < 0)),
    "sigmoid": _function(jax.nn.sigmoid, lambda x: 1 / (1 + math.exp(-x))),
    "tanh": _function(jnp.tanh, math.tanh),
    "maximum": _GREATEST,
    "max": _GREATEST,
    "minimum": _LEAST,
    "min": _LEAST,
}
