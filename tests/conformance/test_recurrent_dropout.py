"""Dropout between recurrent layers that no mask was drawn for: the native one must drop in training, and in training alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hand_built import Builder, draw

from parity.execution import arrays as array_files
from parity.execution.protocol import Array
from parity.spec.graph import Graph
from parity.trials.session import Session
from parity.trials.trial import Options, Trial


def _stacked(op: str) -> Graph:
    """Two layers with dropout, and no input for a mask."""
    build = Builder()
    x = build.input("x", (5, 3))
    weights = build.input("weights", (5, 7))
    build.node(op, "node", {"x": x}, units=7, layers=2, dropout=0.5)
    build.node("weighted_sum", "loss", {"x": "node", "weights": weights})
    build.phase(1)
    return build.graph(("node",))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("op", ["rnn", "lstm", "gru"])
def test_the_native_dropout_drops_in_training(framework: str, op: str, dtype: str, tmp_path: Path) -> None:
    graph = _stacked(op)
    values = draw(graph, 11)
    inputs = {given.name for given in graph.batch_inputs()}
    arrays: dict[str, Array] = {
        f"batch/0/{name}" if name in inputs else f"parameter/{name}": value.astype(dtype) for name, value in values.items()
    }
    case = Options(dtypes=(dtype,)).case(op, dtype, graph=graph, batch_size=11)
    (judged,) = Session(tmp_path, [framework]).run([Trial(case, arrays, lambda _arrays: [], "layers")])
    assert judged.record.outcome == "ran", judged.record.reason
    found = array_files.load(judged.out, judged.record.arrays)
    training, evaluation = found["value/node"], found["forward/node"]
    assert np.isfinite(training).all()
    assert (training[:, 0] != evaluation[:, 0]).any(), "what no mask was drawn for is let through in training"
