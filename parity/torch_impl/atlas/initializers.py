"""Owns PyTorch's answers to the atlas about initializers, and the default initializer of each layer.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from parity.torch_impl.atlas.asking import Answer, Inputs, sampled


def _lstm_bias() -> Tensor:
    made = nn.LSTM(13, 503)
    return made.bias_ih_l0 + made.bias_hh_l0


def _filled(make: Callable[[Tensor], Any], *shape: int) -> Answer:
    def made() -> Tensor:
        weights = torch.empty(*shape)
        make(weights)
        return weights

    return sampled(made)


def _twice(_: Inputs) -> float:
    first, second = torch.empty(11, 13), torch.empty(11, 13)
    for kernel in (first, second):
        nn.init.kaiming_normal_(kernel)
    return float((first != second).any())


ANSWERS: Mapping[str, Answer] = {
    "dense.kernel": sampled(lambda: nn.Linear(37, 503).weight),
    "dense.bias": sampled(lambda: nn.Linear(37, 5003).bias),
    "conv2d.kernel": sampled(lambda: nn.Conv2d(11, 101, 3).weight),
    "conv_transpose2d.kernel": sampled(lambda: nn.ConvTranspose2d(11, 101, 3).weight),
    "embedding.table": sampled(lambda: nn.Embedding(1009, 301).weight),
    "lstm.kernel": sampled(lambda: nn.LSTM(37, 67).weight_ih_l0),
    "lstm.recurrent_kernel": sampled(lambda: nn.LSTM(37, 67).weight_hh_l0),
    "lstm.start_bias": sampled(_lstm_bias),
    "gru.recurrent_kernel": sampled(lambda: nn.GRU(37, 79).weight_hh_l0),
    "conv2d.bias_start": sampled(lambda: nn.Conv2d(11, 5003, 3).bias),
    "depthwise_conv2d.kernel": sampled(lambda: nn.Conv2d(53, 583, 3, groups=53).weight),
    "gru.kernel": sampled(lambda: nn.GRU(37, 79).weight_ih_l0),
    "rnn.kernel": sampled(lambda: nn.RNN(37, 307).weight_ih_l0),
    "multi_head_attention.kernel": sampled(lambda: nn.MultiheadAttention(96, 4).in_proj_weight[:96]),
    "batch_norm.start_gamma": sampled(lambda: nn.BatchNorm2d(7).weight),
    "he_normal.draws": _filled(nn.init.kaiming_normal_, 307, 101),
    "he_uniform.draws": _filled(nn.init.kaiming_uniform_, 307, 101),
    "glorot_normal.draws": _filled(nn.init.xavier_normal_, 307, 101),
    "glorot_uniform.draws": _filled(nn.init.xavier_uniform_, 307, 101),
    "truncated_normal.draws": _filled(lambda w: nn.init.trunc_normal_(w, std=2.0), 307, 101),
    "grouped_conv2d.kernel": sampled(lambda: nn.Conv2d(145, 305, 3, groups=5).weight),
    "grouped_conv_transpose2d.kernel": sampled(lambda: nn.ConvTranspose2d(145, 305, 3, groups=5).weight),
    "multi_head_attention.out_kernel": sampled(lambda: nn.MultiheadAttention(96, 4).out_proj.weight),
    "initializer.twice": _twice,
}
