"""Owns PyTorch's answers to the atlas about calling recurrent layers and attention.

It refuses to know what the answer should be. Inputs are arrays under the names that the question gives them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import rnn as packing

from parity.execution.protocol import Array
from parity.torch_impl.atlas.answers import Answer, Inputs, sampled, t


def _activated(inputs: Inputs) -> Array:
    layer = nn.RNN(1, 1, bias=False)
    layer.weight_ih_l0.data.fill_(float(inputs["kernel"][0]))
    layer.weight_hh_l0.data.zero_()
    return np.asarray(layer(t(inputs["x"])[:, None, None])[0].detach())


def _last(inputs: Inputs) -> float:
    """Whether the last output of the backward direction depends on the first time step."""
    layer, x = nn.LSTM(4, 5, bidirectional=True, batch_first=True), t(inputs["x"])
    other = x.clone()
    other[:, 0] += 1
    return float((layer(x)[0][:, -1, 5:] != layer(other)[0][:, -1, 5:]).any())


def _mask(inputs: Inputs) -> float:
    """Two layers without recurrence, equal inputs: 0 if outputs differ, 1 if time steps are equal, 2 if no mask is drawn."""
    layer = nn.RNN(32, 32, num_layers=2, dropout=0.5, batch_first=True)
    for name, parameter in layer.named_parameters():
        if "weight_hh" in name:
            parameter.data.zero_()
    out, other = layer(t(inputs["x"]))[0], layer(t(inputs["x"]))[0]
    return float((out == out[:, :1]).all()) + float((out == other).all())


def _padded(inputs: Inputs) -> float:
    layer, x = nn.LSTM(4, 5, batch_first=True), t(inputs["x"])
    packed = layer(packing.pack_padded_sequence(x, torch.tensor([2]), batch_first=True))[0]
    out = packing.pad_packed_sequence(packed, batch_first=True, total_length=3)[0][0]
    return float((out[2] == out[1]).all()) + 2 * float((out[2] == layer(x)[0][0, 2]).all())


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


CALLS: Mapping[str, Answer] = {
    "rnn.activation": _activated,
    "bidirectional.last": _last,
    "rnn.dropout_mask": _mask,
    "lstm.padded_output": _padded,
    "lstm.returns": lambda inputs: len(nn.LSTM(4, 5)(t(inputs["x"]))),
    "lstm.unbatched": lambda inputs: nn.LSTM(4, 5)(t(inputs["x"]))[0].shape,
    "multi_head_attention.second_argument": _second,
    "multi_head_attention.returns": lambda inputs: len(_heads(inputs)),
    "multi_head_attention.weights": lambda inputs: _heads(inputs)[1].shape,
    "multi_head_attention.out_kernel": sampled(lambda: nn.MultiheadAttention(96, 4).out_proj.weight),
    "attention.causal": lambda inputs: _attended(inputs, causal=True),
    "attention.dropout_mode": _dropped,
    "attention.number_mask": lambda inputs: _attended(inputs, t(inputs["mask"])[None]),
}
