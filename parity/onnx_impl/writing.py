"""Owns the writing of ONNX nodes: names, constants in the tested precision, and the site at which a node is written.

It refuses to know any op of the spec language. Inside a model every value has a batch axis, of size 1 where the spec's value
has none, except that a loss is a scalar.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from parity.execution.protocol import Array
from parity.spec.graph import Node, Shape

FLOATS: Mapping[str, tuple[Any, int]] = {
    "float64": (np.float64, onnx.TensorProto.DOUBLE),
    "float32": (np.float32, onnx.TensorProto.FLOAT),
}


class Writer:
    """Nodes in order, and arrays by name. The body of a Scan has its own nodes; its arrays go into the whole model."""

    def __init__(self, dtype: str, opset: int, whole: Writer | None = None, prefix: str = "") -> None:
        self.dtype, self.opset, self.prefix = dtype, opset, prefix
        self.nodes: list[onnx.NodeProto] = []
        self.arrays: dict[str, Array] = whole.arrays if whole else {}
        self.count = 0

    @property
    def element_type(self) -> int:
        return FLOATS[self.dtype][1]

    def body(self, prefix: str) -> Writer:
        """A writer for the nodes of a subgraph, which can read every array of the model."""
        return Writer(self.dtype, self.opset, self, prefix)

    def node(self, kind: str, *inputs: str, outputs: int = 1, **attributes: Any) -> tuple[str, ...]:
        """Writes a node of the ONNX operator `kind`; the name of an omitted input is empty."""
        names = tuple(self._fresh(kind) for _ in range(outputs))
        self.nodes.append(helper.make_node(kind, inputs, names, name=names[0], **attributes))
        return names

    def one(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Writes a node with one output, and gives the output's name."""
        return self.node(kind, *inputs, **attributes)[0]

    def floats(self, values: Any) -> str:
        """A constant in the tested precision."""
        return self._constant(np.asarray(values, dtype=FLOATS[self.dtype][0]))

    def integers(self, values: Any) -> str:
        return self._constant(np.asarray(values, dtype=np.int64))

    def truths(self, values: Any) -> str:
        return self._constant(np.asarray(values, dtype=np.bool_))

    def rename(self, first: int, names: Mapping[str, str]) -> None:
        """Gives other names to values that were written since the node `first`."""
        for node in self.nodes[first:]:
            for held in (node.input, node.output):
                held[:] = [names.get(name, name) for name in held]

    def written(self, first: int) -> set[str]:
        """The values that were written since the node `first`."""
        return {name for node in self.nodes[first:] for name in node.output}

    def initializers(self) -> Iterable[onnx.TensorProto]:
        return (numpy_helper.from_array(array, name) for name, array in self.arrays.items())

    def _constant(self, array: Array) -> str:
        """The name of a constant; equal constants share a name."""
        array = array.copy(order="C")
        shape = "x".join(map(str, array.shape))
        text = (
            ",".join(map(str, array.ravel().tolist())) if array.size <= 8 else hashlib.sha256(array.tobytes()).hexdigest()[:16]
        )
        name = f"constant/{array.dtype.name}[{shape}]={text}"
        self.arrays.setdefault(name, array)
        return name

    def _fresh(self, kind: str) -> str:
        self.count += 1
        return f"{self.prefix}{kind}/{self.count}"


@dataclass(frozen=True)
class Site:
    """The site where a node is written: ONNX names by role (inputs, parameters, statistics), and input shapes without batch.

    batched: whether the value of a role has a batch; for joins, of each branch.
    """

    writer: Writer
    node: Node
    inputs: Mapping[str, Any]
    shapes: Mapping[str, Any]
    batched: Mapping[str, Any]
    arrays: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, attribute: str) -> Any:
        return self.node.attributes[attribute]

    @property
    def x(self) -> str:
        return str(self.inputs["x"])

    @property
    def shape(self) -> Shape:
        return tuple(self.shapes["x"])

    def axis(self, name: str = "axis", role: str = "x") -> int:
        """The node's axis, as an axis of a value in the model, whose first axis is the batch."""
        shape = self.shapes[role][0] if role == "branches" else self.shapes[role]
        return int(self[name]) % len(shape) + 1

    def one(self, kind: str, *inputs: str, **attributes: Any) -> str:
        return self.writer.one(kind, *inputs, **attributes)

    def held(self, *values: float) -> bool:
        """Whether ONNX's attributes, which are float32, represent these values as exactly as the tested precision does."""
        return self.writer.dtype == "float32" or all(float(np.float32(value)) == value for value in values)

    def scaled(self, x: str, factor: float) -> str:
        return self.one("Mul", x, self.writer.floats(factor))

    def shifted(self, x: str, number: float) -> str:
        return self.one("Add", x, self.writer.floats(number))

    def reshaped(self, x: str, shape: Sequence[int]) -> str:
        """x in another shape, in row-major order, with its batch axis kept."""
        return self.one("Reshape", x, self.writer.integers([0, *shape]))

    def mean(self, x: str, axes: Sequence[int], keep: bool = True) -> str:
        """ReduceMean, whose axes become an input from opset 18 on."""
        if self.writer.opset < 18:
            return self.one("ReduceMean", x, axes=list(axes), keepdims=int(keep))
        return self.one("ReduceMean", x, self.writer.integers(list(axes)), keepdims=int(keep))

    def stretched(self, value: str, like: str, rank: int) -> str:
        """A value without a batch (its first axis is 1), repeated for every example of `like`."""
        batch = self.one("Slice", self.one("Shape", like), self.writer.integers([0]), self.writer.integers([1]))
        ones = self.writer.integers([1] * rank)
        return self.one("Expand", value, self.one("Concat", batch, ones, axis=0) if rank else batch)
