"""Owns the table of initializers: a line per initializer spec with the native initializer, which draws the native shape.

It refuses to correct a draw: the test is of the native computation of fans.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
import numpy as np
from flax.nnx import initializers as native

from parity.execution.protocol import Array, Transpose, Unsupported
from parity.jax_impl import device
from parity.spec.cases import Case, Sampling

Arguments = Mapping[str, float]
Draw = Callable[..., jax.Array]


def _uniform(a: Arguments) -> Draw:
    """nnx.initializers.uniform draws from [0, scale)."""

    def draw(key: jax.Array, shape: tuple[int, ...], dtype: jnp.dtype) -> jax.Array:
        return jax.random.uniform(key, shape, dtype, -a["limit"], a["limit"])

    return draw


def _identity(a: Arguments) -> Draw:
    """Flax has no such initializer."""

    def draw(key: jax.Array, shape: tuple[int, ...], dtype: jnp.dtype) -> jax.Array:
        if len(shape) != 2:
            raise ValueError(f"an identity is a matrix, not an array of shape {shape}")
        return a["gain"] * jnp.eye(*shape, dtype=dtype)

    return draw


TABLE: Mapping[str, Callable[[Arguments], Draw]] = {
    "zeros": lambda a: native.zeros_init(),
    "constant": lambda a: native.constant(a["value"]),
    "normal": lambda a: native.normal(a["standard_deviation"]),
    "uniform": _uniform,
    "glorot_uniform": lambda a: native.glorot_uniform(),
    "glorot_normal": lambda a: native.variance_scaling(1.0, "fan_avg", "normal"),
    "he_uniform": lambda a: native.he_uniform(),
    "he_normal": lambda a: native.variance_scaling(2.0, "fan_in", "normal"),
    "he_uniform_fan_out": lambda a: native.variance_scaling(2.0, "fan_out", "uniform"),
    "he_normal_fan_out": lambda a: native.variance_scaling(2.0, "fan_out", "normal"),
    "lecun_uniform": lambda a: native.lecun_uniform(),
    "lecun_normal": lambda a: native.variance_scaling(1.0, "fan_in", "normal"),
    "truncated_normal": lambda a: native.truncated_normal(a["standard_deviation"]),
    "ones": lambda a: native.ones_init(),
    "orthogonal": lambda a: native.orthogonal(a["gain"]),
    "identity": _identity,
    "variance_scaling": lambda a: native.variance_scaling(a["scale"], "fan_avg", "normal"),
}


def sample(case: Case, sampling: Sampling) -> Array:
    """One draw in the spec's layout. A dense kernel is drawn as (inputs, units), a convolution's as (…, inputs, channels).

    The kernel of each group is drawn separately: Flax counts the channels of all groups for fan_out.
    """
    if case.initializer not in TABLE:
        raise Unsupported(f"no native form of the initializer {case.initializer}")
    rows, *rest = sampling.shape
    shape = (rows // sampling.groups, *rest)
    keys = jax.random.split(jax.random.key(case.seed), sampling.groups)
    moves = _moves(sampling)
    return np.concatenate([_drawn(case, shape, key, moves) for key in keys])


def _drawn(case: Case, shape: tuple[int, ...], key: jax.Array, moves: list[Transpose]) -> Array:
    wanted = shape
    for move in moves:
        wanted = tuple(wanted[axis] for axis in move.axes)
    try:
        drawn = [device.array(TABLE[case.initializer](case.arguments)(key, wanted, device.DTYPES[case.dtype]))]
    except (ValueError, NotImplementedError) as error:  # fewer than two axes; no QR factors in half precision
        what = f"{case.initializer} of shape {shape} in {case.dtype}"
        raise Unsupported(f"Flax's initializers refuse {what}: {error}") from error
    for move in reversed(moves):
        drawn = move.invert(drawn)
    return np.ascontiguousarray(drawn[0])


def _moves(sampling: Sampling) -> list[Transpose]:
    """The move from the native axes to the spec's. A transposed convolution has its inputs first in the spec; Flax counts as
    inputs the axis before the last."""
    axes = len(sampling.shape)
    if sampling.role not in ("kernel", "recurrent_kernel") or axes < 2:
        return []
    window = tuple(range(2, axes))
    return [Transpose((*window, 0, 1) if sampling.transposed else (*window, 1, 0))]
