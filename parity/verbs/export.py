"""Owns `parity export`: a network and its weights as an ONNX model, written by ONNX's own worker and seen to hold every bit.

It refuses what ONNX cannot say, naming the op, and weights that are not the spec's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from parity.execution import draws as drawing
from parity.verbs import selection, weights

FRAMEWORK, INITIALIZER = "onnx", "glorot_uniform"


def to_onnx(spec: str, onnx: Path, weights_file: Path | None, opset: int | None, size: str, seed: int) -> int:
    """Writes the model and says what it takes and gives. Without weights: initial values as `check` draws them."""
    graph = weights.graph(spec, size)
    if weights_file is None:
        drawn = drawing.initial_values(graph, selection.initializer(INITIALIZER), weights.DTYPE, seed=seed, batch_size=1)
        arrays = {name: array for name, array in drawn.items() if not name.startswith("carried/")}
        origin = f"initial values, {INITIALIZER} with seed {seed}: not trained"
    else:
        arrays, origin = weights.neutral(weights_file, graph), f"weights of {weights_file}"
    arguments = {} if opset is None else {"opset": float(opset)}
    found = weights.moved(graph, spec, size, FRAMEWORK, arrays, arguments)
    told = json.loads(found["native/model.json"].tobytes())
    onnx.parent.mkdir(parents=True, exist_ok=True)
    aside = onnx.with_name(f"{onnx.name}.new")
    aside.write_bytes(found["native/model.onnx"].tobytes())
    aside.replace(onnx)
    head = f"wrote {onnx}: {graph.name}, opset {told['opset']}, {weights.DTYPE}, {graph.parameter_count():,} parameters"
    for line in (head, f"  {origin}", _side("takes", told["inputs"]), _side("gives", told["outputs"])):
        Console().print(line, markup=False, highlight=False, soft_wrap=True)
    return 0


def _side(verb: str, values: Mapping[str, Sequence[Any]]) -> str:
    """`  takes image (batch, 3, 224, 224)`."""
    return f"  {verb} " + ", ".join(f"{name} ({', '.join(map(str, shape))})" for name, shape in values.items())
