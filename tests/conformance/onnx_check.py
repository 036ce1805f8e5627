"""Every opset that is written gives the outputs of the first: `python onnx_check.py GRAPH.json ARRAYS.npz`.

Runs in ONNX's interpreter (numpy, onnx and onnxruntime suffice) and exits 1 where a model is not valid, or where another
batch than the drawn one does not fit. It refuses to know what is right: the first opset is judged by the check.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import numpy as np

from parity.onnx_impl.framework import FILE, OPSETS, Implementation
from parity.spec.cases import Case
from parity.spec.graph import Graph


def findings(graph: Graph, arrays: dict[str, np.ndarray]) -> Iterator[str]:
    weights = {name.partition("/")[2]: array for name, array in arrays.items() if not name.startswith("batch/")}
    batch = {name.removeprefix("batch/0/"): array for name, array in arrays.items() if name.startswith("batch/0/")}
    first: dict[str, np.ndarray] = {}
    for opset in OPSETS:
        case = Case("opsets", "weights", "float32", graph=graph, arguments={"opset": float(opset)}, activations=False)
        realization = Implementation().realize(case)
        realization.set_parameters(weights)
        written = realization.save()
        realization.load({FILE: written[FILE]})
        seen = dict(realization.forward(realization.place(batch), training=False).values)
        first = first or seen
        for name, array in seen.items():
            if not np.allclose(array, first[name], rtol=1e-5, atol=1e-6):
                yield f"opset {opset}: {name} differs from opset {OPSETS[0]}"
        doubled = {name: np.concatenate([array, array]) for name, array in batch.items()}
        for name, array in realization.forward(realization.place(doubled), training=False).values.items():
            if array.shape[0] != 2 * seen[name].shape[0]:
                yield f"opset {opset}: {name} has shape {array.shape} for twice the batch"


def main() -> int:
    with open(sys.argv[1], encoding="utf-8") as file:
        graph = Graph.from_json(json.load(file))
    with np.load(sys.argv[2]) as arrays:
        found = list(findings(graph, dict(arrays)))
    print("\n".join(found))  # noqa: T201 - the answer
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
