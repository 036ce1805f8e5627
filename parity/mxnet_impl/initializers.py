"""Owns the table of initializers: the spec's name -> native mx.init initializer; and one draw.

It refuses to compute fans: the test is of MXNet's own computation from the shape (out, in, …).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from parity.execution.protocol import Array, Unsupported
from parity.mxnet_impl import device
from parity.mxnet_impl.device import mxnet
from parity.spec.cases import Case

init = mxnet.init
Numbers = Mapping[str, float]


class Orthogonal(mxnet.init.Orthogonal):  # type: ignore[misc]
    """mx.init.Orthogonal in the array's precision, and without a preferred sign.

    MXNet's own takes the left or the right singular vectors of a normal matrix in float32. LAPACK fixes their signs, so that
    the diagonal of square and tall matrices is negative more often than not. The signs cancel in the product of both.
    """

    def _init_weight(self, _: Any, arr: Any) -> None:
        rows, columns = arr.shape[0], int(np.prod(arr.shape[1:]))
        drawn = mxnet.random.normal(0.0, 1.0, shape=(rows, columns), dtype=str(np.dtype(arr.dtype))).asnumpy()
        left, _, right = np.linalg.svd(drawn, full_matrices=False)
        arr[:] = self.scale * (left @ right).reshape(arr.shape)


class TruncatedNormal(mxnet.init.Initializer):  # type: ignore[misc]
    """A normal cut at two standard deviations, by its inverse distribution function; MXNet has no such initializer."""

    def __init__(self, deviation: float) -> None:
        super().__init__(deviation=deviation)
        self.deviation = deviation

    def _init_weight(self, _: Any, arr: Any) -> None:
        inside = math.erf(math.sqrt(2)) * mxnet.random.uniform(-1.0, 1.0, shape=arr.shape, dtype=str(np.dtype(arr.dtype)))
        arr[:] = self.deviation * math.sqrt(2) * mxnet.nd.erfinv(inside)


class Identity(mxnet.init.Initializer):  # type: ignore[misc]
    """The gain on the diagonal, zeros elsewhere; MXNet has the operator but no initializer."""

    def __init__(self, gain: float) -> None:
        super().__init__(gain=gain)
        self.gain = gain

    def _init_weight(self, _: Any, arr: Any) -> None:
        arr[:] = self.gain * mxnet.nd.eye(*arr.shape, dtype=str(np.dtype(arr.dtype)))


TABLE: Mapping[str, Callable[[Numbers], Any]] = {
    "constant": lambda a: init.Constant(a["value"]),
    "glorot_normal": lambda a: init.Xavier(rnd_type="gaussian", factor_type="avg", magnitude=1),
    "glorot_uniform": lambda a: init.Xavier(rnd_type="uniform", factor_type="avg", magnitude=3),
    "he_normal": lambda a: init.MSRAPrelu(factor_type="in", slope=0),
    "he_uniform": lambda a: init.Xavier(rnd_type="uniform", factor_type="in", magnitude=6),
    "he_normal_fan_out": lambda a: init.MSRAPrelu(factor_type="out", slope=0),
    "he_uniform_fan_out": lambda a: init.Xavier(rnd_type="uniform", factor_type="out", magnitude=6),
    "identity": lambda a: Identity(a["gain"]),
    "lecun_normal": lambda a: init.Xavier(rnd_type="gaussian", factor_type="in", magnitude=1),
    "lecun_uniform": lambda a: init.Xavier(rnd_type="uniform", factor_type="in", magnitude=3),
    "normal": lambda a: init.Normal(a["standard_deviation"]),
    "ones": lambda a: init.One(),
    "orthogonal": lambda a: Orthogonal(scale=a["gain"], rand_type="normal"),
    "truncated_normal": lambda a: TruncatedNormal(a["standard_deviation"]),
    "uniform": lambda a: init.Uniform(a["limit"]),
    "variance_scaling": lambda a: init.Xavier(rnd_type="gaussian", factor_type="avg", magnitude=a["scale"]),
    "zeros": lambda a: init.Zero(),
}


def sample(case: Case) -> Array:
    """One draw of `case.initializer` for `case.sampling`, through a Gluon parameter, with the case's seed."""
    if case.sampling is None:
        raise ValueError(f"case {case.id} samples, and says not what")
    if case.initializer not in TABLE:
        raise Unsupported(f"mxnet_impl/initializers.py maps no initializer {case.initializer}; it maps {', '.join(TABLE)}")
    groups, transposed = case.sampling.groups, case.sampling.transposed
    shape = (case.sampling.shape[0] // groups, *case.sampling.shape[1:])
    if len(shape) < 2 and case.initializer.startswith(("glorot", "he", "lecun", "variance")):
        raise Unsupported("mx.init.Xavier refuses vectors: 'Xavier initializer cannot be applied to vector'")
    mxnet.random.seed(case.seed)
    drawn = [_drawn(case, (shape[1], shape[0], *shape[2:]) if transposed else shape) for _ in range(groups)]
    return np.concatenate([np.swapaxes(array, 0, 1) for array in drawn] if transposed else drawn)


def _drawn(case: Case, shape: tuple[int, ...]) -> Array:
    """Draws the kernel of one group: MXNet counts the channels of all groups for fan_out, and the second axis as inputs."""
    native = TABLE[case.initializer](case.arguments)
    parameter = mxnet.gluon.Parameter("sample_weight", shape=shape, dtype=case.dtype, init=native)
    parameter.initialize(ctx=device.context(case.device))
    drawn: Array = parameter.data().asnumpy()
    return drawn
