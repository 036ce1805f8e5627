"""Owns what is known of Flax's own layers in a user's model, NNX and Linen: shared names, hyper-parameters, layouts of weights.

It refuses to run them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from flax import linen, nnx
from jax import nn as functions

from parity.execution.own_model.layers import Kind, Setting
from parity.execution.own_model.nesting import plain

NAMED: Mapping[str, Any] = {"write": lambda name: getattr(functions, name)}
LAST = {"channels": "last"}
EPSILON = {"epsilon": Setting("epsilon")}
SCALED = {"scale": ("scale", ""), "bias": ("shift", "")}
MOVING = {**SCALED, "mean": ("mean", ""), "var": ("variance", "")}
DROPOUT = Kind("dropout", {"rate": Setting("rate")})
BATCH_NORM = Kind("batch_norm", {**EPSILON, "momentum": Setting("momentum")}, MOVING, {**LAST, "fix_gamma": False})
GROUP_NORM = Kind("group_norm", {**EPSILON, "groups": Setting("num_groups")}, SCALED, LAST)
EMBED = Kind("embedding", {"vocabulary": Setting("num_embeddings")}, {"embedding": ("table", "")})
DENSE = Kind("dense", {}, {"kernel": ("kernel", "i o -> o i"), "bias": ("bias", "")})
ATTENTION = Kind("multi_head_attention", {"heads": Setting("num_heads"), "dropout": Setting("dropout_rate")})
PRELU = Kind("prelu", {}, {"negative_slope": ("slope", "")}, LAST)
IDENTITY = Kind("identity")

KINDS: Mapping[type, Kind] = {
    **dict.fromkeys((nnx.Linear, linen.Dense), DENSE),
    **dict.fromkeys((nnx.BatchNorm, linen.BatchNorm), BATCH_NORM),
    **dict.fromkeys((nnx.LayerNorm, linen.LayerNorm), Kind("layer_norm", EPSILON, SCALED)),
    **dict.fromkeys((nnx.RMSNorm, linen.RMSNorm), Kind("rms_norm", EPSILON, SCALED)),
    **dict.fromkeys((nnx.GroupNorm, linen.GroupNorm), GROUP_NORM),
    **dict.fromkeys((nnx.InstanceNorm, linen.InstanceNorm), Kind("instance_norm", EPSILON, SCALED, LAST)),
    **dict.fromkeys((nnx.Embed, linen.Embed), EMBED),
    **dict.fromkeys((nnx.Dropout, linen.Dropout), DROPOUT),
    **dict.fromkeys((nnx.PReLU, linen.PReLU), PRELU),
    **dict.fromkeys((nnx.MultiHeadAttention, linen.MultiHeadDotProductAttention), ATTENTION),
}
CONVOLUTIONS = {
    nnx.Conv: "conv",
    linen.Conv: "conv",
    nnx.ConvTranspose: "conv_transpose",
    linen.ConvTranspose: "conv_transpose",
}
CELLS: Mapping[type, tuple[str, str]] = {
    **dict.fromkeys((nnx.LSTMCell, nnx.OptimizedLSTMCell, linen.LSTMCell, linen.OptimizedLSTMCell), ("lstm", "i f g o")),
    **dict.fromkeys((nnx.GRUCell, linen.GRUCell), ("gru", "r z n")),
}
"""Class of a cell -> the kind of its layer, and the order of its gates."""

OVER_TIME = (nnx.RNN, linen.RNN)
BOTH_WAYS = (nnx.Bidirectional, linen.Bidirectional)
OTHERS = (*CONVOLUTIONS, *CELLS, *OVER_TIME, *BOTH_WAYS)
AXES = "dhw"


def native(layer: Any) -> type | None:
    """The class of Flax that is known, from which a layer's is derived; None if there is none."""
    return next((class_ for class_ in type(layer).__mro__ if class_ in KINDS or class_ in OTHERS), None)


def kind_of(layer: Any) -> Kind | None:
    """The kind of its class, or of the native class from which that is derived."""
    class_ = native(layer)
    if class_ is None:
        return None
    if class_ in KINDS:
        return KINDS[class_]
    if class_ in CONVOLUTIONS:
        return _convolution(layer, CONVOLUTIONS[class_])
    if class_ in CELLS:
        name, _ = CELLS[class_]
        return Kind(f"{name}_cell", fixed={"reset_after": True} if name == "gru" else {})
    cell = cell_of(layer)
    return _recurrent(layer, cell) if native(cell) in CELLS else None


def cell_of(layer: Any) -> Any:
    """The cell that a layer runs over time; of a bidirectional layer, the forward one."""
    rnn = layer.forward_rnn if isinstance(layer, BOTH_WAYS) else layer
    return getattr(rnn, "cell", None)


def _convolution(layer: Any, name: str) -> Kind:
    """A convolution of any number of axes. A kernel that Flax transposes is (…, outputs, inputs)."""
    count = len(window_of(layer))
    axes = " ".join(AXES[-count:]) if count > 1 else "w"
    turned = bool(getattr(layer, "transpose_kernel", False))
    layout = f"{axes} {'o i' if turned else 'i o'} -> o i {axes}"
    sizes = {"strides": "strides", "dilation": "kernel_dilation"}
    settings = {word: Setting(attribute, partial(_sizes, count), tuple) for word, attribute in sizes.items()}
    if name == "conv":
        settings["dilation"] = Setting("kernel_dilation", partial(_sizes, count), tuple)
        settings["groups"] = Setting("feature_group_count")
    settings["padding"] = Setting("padding", *_padding(layer, count, name))
    return Kind(f"{name}{count}d", settings, {"kernel": ("kernel", layout), "bias": ("bias", "")}, LAST)


def window_of(layer: Any) -> tuple[int, ...]:
    size = layer.kernel_size
    return (size,) if isinstance(size, int) else tuple(size)


def _sizes(count: int, value: Any) -> list[int]:
    """A size, given once, per axis, or not at all (1)."""
    return [value or 1] * count if value is None or isinstance(value, int) else list(value)


def _padding(layer: Any, count: int, name: str) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """How a layer's padding is read and written. Numbers at a transposed convolution pad the widened input; as everywhere else
    they are told as what is cropped of the whole output."""
    spread = [apart * (size - 1) for apart, size in zip(_sizes(count, layer.kernel_dilation), window_of(layer), strict=True)]

    def turned(pads: list[list[int]]) -> list[list[int]]:
        return [[whole - end for end in pair] for whole, pair in zip(spread, pads, strict=True)] if name != "conv" else pads

    def read(value: Any) -> Any:
        if isinstance(value, str):
            return value.lower()
        pairs = [
            [item, item] if isinstance(item, int) else list(item)
            for item in ([value] * count if isinstance(value, int) else value)
        ]
        return turned(pairs)

    def write(value: Any) -> Any:
        return value.upper() if isinstance(value, str) else [tuple(pair) for pair in turned([list(pair) for pair in value])]

    return read, write


def _recurrent(layer: Any, cell: Any) -> Kind:
    name, _ = CELLS[native(cell)]  # type: ignore[index]
    fixed: dict[str, Any] = {"reset_after": True} if name == "gru" else {}
    if isinstance(layer, BOTH_WAYS):
        return Kind(name, {"time_major": Setting("time_major")}, fixed={**fixed, "bidirectional": True, "layers": 1})
    settings = {
        "time_major": Setting("time_major"),
        "backwards": Setting("reverse"),
        "activation": Setting("cell.activation_fn", **NAMED),
        "recurrent_activation": Setting("cell.gate_fn", **NAMED),
    }
    return Kind(name, settings, fixed={**fixed, "layers": 1, "bidirectional": False})


def own_way(layer: Any) -> bool:
    """Whether the class is derived from a native one and has its own computation."""
    class_ = native(layer)
    return class_ is not None and inspected(type(layer)) is not inspected(class_)


def inspected(class_: type) -> Any:
    return next((vars(one)["__call__"] for one in class_.__mro__ if "__call__" in vars(one)), None)


def derived(layer: Any) -> bool:
    """Whether its class is the user's and derived from a native class that contains no other layers."""
    class_ = native(layer)
    return class_ is not None and class_ is not type(layer) and class_ in KINDS and KINDS[class_] is not ATTENTION


def settings_of(layer: Any) -> dict[str, Any]:
    kind = kind_of(layer)
    if kind is None:
        return {}
    read = {word: plain(setting.read(_get(layer, setting.attribute))) for word, setting in kind.settings.items()}
    if read.get("groups", 0) is None:  # Linen's GroupNorm may state the size of a group
        del read["groups"]
    return {**kind.fixed, **read}


def _get(layer: Any, attribute: str) -> Any:
    for name in attribute.split("."):
        layer = getattr(layer, name, None)
    return layer


@contextmanager
def changed(layer: Any, settings: Mapping[str, Any]) -> Iterator[None]:
    """Inside it, the layer has these hyper-parameters instead of its own. A Linen module is a frozen dataclass."""
    kind = kind_of(layer)
    places = [(kind.settings[word], value) for word, value in settings.items()] if kind else []
    kept = []
    try:
        for setting, value in places:
            *path, name = setting.attribute.split(".")
            holder = _get(layer, ".".join(path)) if path else layer
            kept.append((holder, name, getattr(holder, name)))
            object.__setattr__(holder, name, setting.write(value))
        yield
    finally:
        for holder, name, value in kept:
            object.__setattr__(holder, name, value)


def without_dropout(layer: Any) -> None:
    """Switches off dropout that is a setting of a layer with another purpose; functions.py handles all other dropout."""
    if kind_of(layer) is ATTENTION:
        object.__setattr__(layer, "dropout_rate", 0.0)
