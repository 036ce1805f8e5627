"""Owns what a node becomes (a layer and its wires) and the site at which it is built.

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
    """A native module or function, the roles of the inputs that it takes in order (None where absent), and its keywords.

    outputs: the suffixes of what it returns; a tuple where there are several.
    """

    target: Callable[..., Any]
    roles: tuple[str, ...] = ("x",)
    keywords: Mapping[str, Any] = field(default_factory=dict)
    outputs: tuple[str, ...] = ("",)


@dataclass(frozen=True)
class Site:
    """Where a layer is built: attributes of the node, and the shapes (without batch) of its inputs by role."""

    node: Node
    shapes: Mapping[str, Any]
    mixed: bool = False  # some inputs have a batch and some have none

    def __getitem__(self, attribute: str) -> Any:
        return self.node.attributes[attribute]

    @property
    def x(self) -> Shape:
        return tuple(self.shapes["x"])

    @property
    def masked(self) -> bool:
        """Whether the case brings the mask of this layer's dropout."""
        return "mask" in self.node.inputs

    @property
    def mask(self) -> tuple[str, ...]:
        return ("mask",) if self.masked else ()

    def axis(self, name: str = "axis") -> int:
        """The axis of a native tensor, whose first axis is the batch."""
        axis = int(self[name])
        return axis if axis < 0 else axis + 1


RESERVED = frozenset(dir(nn.Module())) | {"evaluating", "self"}
"""Names that a child of a module cannot have, or that torch.fx would overwrite."""


def attribute(name: str) -> str:
    """A node's name as that of a child of a module."""
    flat = name.replace(".", "__")
    return f"{flat}_" if flat in RESERVED else flat
