"""Owns the ops on vectors and sequences: dense, embedding, dropout, norms of an axis, joins, moves of axes.

It refuses images, recurrence and attention: those have files of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import mindspore
import numpy as np
from mindspore import nn, ops

from parity.mindspore_impl.ops.recurrent import MaskDropout, stretched
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


def dropout(site: Site) -> Layer:
    return Layer(MaskDropout(), ("x", "mask")) if site.masked else Layer(nn.Dropout(p=site["rate"]))


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
