"""Owns PyTorch's answers to the atlas about edges and modes: shapes, labels out of range, unstated settings, types.

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
from parity.torch_impl.atlas.answers import Answer, Inputs, call, dtype, sampled, slope, t


def shape(function: Callable[[Tensor], Tensor]) -> Answer:
    return lambda inputs: function(t(inputs["x"])).shape


def _moved(inputs: Inputs) -> Array:
    layer = nn.BatchNorm1d(inputs["x"].shape[1], momentum=0.25)
    layer(t(inputs["x"]))
    return np.asarray(layer.running_mean)


def _twice(inputs: Inputs) -> Array:
    x = t(inputs["x"]).requires_grad_()
    for _ in range(2):
        (x**2).backward()
    return np.asarray(x.grad)


def _stepped(inputs: Inputs, **arguments: Any) -> float:
    w = torch.tensor(float(inputs.get("w", 1.0)), requires_grad=True)
    w.grad = torch.tensor(float(inputs.get("gradient", 0.0)))
    torch.optim.SGD([w], lr=float(inputs["rate"]), **arguments).step()
    return float(w)


def _clipped(inputs: Inputs) -> Array:
    weights = [torch.zeros(1, requires_grad=True) for _ in inputs["x"]]
    for w, gradient in zip(weights, inputs["x"], strict=True):
        w.grad = torch.full((1,), float(gradient))
    nn.utils.clip_grad_norm_(weights, 1.0)
    return np.asarray([w.grad for w in weights], dtype=np.float64)


def _rates(_: Inputs) -> list[float]:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedule, seen = torch.optim.lr_scheduler.StepLR(optimizer, 2, 0.5), []
    for _number in range(6):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return seen


def _dropped(inputs: Inputs) -> float:
    out = nn.LSTM(4, 5, dropout=0.75, batch_first=True)(t(inputs["x"]))[0]
    return float(abs(out - out[:1]).max() > 1e-3)


def _padded(inputs: Inputs) -> float:
    layer = nn.Embedding(3, 1, padding_idx=0)
    layer(t(inputs["index"])).sum().backward()
    return float(layer.weight.grad[0])


def _epsilon(function: Callable[[Tensor], Tensor], variance: float) -> Answer:
    """Epsilon, computed from the output of a normalization for an x of known variance (or mean square)."""
    return lambda inputs: (float(t(inputs["x"]).ravel()[0]) / float(function(t(inputs["x"])).ravel()[0])) ** 2 - variance


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
    found = layer(torch.zeros(1, 1, 1), keys, keys, attn_mask=torch.ones(1, 2, dtype=torch.bool))[0]
    return np.asarray(found.detach()).ravel()


def _ctc(inputs: Inputs) -> Tensor:
    scores = torch.log_softmax(t(inputs["x"]), -1).transpose(0, 1)
    labels = t(inputs["labels"])
    return nn.CTCLoss()(scores, labels, torch.tensor([len(scores)]), torch.tensor([labels.shape[1]]))


def _empty_norm(inputs: Inputs) -> Array:
    layer = nn.BatchNorm1d(2)
    layer(t(inputs["x"]))
    return np.asarray(layer.running_mean)


def _filled(make: Callable[[Tensor], Any], *shape: int) -> Answer:
    def made() -> Tensor:
        weights = torch.empty(*shape)
        make(weights)
        return weights

    return sampled(made)


def _fans(item: str, start: Callable[[Tensor], Tensor]) -> dict[str, Answer]:
    """Kernels of native layers, initialized again by `start`."""
    kernels = {
        "grouped": lambda: nn.Conv2d(145, 305, 3, groups=5).weight,
        "depthwise": lambda: nn.Conv2d(503, 1006, 3, groups=503).weight,
        "transposed": lambda: nn.ConvTranspose2d(11, 101, 3).weight,
        "grouped_transposed": lambda: nn.ConvTranspose2d(145, 305, 3, groups=5).weight,
    }

    def started(make: Callable[[], Tensor]) -> Answer:
        return sampled(lambda: start(make()))

    return {f"{item}.{aspect}_fan": started(make) for aspect, make in kernels.items()}


def _classes(inputs: Inputs) -> Tensor:
    x = t(inputs["x"])
    return nn.CrossEntropyLoss()(x, torch.zeros(x.shape[0], x.shape[2], dtype=torch.int64))


def _probabilities(inputs: Inputs) -> Tensor:
    return F.nll_loss(t(inputs["x"]).log(), t(inputs["labels"]))


def _norm_of_one(inputs: Inputs) -> Array:
    return np.asarray(nn.BatchNorm1d(2)(t(inputs["x"])).detach())


EDGES: Mapping[str, Answer] = {
    "batch_norm.mode": lambda inputs: nn.BatchNorm1d(inputs["x"].shape[1], eps=2.0**-10)(t(inputs["x"])).detach(),
    "dropout.mode": lambda inputs: nn.Dropout(0.75)(t(inputs["x"])).max(),
    "batch_norm.moves": _moved,
    "batch_norm.one_example": _norm_of_one,
    "gradient.twice": _twice,
    "step.rescaling": _stepped,
    "penalty.factor": lambda inputs: (1 - _stepped(inputs, weight_decay=0.25)) / float(inputs["rate"]),
    "clip_norm.over": _clipped,
    "step_decay.rates": _rates,
    "squared_error.shapes": call(nn.MSELoss(), "x", "y"),
    "lstm.dropout_reaches": _dropped,
    "embedding.padding_gradient": _padded,
    "batch_norm.function_scale": call(
        lambda x: F.batch_norm(x, torch.zeros(1), torch.ones(1), torch.full((1,), 3.0), eps=2.0**-10)[0]
    ),
    "batch_norm.function_epsilon": _epsilon(lambda x: F.batch_norm(x, torch.zeros(1), torch.zeros(1)), 0.0),
    "rms_norm.epsilon_in_effect": _epsilon(nn.RMSNorm(2), 1e-12),
    "layer_norm.variance": call(lambda x: nn.LayerNorm(3, eps=0.25)(x)[0]),
    "squared_error.empty": call(lambda x: nn.MSELoss()(x, x)),
    "batch_norm.empty": _empty_norm,
    "dense.flattens": shape(nn.Linear(4, 5)),
    "global_average_pool2d.shape": shape(nn.AdaptiveAvgPool2d(1)),
    "max_pool2d.function_stride": lambda inputs: F.max_pool2d(t(inputs["x"])[None, None], (1, 2)).shape[-1],
    "max_pool2d.padding_value": call(lambda x: F.max_pool2d(x[None, None], (1, 2), 1, (0, 1))[0, 0, 0, 0]),
    "average_pool2d.ceil_divisor": call(lambda x: nn.AvgPool2d((1, 2), ceil_mode=True)(x[None, None])[0, 0, 0, -1]),
    "conv_transpose2d.kernel_layout": lambda _: nn.ConvTranspose2d(5, 7, (2, 3)).weight.shape,
    "depthwise_conv2d.kernel_layout": lambda _: nn.Conv2d(5, 10, (2, 3), groups=5).weight.shape,
    "resize.bicubic": call(
        lambda x: F.interpolate(x[None, None, None], scale_factor=(1.0, 2.0), mode="bicubic")[0, 0, 0, 5:12]
    ),
    "resize.antialias": call(lambda x: F.interpolate(x[None, None, None], size=(1, 2), mode="bilinear")[0, 0, 0]),
    "concat.axis": shape(lambda x: torch.cat([x, x])),
    "reshape.zero": shape(lambda x: x.reshape(0, -1)),
    "conv2d.empty": lambda _: nn.Conv2d(3, 5, 1)(torch.zeros(0, 3, 4, 4)).shape,
    "prelu.count": lambda _: nn.PReLU().weight.numel(),
    "multi_head_attention.size_means": lambda _: nn.MultiheadAttention(8, 2).out_proj.in_features,
    "multi_head_attention.time_axis": _attends,
    "multi_head_attention.fully_masked": _all_masked,
    "cross_entropy.axis": _classes,
    "cross_entropy.smoothing_form": call(nn.CrossEntropyLoss(label_smoothing=0.3), "x", "labels"),
    "cross_entropy.all_ignored": call(nn.CrossEntropyLoss(ignore_index=1), "x", "labels"),
    "cross_entropy.label_beyond": call(nn.CrossEntropyLoss(), "x", "labels"),
    "cross_entropy.negative_label": call(nn.CrossEntropyLoss(), "x", "labels"),
    "cross_entropy.unnormalized": _probabilities,
    "cross_entropy.at_zero": _probabilities,
    "cross_entropy.huge": call(nn.CrossEntropyLoss(), "x", "labels"),
    "binary_cross_entropy.huge": call(nn.BCEWithLogitsLoss(), "x", "y"),
    "binary_cross_entropy.first_argument": call(nn.BCELoss(), "x", "y"),
    "binary_cross_entropy.weighted": lambda inputs: nn.BCELoss(weight=t(inputs["weights"]))(t(inputs["x"]), t(inputs["y"])),
    "kl_divergence.takes": call(nn.KLDivLoss(), "q", "p"),
    "ctc.blank": _ctc,
    "ctc.reduction": _ctc,
    "poisson.takes": call(nn.PoissonNLLLoss(), "x", "y"),
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
    **_fans("he_normal", nn.init.kaiming_normal_),
    **_fans("glorot_uniform", nn.init.xavier_uniform_),
    "kink.max_axis": slope(lambda x: torch.max(x[None], dim=1).values),
    "kink.min": slope(torch.min),
    "kink.hard_tanh": slope(F.hardtanh),
    "kink.hard_swish": slope(F.hardswish),
    "kink.selu": slope(F.selu),
    "kink.hinge": slope(lambda x: F.hinge_embedding_loss(1 - x, -torch.ones_like(x), reduction="sum")),
    "kink.absolute_error": slope(lambda x: F.l1_loss(x, torch.zeros_like(x), reduction="sum")),
    "kink.logsumexp": slope(lambda x: torch.logsumexp(x, 0)),
    "kink.ceil": slope(torch.ceil),
    "kink.cosine": slope(lambda x: F.cosine_similarity(x, torch.ones_like(x), dim=0)),
    "kink.top": slope(lambda x: torch.topk(x, 1).values),
    "kink.arctangent": slope(lambda x: torch.atan2(x, torch.zeros_like(x))),
    "kink.prelu": slope(lambda x: F.prelu(x, torch.tensor([0.25]))),
    "kink.relu_nan": slope(F.relu),
    "number.integer_by_zero": call(torch.floor_divide, "i", "j"),
    "number.integer_power": call(lambda i: i ** torch.tensor(-1), "i"),
    "number.one_hot_type": dtype(lambda inputs: F.one_hot(t(inputs["i"]), 3)),
    "number.half_plus_single_type": dtype(lambda inputs: t(inputs["x"]).half() + t(inputs["x"])),
    "number.int32_plus_int64_type": dtype(lambda inputs: t(inputs["i"]).int() + t(inputs["i"])),
    "number.int32_plus_single_type": dtype(lambda inputs: t(inputs["i"]).int() + t(inputs["x"])),
    "number.boolean_sum_type": dtype(lambda inputs: (t(inputs["x"]) > 0).sum()),
    "number.scalar_type": dtype(lambda _: torch.tensor(1.5)),
    "number.byte_overflow": lambda inputs: t(inputs["i"]).to(torch.uint8) + t(inputs["j"]).to(torch.uint8),
    "number.half_overflow": lambda inputs: t(inputs["x"]).half().sum().float(),
    "number.half_mean": lambda inputs: t(inputs["x"]).half().mean().float(),
    "number.float_to_integer": lambda inputs: t(inputs["x"]).to(torch.int32),
    "number.variance_of_one": call(torch.var),
    "number.min_nan": call(torch.min),
    "number.sort_nan": call(lambda x: torch.sort(x).values),
    "number.clip_nan": call(lambda x: torch.clamp(x, 0, 1)),
    "number.top_tie": call(lambda x: torch.topk(x, 2).indices),
    "number.log_negative": call(torch.log),
    "number.argmax_empty": call(torch.argmax),
    "number.sum_empty": call(torch.sum),
    "number.product_empty": call(torch.prod),
    "number.softmax_nan": call(lambda x: torch.softmax(x, -1)),
    "number.exponential_overflow": call(torch.exp),
    "number.sigmoid_huge": call(lambda x: 1 - torch.sigmoid(x)),
}
