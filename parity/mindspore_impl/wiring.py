"""Owns what a node becomes: a native cell with the roles of its inputs, a step of a program, and the program itself.

It refuses to know any op. Inside a program every value has a batch axis, of size 1 where the spec's value has none, except
that a loss is a scalar. Graph mode parses the source of every `construct` here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import mindspore
from mindspore import nn

from parity.spec.graph import Node, Shape

Tensor = Any  # a mindspore.Tensor
EMPTY: Any = ()
"""An empty tuple to which graph mode may add: it does not parse the annotations that mypy would need."""


@dataclass(frozen=True)
class Layer:
    """A native cell, the roles of its inputs in order (None for an absent input). Several results come as a tuple.

    outputs: the suffixes of its results.
    """

    cell: nn.Cell
    roles: tuple[str, ...] = ("x",)
    outputs: tuple[str, ...] = ("",)


@dataclass(frozen=True)
class Site:
    """The site where a layer is built: attributes of the node, the shapes (without batch) of its inputs by role, precision."""

    node: Node
    shapes: Mapping[str, Any]
    dtype: Any
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

    def axis(self, name: str = "axis") -> int:
        """The node's axis, as an axis of a native tensor, whose first axis is the batch."""
        axis = int(self[name])
        return axis if axis < 0 else axis + 1

    def number(self, value: float) -> Tensor:
        """A number as a tensor of the case's precision: MindSpore rounds Python's numbers to float32 in float64 arithmetic."""
        return mindspore.Tensor(value, self.dtype)


class Function(nn.Cell):  # type: ignore[misc]
    """A function of tensors as a cell. keywords: its other arguments."""

    def __init__(self, function: Callable[..., Any], /, **keywords: Any) -> None:
        super().__init__(auto_prefix=False)
        self.function = function
        self.keywords = keywords

    def construct(self, *tensors: Tensor) -> Any:
        return self.function(*tensors, **self.keywords)


class Chain(nn.Cell):  # type: ignore[misc]
    """Cells one after the other. With nn.SequentialCell the names of the parameters would depend on the place."""

    def __init__(self, *cells: nn.Cell) -> None:
        super().__init__(auto_prefix=False)
        self.cells_list = nn.CellList(list(cells), auto_prefix=False)

    def construct(self, x: Tensor) -> Tensor:
        for cell in self.cells_list:
            x = cell(x)
        return x


class NodeStep(nn.Cell):  # type: ignore[misc]
    """One node of a program. places: where its inputs lie in the program's values; -1 for an absent input, and a tuple for the
    branches of a join."""

    def __init__(self, cell: nn.Cell, places: Sequence[Any]) -> None:
        super().__init__(auto_prefix=False)
        self.cell = cell
        self.places = tuple(places)

    def construct(self, values: Any) -> Any:
        given = EMPTY
        for place in self.places:
            if isinstance(place, tuple):
                branches = EMPTY
                for one in place:
                    branches = (*branches, values[one])
                given = (*given, branches)
            elif place < 0:
                given = (*given, None)
            else:
                given = (*given, values[place])
        return self.cell(*given)


class NodeProgram(nn.Cell):  # type: ignore[misc]
    """Nodes in order. It takes the values that it is given, and returns those in the places `results`, as a tuple."""

    def __init__(self, steps: Sequence[NodeStep], counts: Sequence[int], results: Sequence[int]) -> None:
        super().__init__(auto_prefix=False)
        self.steps = nn.CellList(list(steps), auto_prefix=False)
        self.counts, self.results = tuple(counts), tuple(results)

    def construct(self, *given: Tensor) -> Any:
        values = given
        for place in range(len(self.counts)):
            found = self.steps[place](values)
            several = found if self.counts[place] > 1 else (found,)
            values = values + several
        results = EMPTY
        for place in self.results:
            results = (*results, values[place])
        return results


RESERVED = frozenset(dir(nn.Cell()))
"""Names that the child of a cell cannot have."""


def attribute(name: str) -> str:
    """A node's name, changed so that the child of a cell may have it."""
    flat = name.replace(".", "__")
    return f"{flat}_" if flat in RESERVED else flat
