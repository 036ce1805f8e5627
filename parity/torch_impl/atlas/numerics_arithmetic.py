"""Owns PyTorch's answers to the atlas about arithmetic: mixed types, overflow, indices.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from parity.torch_impl.atlas.asking import Answer, Inputs, call, dtype, t


def _int32(inputs: Inputs) -> Tensor:
    return torch.tensor(inputs["i"].astype(np.int32))


def _boolean(inputs: Inputs) -> Tensor:
    return t(inputs["i"]) > 0


def _half(inputs: Inputs) -> Tensor:
    return t(inputs["x"]).half()


def _far(_: Inputs) -> int:
    numbers = torch.zeros(2**24 + 2)
    numbers[-1] = 1
    return int(torch.argmax(numbers)) - 2**24


ANSWERS: Mapping[str, Answer] = {
    "number.subnormal": call(torch.exp),
    "number.sign_nan": call(torch.sign),
    "number.relu_infinite": call(lambda x: F.relu(x) - F.relu(x)),
    "number.clip_crossed": call(lambda x: torch.clamp(x, 1, -1)),
    "number.remainder_by_zero": call(torch.remainder, "x", "y"),
    "number.boolean_plus": lambda inputs: _boolean(inputs) + _boolean(inputs),
    "number.boolean_minus": lambda inputs: _boolean(inputs) - _boolean(inputs),
    "number.mean_boolean": lambda inputs: _boolean(inputs).mean(),
    "number.integers_type": dtype(lambda _: torch.tensor([1, 2])),
    "number.int64_array_type": dtype(lambda inputs: torch.tensor(inputs["i"].astype(np.int64))),
    "number.full_type": dtype(lambda _: torch.full((2,), 1)),
    "number.float_list_type": dtype(lambda _: torch.tensor([1.0, 2.0])),
    "number.cumulative_sum_type": dtype(lambda inputs: torch.cumsum(_int32(inputs), 0)),
    "number.bytes_type": dtype(lambda inputs: t(inputs["i"]).to(torch.uint8) + t(inputs["i"]).to(torch.int8)),
    "number.integer_plus_half_type": dtype(lambda inputs: t(inputs["i"]) + _half(inputs)),
    "number.single_plus_double_type": dtype(lambda inputs: t(inputs["x"]) + t(inputs["x"]).double()),
    "number.byte_plus_number_type": dtype(lambda inputs: t(inputs["i"]).to(torch.uint8) + 1),
    "number.integer_mean_type": dtype(lambda inputs: _int32(inputs).mean()),
    "number.half_layer_type": dtype(lambda inputs: nn.Linear(1, 2)(_half(inputs)[:, None])),
    "number.integer_sum_overflow": lambda inputs: _int32(inputs).sum(),
    "number.integer_root": call(torch.sqrt, "i"),
    "number.half_sum": lambda _: torch.ones(4096).half().sum().float(),
    "number.half_loop": lambda _: (torch.full((1,), 2048.0).half() + torch.ones(1).half()).float(),
    "number.argmax_far": _far,
    "number.argmax_axes": call(lambda x: torch.argmax(x.reshape(2, 2))),
    "number.nan_to_integer": lambda inputs: t(inputs["x"]).to(torch.int32),
    "number.reversed": call(lambda x: x[::-1]),
    "number.scalar_axes": lambda inputs: t(inputs["x"]).sum().ndim,
    "number.broadcast": lambda _: (torch.zeros(2, 3) + torch.zeros(3)).shape,
    "number.softmax_integers": call(lambda i: torch.softmax(i, 0), "i"),
    "number.argsort_type": dtype(lambda inputs: torch.argsort(t(inputs["x"]))),
    "number.mask_index": call(lambda x: x[x > 5]),
    "number.integer_product": call(lambda i, j: i[None] @ j[:, None], "i", "j"),
    "number.remainder_integers": call(torch.remainder, "i", "j"),
    "number.top_returns": call(lambda x: torch.topk(x, 1)[0]),
    "number.take_beyond": call(lambda i: torch.take(torch.arange(5.0) * 10, i), "index"),
    "number.take_behind": call(lambda i: torch.take(torch.arange(5.0) * 10, i), "index"),
}
