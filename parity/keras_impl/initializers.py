"""Owns the native initializer of each initializer spec, one line each, drawn in the native shape.

It refuses to correct a draw: the native computation of fans is what is tested.
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
}


def sample(case: Case, sampling: Sampling) -> Array:
    """One draw in the spec's layout; a dense kernel is drawn as (inputs, units), a convolution's (h, w, inputs, channels)."""
    if case.initializer not in TABLE:
        raise Unsupported(f"no native form of the initializer {case.initializer}")
    moves = _moves(sampling)
    shape = tuple(sampling.shape)
    for move in moves:
        shape = tuple(shape[axis] for axis in move.axes)
    initializer = TABLE[case.initializer](case.arguments, case.seed)
    drawn = [np.array(keras.ops.convert_to_numpy(initializer(shape, dtype=case.dtype)))]
    for move in reversed(moves):
        drawn = move.invert(drawn)
    return np.ascontiguousarray(drawn[0])


def _moves(sampling: Sampling) -> list[Transpose]:
    if sampling.role in ("kernel", "recurrent_kernel") and len(sampling.shape) == 2:
        return [Transpose((1, 0))]
    return [Transpose((2, 3, 1, 0))] if sampling.role == "kernel" and len(sampling.shape) == 4 else []
