"""Owns what the atlas advises for PyTorch about slopes at kinks and plain arithmetic, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from parity.torch_impl.atlas.answers import Answer, Inputs, call, dtype, slope, t
from parity.torch_impl.atlas.remedies.layers import within

AT_LEAST = slope(lambda x: torch.where(x >= 1, x, 1))
AT_MOST = slope(lambda x: torch.where(x <= 1, x, 1))


def guarded(function: Callable[[Tensor], Tensor]) -> Answer:
    """The function of an input that is not empty; 0 for an empty one."""
    return lambda inputs: float(function(t(inputs["x"]))) if len(inputs["x"]) else 0.0


def nan(inputs: Inputs) -> bool:
    return bool(torch.isnan(t(inputs["x"])).any())


def _boolean(inputs: Inputs) -> Tensor:
    return t(inputs["i"]) > 0


def _log(x: Tensor) -> Tensor:
    return torch.log(torch.exp(x) + 1e-30)


NUMBERS: Mapping[str, Answer] = {
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
    "number.argmax_nan@alike": call(lambda x: torch.argmax(torch.where(torch.isnan(x), -torch.inf, x))),
    "number.variance@keras": call(lambda x: torch.var(x, correction=0)),
    "number.variance_of_one@keras": call(lambda x: torch.var(x, correction=0)),
    "number.median@keras": call(lambda x: torch.quantile(x, 0.5)),
    "number.mean_empty@alike": guarded(torch.mean),
    "number.sum_empty@alike": guarded(torch.sum),
    "number.product_empty@alike": guarded(torch.prod),
    "number.empty_batch@alike": lambda _: len([nn.Linear(3, 2)(x) for x in (torch.ones(0, 3), torch.ones(4, 3)) if len(x)]),
    "number.sum_type@keras": dtype(lambda inputs: t(inputs["i"]).int().sum(dtype=torch.int32)),
    "number.cumulative_sum_type@keras": dtype(lambda inputs: torch.cumsum(t(inputs["i"]).int(), 0, dtype=torch.int32)),
    "number.mean_integers@alike": call(lambda i: i.float().mean(), "i"),
    "number.integer_mean_type@alike": dtype(lambda inputs: t(inputs["i"]).float().mean()),
    "number.range_type@keras": dtype(lambda _: torch.arange(3, dtype=torch.int32)),
    "number.float64_layer_type@alike": dtype(lambda inputs: _double(nn.Linear(1, 2))(t(inputs["x"]).double()[:, None])),
    "number.comparison_type@mxnet": dtype(lambda inputs: (t(inputs["x"]) > 0).float()),
    "number.bytes_type@alike": dtype(lambda inputs: t(inputs["i"]).to(torch.uint8).int() + t(inputs["i"]).to(torch.int8).int()),
    "number.argmax_type@alike": dtype(lambda inputs: torch.argmax(t(inputs["x"])).to(torch.int64)),
    "number.argsort_type@alike": dtype(lambda inputs: torch.argsort(t(inputs["x"])).to(torch.int64)),
    "number.integer_power@alike": call(lambda i: i.float() ** -1, "i"),
    "number.one_hot_type@keras": dtype(lambda inputs: F.one_hot(t(inputs["i"]), 3).float()),
    "number.boolean_sum_type@alike": dtype(lambda inputs: (t(inputs["x"]) > 0).to(torch.int64).sum()),
    "number.half_mean@alike": call(lambda x: x.half().float().mean()),
    "number.sort_nan@alike": call(lambda x: torch.sort(x[~torch.isnan(x)]).values),
    "number.top_tie@keras": call(lambda x: torch.argsort(-x, stable=True)[:2]),
    "number.softmax_nan@alike": call(lambda x: torch.softmax(torch.where(torch.isnan(x), -torch.inf, x), -1)),
    "number.subnormal@alike": call(_log),
    "number.sign_nan@keras": call(lambda x: torch.where(torch.isnan(x), x, torch.sign(x))),
    "number.clip_crossed@alike": call(lambda x: torch.clamp(x, min(1, -1), max(1, -1))),
    "number.boolean_plus@alike": lambda inputs: _boolean(inputs).int() + _boolean(inputs).int(),
    "number.boolean_minus@alike": lambda inputs: _boolean(inputs).int() - _boolean(inputs).int(),
    "number.mean_boolean@keras": lambda inputs: _boolean(inputs).float().mean(),
    "number.integers_type@keras": dtype(lambda _: torch.tensor([1, 2], dtype=torch.int32)),
    "number.full_type@keras": dtype(lambda _: torch.full((2,), 1.0)),
    "number.half_layer_type@alike": dtype(lambda inputs: nn.Linear(1, 2)(t(inputs["x"]).half().float()[:, None])),
    "number.reversed@keras": call(lambda x: torch.flip(x, (0,))),
    "number.take_beyond@alike": within,
}


def _double(layer: nn.Module) -> nn.Module:
    layer.double()
    return layer
