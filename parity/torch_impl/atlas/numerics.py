"""Owns PyTorch's answers to the atlas about numerics: NaN, ties, rounding, types.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from parity.torch_impl import device
from parity.torch_impl.atlas.asking import Answer, Inputs, call, dtype, t


def _waits(_: Inputs) -> float:
    """Whether the call alone takes more than half of the time until the result can be read."""
    x = torch.ones(1200, 1200)
    start = perf_counter()
    y = x @ x
    returned = perf_counter()
    float(y[0, 0])
    return float(returned - start > (perf_counter() - start) / 2)


def _raised(inputs: Inputs) -> float:
    try:
        taken: Tensor = torch.arange(5.0)[t(inputs["index"])]
    except IndexError:
        return 1.0
    return float(taken[0]) * 0


ANSWERS: Mapping[str, Answer] = {
    "number.round_half": call(torch.round),
    "number.remainder": call(torch.remainder, "x", "y"),
    "number.floor_divide": call(torch.floor_divide, "x", "y"),
    "number.integer_division": call(torch.div, "i", "j"),
    "number.integer_division_type": dtype(lambda inputs: t(inputs["i"]) / t(inputs["j"])),
    "number.argmax_tie": call(torch.argmax),
    "number.argmax_nan": call(torch.argmax),
    "number.maximum_nan": call(torch.maximum, "x", "y"),
    "number.max_nan": call(torch.max),
    "number.sign_zero": call(torch.sign),
    "number.variance": call(torch.var),
    "number.median": call(torch.median),
    "number.zero_by_zero": call(torch.div, "x", "x"),
    "number.power_zero_zero": call(torch.pow, "x", "x"),
    "number.cube_root": call(lambda x: x ** (1 / 3)),
    "number.mean_empty": call(torch.mean),
    "number.max_empty": call(torch.max),
    "number.sum_type": dtype(lambda inputs: torch.tensor(inputs["i"].astype(np.int32)).sum()),
    "number.mean_integers": lambda inputs: t(inputs["i"]).mean(),
    "number.range_type": dtype(lambda _: torch.arange(3)),
    "number.zeros_type": dtype(lambda _: torch.zeros(3)),
    "number.float64_array_type": dtype(lambda inputs: torch.tensor(inputs["x"].astype(np.float64))),
    "number.float64_layer_type": dtype(lambda inputs: nn.Linear(1, 2)(torch.tensor(inputs["x"].astype(np.float64))[:, None])),
    "number.comparison_type": dtype(lambda inputs: t(inputs["x"]) > 0),
    "number.argmax_type": dtype(lambda inputs: torch.argmax(t(inputs["x"]))),
    "number.integer_plus_float_type": dtype(lambda inputs: t(inputs["i"]) + 0.5),
    "number.empty_batch": lambda _: nn.Linear(3, 2)(torch.zeros(0, 3)).shape,
    "number.integer_by_zero": call(torch.floor_divide, "i", "j"),
    "number.integer_power": call(lambda i: i ** torch.tensor(-1), "i"),
    "number.one_hot_type": dtype(lambda inputs: F.one_hot(t(inputs["i"]), 3)),
    "number.half_plus_single_type": dtype(lambda inputs: t(inputs["x"]).half() + t(inputs["x"])),
    "number.int32_plus_int64_type": dtype(lambda inputs: t(inputs["i"]).int() + t(inputs["i"])),
    "number.int32_plus_single_type": dtype(lambda inputs: t(inputs["i"]).int() + t(inputs["x"])),
    "number.boolean_sum_type": dtype(lambda inputs: (t(inputs["x"]) > 0).sum()),
    "number.scalar_type": dtype(lambda _: torch.tensor(1.5)),
    "number.byte_overflow": lambda inputs: t(inputs["i"]).to(torch.uint8) + t(inputs["j"]).to(torch.uint8),
    "number.half_overflow": lambda inputs: t(inputs["x"]).half().sum().float(),
    "number.half_mean": lambda inputs: t(inputs["x"]).half().mean().float(),
    "number.float_to_integer": lambda inputs: t(inputs["x"]).to(torch.int32),
    "number.variance_of_one": call(torch.var),
    "number.min_nan": call(torch.min),
    "number.sort_nan": call(lambda x: torch.sort(x).values),
    "number.clip_nan": call(lambda x: torch.clamp(x, 0, 1)),
    "number.top_tie": call(lambda x: torch.topk(x, 2).indices),
    "number.log_negative": call(torch.log),
    "number.argmax_empty": call(torch.argmax),
    "number.sum_empty": call(torch.sum),
    "number.product_empty": call(torch.prod),
    "number.softmax_nan": call(lambda x: torch.softmax(x, -1)),
    "number.exponential_overflow": call(torch.exp),
    "number.sigmoid_huge": call(lambda x: 1 - torch.sigmoid(x)),
    "call.waits": _waits,
    "call.error": _raised,
    "tf32.matmul": lambda _: float(device.TF32["matmul"]),
    "tf32.convolution": lambda _: float(device.TF32["convolution"]),
}
