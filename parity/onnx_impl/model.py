"""Owns the ONNX model of a graph: its nodes, written once, and its arrays.

It refuses to know an op and to run anything. Values, inputs and arrays have the names of the spec.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

import parity
from parity.execution.protocol import Array, ParameterLayout, Unsupported
from parity.onnx_impl.layers import LAYERS
from parity.onnx_impl.ops import recurrent
from parity.onnx_impl.writing import FLOATS, Site, Writer
from parity.spec.graph import Body, Graph, Node, Shape

BATCH = "batch"
"""The name of the batch axis, whose size is left open."""


class WrittenModel:
    """The nodes of a graph, and its parameters and statistics in ONNX's layout.

    layouts: one for each parameter and statistic. arrays: native name -> array. outputs: the values that the model gives.
    """

    def __init__(self, graph: Graph, dtype: str, opset: int) -> None:
        self.graph, self.dtype, self.opset = graph, dtype, opset
        self.writer = Writer(dtype, opset)
        self.shapes: dict[str, Shape] = graph.value_shapes()
        inputs = [(graph_input.name, graph_input.batched) for graph_input in graph.inputs] + [
            (carried_state.name, True) for carried_state in graph.carried
        ]
        self.names = {name: name for name, _ in inputs}
        self.batched = dict(inputs) | {node.value(suffix): node.batched for node in graph.nodes for suffix in node.outputs}
        self.outputs = tuple(dict.fromkeys((*graph.outputs, *(carried_state.next for carried_state in graph.carried))))
        self.layouts = _layouts(graph)
        blank = {name: np.zeros(shape, FLOATS[dtype][0]) for name, shape in _array_shapes(graph).items()}
        self.arrays = {name: array for layout in self.layouts for name, array in layout.to_native(blank).items()}
        for node in graph.nodes:
            self._write(self.writer, node, self.names, self.shapes, self.batched)

    def proto(self, outputs: Sequence[str]) -> onnx.ModelProto:
        """The model with its present arrays. outputs: the values that it gives."""
        read = set(_read(self.writer.nodes))
        kinds = {graph_input.name: graph_input.dtype for graph_input in self.graph.inputs}
        graph = helper.make_graph(
            self.writer.nodes,
            self.graph.name,
            [self._info(name, kinds.get(name, "float")) for name in self._given() if name in read],
            [self._info(name, "float") for name in outputs],
            initializer=[*self.writer.initializers(), *(_tensor(name, array) for name, array in self.arrays.items())],
        )
        opsets = [helper.make_opsetid("", self.opset)]
        model = helper.make_model(graph, opset_imports=opsets, producer_name="parity", producer_version=parity.__version__)
        model.ir_version = helper.find_min_ir_version_for(opsets)
        helper.set_model_props(model, {"spec": self.graph.name, "graph": self.graph.digest()})
        return model

    def take(self, model: onnx.ModelProto) -> None:
        """Takes over the arrays of a model that was written from this graph. Raises ValueError for any other model.

        It reads no arrays in files beside the model: a model by somebody else may name any file.
        """
        inside = onnx.TensorProto.DEFAULT
        tensors = {item.name: item for item in model.graph.initializer if item.data_location == inside}
        for name, array in self.arrays.items():
            if name not in tensors or tuple(tensors[name].dims) != array.shape:
                raise ValueError(
                    f"this model holds no array {name} of shape {array.shape}: it is no {self.graph.name} of parity's"
                )
            self.arrays[name] = numpy_helper.to_array(tensors[name]).astype(array.dtype)

    def _given(self) -> list[str]:
        return [
            *(graph_input.name for graph_input in self.graph.inputs),
            *(carried_state.name for carried_state in self.graph.carried),
        ]

    def _info(self, name: str, kind: str) -> onnx.ValueInfoProto:
        element = onnx.TensorProto.INT64 if kind == "integer" else self.writer.element_type
        return helper.make_tensor_value_info(name, element, [BATCH if self.batched[name] else 1, *self.shapes[name]])

    def _write(
        self, writer: Writer, node: Node, names: dict[str, str], shapes: Mapping[str, Shape], batched: Mapping[str, bool]
    ) -> None:
        """Writes a node, and gives its values the names of the spec."""
        first = len(writer.nodes)
        if node.body is not None:
            written = self._scan(writer, node, node.body, names, shapes, batched)
        elif node.op in LAYERS:
            outputs = LAYERS[node.op](_site(writer, node, names, shapes, batched))
            written = {"": outputs} if isinstance(outputs, str) else outputs
        else:
            raise Unsupported(f"the op {node.op} ({node.name}) has no form in ONNX here: write it of other ops")
        final = {node.value(suffix): writer.prefix + node.value(suffix) for suffix in node.outputs}
        writer.rename(first, {written[suffix]: final[node.value(suffix)] for suffix in node.outputs})
        names |= final

    def _scan(
        self,
        outer: Writer,
        node: Node,
        body: Body,
        names: Mapping[str, str],
        shapes: Mapping[str, Shape],
        batched: Mapping[str, bool],
    ) -> dict[str, str]:
        """Writes a Scan along the time of its sequences; its body reads captured values by name."""
        writer = outer.body(f"{node.name}/")
        states = list(body.state)
        inside = {name: writer.prefix + name for name in (*states, *body.sequences)} | {
            name: names[name] for name in body.captured
        }
        sizes = {name: shapes[outside] for name, outside in body.state.items()}
        sizes |= {name: shapes[outside][1:] for name, outside in body.sequences.items()}
        sizes |= {name: shapes[name] for name in body.captured}
        sizes |= {child.value(suffix): shape for child in body.nodes for suffix, shape in child.outputs.items()}
        of_batch = dict.fromkeys((*states, *body.sequences), True) | {name: batched[name] for name in body.captured}
        of_batch |= {child.value(suffix): child.batched for child in body.nodes for suffix in child.outputs}
        for child in body.nodes:
            self._write(writer, child, inside, sizes, of_batch)
        results = [writer.one("Identity", inside[name]) for name in (*(body.next[state] for state in states), body.output)]
        read = set(_read(writer.nodes))
        sequences = [name for name in body.sequences if inside[name] in read]
        element = writer.element_type
        graph = helper.make_graph(
            writer.nodes,
            node.name,
            [helper.make_tensor_value_info(inside[name], element, [BATCH, *sizes[name]]) for name in (*states, *sequences)],
            [helper.make_tensor_value_info(name, element, None) for name in results],
        )
        like = next((names[name] for name in (*body.state.values(), *body.sequences.values()) if batched[name]), "")
        fed = [
            names[name] if batched[name] else _site(outer, node, {}, {}, {}).stretched(names[name], like, len(shapes[name]))
            for name in (*body.state.values(), *(body.sequences[name] for name in sequences))
        ]
        along = {"scan_input_axes": [1] * len(sequences), "scan_output_axes": [1]}
        gave = outer.node("Scan", *fed, outputs=len(results), body=graph, num_scan_inputs=len(sequences), **along)
        return {**dict(zip(states, gave, strict=False)), "": gave[-1]}


def _site(
    writer: Writer, node: Node, names: Mapping[str, str], shapes: Mapping[str, Shape], batched: Mapping[str, bool]
) -> Site:
    """The site of a node, without masks of dropout, which evaluation does not read."""
    sources = {role: source for role, source in node.inputs.items() if role != "mask"} if names else {}

    def each(table: Mapping[str, Any]) -> dict[str, Any]:
        return {
            role: table[source] if isinstance(source, str) else tuple(table[name] for name in source)
            for role, source in sources.items()
        }

    return Site(writer, node, each(names), each(shapes), each(batched), {**node.parameters, **node.statistics})


def _layouts(graph: Graph) -> list[ParameterLayout]:
    """A layout for every parameter and statistic; for recurrent nodes, ONNX's layout differs from the spec's."""
    shapes = _array_shapes(graph)
    layouts: dict[str, ParameterLayout] = {}
    nodes = [inner for node in graph.nodes for inner in (node.body.nodes if node.body else (node,))]
    for node in nodes:
        for layout in recurrent.layouts(node, shapes) if node.op in recurrent.ORDERS else ():
            if layouts.setdefault(layout.spec[0], layout) != layout:
                raise Unsupported(
                    f"{node.name}: ONNX keeps {', '.join(layout.spec)} in one array, and cannot share a part of it"
                )
    inner = {name for layout in layouts.values() for name in layout.spec}
    return [*layouts.values(), *(ParameterLayout((name,), (name,)) for name in shapes if name not in inner)]


def _array_shapes(graph: Graph) -> dict[str, Shape]:
    return {parameter.name: parameter.shape for parameter in graph.parameters} | {
        statistic.name: statistic.shape for statistic in graph.statistics
    }


def _tensor(name: str, array: Array) -> onnx.TensorProto:
    return numpy_helper.from_array(np.array(array, order="C"), name)


def _read(nodes: Iterable[onnx.NodeProto]) -> Iterable[str]:
    """Every value that nodes, or nodes in their bodies, read."""
    for node in nodes:
        yield from node.input
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                yield from _read(attribute.g.node)
