"""Owns what a node becomes (a layer and its inputs and outputs), and the site at which a layer is built.

It refuses to know any op. Inside a program every value has a batch axis, of size 1 where the spec's value has none, except
that a loss is a scalar.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from parity.spec.graph import Node, Shape


@dataclass(frozen=True)
class Layer:
    """A native module or function, the roles of its inputs in order (None for an absent input), and its keywords.

    outputs: the suffixes of its results; several results come as a tuple.
    """

    target: Callable[..., Any]
    roles: tuple[str, ...] = ("x",)
    keywords: Mapping[str, Any] = field(default_factory=dict)
    outputs: tuple[str, ...] = ("",)


@dataclass(frozen=True)
class Site:
    """The site where a layer is built: attributes of the node, and the shapes (without batch) of its inputs by role."""

    node: Node
    shapes: Mapping[str, Any]
    mixed: bool = False  # some inputs have a batch, others have none

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
    def mask(self) -> tuple[str, ...]:
        return ("mask",) if self.masked else ()

    def axis(self, name: str = "axis") -> int:
        """The node's axis, as an axis of a native tensor, whose first axis is the batch."""
        axis = int(self[name])
        return axis if axis < 0 else axis + 1


RESERVED = frozenset(dir(nn.Module())) | {"evaluating", "self"}
"""Names that the child of a module cannot have, and names that torch.fx would overwrite."""


def attribute(name: str) -> str:
    """A node's name, changed so that the child of a module may have it."""
    flat = name.replace(".", "__")
    return f"{flat}_" if flat in RESERVED else flat
