"""Owns what the atlas advises for PyTorch about arithmetic: mixed types, overflow, indices, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from parity.torch_impl.atlas.asking import Answer, Inputs, call, dtype, t
from parity.torch_impl.atlas.remedies.building import within


def _boolean(inputs: Inputs) -> Tensor:
    return t(inputs["i"]) > 0


def _log(x: Tensor) -> Tensor:
    return torch.log(torch.exp(x) + 1e-30)


REMEDIES: Mapping[str, Answer] = {
    "number.cumulative_sum_type@keras": dtype(lambda inputs: torch.cumsum(t(inputs["i"]).int(), 0, dtype=torch.int32)),
    "number.integer_mean_type@alike": dtype(lambda inputs: t(inputs["i"]).float().mean()),
    "number.bytes_type@alike": dtype(lambda inputs: t(inputs["i"]).to(torch.uint8).int() + t(inputs["i"]).to(torch.int8).int()),
    "number.argsort_type@alike": dtype(lambda inputs: torch.argsort(t(inputs["x"])).to(torch.int64)),
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
