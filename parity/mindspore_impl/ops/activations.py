"""Owns the activations: MindSpore's own layers, or the formula where theirs is inaccurate or wrong (differences.yaml).

It refuses layers with weights, except for the slopes of prelu.
"""

from __future__ import annotations

import math
from typing import Any

import mindspore
from mindspore import nn, ops

from parity.mindspore_impl.ops.vectors import blank
from parity.mindspore_impl.wiring import Function, Layer, Site, Tensor


class PReLU(nn.Cell):  # type: ignore[misc]
    """x where it is positive, elsewhere x times the slope of its channel. nn.PReLU has no form in float64."""

    def __init__(self, channels: int, rank: int, dtype: Any) -> None:
        super().__init__(auto_prefix=False)
        self.w, self.wide = blank((channels,), dtype), (1, -1, *(1,) * (rank - 1))

    def construct(self, x: Tensor) -> Tensor:
        return ops.where(x > 0, x, ops.reshape(self.w, self.wide) * x)


def prelu(site: Site) -> Layer:
    channels = 1 if site["shared"] else site.x[0]
    if site.dtype == mindspore.float64:
        return Layer(PReLU(channels, len(site.x), site.dtype))
    return Layer(nn.PReLU(channels))


def relu6(site: Site) -> Layer:
    """nn.ReLU6 has no form in float64."""
    if site.dtype == mindspore.float64:
        return Layer(Function(between, least=site.number(0.0), greatest=site.number(6.0)))
    return Layer(nn.ReLU6())


def between(x: Tensor, least: Tensor, greatest: Tensor) -> Tensor:
    return ops.minimum(ops.maximum(x, least), greatest)


def leaky_relu(site: Site) -> Layer:
    """ops.leaky_relu rounds its slope to float32, so that in float64 it is written out."""
    if site.dtype == mindspore.float64:
        return Layer(Function(leaking, slope=site.number(site["slope"])))
    return Layer(nn.LeakyReLU(site["slope"]))


def leaking(x: Tensor, slope: Tensor) -> Tensor:
    return ops.where(x > 0, x, slope * x)


def elu(site: Site) -> Layer:
    """nn.ELU has alpha 1 only."""
    if site["alpha"] == 1.0:
        return Layer(nn.ELU())
    return Layer(Function(bent, alpha=site.number(site["alpha"]), zero=site.number(0.0)))


def bent(x: Tensor, alpha: Tensor, zero: Tensor) -> Tensor:
    return ops.where(x > 0, x, alpha * ops.expm1(ops.minimum(x, zero)))


def gelu(site: Site) -> Layer:
    """In float64 the tanh form is written out: nn.GELU has float32's constants there."""
    if site["form"] != "erf" and site.dtype == mindspore.float64:
        values = {"half": 0.5, "one": 1.0, "cubic": 0.044715, "rate": math.sqrt(2 / math.pi)}
        return Layer(Function(gelu_by_tanh, **{name: site.number(value) for name, value in values.items()}))
    return Layer(nn.GELU(approximate=site["form"] != "erf"))


def gelu_by_tanh(x: Tensor, half: Tensor, one: Tensor, cubic: Tensor, rate: Tensor) -> Tensor:
    return half * x * (one + ops.tanh(rate * (x + cubic * x * x * x)))


def selu(site: Site) -> Layer:
    """Written out: the gradient of nn.SeLU is wrong below 0."""
    values = {"scale": 1.0507009873554805, "alpha": 1.6732632423543772, "zero": 0.0}
    return Layer(Function(scaled_bent, **{name: site.number(value) for name, value in values.items()}))


def scaled_bent(x: Tensor, scale: Tensor, alpha: Tensor, zero: Tensor) -> Tensor:
    return scale * bent(x, alpha, zero)


def mish(site: Site) -> Layer:
    """In float64 written out: nn.Mish has float32's accuracy there."""
    if site.dtype != mindspore.float64:
        return Layer(nn.Mish())
    return Layer(Function(mish_by_exp, two=site.number(2.0), far=site.number(20.0)))


def mish_by_exp(x: Tensor, two: Tensor, far: Tensor) -> Tensor:
    """x·tanh(log(1 + e^x)) = x·n/(n + 2) with n = e^x·(e^x + 2); beyond 20 the quotient is 1 in float64."""
    power = ops.exp(ops.minimum(x, far))
    whole = power * (power + two)
    return ops.where(x > far, x, x * whole / (whole + two))


def hard_sigmoid(site: Site) -> Layer:
    """nn.HSigmoid has the fixed slope 1/6."""
    if site["slope"] == 1 / 6 and site.dtype != mindspore.float64:
        return Layer(nn.HSigmoid())
    numbers = {
        name: site.number(value) for name, value in (("slope", site["slope"]), ("half", 0.5), ("one", 1.0), ("zero", 0.0))
    }
    return Layer(Function(clipped_line, **numbers))


def clipped_line(x: Tensor, slope: Tensor, half: Tensor, one: Tensor, zero: Tensor) -> Tensor:
    return ops.minimum(ops.maximum(slope * x + half, zero), one)


def softmax(site: Site) -> Layer:
    return Layer(nn.Softmax(site.axis()))


def log_softmax(site: Site) -> Layer:
    """In float64 written out: nn.LogSoftmax has float32's accuracy there."""
    axis = site.axis() % (len(site.x) + 1)
    if site.dtype == mindspore.float64:
        return Layer(Function(log_softmax_by_sum, axis=axis))
    return Layer(nn.LogSoftmax(axis))


def log_softmax_by_sum(x: Tensor, axis: int) -> Tensor:
    moved = x - ops.stop_gradient(ops.amax(x, axis, keepdims=True))
    return moved - ops.log(ops.sum(ops.exp(moved), axis, keepdim=True))


def softplus(site: Site) -> Layer:
    """In float64 written out: ops.Softplus has float32's accuracy there."""
    return Layer(Function(softplus_by_log if site.dtype == mindspore.float64 else ops.Softplus()))


def softplus_by_log(x: Tensor) -> Tensor:
    return ops.maximum(x, ops.zeros_like(x)) + ops.log1p(ops.exp(-ops.abs(x)))
