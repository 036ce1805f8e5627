"""Label smoothing over a vocabulary: targets of equal numbers add up to one, and a gradient must not take them for less."""

from __future__ import annotations

from math import sqrt
from pathlib import Path

import numpy as np
import pytest
from single_op_budgets import ONE_OP

from parity.execution import arrays as array_files
from parity.judgement.budgets import roundoff
from parity.ops.definition import Example
from parity.spec.op_graphs import op_graph
from parity.trials import draws as drawing
from parity.trials import selection
from parity.trials.session import Session
from parity.trials.trial import Options, Trial

CLASSES, BATCH = 37_000, 4


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("layout", [(CLASSES,), (CLASSES, 3), (3, CLASSES)])
def test_the_gradients_of_all_logits_cancel(framework: str, layout: tuple[int, ...], dtype: str, tmp_path: Path) -> None:
    """Their sum is what the probabilities have more than the targets: zero. Each step of a running sum of n equal numbers loses
    up to u of what is there, and of a binade always to the same side: n·u, 12,500 u measured, and 1,200 to 3,400 u in lanes.
    What is not all to one side is √n·u (single_op_budgets.ONE_OP)."""
    axis, positions = layout.index(CLASSES), tuple(size for size in layout if size != CLASSES)
    attributes = {"smoothing": 0.1, "axis": axis}
    example = Example({"x": layout, "labels": positions}, attributes, below={"labels": CLASSES})
    graph = op_graph("softmax_cross_entropy", example)
    draws = drawing.draw(graph, selection.initializer("glorot_uniform"), dtype, batch_size=BATCH)
    case = Options(dtypes=(dtype,)).case("smoothed", dtype, graph=graph, batch_size=BATCH)
    (judged,) = Session(tmp_path, [framework]).run([Trial(case, draws.arrays, lambda _arrays: [], "losses")])
    assert judged.record.outcome == "ran", judged.record.reason
    gradient = array_files.load(judged.out, judged.record.arrays)["input_gradient/x"].astype(np.float64)
    size = np.abs(gradient).sum(axis=axis + 1) / 2  # of each side: the label's, and all others'
    assert (size > 0).all()
    lost = np.abs(gradient.sum(axis=axis + 1)) / size
    assert (lost <= ONE_OP * sqrt(CLASSES) * roundoff(dtype)).all(), f"{lost / roundoff(dtype)} u"
