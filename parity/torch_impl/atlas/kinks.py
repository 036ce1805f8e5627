"""Owns PyTorch's answers to the atlas about gradients at kinks.

It refuses to know what the answer should be. Inputs come as arrays under the question's names.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch.nn import functional as F

from parity.torch_impl.atlas.asking import Answer, slope

ANSWERS: Mapping[str, Answer] = {
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
    "kink.maximum_number": slope(lambda x: torch.clamp(x, min=1)),
    "kink.minimum_second": slope(lambda x: torch.minimum(torch.ones_like(x), x)),
    "kink.minimum_number": slope(lambda x: torch.clamp(x, max=1)),
    "kink.cumulative_product_behind": slope(lambda x: torch.cumprod(x, 0)),
    "kink.normalize": slope(lambda x: F.normalize(x, dim=0)),
    "kink.remainder": slope(lambda x: torch.remainder(x, 3.0)),
    "kink.power_exponent": slope(lambda x: torch.zeros_like(x) ** x),
    "kink.arccosine": slope(torch.acos),
    "kink.maximum_second": slope(lambda x: torch.maximum(torch.ones_like(x), x)),
    "kink.median": slope(torch.median),
    "kink.sort": slope(lambda x: torch.sort(x).values[0]),
    "kink.cumulative_product": slope(lambda x: torch.cumprod(x, 0)),
    "kink.entropy": slope(lambda x: x * torch.log(x)),
    "kink.root_of_square": slope(lambda x: torch.sqrt(x**2)),
    "kink.where_divide": slope(lambda x: torch.where(x != 0, 1 / x, torch.zeros_like(x))),
    "kink.softplus": slope(F.softplus),
    "kink.sigmoid": slope(torch.sigmoid),
    "kink.clip_beyond": slope(lambda x: torch.clamp(x, -1, 1)),
    "kink.variance": slope(torch.var),
    "kink.absolute_power": slope(lambda x: torch.abs(x) ** 1.5),
}
