"""Owns what is known of torch's own modules in a user's model: shared names, hyper-parameters, and layouts of weights.

It refuses to run them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from parity.execution.own_model.layers import Kind, Setting
from parity.execution.own_model.nesting import plain


def _pairs(count: int) -> Callable[[Any], Any]:
    """Reads a size, given once or per axis, as a list of `count` sizes."""
    return lambda value: list(value) if isinstance(value, tuple) else [value] * count


def _pads(count: int) -> Setting:
    """Reads padding as (before, after) per axis, or as a word."""

    def read(value: Any) -> Any:
        return value if isinstance(value, str) else [[item, item] for item in _pairs(count)(value)]

    return Setting("padding", read, lambda pads: tuple(before for before, _ in pads))


def _sizes(count: int, **names: str) -> dict[str, Setting]:
    return {word: Setting(attribute, _pairs(count), tuple) for word, attribute in names.items()}


def _conv(name: str, count: int, layout: str) -> Kind:
    settings = {**_sizes(count, strides="stride", dilation="dilation"), "padding": _pads(count), "groups": Setting("groups")}
    return Kind(name, settings, {"weight": ("kernel", layout), "bias": ("bias", "")}, {"channels": "first"})


def _pool(name: str, count: int, more: Mapping[str, Setting]) -> Kind:
    settings = {**_sizes(count, window="kernel_size", strides="stride"), "padding": _pads(count), **more}
    return Kind(name, settings, fixed={"channels": "first"})


EPSILON = {"epsilon": Setting("eps")}
MOMENTUM = Setting("momentum", lambda value: None if value is None else 1 - value, lambda value: 1 - value)
SCALED = {"weight": ("scale", ""), "bias": ("shift", "")}
MOVING = {**SCALED, "running_mean": ("mean", ""), "running_var": ("variance", "")}
CEIL = {"ceil": Setting("ceil_mode")}
COUNT = {**CEIL, "count_padding": Setting("count_include_pad")}
BATCH_NORM = Kind("batch_norm", {**EPSILON, "momentum": MOMENTUM}, MOVING, {"channels": "first", "fix_gamma": False})
INSTANCE_NORM = Kind("instance_norm", EPSILON, SCALED, {"channels": "first"})
FIRST = {"channels": "first"}
RECURRENT = {
    "layers": Setting("num_layers"),
    "bidirectional": Setting("bidirectional"),
    "time_major": Setting("batch_first", lambda value: not value, lambda value: not value),
    "dropout": Setting("dropout"),
}
GATED = {"activation": "tanh", "recurrent_activation": "sigmoid", "backwards": False}
"""Settings of an LSTM or GRU that are fixed in torch."""

DROPOUT = Kind("dropout", {"rate": Setting("p")})

KINDS: Mapping[type, Kind] = {
    nn.Linear: Kind("dense", {}, {"weight": ("kernel", "o i -> o i"), "bias": ("bias", "")}),
    nn.Conv1d: _conv("conv1d", 1, "o i w -> o i w"),
    nn.Conv2d: _conv("conv2d", 2, "o i h w -> o i h w"),
    nn.Conv3d: _conv("conv3d", 3, "o i d h w -> o i d h w"),
    nn.ConvTranspose1d: _conv("conv_transpose1d", 1, "i o w -> o i w"),
    nn.ConvTranspose2d: _conv("conv_transpose2d", 2, "i o h w -> o i h w"),
    nn.ConvTranspose3d: _conv("conv_transpose3d", 3, "i o d h w -> o i d h w"),
    nn.BatchNorm1d: BATCH_NORM,
    nn.BatchNorm2d: BATCH_NORM,
    nn.BatchNorm3d: BATCH_NORM,
    nn.LayerNorm: Kind("layer_norm", EPSILON, SCALED),
    nn.GroupNorm: Kind("group_norm", {**EPSILON, "groups": Setting("num_groups")}, SCALED, FIRST),
    nn.InstanceNorm1d: INSTANCE_NORM,
    nn.InstanceNorm2d: INSTANCE_NORM,
    nn.InstanceNorm3d: INSTANCE_NORM,
    nn.Embedding: Kind("embedding", {"vocabulary": Setting("num_embeddings")}, {"weight": ("table", "")}),
    nn.LSTM: Kind("lstm", RECURRENT, fixed=GATED),
    nn.GRU: Kind("gru", RECURRENT, fixed={**GATED, "reset_after": True}),
    nn.LSTMCell: Kind("lstm_cell"),
    nn.GRUCell: Kind("gru_cell", fixed={"reset_after": True}),
    nn.MultiheadAttention: Kind(
        "multi_head_attention",
        {"heads": Setting("num_heads"), "dropout": Setting("dropout"), "time_major": RECURRENT["time_major"]},
    ),
    nn.MaxPool1d: _pool("max_pool", 1, CEIL),
    nn.MaxPool2d: _pool("max_pool", 2, CEIL),
    nn.MaxPool3d: _pool("max_pool", 3, CEIL),
    nn.AvgPool1d: _pool("average_pool", 1, COUNT),
    nn.AvgPool2d: _pool("average_pool", 2, COUNT),
    nn.AvgPool3d: _pool("average_pool", 3, COUNT),
    nn.AdaptiveAvgPool1d: Kind("global_average_pool", fixed=FIRST),
    nn.AdaptiveAvgPool2d: Kind("global_average_pool", fixed=FIRST),
    nn.AdaptiveAvgPool3d: Kind("global_average_pool", fixed=FIRST),
    nn.AdaptiveMaxPool1d: Kind("global_max_pool", fixed=FIRST),
    nn.AdaptiveMaxPool2d: Kind("global_max_pool", fixed=FIRST),
    nn.AdaptiveMaxPool3d: Kind("global_max_pool", fixed=FIRST),
    nn.PReLU: Kind("prelu", {}, {"weight": ("slope", "")}, FIRST),
    nn.Flatten: Kind("flatten"),
    nn.Identity: Kind("identity"),
    nn.ZeroPad2d: Kind("pad"),
    nn.Upsample: Kind("upsample", {"mode": Setting("mode"), "align_corners": Setting("align_corners")}),
    nn.Dropout: DROPOUT,
    nn.Dropout1d: DROPOUT,
    nn.Dropout2d: DROPOUT,
    nn.Dropout3d: DROPOUT,
    nn.AlphaDropout: DROPOUT,
    nn.FeatureAlphaDropout: DROPOUT,
    nn.ReLU: Kind("relu"),
    nn.ReLU6: Kind("relu6"),
    nn.Sigmoid: Kind("sigmoid"),
    nn.Tanh: Kind("tanh"),
    nn.SiLU: Kind("silu"),
    nn.Softplus: Kind("softplus"),
    nn.Hardswish: Kind("hard_swish"),
    nn.Softmax: Kind("softmax", {"axis": Setting("dim")}),
    nn.LogSoftmax: Kind("log_softmax", {"axis": Setting("dim")}),
    nn.LeakyReLU: Kind("leaky_relu", {"slope": Setting("negative_slope")}),
    nn.ELU: Kind("elu", {"alpha": Setting("alpha")}),
    nn.GELU: Kind(
        "gelu",
        {"form": Setting("approximate", {"none": "erf", "tanh": "tanh"}.get, {"erf": "none", "tanh": "tanh"}.get)},
    ),
}

ROLES = {"weight_ih": "kernel", "weight_hh": "recurrent_kernel", "bias_ih": "bias", "bias_hh": "recurrent_bias"}


RECURRENCES = (nn.LSTM, nn.GRU, nn.LSTMCell, nn.GRUCell)


def kind_of(module: nn.Module) -> Kind | None:
    """The kind of its class, or of the native class from which that is derived."""
    return next((KINDS[class_] for class_ in type(module).__mro__ if class_ in KINDS), None)


def own_way(module: nn.Module) -> bool:
    """Whether the class is derived from a native one and has its own computation."""
    native = next((class_ for class_ in type(module).__mro__ if class_ in KINDS), type(module))
    return getattr(type(module), "forward", None) is not getattr(native, "forward", None)


def derived(module: nn.Module) -> bool:
    """Whether its class is the user's and derived from a native class that contains no other modules."""
    return type(module) not in KINDS and kind_of(module) is not None and not isinstance(module, nn.MultiheadAttention)


def recurrent_weights(module: nn.Module) -> Iterator[tuple[str, str, str]]:
    """(role, attribute, gates) of every tensor of an LSTM, a GRU, or their cells; the reverse direction has `back` roles."""
    gates = "i f g o" if isinstance(module, nn.LSTM | nn.LSTMCell) else "r z n"
    for own, _ in module.named_parameters():
        kind, _, layer = own.partition("_l")
        if kind in ROLES:
            yield f"{layer.replace('_reverse', 'back') or '0'}.{ROLES[kind]}", own, gates


def split_weights(module: nn.MultiheadAttention) -> Iterator[tuple[str, str, tuple[int, int] | None]]:
    """(role, attribute, rows) of multi-head attention, which stacks query, key and value in one tensor."""
    size = module.embed_dim
    for own, role in (("in_proj_weight", "kernel"), ("in_proj_bias", "bias")):
        if getattr(module, own) is not None:
            for place, part in enumerate(("query", "key", "value")):
                yield f"{part}.{role}", own, (place * size, (place + 1) * size)
    for own, _ in module.named_parameters():
        if own.startswith("out_proj"):
            yield {"weight": "output.kernel", "bias": "output.bias"}[own.split(".")[1]], own, None
        elif own.endswith("_proj_weight") and own != "in_proj_weight":
            yield {"q": "query", "k": "key", "v": "value"}[own[0]] + ".kernel", own, None


def leaves_of(module: nn.Module, name: str) -> Iterator[tuple[str, nn.Module]]:
    """Modules of a known class, and modules without children. A module of a class derived from a known one counts as a leaf,
    and so do the leaves below it."""
    children = list(module.named_children())
    is_known = kind_of(module) is not None
    if is_known or not children:
        yield name, module
    for own, child in children if not is_known or derived(module) else ():
        yield from leaves_of(child, f"{name}.{own}" if name else own)


def owned(module: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """The parameters of a leaf; those of its children only where the children are no leaves themselves."""
    yield from module.named_parameters(recurse=not derived(module))


def within(name: str, leaves: Mapping[str, nn.Module]) -> bool:
    """Whether a parameter is a leaf's, be it called or not. What stands between a leaf and those beside it (the originals of a
    parametrized weight) is no leaf's."""
    whole = tuple(f"{leaf}." for leaf, module in leaves.items() if leaf and not derived(module))
    return name.startswith(whole) or name.rpartition(".")[0] in leaves


def held(module: nn.Module) -> dict[str, Tensor]:
    """Parameters and buffers; what is tied stands once."""
    return {**dict(module.named_parameters()), **dict(module.named_buffers())}


def holds(module: nn.Module) -> bool:
    return derived(module) and any(True for _ in module.children())


def settings_of(module: nn.Module) -> dict[str, Any]:
    kind = kind_of(module)
    if kind is None:
        return {}
    read = {word: plain(setting.read(getattr(module, setting.attribute))) for word, setting in kind.settings.items()}
    return {**kind.fixed, **read}


@contextmanager
def changed(module: nn.Module, kind: Kind | None, settings: Mapping[str, Any]) -> Iterator[None]:
    """Inside it, the module has these hyper-parameters instead of its own."""
    places = (
        {kind.settings[word].attribute: kind.settings[word].write(value) for word, value in settings.items()} if kind else {}
    )
    kept = {attribute: getattr(module, attribute) for attribute in places}
    try:
        for attribute, value in places.items():
            setattr(module, attribute, value)
        yield
    finally:
        for attribute, value in kept.items():
            setattr(module, attribute, value)


def without_dropout(module: nn.Module) -> None:
    """Switches off dropout that is a setting of a layer with another purpose; functions.py handles all other dropout."""
    if isinstance(module, nn.MultiheadAttention | nn.RNNBase):
        module.dropout = 0.0
