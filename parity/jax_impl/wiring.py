"""Owns what a node becomes: a native layer and its use inside of a program, on values that carry their order of axes.

It refuses to know any op. Inside a program every value has a batch axis, of size 1 where the spec's value has none, except
that a loss is a scalar.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
from flax import nnx

from parity.spec.graph import Node, Shape

Tensor = Any  # a jax.Array, or its tracer while a program is traced


@dataclass(frozen=True)
class LaidTensor:
    """A tensor of a program. last: whether its channels come after the axes of the image, as Flax's layers want them."""

    tensor: Tensor
    last: bool = False

    def first(self) -> Tensor:
        """The tensor in the spec's order of axes."""
        return jnp.moveaxis(self.tensor, -1, 1) if self.last else self.tensor

    def image(self) -> Tensor:
        """The tensor with channels last."""
        return self.tensor if self.last or self.tensor.ndim < 3 else jnp.moveaxis(self.tensor, 1, -1)


@dataclass(frozen=True)
class Site:
    """The site where a layer is built: its node, the shapes (without batch) of its inputs by role, precision, random keys.

    tied: the layer of another op that holds this node's kernel.
    """

    node: Node
    shapes: Mapping[str, Any]
    dtype: Any
    rngs: nnx.Rngs
    tied: nnx.Module | None = None

    def __getitem__(self, attribute: str) -> Any:
        return self.node.attributes[attribute]

    @property
    def x(self) -> Shape:
        return tuple(self.shapes["x"])

    @property
    def masked(self) -> bool:
        """Whether the case contains the mask of this layer's dropout."""
        return "mask" in self.node.inputs

    @property
    def keywords(self) -> dict[str, Any]:
        """Keywords of every Flax layer. dtype keeps a float32 layer in float32 whatever the precision of its input."""
        return {"param_dtype": self.dtype, "rngs": self.rngs}


@dataclass(frozen=True)
class Use:
    """One use of a layer inside of a program. walk: runs inner nodes on values (for scans)."""

    node: Node
    inputs: Mapping[str, Any]  # role -> LaidTensor, or several; of a scan: name of an outer value -> LaidTensor
    module: Any
    walk: Callable[[Sequence[Node], dict[str, LaidTensor]], None]

    def __getitem__(self, attribute: str) -> Any:
        return self.node.attributes[attribute]

    def value(self, role: str = "x") -> LaidTensor:
        tensor: LaidTensor = self.inputs[role]
        return tensor

    def first(self, role: str = "x") -> Tensor:
        """An input in the spec's order of axes."""
        return self.value(role).first()

    def maybe(self, role: str) -> Tensor | None:
        """An input in the spec's order of axes; None if the node has no such input."""
        return self.first(role) if role in self.inputs else None

    def image(self, role: str = "x") -> Tensor:
        return self.value(role).image()

    def alike(self, *roles: str) -> tuple[list[Tensor], bool]:
        """Inputs (or the branches of a join) in a common order of axes, and whether this order has the channels last."""
        values = [item for role in roles for item in (self.inputs[role] if role == "branches" else [self.inputs[role]])]
        last = any(value.last for value in values)
        return [value.image() if last else value.first() for value in values], last

    def axis(self, last: bool = False) -> int:
        """The node's axis, as an axis of a tensor with its batch first and its channels last (`last`) or not."""
        value = self.inputs["branches"][0] if "branches" in self.inputs else self.value()
        rank = int(value.tensor.ndim) - 1
        place = int(self["axis"]) % rank
        return (place or rank) if last else place + 1


Result = Any  # a tensor, a LaidTensor, or a dict suffix -> tensor


@dataclass(frozen=True)
class Layer:
    """How one op is realized. `apply` gives a value, or a dict suffix -> value. `build` gives the native layer that it uses."""

    apply: Callable[[Use], Result]
    build: Callable[[Site], nnx.Module] | None = None


def called(use: Use) -> Tensor:
    """The value of the native layer."""
    y: Tensor = use.module(use.first())
    return y


def on_images(use: Use) -> LaidTensor:
    """The value of a native layer that wants channels last."""
    return LaidTensor(use.module(use.image()), last=use.value().tensor.ndim > 2)


def elementwise(function: Callable[..., Tensor], *attributes: str) -> Layer:
    """An op by an element-wise function, for any order of axes. attributes: their names, in the order of its arguments."""

    def apply(use: Use) -> LaidTensor:
        value = use.value()
        return LaidTensor(function(value.tensor, *(use[name] for name in attributes)), value.last)

    return Layer(apply)


RESERVED = frozenset(dir(nnx.Module))
"""Names that a layer inside of a module cannot have, since nnx.Module uses them."""


def attribute(name: str) -> str:
    """A node's name, changed so that a layer inside of a module may have it."""
    flat = name.replace(".", "__")
    return f"{flat}_" if flat in RESERVED else flat
