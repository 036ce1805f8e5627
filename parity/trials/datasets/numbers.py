"""Owns data of a few numbers: the four cases of exclusive or, and a sine with noise.

It refuses to read any file.
"""

from __future__ import annotations

import numpy as np

from parity.spec.graph import Graph
from parity.trials.datasets.dataset import Dataset, DatasetError, input_named, only
from parity.trials.streams import sine, stream

STEPS, TRAINED, SPREAD = 1600, 1200, 0.2
"""The number of values of the sine, the number of values for training, and the standard deviation of the noise."""


def exclusive_or(graph: Graph) -> Dataset:
    """Inputs `features` (two bits) and `target`: the lower end of its range stands for false, the upper for true.

    There are only four cases, so training and test are the same (Minsky & Papert 1969: no line separates them).
    """
    only(graph, "features", "target")
    shape, low_high = input_named(graph, "features", "float").shape, input_named(graph, "target", "float", 1).range
    if shape != (2,) or low_high is None:
        raise DatasetError(f"{graph.name}: exclusive or needs two features, not {shape}, and a target with a range")
    features = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    target = np.array([[low_high[int(item != other)]] for item, other in features])
    cases = {"features": features, "target": target}
    return Dataset("exclusive_or", "Minsky & Papert 1969, Perceptrons", cases, cases, "target")


def noisy_sine(graph: Graph) -> Dataset:
    """Inputs `window` and `next`: sin(t/100) for t = 1, 2, …, with normal noise of standard deviation 0.2.

    The first 1,200 values are for training, the later windows for the test. The best
    prediction leaves the variance of the noise.
    """
    only(graph, "window", "next")
    order = input_named(graph, "window", "float", 1).shape[0]
    if input_named(graph, "next", "float", 1).shape != (1,) or order >= TRAINED:
        raise DatasetError(f"{graph.name}: the sine needs a window of fewer than {TRAINED} values and one next value")
    series = sine(0.01 * np.arange(1, STEPS + 1)) + SPREAD * stream("noisy_sine").standard_normal(STEPS)
    windows = np.lib.stride_tricks.sliding_window_view(series, order + 1)
    last = windows.shape[0] - (STEPS - TRAINED)
    halves = [{"window": part[:, :order], "next": part[:, order:]} for part in (windows[:last], windows[last:])]
    source = f"sin(t/100) with normal noise of standard deviation {SPREAD}"
    return Dataset("noisy_sine", source, halves[0], halves[1], "next", noise=SPREAD**2)
