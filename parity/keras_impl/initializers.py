"""Owns the table of initializers: a line per initializer spec with the native initializer, which draws the native shape.

It refuses to correct a draw: the test is of the native computation of fans.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import keras
import numpy as np

from parity.execution.protocol import Array, Transpose, Unsupported
from parity.spec.cases import Case, Sampling

Scaled = keras.initializers.VarianceScaling
Arguments = Mapping[str, float]
TABLE: dict[str, Callable[[Arguments, int], keras.initializers.Initializer]] = {
    "zeros": lambda a, seed: keras.initializers.Zeros(),
    "constant": lambda a, seed: keras.initializers.Constant(a["value"]),
    "normal": lambda a, seed: keras.initializers.RandomNormal(0.0, a["standard_deviation"], seed=seed),
    "uniform": lambda a, seed: keras.initializers.RandomUniform(-a["limit"], a["limit"], seed=seed),
    "glorot_uniform": lambda a, seed: keras.initializers.GlorotUniform(seed=seed),
    "glorot_normal": lambda a, seed: Scaled(1.0, "fan_avg", "untruncated_normal", seed=seed),
    "he_uniform": lambda a, seed: keras.initializers.HeUniform(seed=seed),
    "he_normal": lambda a, seed: Scaled(2.0, "fan_in", "untruncated_normal", seed=seed),
    "he_uniform_fan_out": lambda a, seed: Scaled(2.0, "fan_out", "uniform", seed=seed),
    "he_normal_fan_out": lambda a, seed: Scaled(2.0, "fan_out", "untruncated_normal", seed=seed),
    "lecun_uniform": lambda a, seed: keras.initializers.LecunUniform(seed=seed),
    "lecun_normal": lambda a, seed: Scaled(1.0, "fan_in", "untruncated_normal", seed=seed),
    "truncated_normal": lambda a, seed: keras.initializers.TruncatedNormal(0.0, a["standard_deviation"], seed=seed),
    "ones": lambda a, seed: keras.initializers.Ones(),
    "orthogonal": lambda a, seed: keras.initializers.Orthogonal(a["gain"], seed=seed),
    "identity": lambda a, seed: keras.initializers.Identity(a["gain"]),
    "variance_scaling": lambda a, seed: Scaled(a["scale"], "fan_avg", "untruncated_normal", seed=seed),
}


def sample(case: Case, sampling: Sampling) -> Array:
    """One draw in the spec's layout. A dense kernel is drawn as (inputs, units), a convolution's as (…, inputs, channels).

    The kernel of each group is drawn separately: Keras counts the channels of all groups for fan_out.
    """
    if case.initializer not in TABLE:
        raise Unsupported(f"no native form of the initializer {case.initializer}")
    rows, *rest = sampling.shape
    shape = (rows // sampling.groups, *rest)
    seeds = range(case.seed * sampling.groups, (case.seed + 1) * sampling.groups)
    moves = _moves(sampling)
    return np.concatenate([_drawn(case, shape, seed, moves) for seed in seeds])


def _drawn(case: Case, shape: tuple[int, ...], seed: int, moves: list[Transpose]) -> Array:
    native = shape
    for move in moves:
        native = tuple(native[axis] for axis in move.axes)
    initializer = TABLE[case.initializer](case.arguments, seed)
    drawn = [np.array(keras.ops.convert_to_numpy(initializer(native, dtype=case.dtype)))]
    for move in reversed(moves):
        drawn = move.invert(drawn)
    return np.ascontiguousarray(drawn[0])


def _moves(sampling: Sampling) -> list[Transpose]:
    """The move from the native axes to the spec's. A transposed convolution has its inputs first in the spec; Keras counts as
    inputs the axis before the last."""
    axes = len(sampling.shape)
    if sampling.role not in ("kernel", "recurrent_kernel") or axes < 2:
        return []
    window = tuple(range(2, axes))
    return [Transpose((*window, 0, 1) if sampling.transposed else (*window, 1, 0))]
