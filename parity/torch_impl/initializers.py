"""Owns the table of initializers: a line per initializer spec with the native initializer, which draws the native shape.

It refuses to correct a draw: the test is of the native computation of fans.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import sqrt

import torch
from torch import Generator, Tensor
from torch.nn import init

from parity.execution.protocol import Array, Unsupported
from parity.spec.cases import Case, Sampling
from parity.torch_impl import device

Arguments = Mapping[str, float]


def _truncated(tensor: Tensor, deviation: float, draw: Generator) -> Tensor:
    """A normal cut at two standard deviations; by default, torch's own cuts at ±2 whatever the standard deviation is."""
    drawn: Tensor = init.trunc_normal_(tensor, 0.0, deviation, -2 * deviation, 2 * deviation, generator=draw)
    return drawn


TABLE: Mapping[str, Callable[[Tensor, Arguments, Generator], Tensor]] = {
    "zeros": lambda w, a, draw: init.zeros_(w),
    "constant": lambda w, a, draw: init.constant_(w, a["value"]),
    "normal": lambda w, a, draw: init.normal_(w, 0.0, a["standard_deviation"], generator=draw),
    "uniform": lambda w, a, draw: init.uniform_(w, -a["limit"], a["limit"], generator=draw),
    "glorot_uniform": lambda w, a, draw: init.xavier_uniform_(w, generator=draw),
    "glorot_normal": lambda w, a, draw: init.xavier_normal_(w, generator=draw),
    "he_uniform": lambda w, a, draw: init.kaiming_uniform_(w, nonlinearity="relu", generator=draw),
    "he_normal": lambda w, a, draw: init.kaiming_normal_(w, nonlinearity="relu", generator=draw),
    "he_uniform_fan_out": lambda w, a, draw: init.kaiming_uniform_(w, mode="fan_out", nonlinearity="relu", generator=draw),
    "he_normal_fan_out": lambda w, a, draw: init.kaiming_normal_(w, mode="fan_out", nonlinearity="relu", generator=draw),
    "lecun_uniform": lambda w, a, draw: init.kaiming_uniform_(w, nonlinearity="linear", generator=draw),
    "lecun_normal": lambda w, a, draw: init.kaiming_normal_(w, nonlinearity="linear", generator=draw),
    "truncated_normal": lambda w, a, draw: _truncated(w, a["standard_deviation"], draw),
    "ones": lambda w, a, draw: init.ones_(w),
    "orthogonal": lambda w, a, draw: init.orthogonal_(w, a["gain"], generator=draw),
    "identity": lambda w, a, draw: init.eye_(w).mul_(a["gain"]),
    "variance_scaling": lambda w, a, draw: init.xavier_normal_(w, gain=sqrt(a["scale"]), generator=draw),
}


def sample(case: Case, sampling: Sampling) -> Array:
    """One draw, in the spec's shape, which is torch's. Raises Unsupported where torch refuses a shape or precision."""
    if case.initializer not in TABLE:
        raise Unsupported(f"no native form of the initializer {case.initializer}")
    tensor, draw = torch.empty(sampling.shape, dtype=device.DTYPES[case.dtype]), Generator().manual_seed(case.seed)
    try:
        for part in tensor.chunk(sampling.groups):  # torch counts the units of all groups for fan_out
            TABLE[case.initializer](part.transpose(0, 1) if sampling.transposed else part, case.arguments, draw)
    except (ValueError, RuntimeError) as error:  # fewer than two axes; no QR factors in half precision
        what = f"{case.initializer} of shape {sampling.shape} in {case.dtype}"
        raise Unsupported(f"torch.nn.init refuses {what}: {error}") from error
    return device.array(tensor)
