"""Owns what the atlas advises for PyTorch about numerics: NaN, ties, rounding, types, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from parity.torch_impl.atlas.asking import Answer, Inputs, call, dtype, t


def tf32(_: Inputs) -> float:
    kept = torch.backends.cuda.matmul.fp32_precision
    torch.backends.cuda.matmul.allow_tf32 = True
    allowed = float(torch.backends.cuda.matmul.allow_tf32)
    torch.backends.cuda.matmul.fp32_precision = kept
    return allowed


def guarded(function: Callable[[Tensor], Tensor]) -> Answer:
    """The function of an input that is not empty; 0 for an empty one."""
    return lambda inputs: float(function(t(inputs["x"]))) if len(inputs["x"]) else 0.0


def _double(layer: nn.Module) -> nn.Module:
    layer.double()
    return layer


REMEDIES: Mapping[str, Answer] = {
    "tf32.matmul@keras": tf32,
    "number.argmax_nan@alike": call(lambda x: torch.argmax(torch.where(torch.isnan(x), -torch.inf, x))),
    "number.variance@keras": call(lambda x: torch.var(x, correction=0)),
    "number.variance_of_one@keras": call(lambda x: torch.var(x, correction=0)),
    "number.median@keras": call(lambda x: torch.quantile(x, 0.5)),
    "number.mean_empty@alike": guarded(torch.mean),
    "number.sum_empty@alike": guarded(torch.sum),
    "number.product_empty@alike": guarded(torch.prod),
    "number.empty_batch@alike": lambda _: len([nn.Linear(3, 2)(x) for x in (torch.ones(0, 3), torch.ones(4, 3)) if len(x)]),
    "number.sum_type@keras": dtype(lambda inputs: t(inputs["i"]).int().sum(dtype=torch.int32)),
    "number.mean_integers@alike": call(lambda i: i.float().mean(), "i"),
    "number.range_type@keras": dtype(lambda _: torch.arange(3, dtype=torch.int32)),
    "number.float64_layer_type@alike": dtype(lambda inputs: _double(nn.Linear(1, 2))(t(inputs["x"]).double()[:, None])),
    "number.comparison_type@mxnet": dtype(lambda inputs: (t(inputs["x"]) > 0).float()),
    "number.argmax_type@alike": dtype(lambda inputs: torch.argmax(t(inputs["x"])).to(torch.int64)),
    "number.integer_power@alike": call(lambda i: i.float() ** -1, "i"),
    "number.one_hot_type@keras": dtype(lambda inputs: F.one_hot(t(inputs["i"]), 3).float()),
    "number.boolean_sum_type@alike": dtype(lambda inputs: (t(inputs["x"]) > 0).to(torch.int64).sum()),
    "number.half_mean@alike": call(lambda x: x.half().float().mean()),
    "number.sort_nan@alike": call(lambda x: torch.sort(x[~torch.isnan(x)]).values),
    "number.top_tie@keras": call(lambda x: torch.argsort(-x, stable=True)[:2]),
    "number.softmax_nan@alike": call(lambda x: torch.softmax(torch.where(torch.isnan(x), -torch.inf, x), -1)),
}
