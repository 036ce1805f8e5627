"""Owns PyTorch's answers to the atlas about recurrent layers.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn
from torch.nn.utils import rnn as packing

from parity.execution.protocol import Array
from parity.torch_impl.atlas.asking import Answer, Inputs, t


def _recurrent(layer: nn.Module, inputs: Inputs) -> Array:
    values = dict(layer.named_parameters())
    for parameter in values.values():
        parameter.data.zero_()
    values["weight_ih_l0"].data = t(inputs["kernel"])[:, None]
    values["weight_hh_l0"].data = t(inputs["recurrent"])[:, None]
    if "bias" in inputs:
        values["bias_hh_l0"].data = t(inputs["bias"])
    return np.asarray(layer(t(inputs["x"])[:, None, None])[0].detach()).ravel()


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


ANSWERS: Mapping[str, Answer] = {
    "lstm.gate_order": lambda inputs: _recurrent(nn.LSTM(1, 1), inputs),
    "gru.form": lambda inputs: _recurrent(nn.GRU(1, 1), inputs),
    "lstm.count": lambda _: sum(parameter.numel() for parameter in nn.LSTM(3, 5).parameters()),
    "gru.count": lambda _: sum(parameter.numel() for parameter in nn.GRU(3, 5).parameters()),
    "rnn.count": lambda _: sum(parameter.numel() for parameter in nn.RNN(3, 5).parameters()),
    "lstm.outputs": lambda _: nn.LSTM(4, 5)(torch.zeros(3, 2, 4))[0].ndim,
    "lstm.bidirectional_width": lambda _: nn.LSTM(4, 5, bidirectional=True)(torch.zeros(3, 2, 4))[0].shape[-1],
    "lstm.time_axis": lambda _: nn.LSTM(4, 5)(torch.zeros(3, 2, 4))[1][0].shape[1],
    "rnn.activation": _activated,
    "bidirectional.last": _last,
    "rnn.dropout_mask": _mask,
    "lstm.padded_output": _padded,
    "lstm.returns": lambda inputs: len(nn.LSTM(4, 5)(t(inputs["x"]))),
    "lstm.unbatched": lambda inputs: nn.LSTM(4, 5)(t(inputs["x"]))[0].shape,
}
