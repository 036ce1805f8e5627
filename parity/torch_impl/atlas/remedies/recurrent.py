"""Owns what the atlas advises for PyTorch about recurrent layers, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from parity.torch_impl.atlas.asking import Answer, Inputs, t

KERNEL, RECURRENT, BIAS = (torch.sin(torch.arange(count) * 1.0) for count in (60, 100, 20))
SEQUENCE = torch.cos(torch.arange(18.0)).reshape(2, 3, 3)


def _gates(inputs: Inputs) -> Tensor:
    """Keras's GRU in torch: the first two of the three blocks of gates swap places."""
    layer, swapped = nn.GRU(1, 1), [1, 0, 2]
    layer.weight_ih_l0.data = t(inputs["kernel"])[swapped][:, None]
    layer.weight_hh_l0.data = t(inputs["recurrent"])[swapped][:, None]
    layer.bias_ih_l0.data.zero_()
    layer.bias_hh_l0.data = t(inputs["bias"])[swapped]
    return layer(t(inputs["x"])[:, None, None])[0].ravel()


def _two_biases(make: Callable[..., nn.Module], blocks: int) -> Tensor:
    layer = make(3, 5, batch_first=True)
    layer.weight_ih_l0.data = KERNEL[: blocks * 15].reshape(-1, 3)
    layer.weight_hh_l0.data = RECURRENT[: blocks * 25].reshape(-1, 5)
    layer.bias_ih_l0.data, layer.bias_hh_l0.data = BIAS[: blocks * 5], 2 * BIAS[: blocks * 5]
    return layer(SEQUENCE)[0]


def _activated(inputs: Inputs) -> Tensor:
    layer = nn.RNN(1, 1, nonlinearity="relu", bias=False)
    layer.weight_ih_l0.data.fill_(float(inputs["kernel"][0]))
    layer.weight_hh_l0.data.zero_()
    return layer(t(inputs["x"])[:, None, None])[0]


def _last(inputs: Inputs) -> float:
    layer, x, units = nn.LSTM(4, 5, bidirectional=True, batch_first=True), t(inputs["x"]), 5
    other = x.clone()
    other[:, 0] += 1
    ends = [torch.cat([out[:, -1, :units], out[:, 0, units:]], -1) for out in (layer(x)[0], layer(other)[0])]
    return float((ends[0][:, 5:] != ends[1][:, 5:]).any())


def _mask(inputs: Inputs) -> float:
    x = t(inputs["x"])
    out, other = (x * F.dropout(torch.ones_like(x[:, :1])) for _ in range(2))
    return float((out == out[:, :1]).all()) + float((out == other).all())


def _first(layer: nn.Module, x: Tensor) -> int:
    out, _ = layer(x)
    return len([out])


REMEDIES: Mapping[str, Answer] = {
    "gru.form@keras": _gates,
    "lstm.count@torch": lambda _: _two_biases(nn.LSTM, 4),
    "rnn.count@torch": lambda _: _two_biases(nn.RNN, 1),
    "lstm.time_axis@keras": lambda _: nn.LSTM(4, 5, batch_first=True)(torch.zeros(3, 2, 4))[1][0].shape[1],
    "rnn.activation@mxnet": _activated,
    "bidirectional.last@keras": _last,
    "rnn.dropout_mask@keras": _mask,
    "lstm.returns@keras": lambda inputs: _first(nn.LSTM(4, 5), t(inputs["x"])),
    "lstm.unbatched@alike": lambda inputs: nn.LSTM(4, 5, batch_first=True)(t(inputs["x"])[None])[0].shape,
}
