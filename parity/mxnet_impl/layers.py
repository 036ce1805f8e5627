"""Owns the table of ops: how each op becomes Gluon blocks and operators, and how its parameters lie in them.

It refuses to wire programs: model.py does. Images, losses, recurrent and attention layers are in ops/.
"""

from __future__ import annotations

from collections.abc import Mapping

from parity.execution.protocol import ParameterLayout, ZeroPartner
from parity.mxnet_impl.device import mxnet
from parity.mxnet_impl.ops import attention, images, losses, recurrent, sequences, vectors
from parity.mxnet_impl.ops.images import KERNEL, SCALE, normalized
from parity.mxnet_impl.wiring import Block, Held, Layer, Site, Tensor, Use, tensor
from parity.spec.graph import Graph, Node

nn = mxnet.gluon.nn


def build_dense(site: Site) -> Block:
    sizes = {"flatten": False, "in_units": site.x[-1], "dtype": site.dtype}
    return nn.Dense(site["units"], use_bias=site["bias"], **sizes, **site.naming)


def build_embedding(site: Site) -> Block:
    return nn.Embedding(site["size"], site["units"], dtype=site.dtype, **site.naming)


def called(use: Use) -> Tensor:
    """The value of the native block."""
    return use.block(use.x)


def build_parameter(site: Site) -> Block:
    block = Held(site.naming)
    block.hold("value", site["shape"])
    return block


def parameter(use: Use) -> Tensor:
    return use.F.expand_dims(tensor(use, use.block.value), axis=0)


def build_prelu(site: Site) -> Block:
    return nn.PReLU(in_channels=1 if site["shared"] else site.x[0], **site.naming)


def prelu(use: Use) -> Tensor:
    """The native kernel rounds its negative side to float32, so in float64 both sides are composed of other operators."""
    if use.site.dtype != "float64":
        return use.block(use.x)
    F = use.F
    slope = F.reshape(tensor(use, use.block.alpha), shape=(1, -1, *(1,) * (len(use.site.x) - 1)))
    return F.where(use.x > 0, use.x, F.broadcast_mul(use.x, slope))


def build_layer_norm(site: Site) -> Block:
    return nn.LayerNorm(site.axis(), site["epsilon"], in_channels=site.x[site.axis() - 1], **site.naming)


def layer_norm(use: Use) -> Tensor:
    """The native kernel keeps epsilon in float32; where that changes its value, the norm is composed of other operators."""
    if use.site.holds("epsilon"):
        return use.block(use.x)
    axis = use.site.axis()
    wide = (-1, *(1,) * (len(use.site.x) - axis))
    y = normalized(use, use.x, (axis,))
    scale, shift = (use.F.reshape(tensor(use, held), shape=wide) for held in (use.block.gamma, use.block.beta))
    return use.F.broadcast_add(use.F.broadcast_mul(y, scale), shift)


def build_rms_norm(site: Site) -> Block:
    block = Held(site.naming)
    block.hold("gamma", (site.x[site.axis() - 1],))
    return block


def rms_norm(use: Use) -> Tensor:
    """Composed of native operators: MXNet has no such layer."""
    F, axis = use.F, use.site.axis()
    deviation = F.sqrt(F.mean(F.square(use.x), axis=axis, keepdims=True) + use["epsilon"])
    scale = F.reshape(tensor(use, use.block.gamma), shape=(-1, *(1,) * (len(use.site.x) - axis)))
    return F.broadcast_mul(F.broadcast_div(use.x, deviation), scale)


LAYERS: Mapping[str, Layer] = {
    **attention.LAYERS,
    **vectors.LAYERS,
    **images.LAYERS,
    **losses.LAYERS,
    **recurrent.LAYERS,
    **sequences.LAYERS,
    "dense": Layer(called, build_dense, KERNEL),
    "embedding": Layer(called, build_embedding, {"table": "weight"}),
    "layer_norm": Layer(layer_norm, build_layer_norm, SCALE),
    "prelu": Layer(prelu, build_prelu, {"slope": "alpha"}),
    "rms_norm": Layer(rms_norm, build_rms_norm, {"scale": "gamma"}),
    "parameter": Layer(parameter, build_parameter, {"value": "value"}),
}


def layout(node: Node, graph: Graph) -> list[ParameterLayout]:
    """The layouts of the node's parameters and statistics; native names are NODE.PATH, a path of attributes in its block.

    Every spec parameter is one native array, unchanged; the single bias of an LSTM has a partner that is frozen at zero.
    """
    natives = LAYERS[node.op].natives
    if natives is None:
        return []
    paths = natives(node) if callable(natives) else natives
    shapes = {parameter.name: parameter.shape for parameter in graph.parameters}
    layouts = []
    for role, name in {**node.parameters, **node.statistics}.items():
        first, _, partner = paths[role].partition("+")
        if partner:
            both = (f"{node.name}.{first}", f"{node.name}.{partner}")
            layouts.append(ParameterLayout((name,), both, (ZeroPartner(shapes[name]),)))
        else:
            layouts.append(ParameterLayout((name,), (f"{node.name}.{first}",)))
    return layouts
