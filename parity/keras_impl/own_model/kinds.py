"""Owns what is known of Keras's own layers in a user's model: shared names, hyper-parameters, and layouts of weights.

It refuses to run them.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import keras
from keras import layers

from parity.execution.own_model.calling import Accepted, accepted
from parity.execution.own_model.layers import Kind, Setting
from parity.execution.own_model.nesting import plain

AXIS = Setting("axis", lambda axis: "first" if axis == 1 else "last")
CHANNELS = Setting("data_format", lambda word: "last" if word == "channels_last" else "first")


def _pads(value: Any) -> Any:
    """Keeps `valid`, `same` and `causal` as words: their meaning depends on the size of the image."""
    return value


def _sizes(**names: str) -> dict[str, Setting]:
    return {word: Setting(attribute, list, tuple) for word, attribute in names.items()}


def _no_padding(pads: Any) -> str:
    """The word `valid` for a padding of zeros. Keras takes padding as a word, so other numbers cannot be written."""
    if pads not in ("valid", "same") and any(number for pair in pads for number in pair):
        raise ValueError(f"no word of Keras pads by {pads}")
    return pads if isinstance(pads, str) else "valid"


PADDING = {"padding": Setting("padding", _pads, _no_padding)}


def _conv(name: str, layout: str) -> Kind:
    settings = {**_sizes(strides="strides", dilation="dilation_rate"), **PADDING, "channels": CHANNELS}
    return Kind(name, {**settings, "groups": Setting("groups")}, {"kernel": ("kernel", layout), "bias": ("bias", "")})


def _ungrouped(name: str, layout: str) -> Kind:
    settings = {**_sizes(strides="strides", dilation="dilation_rate"), **PADDING, "channels": CHANNELS}
    return Kind(name, settings, {"kernel": ("kernel", layout), "bias": ("bias", "")})


def _pool(name: str) -> Kind:
    return Kind(name, {**_sizes(window="pool_size", strides="strides"), **PADDING, "channels": CHANNELS})


EPSILON = {"epsilon": Setting("epsilon")}
SCALED = {"gamma": ("scale", ""), "beta": ("shift", "")}
MOVING = {**SCALED, "moving_mean": ("mean", ""), "moving_variance": ("variance", "")}
BATCH_NORM = {**EPSILON, "momentum": Setting("momentum"), "channels": AXIS}
NOT_FIXED = {"fix_gamma": False}
"""Only MXNet can fix a scale at 1 whatever its weight is."""
DROPOUT = Kind("dropout", {"rate": Setting("rate")})
GLOBAL = Kind("global_average_pool", {"channels": CHANNELS})
GLOBAL_MAX = Kind("global_max_pool", {"channels": CHANNELS})
ADD = Kind("add")
WHOLE = "channels last"
"""The layout of a weight with the axes of an image, such as `h w c -> c h w`, for any number of axes."""
NAMED: Mapping[str, Any] = {"read": keras.activations.serialize, "write": keras.activations.get}
RECURRENT = {
    "dropout": Setting("dropout"),
    "activation": Setting("cell.activation", **NAMED),
    "recurrent_activation": Setting("cell.recurrent_activation", **NAMED),
    "backwards": Setting("go_backwards"),
}

KINDS: Mapping[type, Kind] = {
    layers.Dense: Kind("dense", {}, {"kernel": ("kernel", "i o -> o i"), "bias": ("bias", "")}),
    layers.Conv1D: _conv("conv1d", "w i o -> o i w"),
    layers.Conv2D: _conv("conv2d", "h w i o -> o i h w"),
    layers.Conv3D: _conv("conv3d", "d h w i o -> o i d h w"),
    layers.DepthwiseConv1D: _ungrouped("conv1d", "w i m -> (i m) 1 w"),
    layers.DepthwiseConv2D: _ungrouped("conv2d", "h w i m -> (i m) 1 h w"),
    layers.Conv1DTranspose: _ungrouped("conv_transpose1d", "w o i -> o i w"),
    layers.Conv2DTranspose: _ungrouped("conv_transpose2d", "h w o i -> o i h w"),
    layers.Conv3DTranspose: _ungrouped("conv_transpose3d", "d h w o i -> o i d h w"),
    layers.BatchNormalization: Kind(
        "batch_norm", {**EPSILON, "momentum": Setting("momentum"), "channels": AXIS}, MOVING, NOT_FIXED
    ),
    layers.LayerNormalization: Kind("layer_norm", EPSILON, {"gamma": ("scale", WHOLE), "beta": ("shift", WHOLE)}),
    layers.GroupNormalization: Kind("group_norm", {**EPSILON, "groups": Setting("groups"), "channels": AXIS}, SCALED),
    layers.Embedding: Kind("embedding", {"vocabulary": Setting("input_dim")}, {"embeddings": ("table", "")}),
    layers.LSTM: Kind("lstm", RECURRENT),
    layers.GRU: Kind("gru", {**RECURRENT, "reset_after": Setting("cell.reset_after")}),
    layers.Bidirectional: Kind("bidirectional", {"merge": Setting("merge_mode")}, fixed={"bidirectional": True}),
    layers.SeparableConv2D: Kind("conv2d", {"channels": CHANNELS}),
    layers.MultiHeadAttention: Kind("multi_head_attention", {"heads": Setting("_num_heads"), "dropout": Setting("_dropout")}),
    layers.MaxPooling1D: _pool("max_pool"),
    layers.MaxPooling2D: _pool("max_pool"),
    layers.MaxPooling3D: _pool("max_pool"),
    layers.AveragePooling1D: _pool("average_pool"),
    layers.AveragePooling2D: _pool("average_pool"),
    layers.AveragePooling3D: _pool("average_pool"),
    layers.GlobalAveragePooling1D: GLOBAL,
    layers.GlobalAveragePooling2D: GLOBAL,
    layers.GlobalAveragePooling3D: GLOBAL,
    layers.GlobalMaxPooling1D: GLOBAL_MAX,
    layers.GlobalMaxPooling2D: GLOBAL_MAX,
    layers.GlobalMaxPooling3D: GLOBAL_MAX,
    layers.PReLU: Kind("prelu", {}, {"alpha": ("slope", WHOLE)}),
    layers.Permute: Kind("permute", {"order": Setting("dims")}),
    layers.Flatten: Kind("flatten"),
    layers.UpSampling2D: Kind("upsample", {"mode": Setting("interpolation"), "channels": CHANNELS}),
    layers.ZeroPadding2D: Kind("pad", {"channels": CHANNELS}),
    layers.ZeroPadding3D: Kind("pad", {"channels": CHANNELS}),
    layers.Dropout: DROPOUT,
    layers.SpatialDropout1D: DROPOUT,
    layers.SpatialDropout2D: DROPOUT,
    layers.SpatialDropout3D: DROPOUT,
    layers.AlphaDropout: DROPOUT,
    layers.GaussianDropout: DROPOUT,
    layers.Identity: Kind("identity"),
    layers.Add: ADD,
    layers.ReLU: Kind("relu"),
    layers.Softmax: Kind("softmax", {"axis": Setting("axis")}),
    layers.LeakyReLU: Kind("leaky_relu", {"slope": Setting("negative_slope")}),
    layers.ELU: Kind("elu", {"alpha": Setting("alpha")}),
}

ACTIVATIONS = {"hard_silu": "hard_swish", "swish": "silu"}
FUSED = (
    *(layers.Dense, layers.Conv1D, layers.Conv2D, layers.Conv3D, layers.DepthwiseConv2D, layers.SeparableConv2D),
    *(layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose, layers.DepthwiseConv1D),
)
"""Layers that may end in an activation. It is reported as a separate layer, as it is in torch."""

GATES = {layers.LSTM: "i f g o", layers.GRU: "z r n"}
ROLES = {"kernel": "kernel", "recurrent_kernel": "recurrent_kernel", "bias": "bias"}


def kind_of(layer: Any) -> Kind | None:
    """The kind of its class, or of the native class from which that is derived."""
    return next((KINDS[class_] for class_ in type(layer).__mro__ if class_ in KINDS), None)


def own_way(layer: Any) -> bool:
    """Whether the class is derived from a native one and has its own computation."""
    native = next((class_ for class_ in type(layer).__mro__ if class_ in KINDS), type(layer))
    return getattr(type(layer), "call", None) is not getattr(native, "call", None)


def layout_of(layout: str, count: int) -> str:
    """The layout of a weight with `count` axes."""
    if layout != WHOLE:
        return layout
    names = " ".join("dhwc"[-count:])
    return "" if count == 1 or count > len("dhwc") else f"{names} -> c {names[:-2]}"


def activation_kind(activation: Any) -> tuple[str, dict[str, Any]]:
    """The shared name of an activation function, and its settings: Keras's gelu, given by name, is the form with erf."""
    name = keras.activations.serialize(activation)
    word = name if isinstance(name, str) else getattr(activation, "__name__", type(activation).__name__)
    return ACTIVATIONS.get(word, word), {"form": "erf"} if word == "gelu" else {}


def inner(layer: Any) -> Any:
    """The forward layer of a bidirectional layer; any other layer itself."""
    return layer.forward_layer if isinstance(layer, layers.Bidirectional) else layer


def leaves_of(layer: keras.layers.Layer) -> Iterator[keras.layers.Layer]:
    """Layers of a known class, and layers without children. A layer of a class derived from a known one counts as a leaf,
    and so do the leaves below it."""
    for child in layer._layers:
        if isinstance(child, keras.layers.InputLayer):
            continue
        whole = is_known(child) or not child._layers
        if whole:
            yield child
        if not whole or derived(child):
            yield from leaves_of(child)


def settings_of(layer: keras.layers.Layer) -> dict[str, Any]:
    kind = kind_of(layer)
    if kind is None:
        return {}
    read = {word: plain(setting.read(_get(layer, setting.attribute))) for word, setting in kind.settings.items()}
    return {**kind.fixed, **read}


def _get(layer: Any, attribute: str) -> Any:
    """An attribute of a layer, or of the cell that a recurrent layer runs over time."""
    for name in attribute.split("."):
        layer = getattr(layer, name)
    return layer


def _set(layer: Any, attribute: str, value: Any) -> None:
    *path, name = attribute.split(".")
    setattr(_get(layer, ".".join(path)) if path else layer, name, value)


@contextmanager
def changed(layer: keras.layers.Layer, settings: Mapping[str, Any]) -> Iterator[None]:
    """Inside it, the layer has these hyper-parameters instead of its own. A GRU with reset_after has two biases; where the
    setting is new, the second bias is 0."""
    kind = kind_of(layer)
    places = (
        {kind.settings[word].attribute: kind.settings[word].write(value) for word, value in settings.items()} if kind else {}
    )
    if places.get("cell.reset_after", _after(layer)) != _after(layer) and layer.cell.bias is not None:
        bias = layer.cell.bias.value
        places["cell.bias"] = bias[0] if _after(layer) else keras.ops.stack([bias + 0, keras.ops.zeros_like(bias)])
    kept = {attribute: _get(layer, attribute) for attribute in places}
    try:
        for attribute, value in places.items():
            _set(layer, attribute, value)
        yield
    finally:
        for attribute, value in kept.items():
            _set(layer, attribute, value)


def _after(layer: keras.layers.Layer) -> bool:
    return isinstance(layer, layers.GRU) and bool(layer.cell.reset_after)


def without_dropout(layer: keras.layers.Layer) -> None:
    """Switches off dropout that is a setting of a layer with another purpose; functions.py handles all other dropout."""
    if type(inner(layer)) in GATES:
        for item in (layer.forward_layer, layer.backward_layer) if layer is not inner(layer) else (layer,):
            item.cell.dropout = item.cell.recurrent_dropout = 0.0
    elif isinstance(layer, keras.layers.MultiHeadAttention):
        layer._dropout = layer._dropout_layer.rate = 0.0


def is_known(layer: Any) -> bool:
    """Whether a layer is reported as one layer of a known kind; a bidirectional layer only if its layers have gates."""
    return kind_of(layer) is not None and (layer is inner(layer) or type(inner(layer)) in GATES)


def derived(layer: Any) -> bool:
    """Whether its class is the user's and derived from a native class that contains no other layers."""
    whole = isinstance(layer, layers.MultiHeadAttention | layers.RNN | layers.Bidirectional | layers.SeparableConv2D)
    return type(layer) not in KINDS and kind_of(layer) is not None and not whole


def _graph(model: keras.layers.Layer) -> bool:
    """Whether it is a model of known inputs: functional or sequential."""
    return isinstance(model, keras.Sequential) or bool(getattr(model, "inputs", None))


def trains(model: keras.layers.Layer) -> bool:
    """Whether the user's model is told that it trains."""
    return _graph(model) or "training" in inspect.signature(model.call).parameters


def accepts(model: keras.layers.Layer, names: Sequence[str]) -> Accepted:
    """What the user's model takes: one of several arguments takes them one by one, any other takes one tensor or one list.
    names: of the inputs; `mask` is one where they name it."""
    if not _graph(model):
        return accepted(model.call, ("training", *(() if "mask" in names else ("mask",))), listed=True)
    inputs = inputs_of(model)
    if len(inputs) < 2 and not isinstance(getattr(model, "_inputs_struct", None), Mapping):
        return Accepted(listed=True)
    return Accepted(known=tuple(inputs), table=isinstance(model._inputs_struct, Mapping))


def inputs_of(model: keras.layers.Layer) -> dict[str, Any]:
    """The inputs of a model that is a graph, by their names, in the order in which the user wrote them."""
    inputs, struct = getattr(model, "inputs", None) or (), getattr(model, "_inputs_struct", None)
    if isinstance(struct, Mapping) and len(struct) == len(inputs):
        return dict(struct)
    return {input_.name: input_ for input_ in inputs}
