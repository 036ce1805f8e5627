"""Draws that a case is judged on: every parameter must move something, or a fault behind it could not show."""

from __future__ import annotations

import numpy as np

from parity.judgement import agreement
from parity.spec import specs as language
from parity.spec.expansion import expand
from parity.trials import draws as drawing
from parity.trials import selection
from parity.trials.networks import architecture_trials, batch_size_of, dead, hidden, masked
from parity.trials.trial import Options

SEED = 77
"""In this seed's first draw GoogLeNet's last 5x5 branch is alive only where nothing behind it is: three gradients are zero."""


def test_a_parameter_that_moves_nothing_is_drawn_again() -> None:
    googlenet, initializer = language.load("architectures/googlenet"), selection.initializer("glorot_uniform")
    assert isinstance(googlenet, language.Architecture)
    graph, rates = masked(expand(googlenet, "small"))
    batch = {"batch_size": batch_size_of(graph, "small"), "batches": 1}
    first = drawing.draw(graph, initializer, "float64", seed=SEED, rates=rates, **batch)
    references = agreement.references(graph, first.values(), "float64")
    assert hidden(references) and not dead(references)

    options = Options(dtypes=("float64",), seed=SEED, nodes=False, steps=1)
    (trial,) = architecture_trials(googlenet, initializer, selection.optimizer("adam"), options)
    assert trial.redraws > 0
    inputs = {given.name for given in graph.batch_inputs()}
    values = {key.split("/", 1)[1]: array for key, array in trial.arrays.items() if not key.startswith("batch/")}
    values |= {name: trial.arrays[f"batch/0/{name}"] for name in inputs}
    chosen = agreement.references(graph, values, "float64")
    assert all(np.any(gradient) for gradient in chosen.training.reference.gradients.values())
