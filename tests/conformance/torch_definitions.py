"""The ops in torch's own words, one function an op: arrays by role and attributes in, outputs by suffix out.

Native layers where torch has one with this meaning, torch arithmetic elsewhere. Needs torch, and nothing of parity.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

Arrays = Mapping[str, Any]


def padded(x: Tensor, padding: Any, value: float = 0.0) -> Tensor:
    (top, bottom), (left, right) = padding
    return F.pad(x, (left, right, top, bottom), value=value)


def wide(vector: Tensor, x: Tensor) -> Tensor:
    return vector.reshape(-1, *(1,) * (x.ndim - 2))


def conv2d(a: Arrays, s: Arrays) -> Any:
    x = padded(a["x"], s["padding"])
    return F.conv2d(x, a["kernel"], a.get("bias"), s["stride"], 0, s["dilation"], s["groups"])


def conv1d(a: Arrays, s: Arrays) -> Any:
    x = F.pad(a["x"].mT, s["padding"])
    return F.conv1d(x, a["kernel"], a.get("bias"), s["stride"], 0, s["dilation"], s["groups"]).mT


def conv3d(a: Arrays, s: Arrays) -> Any:
    x = F.pad(a["x"], [border for pair in reversed(s["padding"]) for border in pair])
    return F.conv3d(x, a["kernel"], a.get("bias"), s["stride"], 0, s["dilation"], s["groups"])


def average_pool1d(a: Arrays, s: Arrays) -> Any:
    x, ones = (F.pad(one.mT, s["padding"]) for one in (a["x"], torch.ones_like(a["x"])))
    y = F.avg_pool1d(x, s["kernel"], s["stride"])
    return (y if s["count_padding"] else y / F.avg_pool1d(ones, s["kernel"], s["stride"])).mT


def conv_transpose2d(a: Arrays, s: Arrays) -> Any:
    full = F.conv_transpose2d(a["x"], a["kernel"], a.get("bias"), s["stride"], dilation=s["dilation"])
    (top, bottom), (left, right) = s["padding"]
    return full[:, :, top : full.shape[2] - bottom, left : full.shape[3] - right]


def batch_norm(a: Arrays, s: Arrays) -> Any:
    mean, variance = a["running_mean"].clone(), a["running_variance"].clone()
    y = F.batch_norm(a["x"], mean, variance, a.get("scale"), a.get("shift"), True, 1 - s["momentum"], s["epsilon"])
    if s["running_variance"] == "biased":
        axes = [0, *range(2, a["x"].ndim)]
        seen = a["x"].var(axes, correction=0).detach()
        variance = s["momentum"] * a["running_variance"] + (1 - s["momentum"]) * seen
    return {"": y, "running_mean": mean, "running_variance": variance}


def layer_norm(a: Arrays, s: Arrays) -> Any:
    x = a["x"].movedim(s["axis"] + 1 if s["axis"] >= 0 else s["axis"], -1)
    y = F.layer_norm(x, x.shape[-1:], a["scale"], a["shift"], s["epsilon"])
    return y.movedim(-1, s["axis"] + 1 if s["axis"] >= 0 else s["axis"])


def instance_norm(a: Arrays, s: Arrays) -> Any:
    return F.instance_norm(a["x"], None, None, a.get("scale"), a.get("shift"), True, 0.1, s["epsilon"])


def average_pool2d(a: Arrays, s: Arrays) -> Any:
    total = F.avg_pool2d(padded(a["x"], s["padding"]), s["kernel"], s["stride"], divisor_override=1)
    ones = torch.ones_like(a["x"])
    inside = padded(ones, s["padding"], 1.0 if s["count_padding"] else 0.0)
    return total / F.avg_pool2d(inside, s["kernel"], s["stride"], divisor_override=1)


def local_response_norm(a: Arrays, s: Arrays) -> Any:
    """torch divides alpha by the size, Krizhevsky et al. 2012 don't."""
    return F.local_response_norm(a["x"], s["size"], s["alpha"] * s["size"], s["beta"], s["k"])


def loaded(layer: torch.nn.RNNBase, a: Arrays, gates: list[int]) -> dict[str, Tensor]:
    """The layer's parameters from the spec's, gates reordered by their place in torch; a bias that isn't there is zero."""
    names = {"weight_ih": "kernel", "weight_hh": "recurrent_kernel", "bias_ih": "bias", "bias_hh": "recurrent_bias"}
    found = {}
    for native, parameter in layer.named_parameters():
        kind, place = native.rsplit("_l", 1)
        role = f"layer{place}.{names[kind]}"
        blocks = a[role].chunk(len(gates)) if role in a else None
        found[native] = torch.cat([blocks[gate] for gate in gates]) if blocks else torch.zeros_like(parameter)
    return found


def recurrent(kind: type[torch.nn.RNNBase], a: Arrays, s: Arrays, gates: list[int]) -> Any:
    """One native layer at a time, so that the dropout between them is the given mask."""
    x, states = a["x"], []
    for layer in range(s["layers"]):
        if layer and "mask" in a:
            x = x * a["mask"][:, layer - 1]
        prefix = f"layer{layer}."
        part = {role.replace(prefix, "layer0."): value for role, value in a.items() if role.startswith(prefix)}
        native = kind(x.shape[-1], s["units"], batch_first=True, dtype=torch.float64)
        starts = tuple(
            a[role][:, layer][None].contiguous() if role in a else torch.zeros(1, len(x), s["units"], dtype=torch.float64)
            for role in ("initial_state", "initial_cell")
        )
        start = starts if kind is torch.nn.LSTM else starts[0]
        given = pack_padded_sequence(x, a["lengths"], True, False) if "lengths" in a else x
        y, end = torch.func.functional_call(native, loaded(native, part, gates), (given, start))
        x = pad_packed_sequence(y, True, total_length=x.shape[1])[0] if "lengths" in a else y
        states.append(end if isinstance(end, tuple) else (end,))
    ends = [torch.cat(parts).transpose(0, 1) for parts in zip(*states, strict=True)]
    return {"": x, **dict(zip(("state", "cell"), ends, strict=False))}


def lstm(a: Arrays, s: Arrays) -> Any:
    return recurrent(torch.nn.LSTM, a, s, [0, 1, 2, 3])


def reverse(a: Arrays, s: Arrays) -> Any:
    lengths = a.get("lengths", torch.full((len(a["x"]),), a["x"].shape[1]))
    pairs = zip(a["x"], lengths.tolist(), strict=True)
    return torch.stack([torch.cat([one[:length].flip(0), one[length:]]) for one, length in pairs])


def gru_before(a: Arrays, s: Arrays, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
    """One step of a stack with the reset before the product, which torch has no layer for."""
    states = []
    for layer in range(s["layers"]):
        if layer and "mask" in a:
            x = x * a["mask"][:, layer - 1]
        h = state[:, layer]
        part = {role.removeprefix(f"layer{layer}."): value for role, value in a.items() if role.startswith(f"layer{layer}.")}
        seen = F.linear(x, part["kernel"], part["bias"]).chunk(3, -1)
        ur, uz, un = part["recurrent_kernel"].chunk(3)
        r, z = torch.sigmoid(seen[0] + F.linear(h, ur)), torch.sigmoid(seen[1] + F.linear(h, uz))
        x = (1 - z) * torch.tanh(seen[2] + F.linear(r * h, un)) + z * h
        states.append(x)
    return x, torch.stack(states, 1)


def gru(a: Arrays, s: Arrays) -> Any:
    if s["reset"] == "after":
        return recurrent(torch.nn.GRU, a, s, [0, 1, 2])
    state = torch.zeros(len(a["x"]), s["layers"], s["units"], dtype=torch.float64)
    outputs = []
    for time in range(a["x"].shape[1]):
        here = {**a, "mask": a["mask"][:, :, time]} if "mask" in a else a
        y, state = gru_before(here, s, a["x"][:, time], state)
        outputs.append(y)
    return {"": torch.stack(outputs, 1), "state": state}


def gru_cell(a: Arrays, s: Arrays) -> Any:
    if s["reset"] == "before":
        y, state = gru_before(a, s, a["x"], a["state"])
        return {"": y, "state": state}
    over_time = {**a, "x": a["x"][:, None], "initial_state": a["state"]}
    whole = recurrent(torch.nn.GRU, over_time, s, [0, 1, 2])
    return {"": whole[""][:, 0], "state": whole["state"]}


def seen_keys(a: Arrays) -> Tensor:
    count = a["keys"].shape[1]
    lengths = a.get("lengths", torch.full((len(a["keys"]),), count))
    return torch.arange(count) < lengths[:, None]


def multi_head_attention(a: Arrays, s: Arrays) -> Any:
    def project(role: str, x: Tensor) -> Tensor:
        y = F.linear(x, a[f"{role}.kernel"], a.get(f"{role}.bias"))
        return y.unflatten(-1, (s["heads"], -1)).transpose(1, 2)

    q, k, v = project("query", a["x"]), project("key", a["keys"]), project("value", a["values"])
    seen = seen_keys(a)[:, None, None, :].expand(-1, 1, q.shape[2], -1)
    if s["causal"]:
        seen = seen & torch.ones(q.shape[2], k.shape[2], dtype=torch.bool).tril()
    if "mask" in a:
        scores = (q @ k.mT / math.sqrt(q.shape[-1])).masked_fill(~seen, -math.inf)
        mixed = (scores.softmax(-1) * a["mask"]) @ v
    else:
        mixed = F.scaled_dot_product_attention(q, k, v, seen)
    return F.linear(mixed.transpose(1, 2).flatten(2), a["output.kernel"], a.get("output.bias"))


def additive_attention(a: Arrays, s: Arrays) -> Any:
    x = a["x"] if a["x"].ndim == 3 else a["x"][:, None]
    hidden = torch.tanh(F.linear(x, a["query.kernel"])[:, :, None] + F.linear(a["keys"], a["key.kernel"])[:, None])
    scores = F.linear(hidden, a["score.kernel"])[..., 0].masked_fill(~seen_keys(a)[:, None], -math.inf)
    weights = scores.softmax(-1)
    if "mask" in a:
        weights = weights * (a["mask"] if a["x"].ndim == 3 else a["mask"][:, None])
    y = weights @ a["values"]
    return y if a["x"].ndim == 3 else y[:, 0]


def softmax_cross_entropy(a: Arrays, s: Arrays) -> Any:
    x = a["x"].movedim(s["axis"] + 1 if s["axis"] >= 0 else s["axis"], 1)
    losses = F.cross_entropy(x, a["labels"], reduction="none", label_smoothing=s["smoothing"])
    if "lengths" not in a:
        return losses.mean()
    valid = torch.arange(losses.shape[1]) < a["lengths"][:, None]
    if s["mean"] == "all":
        return losses[valid].mean()
    return torch.stack([losses[one, : a["lengths"][one]].mean() for one in range(len(losses))]).mean()


def positions(a: Arrays, s: Arrays) -> Any:
    time, features = a["x"].shape[1:]
    table = torch.zeros(time, features, dtype=torch.float64)
    for column in range(features):
        angles = torch.arange(time, dtype=torch.float64) / s["base"] ** (2 * (column // 2) / features)
        table[:, column] = angles.cos() if column % 2 else angles.sin()
    return a["x"] + table


TABLE: dict[str, Callable[[Arrays, Arrays], Any]] = {
    "absolute_error": lambda a, s: F.l1_loss(a["x"], a["target"], reduction=s["reduction"]),
    "adaptive_average_pool2d": lambda a, s: F.adaptive_avg_pool2d(a["x"], s["size"]),
    "additive_attention": additive_attention,
    "average_pool1d": average_pool1d,
    "average_pool2d": average_pool2d,
    "batch_norm": batch_norm,
    "binary_cross_entropy": lambda a, s: F.binary_cross_entropy_with_logits(
        a["x"], torch.full_like(a["x"], s["label"]), reduction=s["reduction"]
    ),
    "conv1d": conv1d,
    "conv2d": conv2d,
    "conv3d": conv3d,
    "conv_transpose2d": conv_transpose2d,
    "dense": lambda a, s: F.linear(a["x"], a["kernel"], a.get("bias")),
    "elu": lambda a, s: F.elu(a["x"], s["alpha"]),
    "embedding": lambda a, s: F.embedding(a["x"], a["table"]),
    "gelu": lambda a, s: F.gelu(a["x"], approximate="tanh" if s["form"] == "tanh" else "none"),
    "global_average_pool2d": lambda a, s: F.adaptive_avg_pool2d(a["x"], 1).flatten(1),
    "global_max_pool2d": lambda a, s: a["x"].flatten(2).amax(2),
    "group_norm": lambda a, s: F.group_norm(a["x"], s["groups"], a.get("scale"), a.get("shift"), s["epsilon"]),
    "gru": gru,
    "gru_cell": gru_cell,
    "hard_sigmoid": lambda a, s: (s["slope"] * a["x"] + 0.5).clamp(0, 1),
    "hard_swish": lambda a, s: F.hardswish(a["x"]),
    "hinge": lambda a, s: getattr((s["margin"] - a["target"] * a["x"]).relu(), s["reduction"])(),
    "huber": lambda a, s: F.huber_loss(a["x"], a["target"], delta=s["delta"], reduction=s["reduction"]),
    "instance_norm": instance_norm,
    "kl_divergence": lambda a, s: getattr(
        (a["target"] * (a["target"].log() - a["x"])).sum(s["axis"] % 2 + 1), s["reduction"]
    )(),
    "layer_norm": layer_norm,
    "leaky_relu": lambda a, s: F.leaky_relu(a["x"], s["slope"]),
    "learned_positions": lambda a, s: a["x"] + F.embedding(torch.arange(a["x"].shape[1]), a["table"]),
    "local_response_norm": local_response_norm,
    "log_softmax": lambda a, s: a["x"].log_softmax(s["axis"] + 1 if s["axis"] >= 0 else s["axis"]),
    "lstm": lstm,
    "matmul": lambda a, s: a["x"] @ (a["other"].mT if s["transpose_other"] else a["other"]),
    "max_pool1d": lambda a, s: F.max_pool1d(F.pad(a["x"].mT, s["padding"], value=-math.inf), s["kernel"], s["stride"]).mT,
    "max_pool2d": lambda a, s: F.max_pool2d(padded(a["x"], s["padding"], -math.inf), s["kernel"], s["stride"]),
    "mish": lambda a, s: F.mish(a["x"]),
    "multi_head_attention": multi_head_attention,
    "pad2d": lambda a, s: F.pad(
        a["x"],
        (*s["padding"][1], *s["padding"][0]),
        {"zero": "constant", "reflect": "reflect", "edge": "replicate"}[s["mode"]],
    ),
    "perceptron_loss": lambda a, s: getattr((-a["target"] * a["x"]).relu(), s["reduction"])(),
    "prelu": lambda a, s: F.prelu(a["x"], a["slope"]),
    "relu": lambda a, s: F.relu(a["x"]),
    "relu6": lambda a, s: F.relu6(a["x"]),
    "rms_norm": lambda a, s: F.rms_norm(
        a["x"].movedim(s["axis"] % 2 + 1, -1), [len(a["scale"])], a["scale"], s["epsilon"]
    ).movedim(-1, s["axis"] % 2 + 1),
    "selu": lambda a, s: F.selu(a["x"]),
    "reverse": reverse,
    "rnn": lambda a, s: recurrent(torch.nn.RNN, a, s, [0]),
    "sigmoid": lambda a, s: torch.sigmoid(a["x"]),
    "sigmoid_cross_entropy": lambda a, s: F.binary_cross_entropy_with_logits(a["x"], a["target"], reduction=s["reduction"]),
    "silu": lambda a, s: F.silu(a["x"]),
    "sinusoidal_positions": positions,
    "softmax": lambda a, s: a["x"].softmax(s["axis"] + 1 if s["axis"] >= 0 else s["axis"]),
    "softmax_cross_entropy": softmax_cross_entropy,
    "softplus": lambda a, s: F.softplus(a["x"], threshold=40.0),
    "softsign": lambda a, s: F.softsign(a["x"]),
    "squared_error": lambda a, s: F.mse_loss(a["x"], a["target"], reduction=s["reduction"]),
    "weighted_mean": lambda a, s: torch.sum(a["x"] * a["weights"] / a["weights"].sum()),
    "upsample2d": lambda a, s: F.interpolate(
        a["x"],
        scale_factor=s["scale"],
        mode=s["mode"],
        align_corners=None if s["mode"] == "nearest" else s["corners"] == "aligned",
    ),
    "tanh": lambda a, s: torch.tanh(a["x"]),
}
