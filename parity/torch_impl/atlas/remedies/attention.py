"""Owns what the atlas advises for PyTorch about attention, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from parity.torch_impl.atlas.asking import Answer, Inputs, t


def _attention(inputs: Inputs) -> Tensor:
    layer, mask = nn.MultiheadAttention(1, 1, bias=False, batch_first=True), torch.tensor(inputs["mask"])
    for parameter in layer.parameters():
        parameter.data.fill_(1.0)
    keys = t(inputs["values"])[None, :, None]
    return layer(torch.zeros(1, 1, 1), keys, keys, attn_mask=~mask[None])[0].ravel()


def _whole_row(inputs: Inputs) -> Tensor:
    mask = torch.zeros(1, 2, dtype=torch.bool)
    values = t(inputs["values"])[None, None, :, None]
    out = F.scaled_dot_product_attention(torch.zeros(1, 1, 1, 1), torch.zeros(1, 1, 2, 1), values, mask)
    return torch.where(mask.any(-1), out.ravel(), 0)


def _whole_layer_row(inputs: Inputs) -> Tensor:
    layer, mask = nn.MultiheadAttention(1, 1, bias=False, batch_first=True), torch.zeros(1, 2, dtype=torch.bool)
    for parameter in layer.parameters():
        parameter.data.fill_(1.0)
    keys = t(inputs["values"])[None, :, None]
    out = layer(torch.zeros(1, 1, 1), keys, keys, attn_mask=~mask)[0]
    return torch.where(mask.any(-1), out.ravel(), 0)


def _named(inputs: Inputs) -> Tensor:
    layer = nn.MultiheadAttention(1, 1, bias=False, batch_first=True)
    for parameter in layer.parameters():
        parameter.data.fill_(1.0)
    second, third = (t(inputs[name])[None, :, None] for name in ("second", "third"))
    return layer(query=torch.zeros(1, 1, 1), key=second, value=third)[0]


def _heads(inputs: Inputs, **arguments: bool) -> list[Tensor]:
    layer, x = nn.MultiheadAttention(8, 2, batch_first=True), t(inputs["x"])
    return [item for item in layer(x, x, x, **arguments) if item is not None]


def _attends(inputs: Inputs) -> list[float]:
    layer = nn.MultiheadAttention(2, 1, bias=False, batch_first=True).eval()
    for parameter in layer.parameters():
        parameter.data.copy_(torch.arange(1.0, 1 + parameter.numel()).reshape(parameter.shape) / 20)
    x = t(inputs["x"])
    other = x.clone()
    other[0, 0] += 1
    changed = (layer(x, x, x)[0] != layer(other, other, other)[0]).any(-1)
    return [float(changed[1, 0]), float(changed[0, 1])]


def _silent(inputs: Inputs) -> float:
    x, training, p = t(inputs["x"]), False, 0.75
    y = F.scaled_dot_product_attention(x, x, x, dropout_p=p if training else 0.0)
    return float((y - x).abs().max() > 0.01)


REMEDIES: Mapping[str, Answer] = {
    "multi_head_attention.mask_true@keras": _attention,
    "attention.fully_masked@alike": _whole_row,
    "multi_head_attention.fully_masked@alike": _whole_layer_row,
    "attention.scale@keras": lambda inputs: F.scaled_dot_product_attention(
        *(t(inputs[name])[None] for name in ("q", "k", "v")), scale=1.0
    ),
    "multi_head_attention.second_argument@torch": _named,
    "multi_head_attention.returns@keras": lambda inputs: len(_heads(inputs, need_weights=False)),
    "multi_head_attention.weights@keras": lambda inputs: _heads(inputs, average_attn_weights=False)[1].shape,
    "attention.dropout_mode@keras": _silent,
    "multi_head_attention.size_means@keras": lambda _: nn.MultiheadAttention(2 * 8, 2).out_proj.in_features,
    "multi_head_attention.time_axis@keras": _attends,
}
