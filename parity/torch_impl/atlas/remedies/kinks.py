"""Owns what the atlas advises for PyTorch about gradients at kinks, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch

from parity.torch_impl.atlas.asking import Answer, Inputs, slope, t

AT_LEAST = slope(lambda x: torch.where(x >= 1, x, 1))
AT_MOST = slope(lambda x: torch.where(x <= 1, x, 1))


def nan(inputs: Inputs) -> bool:
    return bool(torch.isnan(t(inputs["x"])).any())


REMEDIES: Mapping[str, Answer] = {
    "kink.norm@alike": slope(lambda x: torch.sqrt(torch.sum(x**2) + 1e-12)),
    "kink.maximum@alike": AT_LEAST,
    "kink.maximum_second@alike": AT_LEAST,
    "kink.maximum_number@alike": AT_LEAST,
    "kink.minimum@alike": AT_MOST,
    "kink.minimum_second@alike": AT_MOST,
    "kink.minimum_number@alike": AT_MOST,
    "kink.max@alike": slope(lambda x: x[torch.argmax(x)]),
    "kink.max_axis@alike": slope(lambda x: x[torch.argmax(x)]),
    "kink.max_axis@keras": slope(lambda x: torch.amax(x, 0)),
    "kink.min@alike": slope(lambda x: x[torch.argmin(x)]),
    "kink.where_sqrt@alike": slope(lambda x: torch.where(x > 0, torch.sqrt(torch.where(x > 0, x, 1)), 0)),
    "kink.power_zero@alike": slope(lambda x: torch.ones_like(x) + 0 * x),
    "kink.standard_deviation@alike": slope(lambda x: torch.sqrt(torch.var(x) + 1e-12)),
    "kink.hard_tanh@keras": slope(lambda x: torch.clamp(x, -1, 1)),
    "kink.relu_nan@alike": nan,
    "kink.cosine@alike": slope(lambda x: (x * torch.ones_like(x)).sum() / torch.sqrt(torch.sum(x**2) + 1e-12) / 2**0.5),
    "kink.arctangent@alike": slope(lambda x: torch.atan2(x, torch.where(x == 0, 1.0, 0.0))),
    "kink.normalize@alike": slope(lambda x: x / torch.sqrt(torch.sum(x**2) + 1e-12)),
    "kink.power_exponent@alike": slope(lambda x: (0 + 1e-12) ** x),
    "kink.median@keras": slope(lambda x: torch.quantile(x, 0.5)),
}
