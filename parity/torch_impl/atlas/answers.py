"""Owns PyTorch's answers to the atlas: a line or a few per question, which ask the native layer, function or optimizer.

It refuses to know what the answer should be. Inputs are arrays under the names that the question gives them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from parity.execution.protocol import Array

Inputs = Mapping[str, Array]
Answer = Callable[[Inputs], Any]


def t(array: Array) -> Tensor:
    return torch.tensor(array, dtype=torch.float32 if array.dtype.kind == "f" else torch.int64)


def call(function: Callable[..., Any], *names: str) -> Answer:
    """The value of a function of the inputs (`x` alone, unless named)."""
    return lambda inputs: function(*(t(inputs[name]) for name in names or ("x",))).detach().numpy()


def slope(function: Callable[[Tensor], Tensor]) -> Answer:
    """The gradient of the sum of function(x)."""

    def answer(inputs: Inputs) -> Array:
        x = t(inputs["x"]).requires_grad_()
        function(x).sum().backward()
        return np.asarray(x.grad)

    return answer


def dtype(function: Callable[[Inputs], Tensor]) -> Answer:
    """The type of the function's result: its first letter's code, and its bits."""

    def answer(inputs: Inputs) -> Array:
        kind = function(inputs).dtype
        return np.asarray([ord(str(kind).removeprefix("torch.")[0]), kind.itemsize * 8])

    return answer


def _batch_norm(inputs: Inputs, **arguments: Any) -> nn.BatchNorm1d:
    layer = nn.BatchNorm1d(inputs["x"].shape[1], momentum=0.25, **arguments)
    layer(t(inputs["x"]))
    return layer


def _frozen(inputs: Inputs) -> Array:
    layer = nn.BatchNorm1d(inputs["x"].shape[1], eps=2.0**-10).requires_grad_(False)
    return np.asarray(layer(t(inputs["x"])))


def _conv(inputs: Inputs, **arguments: Any) -> Array:
    kernel = t(inputs["kernel"])[None, None]
    layer = nn.Conv2d(1, 1, kernel.shape[2:], bias=False, **arguments)
    layer.weight.data = kernel
    return np.asarray(layer(t(inputs["x"])[None, None]).detach()[0, 0])


def _recurrent(layer: nn.Module, inputs: Inputs) -> Array:
    values = dict(layer.named_parameters())
    for parameter in values.values():
        parameter.data.zero_()
    values["weight_ih_l0"].data = t(inputs["kernel"])[:, None]
    values["weight_hh_l0"].data = t(inputs["recurrent"])[:, None]
    if "bias" in inputs:
        values["bias_hh_l0"].data = t(inputs["bias"])
    return np.asarray(layer(t(inputs["x"])[:, None, None])[0].detach()).ravel()


def _attention(inputs: Inputs) -> Array:
    layer = nn.MultiheadAttention(1, 1, bias=False, batch_first=True)
    for parameter in layer.parameters():
        parameter.data.fill_(1.0)
    keys = t(inputs["values"])[None, :, None]
    found = layer(torch.zeros(1, 1, 1), keys, keys, attn_mask=torch.tensor(inputs["mask"])[None])[0]
    return np.asarray(found.detach()).ravel()


def optimized(make: Callable[[list[Tensor]], torch.optim.Optimizer]) -> Answer:
    """The weight, which starts at 1, after each step on the question's gradients. rates: the learning rate of each step."""

    def answer(inputs: Inputs) -> Array:
        w = torch.ones(1, requires_grad=True)
        optimizer, seen = make([w]), []
        for rate, gradient in zip(inputs["rates"], inputs["gradients"], strict=True):
            optimizer.param_groups[0]["lr"] = float(rate)
            w.grad = torch.full((1,), float(gradient))
            optimizer.step()
            seen.append(w.item())
        return np.asarray(seen)

    return answer


def _clipped(inputs: Inputs) -> Array:
    w = torch.zeros(2, requires_grad=True)
    w.grad = t(inputs["x"])
    nn.utils.clip_grad_norm_([w], float(inputs["threshold"]))
    return np.asarray(w.grad)


def sampled(make: Callable[[], Tensor]) -> Answer:
    def answer(_: Inputs) -> Array:
        torch.manual_seed(0)
        return np.asarray(make().detach())

    return answer


def _lstm_bias() -> Tensor:
    made = nn.LSTM(13, 503)
    return made.bias_ih_l0 + made.bias_hh_l0


def _ones(inputs: Inputs) -> Tensor:
    return F.dropout(t(inputs["x"]), 0.75, training=True)


ANSWERS: Mapping[str, Answer] = {
    "batch_norm.momentum_means": lambda inputs: _batch_norm(inputs).running_mean,
    "batch_norm.running_variance": lambda inputs: _batch_norm(inputs).running_var,
    "batch_norm.axis": lambda inputs: _lazily(nn.LazyBatchNorm2d(), inputs).weight.numel(),
    "batch_norm.frozen": _frozen,
    "normalize.tiny": call(lambda x: F.normalize(x[None])[0]),
    "conv2d.kernel_layout": lambda _: nn.Conv2d(5, 7, (2, 3)).weight.shape,
    "conv2d.input_layout": lambda inputs: _lazily(nn.LazyConv2d(2, 1), inputs).in_channels,
    "conv2d.flips": _conv,
    "conv2d.same_stride_2": lambda inputs: _conv(inputs, stride=2, padding="same"),
    "dense.kernel_layout": lambda _: nn.Linear(5, 7).weight.shape,
    "average_pool2d.corner": call(lambda x: nn.AvgPool2d(3, 1, 1)(x[None, None])[0, 0, 0, 0]),
    "max_pool2d.odd_end": lambda inputs: nn.MaxPool2d((1, 2))(t(inputs["x"])[None, None]).shape[-1],
    "upsample.bilinear": call(lambda x: nn.Upsample(scale_factor=2, mode="bilinear")(x[None, None])[0, 0, 0]),
    "resize.nearest": call(lambda x: F.interpolate(x[None, None], size=(1, 3), mode="nearest")[0, 0, 0]),
    "conv_transpose2d.size": lambda _: nn.ConvTranspose2d(1, 1, 3, stride=2)(torch.zeros(1, 1, 4, 4)).shape[-1],
    "dropout.survivors": lambda inputs: float(_ones(inputs).max()),
    "local_response_norm.alpha_means": call(lambda x: nn.LocalResponseNorm(3, alpha=3.0, beta=1.0, k=1.0)(x)[0, 1, 0, 0]),
    "embedding.beyond": call(nn.Embedding.from_pretrained(torch.arange(5.0)[:, None] * 10), "index"),
    "embedding.negative": call(nn.Embedding.from_pretrained(torch.arange(5.0)[:, None] * 10), "index"),
    "one_hot.beyond": call(lambda i: F.one_hot(i, 3), "index"),
    "hard_sigmoid.form": call(F.hardsigmoid),
    "gelu.form": call(F.gelu),
    "hard_swish.form": call(F.hardswish),
    "softmax.implicit_axis": call(lambda x: F.softmax(x, _stacklevel=5)[0, 0, 0]),
    "softmax.all_masked": call(lambda x: torch.softmax(x, -1)),
    "log_softmax.huge": call(lambda x: torch.log_softmax(x, -1)),
    "relu.nan": call(F.relu),
    "relu.minus_zero": call(lambda x: 1 / F.relu(x)),
    "softplus.huge": call(F.softplus),
    "lstm.gate_order": lambda inputs: _recurrent(nn.LSTM(1, 1), inputs),
    "gru.form": lambda inputs: _recurrent(nn.GRU(1, 1), inputs),
    "lstm.count": lambda _: sum(parameter.numel() for parameter in nn.LSTM(3, 5).parameters()),
    "gru.count": lambda _: sum(parameter.numel() for parameter in nn.GRU(3, 5).parameters()),
    "rnn.count": lambda _: sum(parameter.numel() for parameter in nn.RNN(3, 5).parameters()),
    "lstm.outputs": lambda _: nn.LSTM(4, 5)(torch.zeros(3, 2, 4))[0].ndim,
    "lstm.bidirectional_width": lambda _: nn.LSTM(4, 5, bidirectional=True)(torch.zeros(3, 2, 4))[0].shape[-1],
    "lstm.time_axis": lambda _: nn.LSTM(4, 5)(torch.zeros(3, 2, 4))[1][0].shape[1],
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
    "dense.kernel": sampled(lambda: nn.Linear(37, 503).weight),
    "dense.bias": sampled(lambda: nn.Linear(37, 5003).bias),
    "conv2d.kernel": sampled(lambda: nn.Conv2d(11, 101, 3).weight),
    "conv_transpose2d.kernel": sampled(lambda: nn.ConvTranspose2d(11, 101, 3).weight),
    "embedding.table": sampled(lambda: nn.Embedding(1009, 301).weight),
    "lstm.kernel": sampled(lambda: nn.LSTM(37, 67).weight_ih_l0),
    "lstm.recurrent_kernel": sampled(lambda: nn.LSTM(37, 67).weight_hh_l0),
    "lstm.start_bias": sampled(_lstm_bias),
    "gru.recurrent_kernel": sampled(lambda: nn.GRU(37, 79).weight_hh_l0),
    "sgd.velocity": optimized(lambda w: torch.optim.SGD(w, momentum=0.5)),
    "sgd.nesterov_form": optimized(lambda w: torch.optim.SGD(w, momentum=0.5, nesterov=True)),
    "sgd.decay": optimized(lambda w: torch.optim.SGD(w, momentum=0.5, weight_decay=0.25)),
    "adam.decay": optimized(lambda w: torch.optim.Adam(w, betas=(0.5, 0.75), eps=2.0**-10, weight_decay=0.25)),
    "adam.epsilon_form": optimized(lambda w: torch.optim.Adam(w, betas=(0.5, 0.75), eps=0.25)),
    "rmsprop.epsilon_form": optimized(lambda w: torch.optim.RMSprop(w, alpha=0.75, eps=0.25)),
    "adagrad.epsilon_form": optimized(lambda w: torch.optim.Adagrad(w, eps=0.25)),
    "adadelta.rate": optimized(lambda w: torch.optim.Adadelta(w, rho=0.75, eps=0.25)),
    "adamax.form": optimized(lambda w: torch.optim.Adamax(w, betas=(0.5, 0.75), eps=0.25)),
    "clip_norm.guard": _clipped,
    "squared_error.form": call(lambda x: nn.MSELoss()(x, torch.zeros_like(x))),
    "absolute_error.form": call(lambda x: nn.L1Loss()(x, torch.zeros_like(x))),
    "huber.form": call(lambda x: nn.HuberLoss()(x, torch.zeros_like(x))),
    "cross_entropy.takes": call(nn.CrossEntropyLoss(), "x", "labels"),
    "binary_cross_entropy.at_zero": call(lambda x: nn.BCELoss()(x, torch.ones_like(x))),
    "binary_cross_entropy.takes": call(lambda x: nn.BCELoss()(x, torch.ones_like(x))),
    "cross_entropy.ignored": call(nn.CrossEntropyLoss(ignore_index=1), "x", "labels"),
    "cross_entropy.weighted": lambda inputs: nn.CrossEntropyLoss(weight=t(inputs["weights"]))(
        t(inputs["x"]), t(inputs["labels"])
    ),
    "kl_divergence.form": lambda inputs: F.kl_div(t(inputs["q"]).log(), t(inputs["p"])),
    "cosine_similarity.sign": call(F.cosine_similarity, "x", "y"),
    "kink.relu": slope(F.relu),
    "kink.relu6": slope(F.relu6),
    "kink.leaky_relu": slope(lambda x: F.leaky_relu(x, 0.25)),
    "kink.elu": slope(lambda x: F.elu(x, 2.0)),
    "kink.abs": slope(torch.abs),
    "kink.sqrt": slope(torch.sqrt),
    "kink.norm": slope(torch.linalg.norm),
    "kink.maximum": slope(lambda x: torch.maximum(x, torch.ones_like(x))),
    "kink.minimum": slope(lambda x: torch.minimum(x, torch.ones_like(x))),
    "kink.max": slope(torch.max),
    "kink.clip": slope(lambda x: torch.clamp(x, -1, 1)),
    "kink.max_pool2d": slope(lambda x: F.max_pool2d(x[None, None], (1, 2))),
    "kink.hard_sigmoid": slope(F.hardsigmoid),
    "kink.huber": slope(lambda x: F.huber_loss(x, torch.zeros_like(x), reduction="sum")),
    "kink.sign": slope(torch.sign),
    "kink.round": slope(torch.round),
    "kink.floor": slope(torch.floor),
    "kink.where_sqrt": slope(lambda x: torch.where(x > 0, torch.sqrt(x), torch.zeros_like(x))),
    "kink.power_half": slope(lambda x: x**0.5),
    "kink.power_zero": slope(lambda x: x**0.0),
    "kink.log": slope(torch.log),
    "kink.product": slope(torch.prod),
    "kink.standard_deviation": slope(torch.std),
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
}


def _lazily(layer: Any, inputs: Inputs) -> Any:
    """The layer after its first call, from which it learns its number of channels."""
    layer(t(inputs["x"]))
    return layer
