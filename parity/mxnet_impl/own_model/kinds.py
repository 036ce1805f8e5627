"""Owns what is known of gluon's own blocks in a user's model: shared names, hyper-parameters, and layouts of weights.

It refuses to run them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from parity.execution.own_model.calling import Accepted, accepted
from parity.execution.own_model.layers import Kind, Setting
from parity.execution.own_model.nesting import plain
from parity.mxnet_impl.device import mxnet
from parity.mxnet_impl.own_model.symbols import SymbolNode

nn, rnn = mxnet.gluon.nn, mxnet.gluon.rnn

PADDING = {
    "padding": Setting(
        "_kwargs.pad", lambda pads: [[pad, pad] for pad in pads], lambda pads: tuple(before for before, _ in pads)
    )
}
FIRST = {"channels": "first"}
BIAS = {"bias": ("bias", "")}


def _sizes(**names: str) -> dict[str, Setting]:
    return {word: Setting(attribute, list, tuple) for word, attribute in names.items()}


def _conv(name: str, layout: str) -> Kind:
    settings = {
        **_sizes(strides="_kwargs.stride", dilation="_kwargs.dilate"),
        **PADDING,
        "groups": Setting("_kwargs.num_group"),
    }
    return Kind(name, settings, {"weight": ("kernel", layout), **BIAS}, FIRST)


def _pool(name: str, **more: Setting) -> Kind:
    ceil = Setting("_kwargs.pooling_convention", lambda word: word == "full", lambda yes: "full" if yes else "valid")
    settings = {**_sizes(window="_kwargs.kernel", strides="_kwargs.stride"), **PADDING, "ceil": ceil, **more}
    return Kind(name, settings, fixed=FIRST)


COUNT = Setting("_kwargs.count_include_pad")
SCALED = {"gamma": ("scale", ""), "beta": ("shift", "")}
MOVING = {**SCALED, "running_mean": ("mean", ""), "running_var": ("variance", "")}
NORM = {"epsilon": Setting("_epsilon")}
RECURRENT = {
    "layers": Setting("_num_layers"),
    "bidirectional": Setting("_dir", lambda count: count == 2),
    "time_major": Setting("_layout", lambda layout: layout == "TNC", lambda yes: "TNC" if yes else "NTC"),
    "dropout": Setting("_dropout"),
}

GATED = {"activation": "tanh", "recurrent_activation": "sigmoid", "backwards": False}
"""Settings of an LSTM or GRU that are fixed in MXNet."""

KINDS: Mapping[type, Kind] = {
    nn.Dense: Kind("dense", {}, {"weight": ("kernel", "o i -> o i"), **BIAS}),
    nn.Conv1D: _conv("conv1d", "o i w -> o i w"),
    nn.Conv2D: _conv("conv2d", "o i h w -> o i h w"),
    nn.Conv3D: _conv("conv3d", "o i d h w -> o i d h w"),
    nn.Conv1DTranspose: _conv("conv_transpose1d", "i o w -> o i w"),
    nn.Conv2DTranspose: _conv("conv_transpose2d", "i o h w -> o i h w"),
    nn.Conv3DTranspose: _conv("conv_transpose3d", "i o d h w -> o i d h w"),
    nn.BatchNorm: Kind(
        "batch_norm",
        {
            "epsilon": Setting("_kwargs.eps"),
            "momentum": Setting("_kwargs.momentum"),
            "fix_gamma": Setting("_kwargs.fix_gamma"),
            "channels": Setting("_kwargs.axis", lambda axis: "first" if axis == 1 else "last"),
        },
        MOVING,
    ),
    nn.LayerNorm: Kind("layer_norm", NORM, SCALED),
    nn.GroupNorm: Kind("group_norm", {**NORM, "groups": Setting("_num_groups")}, SCALED, FIRST),
    nn.InstanceNorm: Kind("instance_norm", {"epsilon": Setting("_kwargs.eps")}, SCALED, FIRST),
    nn.Embedding: Kind("embedding", {"vocabulary": Setting("_kwargs.input_dim")}, {"weight": ("table", "")}),
    rnn.LSTM: Kind("lstm", RECURRENT, fixed=GATED),
    rnn.GRU: Kind("gru", RECURRENT, fixed={**GATED, "reset_after": True}),
    rnn.LSTMCell: Kind("lstm_cell"),
    rnn.GRUCell: Kind("gru_cell", fixed={"reset_after": True}),
    nn.MaxPool1D: _pool("max_pool"),
    nn.MaxPool2D: _pool("max_pool"),
    nn.MaxPool3D: _pool("max_pool"),
    nn.AvgPool1D: _pool("average_pool", count_padding=COUNT),
    nn.AvgPool2D: _pool("average_pool", count_padding=COUNT),
    nn.AvgPool3D: _pool("average_pool", count_padding=COUNT),
    nn.GlobalAvgPool1D: Kind("global_average_pool", fixed=FIRST),
    nn.GlobalAvgPool2D: Kind("global_average_pool", fixed=FIRST),
    nn.GlobalAvgPool3D: Kind("global_average_pool", fixed=FIRST),
    nn.GlobalMaxPool1D: Kind("global_max_pool", fixed=FIRST),
    nn.GlobalMaxPool2D: Kind("global_max_pool", fixed=FIRST),
    nn.GlobalMaxPool3D: Kind("global_max_pool", fixed=FIRST),
    nn.PReLU: Kind("prelu", {}, {"alpha": ("slope", "")}, FIRST),
    nn.Flatten: Kind("flatten"),
    nn.Dropout: Kind("dropout", {"rate": Setting("_rate")}),
    nn.LeakyReLU: Kind("leaky_relu", {"slope": Setting("_alpha")}),
    nn.ELU: Kind("elu", {"alpha": Setting("_alpha")}),
    nn.GELU: Kind("gelu", fixed={"form": "erf"}),
    nn.Swish: Kind("silu", {"beta": Setting("_beta")}),
}

ACTIVATIONS = {"softrelu": "softplus"}
ROLES = {"i2h_weight": "kernel", "h2h_weight": "recurrent_kernel", "i2h_bias": "bias", "h2h_bias": "recurrent_bias"}


def word_of(block: Any) -> str:
    """The shared name of a block's kind; its class's name where there is no kind."""
    if isinstance(block, nn.Activation):
        return ACTIVATIONS.get(block._act_type, str(block._act_type))
    kind = kind_of(block)
    return kind.name if kind else type(block).__name__


def kind_of(block: Any) -> Kind | None:
    """The kind of its class, or of the native class from which that is derived; a symbol's node has its own."""
    if isinstance(block, SymbolNode):
        return block.kind
    return next((KINDS[class_] for class_ in type(block).__mro__ if class_ in KINDS), None)


def derived(block: Any) -> bool:
    """Whether its class is the user's and derived from a native class."""
    return type(block) not in KINDS and kind_of(block) is not None and not isinstance(block, SymbolNode)


def own_way(block: Any) -> bool:
    """Whether the class is derived from a native one and has its own computation."""
    if isinstance(block, SymbolNode):
        return False
    native = next((class_ for class_ in type(block).__mro__ if class_ in KINDS), type(block))
    return any(getattr(type(block), name, None) is not getattr(native, name, None) for name in ("forward", "hybrid_forward"))


RECURRENCES = (rnn.LSTM, rnn.GRU, rnn.LSTMCell, rnn.GRUCell)


def recurrent_weights(block: Any) -> Iterator[tuple[str, str, str]]:
    """(role, attribute, gates) of every parameter of a fused LSTM or GRU, or a cell; the reverse direction has `back` roles."""
    gates = "i f g o" if isinstance(block, rnn.LSTM | rnn.LSTMCell) else "r z n"
    for own in block._reg_params:
        layer, _, kind = own.partition("_") if own not in ROLES else ("l0", "", own)
        if kind in ROLES:
            yield f"{layer[1:]}{'back' if layer[0] == 'r' else ''}.{ROLES[kind]}", own, gates


def settings_of(block: Any) -> dict[str, Any]:
    kind = kind_of(block)
    if kind is None:
        return {}
    read = {word: plain(setting.read(_get(block, setting.attribute))) for word, setting in kind.settings.items()}
    return {**kind.fixed, **read}


def _get(block: Any, attribute: str) -> Any:
    """An attribute of a block, or an entry of the keywords that it passes to its operator."""
    holder, _, key = attribute.partition(".")
    return getattr(block, holder)[key] if key else getattr(block, holder)


def _set(block: Any, attribute: str, value: Any) -> None:
    holder, _, key = attribute.partition(".")
    if key:
        getattr(block, holder)[key] = value
    else:
        object.__setattr__(block, holder, value)


@contextmanager
def changed(block: Any, kind: Kind | None, settings: Mapping[str, Any]) -> Iterator[None]:
    """Inside it, the block has these hyper-parameters instead of its own, and no final activation."""
    places = (
        {kind.settings[word].attribute: kind.settings[word].write(value) for word, value in settings.items()} if kind else {}
    )
    if "act" in vars(block):
        places["act"] = None
    kept = {attribute: _get(block, attribute) for attribute in places}
    try:
        for attribute, value in places.items():
            _set(block, attribute, value)
        yield
    finally:
        for attribute, value in kept.items():
            _set(block, attribute, value)


def leaves_of(block: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Blocks of a known class together with their final activations, and blocks without children."""
    children, is_known = block._children, kind_of(block) is not None
    ends = is_known and "act" in vars(block) and block.act is not None
    if is_known or not children:
        yield name, block
        if ends:
            yield f"{name}.act", block.act
    for own, child in children.items() if not is_known or derived(block) else ():
        if ends and child is block.act:
            continue
        yield from leaves_of(child, f"{name}.{own}" if name else own)


def holds(block: Any) -> bool:
    return derived(block) and any(child is not vars(block).get("act") for child in block._children.values())


def walked(block: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Every block with its name; an outer block comes before the blocks inside it."""
    yield name, block
    for own, child in block._children.items():
        yield from walked(child, f"{name}.{own}" if name else own)


def accepts(block: Any) -> Accepted:
    """What the user's block takes. Gluon hands on nothing by name, so names tell places."""
    if isinstance(block, mxnet.gluon.SymbolBlock):
        return Accepted(tuple(item.name for item in block._cached_graph[0]))
    hybrid = isinstance(block, mxnet.gluon.HybridBlock) and type(block).forward is mxnet.gluon.HybridBlock.forward
    signature = accepted(type(block).hybrid_forward if hybrid else type(block).forward, ("self", *block._reg_params))
    return replace(signature, names=signature.names[1:]) if hybrid else signature
