"""Owns the ops on images and volumes as native layers, channels last: convolutions, pooling, padding, norms over channels.

It refuses vectors and sequences.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import lax

from parity.jax_impl.wiring import LaidTensor, Site, Tensor, Use


class StatisticsBatchNorm(nnx.BatchNorm):  # type: ignore[misc]
    """nnx.BatchNorm with running statistics in the parameters' precision; Flax keeps them in float32.

    unbiased: the running variance moves towards the batch's variance times n/(n - 1).
    """

    def __init__(self, channels: int, dtype: Any, unbiased: bool, **settings: Any) -> None:
        super().__init__(channels, param_dtype=dtype, **settings)
        self.mean = nnx.BatchStat(jnp.zeros(channels, dtype))
        self.var = nnx.BatchStat(jnp.ones(channels, dtype))
        self.unbiased = unbiased

    def __call__(self, x: Tensor) -> Tensor:
        before = self.var[...]
        y: Tensor = super().__call__(x)
        if self.unbiased and not self.use_running_average:
            count = x.size // x.shape[-1]
            kept = self.momentum * before
            self.var[...] = kept + (self.var[...] - kept) * (count / (count - 1))
        return y


def build_conv(site: Site) -> nnx.Module:
    """A convolution over as many axes as the kernel has."""
    return nnx.Conv(
        site.x[0],
        site["channels"],
        tuple(site["kernel"]),
        tuple(site["stride"]),
        padding=borders(site["padding"]),
        kernel_dilation=tuple(site["dilation"]),
        feature_group_count=site["groups"],
        use_bias=site["bias"],
        **site.keywords,
    )


def borders(padding: Sequence[Sequence[int]]) -> list[tuple[int, int]]:
    return [(before, after) for before, after in padding]


def build_conv_transpose(site: Site) -> nnx.Module:
    """With transpose_kernel, Flax flips a convolution's kernel. Flax's padding extends the dilated input; the spec's padding
    cuts the result, so Flax's is the reach of the dilated kernel minus the spec's."""
    reach = [(size - 1) * gap for size, gap in zip(site["kernel"], site["dilation"], strict=True)]
    return nnx.ConvTranspose(
        site.x[0],
        site["channels"],
        tuple(site["kernel"]),
        tuple(site["stride"]),
        padding=[(far - before, far - after) for far, (before, after) in zip(reach, site["padding"], strict=True)],
        kernel_dilation=tuple(site["dilation"]),
        use_bias=site["bias"],
        transpose_kernel=True,
        **site.keywords,
    )


def max_pool2d(use: Use) -> LaidTensor:
    window, steps = tuple(use["kernel"]), tuple(use["stride"])
    return LaidTensor(nnx.max_pool(use.image(), window, steps, borders(use["padding"])), last=True)


def average_pool2d(use: Use) -> LaidTensor:
    return LaidTensor(
        averaged(use.image(), use, tuple(use["kernel"]), tuple(use["stride"]), borders(use["padding"])), last=True
    )


def averaged(x: Tensor, use: Use, window: tuple[int, ...], steps: tuple[int, ...], padding: Any) -> Tensor:
    y: Tensor = nnx.avg_pool(x, window, steps, padding, count_include_pad=use["count_padding"])
    return y


def adaptive_average_pool2d(use: Use) -> LaidTensor:
    """The mean of each bin, first over rows, then over columns, by products with matrices of shares; Flax has no such layer."""
    x = use.image()
    rows, columns = (_shares(old, new, x.dtype) for old, new in zip(x.shape[1:3], use["size"], strict=True))
    return LaidTensor(jnp.einsum("ih,jw,bhwc->bijc", rows, columns, x), last=True)


def _shares(old: int, new: int, dtype: Any) -> Tensor:
    """(new, old): the share of each old position in each new position."""
    start = (jnp.arange(new) * old) // new
    end = -((-(jnp.arange(new) + 1) * old) // new)
    place = jnp.arange(old)
    inside = (place >= start[:, None]) & (place < end[:, None])
    return inside.astype(dtype) / (end - start).astype(dtype)[:, None]


def build_batch_norm(site: Site) -> nnx.Module:
    return StatisticsBatchNorm(
        site.x[0],
        site.dtype,
        site["running_variance"] == "unbiased",
        momentum=site["momentum"],
        epsilon=site["epsilon"],
        use_scale=site["scale"],
        use_bias=site["shift"],
        use_fast_variance=False,
        rngs=site.rngs,
    )


def build_group_norm(site: Site) -> nnx.Module:
    affine = {"use_scale": site["affine"], "use_bias": site["affine"], "use_fast_variance": False}
    return nnx.GroupNorm(site.x[0], site["groups"], epsilon=site["epsilon"], **affine, **site.keywords)


def build_instance_norm(site: Site) -> nnx.Module:
    affine = {"use_scale": site["affine"], "use_bias": site["affine"], "use_fast_variance": False}
    return nnx.InstanceNorm(site.x[0], epsilon=site["epsilon"], **affine, **site.keywords)


def local_response_norm(use: Use) -> LaidTensor:
    """Composed, with a sum over a window of channels: Flax has no such layer."""
    x, half = use.image(), use["size"] // 2
    window = (*(1,) * (x.ndim - 1), use["size"])
    padding = (*((0, 0),) * (x.ndim - 1), (half, half))
    squares = lax.reduce_window(x * x, 0.0, lax.add, window, (1,) * x.ndim, padding)
    return LaidTensor(x / (use["k"] + use["alpha"] * squares) ** use["beta"], last=True)


def pad2d(use: Use) -> LaidTensor:
    modes = {"zero": "constant", "reflect": "reflect", "edge": "edge"}
    return LaidTensor(jnp.pad(use.image(), [(0, 0), *borders(use["padding"]), (0, 0)], mode=modes[use["mode"]]), last=True)


def upsample2d(use: Use) -> LaidTensor:
    """jax.image for the nearest value. Its bilinear form computes positions from a rounded 1/scale and has no aligned corners,
    so here a bilinear enlargement is a product with two matrices of shares."""
    x, scale = use.image(), use["scale"]
    if use["mode"] == "nearest":
        shape = (x.shape[0], x.shape[1] * scale[0], x.shape[2] * scale[1], x.shape[3])
        return LaidTensor(jax.image.resize(x, shape, "nearest"), last=True)
    rows, columns = (_mixed(old, times, use["corners"], x.dtype) for old, times in zip(x.shape[1:3], scale, strict=True))
    return LaidTensor(jnp.einsum("ih,jw,bhwc->bijc", rows, columns, x), last=True)


def _mixed(old: int, times: int, corners: str, dtype: Any) -> Tensor:
    """(old·times, old): the share of each old row in each new row. A constant of the program, because XLA would replace the
    division by a product with the rounded 1/times."""
    scalar = np.dtype(dtype).type
    number = np.arange(old * times, dtype=dtype)
    if corners == "aligned":
        place = number * scalar((old - 1) / max(old * times - 1, 1))
    else:
        place = np.clip((number + scalar(0.5)) / scalar(times) - scalar(0.5), 0, old - 1)
    return jnp.asarray(np.maximum(1 - np.abs(place[:, None] - np.arange(old, dtype=dtype)), 0), dtype)


def global_average_pool2d(use: Use) -> Tensor:
    return jnp.mean(use.image(), axis=(1, 2))


def global_max_pool2d(use: Use) -> Tensor:
    """Max pooling with one window: of equal maxima, the first gets the gradient; with jnp.max all of them would."""
    x = use.image()
    y: Tensor = nnx.max_pool(x, x.shape[1:3])
    return y[:, 0, 0]


READERS = frozenset(
    {
        *("adaptive_average_pool2d", "average_pool2d", "batch_norm", "conv2d", "conv3d", "conv_transpose2d"),
        *("global_average_pool2d", "global_max_pool2d", "group_norm", "instance_norm", "local_response_norm"),
        *("max_pool2d", "pad2d", "upsample2d"),
    }
)
"""Ops that want the channels of their input last."""
