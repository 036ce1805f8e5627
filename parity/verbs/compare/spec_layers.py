"""Owns the description of the spec's ops in a comparison: the word that frameworks share, the settings, and the weights' roles.

It refuses to run ops; spec_side.py does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from parity.execution.own_model.layers import Kind, OwnLayer, Setting, Weight
from parity.spec.graph import Graph, Node


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _pads(value: Any) -> list[list[int]]:
    """Padding as (before, after) for each axis. An op on sequences states a single pair."""
    pairs = [value] if value and isinstance(value[0], int) else value
    return [list(pair) for pair in pairs]


def _window(rank: int, **names: str) -> dict[str, Setting]:
    """Settings that hold a size for each axis. An op on sequences takes a number instead."""
    settings = {
        word: Setting(name, _listed, tuple if rank > 1 else lambda sizes: sizes[0])
        for word, name in {"strides": "stride", **names}.items()
    }
    return {**settings, "padding": Setting("padding", _pads, tuple if rank > 1 else lambda pads: tuple(pads[0]))}


def _conv(name: str, rank: int) -> Kind:
    return Kind(name, {**_window(rank, dilation="dilation"), "groups": Setting("groups")}, fixed={"channels": "first"})


def _pool(name: str, rank: int) -> Kind:
    more = {"count_padding": Setting("count_padding")} if name == "average_pool" else {}
    return Kind(name, {**_window(rank, window="kernel"), **more}, fixed={"channels": "first"})


EPSILON = {"epsilon": Setting("epsilon")}
DROPOUT = {"dropout": Setting("dropout")}
AXIS = {"axis": Setting("axis", lambda axis: axis if axis < 0 else axis + 1, lambda axis: axis if axis < 0 else axis - 1)}
"""The setting `axis`. A node does not count the batch axis; the frameworks do."""

GATED = {"activation": "tanh", "recurrent_activation": "sigmoid", "backwards": False}

KINDS: Mapping[str, Kind] = {
    "conv1d": _conv("conv1d", 1),
    "conv2d": _conv("conv2d", 2),
    "conv3d": _conv("conv3d", 3),
    "conv_transpose2d": _conv("conv_transpose2d", 2),
    "max_pool1d": _pool("max_pool", 1),
    "max_pool2d": _pool("max_pool", 2),
    "average_pool1d": _pool("average_pool", 1),
    "average_pool2d": _pool("average_pool", 2),
    "global_average_pool2d": Kind("global_average_pool"),
    "batch_norm": Kind("batch_norm", {**EPSILON, "momentum": Setting("momentum")}),
    "layer_norm": Kind("layer_norm", EPSILON),
    "group_norm": Kind("group_norm", {**EPSILON, "groups": Setting("groups")}),
    "instance_norm": Kind("instance_norm", EPSILON),
    "embedding": Kind("embedding", {"vocabulary": Setting("size")}),
    "lstm": Kind("lstm", {"layers": Setting("layers"), **DROPOUT}, fixed=GATED),
    "gru": Kind(
        "gru",
        {
            "layers": Setting("layers"),
            "reset_after": Setting("reset", lambda word: word == "after", lambda after: "after" if after else "before"),
            **DROPOUT,
        },
        fixed=GATED,
    ),
    "multi_head_attention": Kind("multi_head_attention", {"heads": Setting("heads"), **DROPOUT}),
    "dropout": Kind("dropout", {"rate": Setting("rate")}),
    "pad2d": Kind("pad"),
    "upsample2d": Kind("upsample", {"mode": Setting("mode")}),
    "softmax": Kind("softmax", AXIS),
    "log_softmax": Kind("log_softmax", AXIS),
    "leaky_relu": Kind("leaky_relu", {"slope": Setting("slope")}),
    "elu": Kind("elu", {"alpha": Setting("alpha")}),
    "gelu": Kind("gelu", {"form": Setting("form")}),
}
"""Op -> its shared word and settings. An op without a row goes by its own name and has no settings."""

GATES = {"lstm": "i f g o", "gru": "r z n"}
STATISTICS = {"running_mean": "mean", "running_variance": "variance"}
SCAN = "scan"


def kind_of(node: Node) -> Kind:
    return KINDS.get(node.op, Kind(node.op))


def leaf(graph: Graph, node: Node) -> OwnLayer:
    """A node as a layer of a model."""
    kind = kind_of(node)
    settings = {word: setting.read(node.attributes[setting.attribute]) for word, setting in kind.settings.items()}
    return OwnLayer(node.name, kind.name, node.op, {**kind.fixed, **settings}, tuple(_weights(graph, node)))


def _weights(graph: Graph, node: Node) -> Iterator[Weight]:
    shapes = {parameter.name: parameter.shape for parameter in graph.parameters} | {
        statistic.name: statistic.shape for statistic in graph.statistics
    }
    for role, name in node.parameters.items():
        layered = role.removeprefix("layer") if node.op in GATES else role
        layout = {"dense": "o i -> o i", "conv_transpose2d": "i o h w -> o i h w"}.get(node.op, "") if role == "kernel" else ""
        yield Weight(layered, name, shapes[name], layout, gates=GATES.get(node.op, ""))
    for role, name in node.statistics.items():
        yield Weight(STATISTICS.get(role, role), name, shapes[name], trainable=False)
    for inner in node.body.nodes if node.body else ():
        for weight in _weights(graph, inner):
            yield replace(weight, role=f"{inner.name}.{weight.role}")
