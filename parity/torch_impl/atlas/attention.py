"""Owns PyTorch's answers to the atlas about attention.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from parity.execution.protocol import Array
from parity.torch_impl.atlas.asking import Answer, Inputs, t


def _attention(inputs: Inputs) -> Array:
    layer = nn.MultiheadAttention(1, 1, bias=False, batch_first=True)
    for parameter in layer.parameters():
        parameter.data.fill_(1.0)
    keys = t(inputs["values"])[None, :, None]
    y = layer(torch.zeros(1, 1, 1), keys, keys, attn_mask=torch.tensor(inputs["mask"])[None])[0]
    return np.asarray(y.detach()).ravel()


def _attends(inputs: Inputs) -> list[float]:
    layer = nn.MultiheadAttention(2, 1, bias=False).eval()
    for parameter in layer.parameters():
        parameter.data.copy_(torch.arange(1.0, 1 + parameter.numel()).reshape(parameter.shape) / 20)
    x = t(inputs["x"])
    other = x.clone()
    other[0, 0] += 1
    changed = (layer(x, x, x)[0] != layer(other, other, other)[0]).any(-1)
    return [float(changed[1, 0]), float(changed[0, 1])]


def _all_masked(inputs: Inputs) -> Array:
    layer = nn.MultiheadAttention(1, 1, bias=False, batch_first=True)
    for parameter in layer.parameters():
        parameter.data.fill_(1.0)
    keys = t(inputs["values"])[None, :, None]
    y = layer(torch.zeros(1, 1, 1), keys, keys, attn_mask=torch.ones(1, 2, dtype=torch.bool))[0]
    return np.asarray(y.detach()).ravel()


def _second(inputs: Inputs) -> Array:
    layer = nn.MultiheadAttention(1, 1, bias=False, batch_first=True)
    for parameter in layer.parameters():
        parameter.data.fill_(1.0)
    second, third = (t(inputs[name])[None, :, None] for name in ("second", "third"))
    return np.asarray(layer(torch.zeros(1, 1, 1), second, third)[0].detach())


def _heads(inputs: Inputs) -> tuple[Tensor, Tensor]:
    layer, x = nn.MultiheadAttention(8, 2, batch_first=True), t(inputs["x"])
    out, weights = layer(x, x, x)
    return out, weights


def _attended(inputs: Inputs, mask: Tensor | None = None, causal: bool = False) -> Array:
    values = t(inputs["values"])[None, None, :, None]
    query, key = torch.zeros(1, 1, 1, 1), torch.zeros(1, 1, values.shape[2], 1)
    return np.asarray(F.scaled_dot_product_attention(query, key, values, attn_mask=mask, is_causal=causal))


def _dropped(inputs: Inputs) -> float:
    x = t(inputs["x"])
    return float((F.scaled_dot_product_attention(x, x, x, dropout_p=0.75) - x).abs().max() > 0.01)


ANSWERS: Mapping[str, Answer] = {
    "attention.mask_true": lambda inputs: F.scaled_dot_product_attention(
        torch.zeros(1, 1, 1, 1), torch.zeros(1, 1, 2, 1), t(inputs["values"])[None, None, :, None], torch.tensor(inputs["mask"])
    ).ravel(),
    "attention.fully_masked": lambda inputs: F.scaled_dot_product_attention(
        torch.zeros(1, 1, 1, 1), torch.zeros(1, 1, 2, 1), t(inputs["values"])[None, None, :, None], torch.tensor(inputs["mask"])
    ).ravel(),
    "multi_head_attention.mask_true": _attention,
    "attention.scale": lambda inputs: F.scaled_dot_product_attention(
        *(t(inputs[name])[None] for name in ("q", "k", "v"))
    ).ravel(),
    "multi_head_attention.size_means": lambda _: nn.MultiheadAttention(8, 2).out_proj.in_features,
    "multi_head_attention.time_axis": _attends,
    "multi_head_attention.fully_masked": _all_masked,
    "multi_head_attention.second_argument": _second,
    "multi_head_attention.returns": lambda inputs: len(_heads(inputs)),
    "multi_head_attention.weights": lambda inputs: _heads(inputs)[1].shape,
    "attention.causal": lambda inputs: _attended(inputs, causal=True),
    "attention.dropout_mode": _dropped,
    "attention.number_mask": lambda inputs: _attended(inputs, t(inputs["mask"])[None]),
}
