"""Owns what the atlas advises for PyTorch about recurrent layers, attention and initial weights, as code that runs.

It refuses advice without a call. Random draws are compared by the name of their distribution.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from parity.torch_impl.atlas.answers import Answer, Inputs, sampled, t

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


def _none_dropped(inputs: Inputs) -> float:
    out = nn.Dropout(0.75)(t(inputs["x"]))
    return float((out != out[:1]).any())


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
    found = F.scaled_dot_product_attention(x, x, x, dropout_p=p if training else 0.0)
    return float((found - x).abs().max() > 0.01)


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


def _bounds(start: Callable[[Tensor], Any]) -> list[float]:
    w = torch.empty(100_000)
    start(w)
    return [round(float(w.min()), 3), round(float(w.max()), 3), round(float(w.std()), 3)]


def _counted(numerator: float, start: Callable[[Tensor], Any]) -> int:
    """The variance of a large draw times `numerator`, rounded to a whole number that chance does not change."""
    torch.manual_seed(0)
    w = torch.empty(307, 101)
    start(w)
    return round(float(w.var()) * numerator)


SMALL: Callable[[Tensor], Any] = lambda w: nn.init.uniform_(w, -0.07, 0.07)  # noqa: E731 - the call that is advised
SEQUENCES: Mapping[str, Answer] = {
    "gru.form@keras": _gates,
    "lstm.count@torch": lambda _: _two_biases(nn.LSTM, 4),
    "rnn.count@torch": lambda _: _two_biases(nn.RNN, 1),
    "lstm.time_axis@keras": lambda _: nn.LSTM(4, 5, batch_first=True)(torch.zeros(3, 2, 4))[1][0].shape[1],
    "rnn.activation@mxnet": _activated,
    "bidirectional.last@keras": _last,
    "rnn.dropout_mask@keras": _mask,
    "lstm.returns@keras": lambda inputs: _first(nn.LSTM(4, 5), t(inputs["x"])),
    "lstm.unbatched@alike": lambda inputs: nn.LSTM(4, 5, batch_first=True)(t(inputs["x"])[None])[0].shape,
    "lstm.dropout_reaches@keras": _none_dropped,
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
    "uniform.low@keras": lambda _: _bounds(lambda w: nn.init.uniform_(w, -0.05, 0.05)),
    "uniform.low@mxnet": lambda _: _bounds(SMALL),
    "uniform.high@keras": lambda _: _bounds(lambda w: nn.init.uniform_(w, -0.05, 0.05)),
    "uniform.high@mxnet": lambda _: _bounds(SMALL),
    "truncated_normal.standard_deviation@keras": lambda _: _bounds(lambda w: nn.init.trunc_normal_(w, std=0.05, a=-0.1, b=0.1)),
    "variance_scaling.mode@torch": lambda _: _counted(400, lambda w: nn.init.kaiming_normal_(w, mode="fan_in")),
    "he_normal.slope@torch": lambda _: _counted(808, nn.init.kaiming_normal_),
    "he_normal.slope@mxnet": lambda _: _counted(808, lambda w: nn.init.kaiming_normal_(w, a=0.25)),
}


def _first(layer: nn.Module, x: Tensor) -> int:
    out, _ = layer(x)
    return len([out])


def _bounded(w: Tensor, s: float) -> Any:
    return nn.init.trunc_normal_(w, std=s, a=-2 * s, b=2 * s)
