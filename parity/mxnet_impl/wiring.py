"""Owns what a node becomes in Gluon: the site where a block is built (Site), its use in a program (Use), the op's Layer.

It refuses to know any op. Inside a program every value has a batch axis, of size 1 where the spec's value has none; MXNet
has no arrays without axes, so a loss has this axis too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from parity.mxnet_impl.device import mxnet
from parity.spec.graph import Node, Shape

Block = Any  # a gluon HybridBlock
Tensor = Any  # an NDArray, or a Symbol while a block is traced


@dataclass(frozen=True)
class Site:
    """The site where a block is built. shapes: role -> the spec's shape(s) of the inputs.

    shared: the block that already owns some of the parameters. moves: whether the native layer moves its own statistics.
    repeated: whether one pass uses some of its parameters more than once, so that their gradients are sums.
    """

    node: Node
    shapes: Mapping[str, Any]
    dtype: str
    shared: Block | None = None
    moves: bool = True
    repeated: bool = False

    def __getitem__(self, attribute: str) -> Any:
        return self.node.attributes[attribute]

    @property
    def x(self) -> Shape:
        return tuple(self.shapes["x"])

    @property
    def naming(self) -> dict[str, Any]:
        """Keywords that give a Gluon block the node's name, or make it share its parameters with an earlier block."""
        return {"params": self.shared.params} if self.shared is not None else {"prefix": f"{self.node.name}_"}

    def holds(self, attribute: str) -> bool:
        """Whether a kernel that keeps this attribute in float32 is exact here: float32 holds it, or the case is not float64."""
        value = self.node.attributes[attribute]
        return self.dtype != "float64" or float(np.float32(value)) == value

    def axis(self, name: str = "axis") -> int:
        """The node's axis, as an axis of a native array, whose first axis is the batch, counted from 0."""
        axis = int(self[name])
        return axis + 1 if axis >= 0 else axis + 1 + len(self.x)


@dataclass(frozen=True)
class Use:
    """One use of a block inside a program. F: mxnet.nd or mxnet.sym. walk: runs inner nodes on values (for scans).

    seen: (statistic, share that it keeps, value that it moves towards); the statistics move after the pass.
    """

    site: Site
    F: Any
    inputs: Mapping[str, Any]
    block: Block
    training: bool
    walk: Callable[[Sequence[Node], dict[str, Tensor], dict[str, Shape]], None]
    seen: list[tuple[str, float, Tensor]]

    def __getitem__(self, attribute: str) -> Any:
        return self.site[attribute]

    @property
    def x(self) -> Tensor:
        return self.inputs["x"]

    def drop(self, x: Tensor, rate: float, mask: Tensor | None) -> Tensor:
        """x after dropout by the case's mask, or by the native layer; x itself outside of training.

        The native layer keeps 1/(1 - rate) in float32, so in float64 it only chooses the units that stay.
        """
        F = self.F
        if not self.training or not rate:
            return x
        if mask is not None:
            return F.broadcast_mul(x, mask)
        if self.site.dtype != "float64":
            return F.Dropout(x, p=rate)
        return x * (F.Dropout(F.ones_like(x), p=rate) > 0) / (1 - rate)


@dataclass(frozen=True)
class Layer:
    """How one op is realized. `apply` gives a tensor, or a dict suffix -> tensor. `build` gives the block with its parameters.

    natives: role of a parameter or statistic -> attribute path of the Gluon parameter within the block.
    """

    apply: Callable[[Use], Any]
    build: Callable[[Site], Block] | None = None
    natives: Mapping[str, str] | Callable[[Node], Mapping[str, str]] | None = None


class Held(mxnet.gluon.HybridBlock):  # type: ignore[misc]
    """A block that only holds parameters and other blocks; the program does the computation."""

    def __init__(self, naming: Mapping[str, Any]) -> None:
        super().__init__(**naming)

    def hold(self, name: str, shape: Shape) -> None:
        setattr(self, name, self.params.get(name, shape=tuple(shape), init=mxnet.init.Zero()))

    def constant(self, name: str, array: Any) -> None:
        exact = mxnet.nd.array(array, dtype=array.dtype)  # without dtype it would become float32
        setattr(self, name, self.params.get_constant(name, exact))


def tensor(use: Use, parameter: Any) -> Tensor:
    """A parameter as an operand of the program that is traced or run."""
    return parameter.var() if use.F is mxnet.sym else parameter.data()


def stretched(F: Any, x: Tensor, like: Tensor) -> Tensor:
    """x, repeated over the batch of `like`."""
    return F.broadcast_like(x, like, lhs_axes=(0,), rhs_axes=(0,))


def arange(use: Use, count: int, shape: tuple[int, ...]) -> Tensor:
    return use.F.reshape(use.F.arange(0, count, dtype=use.site.dtype), shape=shape)


def before(use: Use, lengths: Tensor, time: int) -> Tensor:
    """(batch, time): 1 where a step lies before its example's length, 0 elsewhere."""
    F = use.F
    ends = F.expand_dims(F.cast(lengths, dtype=use.site.dtype), axis=1)
    return F.broadcast_lesser(arange(use, time, (1, time)), ends)


def zeros(use: Use, x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """(batch of x, *shape) zeros."""
    F = use.F
    blank = F.slice_axis(F.reshape(F.zeros_like(x), shape=(0, -1)), axis=1, begin=0, end=1)
    blank = F.reshape(blank, shape=(0, *(1,) * len(shape)))
    return F.broadcast_axis(blank, axis=tuple(range(1, len(shape) + 1)), size=tuple(shape))
