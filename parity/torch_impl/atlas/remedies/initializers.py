"""Owns what the atlas advises for PyTorch about initializers, and the default initializer of each layer, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from parity.torch_impl.atlas.asking import Answer, Inputs, sampled
from parity.torch_impl.atlas.remedies.building import SMALL


def drawn(shape: tuple[int, ...], start: Callable[[Tensor], Any]) -> Answer:
    """A weight of this shape, initialized by `start`."""

    def made() -> Tensor:
        w = torch.empty(*shape)
        start(w)
        return w

    return sampled(made)


def started(make: Callable[[], nn.Module], start: Callable[[Any], Tensor]) -> Answer:
    """A weight of a native layer, initialized again by `start`."""
    return sampled(lambda: start(make()))


def _forget(lstm: Any) -> Tensor:
    units = 503
    nn.init.zeros_(lstm.bias_ih_l0)
    nn.init.zeros_(lstm.bias_hh_l0)
    lstm.bias_ih_l0.data[units : 2 * units] = 1
    return lstm.bias_ih_l0 + lstm.bias_hh_l0


def _zeros(lstm: Any) -> Tensor:
    nn.init.zeros_(lstm.bias_ih_l0)
    nn.init.zeros_(lstm.bias_hh_l0)
    return lstm.bias_ih_l0 + lstm.bias_hh_l0


def _thirds(layer: Any) -> Tensor:
    for part in layer.in_proj_weight.data.chunk(3):
        nn.init.xavier_uniform_(part)
    return layer.in_proj_weight[:96]


def _cut(deviation: float) -> Callable[[Tensor], Any]:
    s = deviation / 0.87962566
    return lambda w: nn.init.trunc_normal_(w, 0, s, -2 * s, 2 * s)


def _seeded(_: Inputs) -> float:
    first, second = torch.empty(11, 13), torch.empty(11, 13)
    for kernel in (first, second):
        torch.manual_seed(7)
        nn.init.kaiming_normal_(kernel)
    return float((first != second).any())


def _bounded(w: Tensor, s: float) -> Any:
    return nn.init.trunc_normal_(w, std=s, a=-2 * s, b=2 * s)


REMEDIES: Mapping[str, Answer] = {
    "initializer.twice@keras": _seeded,
    "dense.kernel@keras": drawn((503, 37), nn.init.xavier_uniform_),
    "dense.kernel@mxnet": drawn((503, 37), SMALL),
    "dense.bias@keras": started(lambda: nn.Linear(37, 5003), lambda layer: nn.init.zeros_(layer.bias)),
    "conv2d.kernel@keras": drawn((101, 11, 3, 3), nn.init.xavier_uniform_),
    "conv2d.kernel@mxnet": drawn((101, 11, 3, 3), SMALL),
    "conv2d.bias_start@keras": started(lambda: nn.Conv2d(11, 5003, 3), lambda layer: nn.init.zeros_(layer.bias)),
    "conv_transpose2d.kernel@keras": drawn((11, 101, 3, 3), nn.init.xavier_uniform_),
    "conv_transpose2d.kernel@mxnet": drawn((11, 101, 3, 3), SMALL),
    "embedding.table@keras": drawn((1009, 301), lambda w: nn.init.uniform_(w, -0.05, 0.05)),
    "embedding.table@mxnet": drawn((1009, 301), SMALL),
    "lstm.kernel@mxnet": drawn((4 * 67, 37), SMALL),
    "gru.kernel@mxnet": drawn((3 * 79, 37), SMALL),
    "rnn.kernel@mxnet": drawn((307, 37), SMALL),
    "lstm.recurrent_kernel@keras": started(lambda: nn.LSTM(37, 67), lambda layer: nn.init.orthogonal_(layer.weight_hh_l0)),
    "gru.recurrent_kernel@keras": started(lambda: nn.GRU(37, 79), lambda layer: nn.init.orthogonal_(layer.weight_hh_l0)),
    "lstm.recurrent_kernel@mxnet": drawn((4 * 67, 67), SMALL),
    "gru.recurrent_kernel@mxnet": drawn((3 * 79, 79), SMALL),
    "lstm.start_bias@keras": started(lambda: nn.LSTM(13, 503), _forget),
    "lstm.start_bias@mxnet": started(lambda: nn.LSTM(13, 503), _zeros),
    "depthwise_conv2d.kernel@mxnet": drawn((583, 1, 3, 3), SMALL),
    "grouped_conv2d.kernel@mxnet": drawn((305, 29, 3, 3), SMALL),
    "grouped_conv_transpose2d.kernel@mxnet": drawn((145, 61, 3, 3), SMALL),
    "multi_head_attention.kernel@keras": started(lambda: nn.MultiheadAttention(96, 4), _thirds),
    "multi_head_attention.out_kernel@keras": started(
        lambda: nn.MultiheadAttention(96, 4), lambda layer: nn.init.xavier_uniform_(layer.out_proj.weight)
    ),
    "he_normal.draws@keras": drawn((307, 101), _cut((2 / 101) ** 0.5)),
    "glorot_normal.draws@keras": drawn((307, 101), _cut((2 / 408) ** 0.5)),
    "truncated_normal.draws@keras": drawn((307, 101), lambda w: _bounded(w, 2.0)),
}
