"""Owns the questions about each layer's own default initializer. A candidate names the formula that the fans give.

It refuses to know which framework draws from what.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt

from parity.atlas.distributions import Distribution, normal, two_uniforms, uniform
from parity.atlas.question import Question


def _candidates(fan_in: int, fan_out: int, units: int = 0) -> Mapping[str, Distribution]:
    found: dict[str, Distribution] = {
        "uniform ±√(6/(fan_in + fan_out)) (Glorot)": uniform(sqrt(6 / (fan_in + fan_out))),
        "uniform ±√(3/fan_in) (LeCun)": uniform(sqrt(3 / fan_in)),
        "uniform ±√(6/fan_in) (He)": uniform(sqrt(6 / fan_in)),
        "uniform ±1/√fan_in": uniform(1 / sqrt(fan_in)),
        "uniform ±1/√fan_out": uniform(1 / sqrt(fan_out)),
        "uniform ±0.05": uniform(0.05),
        "uniform ±0.07": uniform(0.07),
        "normal, σ = 1": normal(1.0),
        "normal, σ = 0.05": normal(0.05),
        "normal, σ = 0.01": normal(0.01),
        "normal, σ = √(2/fan_in) (He)": normal(sqrt(2 / fan_in)),
        "normal, σ = √(2/(fan_in + fan_out)) (Glorot)": normal(sqrt(2 / (fan_in + fan_out))),
    }
    if units:
        found |= {
            "uniform ±1/√units": uniform(1 / sqrt(units)),
            "the sum of two uniform ±1/√units": two_uniforms(1 / sqrt(units)),
        }
    return found


CANDIDATES: Mapping[str, Mapping[str, Distribution]] = {
    "dense.kernel": _candidates(37, 503),
    "dense.bias": _candidates(37, 5003),
    "conv2d.kernel": _candidates(99, 909),
    "conv_transpose2d.kernel": _candidates(99, 909),
    "embedding.table": _candidates(1009, 301),
    "lstm.kernel": _candidates(37, 268, 67),
    "lstm.recurrent_kernel": _candidates(67, 268),
    "lstm.start_bias": _candidates(13, 2012, 503),
    "gru.recurrent_kernel": _candidates(79, 237),
}
QUESTIONS = tuple(
    Question(
        name,
        "initializers",
        f"{name.partition('.')[0]}: default start of the {name.partition('.')[2].removeprefix('start_').replace('_', ' ')}",
        advice="name the initializer; the spec's seven are the same in every framework",
    )
    for name in CANDIDATES
)
