"""Owns what is known of Keras's own layers in a user's model: the shared word, hyper-parameters, and where weights lie.

It refuses to run them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import keras
from keras import layers

from parity.execution.leaves import Kind, Setting

CHANNELS = Setting("data_format", lambda word: "last" if word == "channels_last" else "first")


def _pads(value: Any) -> Any:
    """`valid`, `same` and `causal` stay words: what they mean depends on the size of the image."""
    return value


def _sizes(**names: str) -> dict[str, Setting]:
    return {word: Setting(attribute, list, tuple) for word, attribute in names.items()}


def _no_padding(pads: Any) -> str:
    """Keras pads by words; numbers can only say that there is none."""
    if pads not in ("valid", "same") and any(number for pair in pads for number in pair):
        raise ValueError(f"no word of Keras pads by {pads}")
    return pads if isinstance(pads, str) else "valid"


PADDING = {"padding": Setting("padding", _pads, _no_padding)}


def _conv(name: str, layout: str) -> Kind:
    settings = {**_sizes(strides="strides", dilation="dilation_rate"), **PADDING, "channels": CHANNELS}
    return Kind(name, {**settings, "groups": Setting("groups")}, {"kernel": ("kernel", layout), "bias": ("bias", "")})


def _depthwise(name: str, layout: str) -> Kind:
    settings = {**_sizes(strides="strides", dilation="dilation_rate"), **PADDING, "channels": CHANNELS}
    return Kind(name, settings, {"kernel": ("kernel", layout), "bias": ("bias", "")})


def _pool(name: str) -> Kind:
    return Kind(name, {**_sizes(window="pool_size", strides="strides"), **PADDING, "channels": CHANNELS})


EPSILON = {"epsilon": Setting("epsilon")}
SCALED = {"gamma": ("scale", ""), "beta": ("shift", "")}
MOVING = {**SCALED, "moving_mean": ("mean", ""), "moving_variance": ("variance", "")}
DROPOUT = Kind("dropout", {"rate": Setting("rate")})
GLOBAL = Kind("global_average_pool", {"channels": CHANNELS})
ADD = Kind("add")

KINDS: Mapping[type, Kind] = {
    layers.Dense: Kind("dense", {}, {"kernel": ("kernel", "i o -> o i"), "bias": ("bias", "")}),
    layers.Conv1D: _conv("conv1d", "w i o -> o i w"),
    layers.Conv2D: _conv("conv2d", "h w i o -> o i h w"),
    layers.Conv3D: _conv("conv3d", "d h w i o -> o i d h w"),
    layers.DepthwiseConv2D: _depthwise("conv2d", "h w i m -> (i m) 1 h w"),
    layers.Conv2DTranspose: _conv("conv_transpose2d", "h w o i -> o i h w"),
    layers.BatchNormalization: Kind("batch_norm", {**EPSILON, "momentum": Setting("momentum")}, MOVING),
    layers.LayerNormalization: Kind("layer_norm", EPSILON, SCALED),
    layers.GroupNormalization: Kind("group_norm", {**EPSILON, "groups": Setting("groups")}, SCALED),
    layers.Embedding: Kind("embedding", {"vocabulary": Setting("input_dim")}, {"embeddings": ("table", "")}),
    layers.LSTM: Kind("lstm", {"dropout": Setting("dropout")}),
    layers.GRU: Kind("gru", {"dropout": Setting("dropout"), "reset_after": Setting("reset_after")}),
    layers.MultiHeadAttention: Kind("multi_head_attention", {"heads": Setting("_num_heads"), "dropout": Setting("_dropout")}),
    layers.MaxPooling1D: _pool("max_pool"),
    layers.MaxPooling2D: _pool("max_pool"),
    layers.AveragePooling1D: _pool("average_pool"),
    layers.AveragePooling2D: _pool("average_pool"),
    layers.GlobalAveragePooling1D: Kind("global_average_pool1d"),
    layers.GlobalAveragePooling2D: GLOBAL,
    layers.Flatten: Kind("flatten"),
    layers.ZeroPadding2D: Kind("pad", {"channels": CHANNELS}),
    layers.Dropout: DROPOUT,
    layers.SpatialDropout1D: DROPOUT,
    layers.SpatialDropout2D: DROPOUT,
    layers.Identity: Kind("identity"),
    layers.Add: ADD,
    layers.ReLU: Kind("relu"),
    layers.Softmax: Kind("softmax", {"axis": Setting("axis")}),
    layers.LeakyReLU: Kind("leaky_relu", {"slope": Setting("negative_slope")}),
    layers.ELU: Kind("elu", {"alpha": Setting("alpha")}),
}

ACTIVATIONS = {"hard_silu": "hard_swish", "swish": "silu"}
FUSED = (layers.Dense, layers.Conv1D, layers.Conv2D, layers.Conv3D, layers.DepthwiseConv2D, layers.Conv2DTranspose)
"""Layers that may end in an activation, which is told as a layer of its own: torch writes it as one."""

GATES = {layers.LSTM: "i f g o", layers.GRU: "z r n"}
ROLES = {"kernel": "kernel", "recurrent_kernel": "recurrent_kernel", "bias": "bias"}


def activation_kind(activation: Any) -> tuple[str, dict[str, Any]]:
    """The shared word of an activation function, and what it is set to: Keras's gelu by name is erf's."""
    name = keras.activations.serialize(activation)
    word = name if isinstance(name, str) else getattr(activation, "__name__", type(activation).__name__)
    return ACTIVATIONS.get(word, word), {"form": "erf"} if word == "gelu" else {}


def recurrent_weights(layer: Any) -> Iterator[tuple[str, Any, str, tuple[int, int] | None]]:
    """(role, variable, layout, rows) of an LSTM or GRU; a GRU with reset_after holds two biases in one."""
    cell = layer.cell
    yield "0.kernel", cell.kernel, "i o -> o i", None
    yield "0.recurrent_kernel", cell.recurrent_kernel, "i o -> o i", None
    if cell.bias is None:
        return
    if len(cell.bias.shape) == 1:
        yield "0.bias", cell.bias, "", None
    else:
        yield "0.bias", cell.bias, "1 o -> o", (0, 1)
        yield "0.recurrent_bias", cell.bias, "1 o -> o", (1, 2)


def attention_weights(layer: Any) -> Iterator[tuple[str, Any, str, tuple[int, int] | None]]:
    """(role, variable, layout, rows) of multi-head attention: heads and their sizes are two axes in Keras."""
    for part in ("query", "key", "value"):
        dense = getattr(layer, f"{part}_dense")
        yield f"{part}.kernel", dense.kernel, "i h d -> (h d) i", None
        if dense.bias is not None:
            yield f"{part}.bias", dense.bias, "h d -> (h d)", None
    yield "output.kernel", layer.output_dense.kernel, "h d o -> o (h d)", None
    if layer.output_dense.bias is not None:
        yield "output.bias", layer.output_dense.bias, "", None
