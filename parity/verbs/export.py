"""Owns `parity export`: a network and its weights as an ONNX model. ONNX's own worker writes it, and every bit is checked.

It refuses an op that ONNX cannot express, by name, and weights that are not the spec's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from parity.errors import UsageError
from parity.execution.names import CARRIED, NATIVE, PARAMETER, STATISTIC, array_name, lies_under
from parity.spec import specs as language
from parity.spec.graph import Graph
from parity.spec.networks import network_graph
from parity.trials import draws as drawing
from parity.trials import limits, options, selection
from parity.verbs import terminal, weights
from parity.verbs.weights import neutral

FRAMEWORK, INITIALIZER = "onnx", "glorot_uniform"


def to_onnx(
    spec: str, onnx: Path, weights_file: Path | None, opset: int | None, size: str, seed: int, network: str | None = None
) -> int:
    """Writes the model, and prints its inputs and outputs. Without a file of weights, `check`'s initial values are written.

    network: the name of the network to write, for a spec with several.
    """
    graph = weights.graph(spec, size)
    if weights_file is None:
        limits.check_case(graph, 1, walked=False)
        drawn = drawing.initial_values(graph, selection.initializer(INITIALIZER), weights.DTYPE, seed=seed, batch_size=1)
        arrays = {name: array for name, array in drawn.items() if not lies_under(name, CARRIED)}
        origin = f"initial values, {INITIALIZER} with seed {seed}: not trained"
    else:
        arrays, origin = neutral.read(weights_file, graph), f"weights of {weights_file}"
    arguments = {} if opset is None else {"opset": float(opset)}
    graph = _chosen(spec, graph, network, size)
    held = {array_name(PARAMETER, parameter.name) for parameter in graph.parameters}
    held |= {array_name(STATISTIC, statistic.name) for statistic in graph.statistics}
    arrays = {name: array for name, array in arrays.items() if name in held}
    options.place(onnx.parent)
    moved_arrays = weights.moved(graph, spec, size, FRAMEWORK, arrays, arguments)
    description = json.loads(moved_arrays[array_name(NATIVE, "model.json")].tobytes())
    aside = onnx.with_name(f"{onnx.name}.new")
    aside.write_bytes(moved_arrays[array_name(NATIVE, "model.onnx")].tobytes())
    aside.replace(onnx)
    head = f"wrote {onnx}: {graph.name}, opset {description['opset']}, {weights.DTYPE}, {graph.parameter_count():,} parameters"
    for line in (head, f"  {origin}", _side("takes", description["inputs"]), _side("gives", description["outputs"])):
        terminal.say(line)
    return 0


def _chosen(spec: str, graph: Graph, network: str | None, size: str) -> Graph:
    """The whole graph, or one network of it. Raises UsageError if there is no such network, or if one must be chosen."""
    architecture = language.load(spec)
    if not isinstance(architecture, language.Architecture):
        raise UsageError(f"{spec} is no architecture")
    there = ", ".join(architecture.networks)
    if network is None:
        if not graph.nodes:
            raise UsageError(f"the networks of {graph.name} run in its training alone: choose one by --network: {there}")
        return graph
    if network not in architecture.networks:
        raise UsageError(f"{graph.name} has no network `{network}`; " + (f"there are {there}" if there else "it is one itself"))
    return network_graph(architecture, network, size)


def _side(verb: str, values: Mapping[str, Sequence[Any]]) -> str:
    """A line on inputs or outputs: `  takes image (batch, 3, 224, 224)`."""
    return f"  {verb} " + ", ".join(f"{name} ({', '.join(map(str, shape))})" for name, shape in values.items())
