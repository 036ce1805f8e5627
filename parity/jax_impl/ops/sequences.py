"""Owns windows along time as native layers: convolution and pooling of (time, features), the order of Flax.

It refuses images and recurrence.
"""

from __future__ import annotations

from flax import nnx

from parity.jax_impl.ops.images import averaged
from parity.jax_impl.wiring import Site, Tensor, Use


def build_conv1d(site: Site) -> nnx.Module:
    return nnx.Conv(
        site.x[1],
        site["channels"],
        (site["kernel"],),
        (site["stride"],),
        padding=[tuple(site["padding"])],
        kernel_dilation=(site["dilation"],),
        feature_group_count=site["groups"],
        use_bias=site["bias"],
        **site.keywords,
    )


def max_pool1d(use: Use) -> Tensor:
    y: Tensor = nnx.max_pool(use.first(), (use["kernel"],), (use["stride"],), [tuple(use["padding"])])
    return y


def average_pool1d(use: Use) -> Tensor:
    return averaged(use.first(), use, (use["kernel"],), (use["stride"],), [tuple(use["padding"])])
