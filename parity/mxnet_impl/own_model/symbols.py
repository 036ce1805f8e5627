"""Owns MXNet models that are symbols (SymbolBlock, old checkpoints), and blocks that call operators with their own parameters:
every node of the symbol becomes a block, so that nodes count as layers.

It refuses symbols whose nodes contain graphs: such a block stays one layer.
"""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from parity.execution.own_model.layers import Kind, Setting
from parity.mxnet_impl.device import mxnet

gluon = mxnet.gluon

BIAS = {"bias": ("bias", "")}
SCALED = {"gamma": ("scale", ""), "beta": ("shift", "")}
NORM = {"epsilon": Setting("_kwargs.eps")}
FIRST = {"channels": "first"}
KERNELS = {1: "o i w", 2: "o i h w", 3: "o i d h w"}


def _sizes(**names: str) -> dict[str, Setting]:
    return {word: Setting(attribute, list, tuple) for word, attribute in names.items()}


PADDING = Setting("_kwargs.pad", lambda pads: [[pad, pad] for pad in pads], lambda pads: tuple(before for before, _ in pads))
WINDOW = {**_sizes(strides="_kwargs.stride"), "padding": PADDING}
SETTINGS: Mapping[str, Mapping[str, Setting]] = {
    "Convolution": {**WINDOW, **_sizes(dilation="_kwargs.dilate"), "groups": Setting("_kwargs.num_group")},
    "Pooling": {**WINDOW, **_sizes(window="_kwargs.kernel")},
    "BatchNorm": {**NORM, "momentum": Setting("_kwargs.momentum"), "fix_gamma": Setting("_kwargs.fix_gamma")},
    "LayerNorm": NORM,
    "GroupNorm": {**NORM, "groups": Setting("_kwargs.num_groups")},
    "InstanceNorm": NORM,
    "Dropout": {"rate": Setting("_kwargs.p")},
    "Embedding": {"vocabulary": Setting("_kwargs.input_dim")},
}
DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "BatchNorm": {"eps": 1e-3, "momentum": 0.9, "fix_gamma": True},
    "LayerNorm": {"eps": 1e-5},
    "GroupNorm": {"eps": 1e-5, "num_groups": 1},
    "InstanceNorm": {"eps": 1e-3},
    "Dropout": {"p": 0.5},
}
"""Operator -> its defaults for attributes that a node does not give."""
WORDS = {
    "FullyConnected": "dense",
    "BatchNorm": "batch_norm",
    "LayerNorm": "layer_norm",
    "GroupNorm": "group_norm",
    "InstanceNorm": "instance_norm",
    "Dropout": "dropout",
    "Embedding": "embedding",
    "Flatten": "flatten",
    "elemwise_add": "add",
    "_plus": "add",
}
FED = {
    "FullyConnected": ("weight", "bias"),
    "Convolution": ("weight", "bias"),
    "Deconvolution": ("weight", "bias"),
    "Embedding": ("weight",),
    "BatchNorm": ("gamma", "beta", "moving_mean", "moving_var"),
    "LayerNorm": ("gamma", "beta"),
    "GroupNorm": ("gamma", "beta"),
    "InstanceNorm": ("gamma", "beta"),
    "LeakyReLU": ("gamma",),
}
"""Operator -> its inputs after the data; an input that is a parameter is a weight."""


class SymbolNode(gluon.Block):  # type: ignore[misc,name-defined]
    """One node: an operator, its attributes, and its parameters. `forward` takes its other inputs."""

    def __init__(self, name: str, operator: str, attributes: Mapping[str, Any], inputs: Sequence[Any]) -> None:
        super().__init__(prefix=f"{name}_")
        self.operator, self.inputs = operator, inputs
        self._kwargs = {**_whole(operator, attributes), **attributes}
        for place, input_ in enumerate(inputs):
            if isinstance(input_, gluon.Parameter):
                self._reg_params[_own(operator, place)] = input_
        self.kind = _kind(operator, self._kwargs)

    def forward(self, *tensors: Any) -> Any:
        unread = iter(tensors)
        arrays = [input_.data() if isinstance(input_, gluon.Parameter) else next(unread) for input_ in self.inputs]
        if self._kwargs.get("fix_gamma") and self.operator == "BatchNorm":
            arrays[1] = arrays[1].copy()  # the operator writes ones into this input
        return _function(self.operator)(*arrays, **self._kwargs)


class Nodes:
    """A symbol that runs node by node. It replaces a block's `forward`."""

    def __init__(self, symbol: Any, inputs: Sequence[str], parameters: Mapping[str, Any]) -> None:
        graph = json.loads(symbol.tojson())
        self.heads, self.rows, self.inputs = graph["heads"], graph["nodes"], list(inputs)
        self.blocks: dict[int, SymbolNode] = {}
        for place, row in enumerate(self.rows):
            if row["op"] != "null":
                rows = [self.rows[input_[0]] for input_ in row["inputs"]]
                taken = [parameters.get(row["name"]) if row["op"] == "null" else None for row in rows]
                self.blocks[place] = SymbolNode(row["name"], row["op"], _attributes(row), taken)

    def __call__(self, *tensors: Any) -> Any:
        inputs = dict(zip(self.inputs, tensors, strict=True))
        values: dict[int, list[Any]] = {}
        for place, row in enumerate(self.rows):
            if row["op"] == "null":
                values[place] = [inputs.get(row["name"])]
                continue
            block = self.blocks[place]
            fed = zip(row["inputs"], block.inputs, strict=True)
            results = block(*(values[source][output] for (source, output, *_), own in fed if own is None))
            values[place] = list(results) if isinstance(results, list | tuple) else [results]
        outputs = [values[source][output] for source, output, *_ in self.heads]
        return outputs[0] if len(outputs) == 1 else outputs

    def named(self) -> Iterator[tuple[str, SymbolNode]]:
        return ((self.rows[place]["name"], block) for place, block in self.blocks.items())


def nodes_of(block: Any) -> Nodes | None:
    """The nodes of a block that is a symbol, or that calls operators with its own parameters; None for any other block."""
    if isinstance(block, gluon.SymbolBlock):
        symbol, inputs = block._cached_graph[1], [item.name for item in block._cached_graph[0]]
    elif isinstance(block, gluon.HybridBlock) and block._reg_params and block._children:
        names = list(inspect.signature(type(block).hybrid_forward).parameters)[2:]
        inputs = [name for name in names if name not in block._reg_params]
        try:
            block.hybridize(active=False)
            symbol = block(*(mxnet.sym.Variable(name) for name in inputs))
        except Exception:  # a block that reads shapes cannot become a symbol
            return None
        symbol = mxnet.sym.Group(symbol) if isinstance(symbol, list | tuple) else symbol
    else:
        return None
    graph = json.loads(symbol.tojson())
    parameters = {collect_param.name: collect_param for collect_param in block.collect_params().values()}
    own = {reg_param.name for reg_param in block._reg_params.values()}
    fed = [graph["nodes"][input_[0]]["name"] for row in graph["nodes"] if row["op"] in FED for input_ in row["inputs"][1:]]
    leaves = {*inputs, *parameters}
    variables = {row["name"] for row in graph["nodes"] if row["op"] == "null"}
    nested = any("subgraphs" in row for row in graph["nodes"])
    if nested or not variables <= leaves or not (own & set(fed)):
        return None
    return Nodes(symbol, inputs, parameters)


def _attributes(row: Mapping[str, Any]) -> dict[str, Any]:
    texts = row.get("attrs") or row.get("param") or {}
    return {name: _value(text) for name, text in texts.items() if not name.startswith("__")}


def _value(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _function(operator: str) -> Any:
    function = getattr(mxnet.nd, operator, None)
    return getattr(mxnet.nd._internal, operator) if function is None else function


def _own(operator: str, place: int) -> str:
    names = FED.get(operator, ())
    return names[place - 1] if 0 < place <= len(names) else f"input{place}"


def _whole(operator: str, attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes with the defaults that the node does not give; sizes of windows have as many axes as its kernel."""
    count = len(attributes.get("kernel", ()))
    whole = operator != "Pooling" or not attributes.get("global_pool")
    sizes: dict[str, Any] = {"stride": (1,) * count, "pad": (0,) * count} if count and whole else {}
    if operator == "Convolution":
        sizes |= {"dilate": (1,) * count, "num_group": 1}
    return {**DEFAULTS.get(operator, {}), **sizes}


def _kind(operator: str, attributes: Mapping[str, Any]) -> Kind:
    count = len(attributes.get("kernel", ()))
    settings = {
        word: setting for word, setting in SETTINGS.get(operator, {}).items() if setting.attribute.split(".")[1] in attributes
    }
    if operator == "FullyConnected":
        return Kind("dense", {}, {"weight": ("kernel", "o i -> o i"), **BIAS})
    if operator == "Convolution":
        axes = KERNELS[count]
        return Kind(f"conv{count}d", settings, {"weight": ("kernel", f"{axes} -> {axes}"), **BIAS}, FIRST)
    if operator == "Deconvolution":
        axes = KERNELS[count]
        layout = f"{axes.replace('o i', 'i o')} -> {axes}"
        return Kind(f"conv_transpose{count}d", {}, {"weight": ("kernel", layout), **BIAS}, FIRST)
    if operator == "Pooling":
        word = {"max": "max_pool", "avg": "average_pool"}.get(str(attributes.get("pool_type", "max")), "pool")
        word = word.replace("average", "global_average").replace("max", "global_max") if attributes.get("global_pool") else word
        return Kind(word, settings, fixed=FIRST)
    if operator == "Activation":
        word = str(attributes["act_type"])
        return Kind({"softrelu": "softplus"}.get(word, word))
    if operator == "BatchNorm":
        moving = {"moving_mean": ("mean", ""), "moving_var": ("variance", "")}
        return Kind("batch_norm", settings, {**SCALED, **moving}, FIRST)
    weights = SCALED if operator.endswith("Norm") else {"weight": ("table", "")} if operator == "Embedding" else {}
    return Kind(WORDS.get(operator, operator), settings, weights)
