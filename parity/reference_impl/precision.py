"""Owns how a walk imitates a precision that NumPy does not compute in: ops compute in float32, and round at their boundary.

It refuses to round inside an op: frameworks accumulate float16 and bfloat16 products in float32 too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from parity.ops.definition import Array

COMPUTED: Mapping[str, str] = {"float64": "float64", "float32": "float32", "float16": "float32", "bfloat16": "float32"}
"""Tested precision -> the precision that ops compute in."""


def _same(x: Array) -> Array:
    return x


def _to_float16(x: Array) -> Array:
    with np.errstate(over="ignore"):  # numbers beyond 65504 become inf, as in the tested precision
        return x.astype(np.float16).astype(np.float32)


def _to_bfloat16(x: Array) -> Array:
    """Rounds to nearest, ties to even, on the upper 16 bits; NaN stays NaN."""
    bits = np.ascontiguousarray(x, np.float32).view(np.uint32)
    odd = (bits >> np.uint32(16)) & np.uint32(1)
    rounded = ((bits + np.uint32(0x7FFF) + odd) & np.uint32(0xFFFF0000)).view(np.float32).reshape(np.shape(x))
    return np.where(np.isnan(x), np.float32(np.nan), rounded)


def rounding(dtype: str) -> Callable[[Array], Array]:
    """A function that rounds arrays at an op's boundary to the tested precision."""
    return {"float16": _to_float16, "bfloat16": _to_bfloat16}.get(dtype, _same)
