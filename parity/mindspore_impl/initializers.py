"""Owns the table of initializers: a line per initializer spec with the native initializer, which draws the native shape.

It refuses to correct a draw: the test is of the native computation of fans.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import sqrt
from typing import Any

import mindspore
import numpy as np
from mindspore.common import initializer as native

from parity.execution.protocol import Array, Unsupported
from parity.mindspore_impl import device
from parity.spec.cases import Case, Sampling

Arguments = Mapping[str, float]


def _scaled(scale: float, mode: str, distribution: str) -> Any:
    return native.VarianceScaling(scale, mode, distribution)


TABLE: Mapping[str, Callable[[Arguments], Any]] = {
    "zeros": lambda a: native.Zero(),
    "constant": lambda a: native.Constant(a["value"]),
    "normal": lambda a: native.Normal(a["standard_deviation"], 0.0),
    "uniform": lambda a: native.Uniform(a["limit"]),
    "glorot_uniform": lambda a: native.XavierUniform(),
    "glorot_normal": lambda a: native.XavierNormal(),
    "he_uniform": lambda a: native.HeUniform(nonlinearity="relu"),
    "he_normal": lambda a: native.HeNormal(nonlinearity="relu"),
    "he_uniform_fan_out": lambda a: native.HeUniform(mode="fan_out", nonlinearity="relu"),
    "he_normal_fan_out": lambda a: native.HeNormal(mode="fan_out", nonlinearity="relu"),
    "lecun_uniform": lambda a: _scaled(1.0, "fan_in", "uniform"),
    "lecun_normal": lambda a: _scaled(1.0, "fan_in", "untruncated_normal"),
    "truncated_normal": lambda a: native.TruncatedNormal(
        a["standard_deviation"], 0.0, -2 * a["standard_deviation"], 2 * a["standard_deviation"]
    ),
    "ones": lambda a: native.One(),
    "orthogonal": lambda a: native.Orthogonal(a["gain"]),
    "identity": lambda a: native.Identity(),
    "variance_scaling": lambda a: native.XavierNormal(gain=sqrt(a["scale"])),
}


def sample(case: Case, sampling: Sampling) -> Array:
    """One draw, in the spec's shape, which is MindSpore's. Raises Unsupported where MindSpore refuses a shape."""
    if case.initializer not in TABLE:
        raise Unsupported(f"no native form of the initializer {case.initializer}")
    mindspore.set_seed(case.seed)
    rows, *rest = sampling.shape
    shape = [rows // sampling.groups, *rest]  # MindSpore counts the units of all groups for fan_out
    if sampling.transposed and len(shape) > 1:
        shape[0], shape[1] = shape[1], shape[0]
    parts = []
    for _ in range(sampling.groups):
        try:
            tensor = native.initializer(TABLE[case.initializer](case.arguments), shape, device.DTYPES[case.dtype])
            drawn = device.array(tensor.init_data())
        except (ValueError, RuntimeError, TypeError) as error:  # fewer than two axes
            what = f"{case.initializer} of shape {sampling.shape} in {case.dtype}"
            raise Unsupported(f"mindspore.common.initializer refuses {what}: {error}") from error
        parts.append(np.swapaxes(drawn, 0, 1) if sampling.transposed and len(shape) > 1 else drawn)
    found: Array = np.ascontiguousarray(np.concatenate(parts)) if rest or sampling.groups > 1 else parts[0]
    return found * np.asarray(case.arguments["gain"], found.dtype) if case.initializer == "identity" else found
