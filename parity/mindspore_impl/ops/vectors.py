"""Owns the ops on vectors and sequences: dense, embedding, activations, dropout, norms of an axis, joins, moves of axes.

It refuses images, recurrence and attention: those have files of their own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import mindspore
import numpy as np
from mindspore import nn, ops

from parity.mindspore_impl.ops.recurrent import GivenDropout, stretched
from parity.mindspore_impl.wiring import Function, Layer, Site, Tensor


class TrainableArray(nn.Cell):  # type: ignore[misc]
    """A trainable array as a cell."""

    def __init__(self, shape: Sequence[int], dtype: Any) -> None:
        super().__init__(auto_prefix=False)
        self.value = blank(shape, dtype)

    def construct(self) -> Tensor:
        return ops.expand_dims(self.value, 0)


class RMSNorm(nn.Cell):  # type: ignore[misc]
    """x·weight/sqrt(mean(x²) + epsilon) over the last axis. ops.rms_norm has no kernel on a CPU."""

    def __init__(self, size: int, epsilon: Tensor, dtype: Any) -> None:
        super().__init__(auto_prefix=False)
        self.weight, self.epsilon = blank((size,), dtype), epsilon

    def construct(self, x: Tensor) -> Tensor:
        return x / ops.sqrt(ops.mean(x * x, -1, True) + self.epsilon) * self.weight


class WrittenLayerNorm(nn.Cell):  # type: ignore[misc]
    """(x - mean)/sqrt(variance + epsilon)·gamma + beta over the last axis."""

    def __init__(self, size: int, epsilon: Tensor, dtype: Any) -> None:
        super().__init__(auto_prefix=False)
        self.gamma, self.beta, self.epsilon = blank((size,), dtype), blank((size,), dtype), epsilon

    def construct(self, x: Tensor) -> Tensor:
        moved = x - ops.mean(x, -1, True)
        return moved / ops.sqrt(ops.mean(moved * moved, -1, True) + self.epsilon) * self.gamma + self.beta


class PReLU(nn.Cell):  # type: ignore[misc]
    """x where it is positive, elsewhere x times the slope of its channel. nn.PReLU has no form in float64."""

    def __init__(self, channels: int, rank: int, dtype: Any) -> None:
        super().__init__(auto_prefix=False)
        self.w, self.wide = blank((channels,), dtype), (1, -1, *(1,) * (rank - 1))

    def construct(self, x: Tensor) -> Tensor:
        return ops.where(x > 0, x, ops.reshape(self.w, self.wide) * x)


class Normalized(nn.Cell):  # type: ignore[misc]
    """A norm of the last axis, applied to another: this axis is swapped with the last and back."""

    def __init__(self, native: nn.Cell, axis: int) -> None:
        super().__init__(auto_prefix=False)
        self.native, self.axis = native, axis

    def construct(self, x: Tensor) -> Tensor:
        return ops.swapaxes(self.native(ops.swapaxes(x, self.axis, -1)), self.axis, -1)


def blank(shape: Sequence[int], dtype: Any) -> mindspore.Parameter:
    """A parameter of zeros; parity sets every number."""
    return mindspore.Parameter(mindspore.Tensor(np.zeros(tuple(shape)), dtype))


def dense(site: Site) -> Layer:
    return Layer(nn.Dense(site.x[-1], site["units"], has_bias=site["bias"], dtype=site.dtype))


def embedding(site: Site) -> Layer:
    """nn.Embedding makes its table in float32, whatever its argument dtype says."""
    native = nn.Embedding(site["size"], site["units"], dtype=site.dtype)
    native.embedding_table = blank((site["size"], site["units"]), site.dtype)
    return Layer(native)


def layer_norm(site: Site) -> Layer:
    """nn.LayerNorm, written out in float64, where its kernel has float32's accuracy."""
    axis = site.axis() % (len(site.x) + 1)
    if site.dtype == mindspore.float64:
        return _of_last_axis(site, WrittenLayerNorm(site.x[axis - 1], site.number(site["epsilon"]), site.dtype), axis)
    native = nn.LayerNorm((site.x[axis - 1],), -1, -1, epsilon=site["epsilon"], dtype=site.dtype)
    return _of_last_axis(site, native, axis)


def rms_norm(site: Site) -> Layer:
    axis = site.axis() % (len(site.x) + 1)
    return _of_last_axis(site, RMSNorm(site.x[axis - 1], site.number(site["epsilon"]), site.dtype), axis)


def _of_last_axis(site: Site, native: nn.Cell, axis: int) -> Layer:
    return Layer(native if axis == len(site.x) else Normalized(native, axis))


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


def dropout(site: Site) -> Layer:
    return Layer(GivenDropout(), ("x", "mask")) if site.masked else Layer(nn.Dropout(p=site["rate"]))


def joined(function: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Site], Layer]:
    return lambda site: Layer(Function(reduced, function=function), ("branches",))


def reduced(branches: Sequence[Tensor], function: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    total = branches[0]
    for branch in branches[1:]:
        total = function(total, branch)
    return total


def concat(site: Site) -> Layer:
    return Layer(Function(concat_mixed if site.mixed else concat_alike, axis=site.axis()), ("branches",))


def concat_alike(branches: Sequence[Tensor], axis: int) -> Tensor:
    return ops.cat(branches, axis)


def concat_mixed(branches: Sequence[Tensor], axis: int) -> Tensor:
    """A branch without a batch is repeated for every example."""
    batch = max([len(branch) for branch in branches])
    return ops.cat([stretched(branch, batch) for branch in branches], axis)


def crop(site: Site) -> Layer:
    axis = site.axis() % (len(site.x) + 1)
    return Layer(Function(cropped, axis=axis, start=site["start"], length=site["size"]))


def cropped(x: Tensor, axis: int, start: int, length: int) -> Tensor:
    return ops.narrow(x, axis, start, length)


def select(site: Site) -> Layer:
    axis, index = site.axis() % (len(site.x) + 1), int(site["index"])
    return Layer(Function(selected, axis=axis, index=index % site.x[axis - 1]))


def selected(x: Tensor, axis: int, index: int) -> Tensor:
    return ops.squeeze(ops.narrow(x, axis, index, 1), axis)


def reshape(site: Site) -> Layer:
    return Layer(Function(reshaped, shape=tuple(site["shape"])))


def reshaped(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    return ops.reshape(x, (x.shape[0], *shape))


def transpose(site: Site) -> Layer:
    return Layer(Function(transposed, axes=(0, *(axis + 1 for axis in site["axes"]))))


def transposed(x: Tensor, axes: tuple[int, ...]) -> Tensor:
    return ops.transpose(x, axes)


def reverse(site: Site) -> Layer:
    if "lengths" in site.shapes:
        return Layer(Function(reverse_valid), ("x", "lengths"))
    return Layer(Function(reverse_whole))


def reverse_whole(x: Tensor) -> Tensor:
    return ops.flip(x, (1,))


def reverse_valid(x: Tensor, lengths: Tensor) -> Tensor:
    """x with its first `length` steps reversed, the others unchanged."""
    return ops.reverse_sequence(x, lengths, 1, 0)


def matmul(site: Site) -> Layer:
    return Layer(Function(product, turned=site["transpose_other"]), ("x", "other"))


def product(x: Tensor, other: Tensor, turned: bool) -> Tensor:
    return ops.matmul(x, ops.swapaxes(other, -1, -2) if turned else other)


def total(site: Site) -> Layer:
    return Layer(Function(summed, axis=site.axis()))


def summed(x: Tensor, axis: int) -> Tensor:
    return ops.sum(x, axis)


def mean(site: Site) -> Layer:
    return Layer(Function(ops.mean))


def parameter(site: Site) -> Layer:
    return Layer(TrainableArray(site["shape"], site.dtype), ())


def softplus(site: Site) -> Layer:
    """In float64 written out: ops.Softplus has float32's accuracy there."""
    return Layer(Function(softplus_by_log if site.dtype == mindspore.float64 else ops.Softplus()))


def softplus_by_log(x: Tensor) -> Tensor:
    return ops.maximum(x, ops.zeros_like(x)) + ops.log1p(ops.exp(-ops.abs(x)))
