"""Owns what a data set is: examples to learn from and examples to be tested with, as arrays under the graph's input names.

It refuses to know any data: each module beside it owns one kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.spec.graph import Graph, Input
from parity.trials.streams import stream

Array = npt.NDArray[Any]


class DatasetError(Exception):
    """The data set is unknown or does not fit the graph; the message says what would fit."""


@dataclass(frozen=True)
class Dataset:
    """Examples by input name, (examples, *shape); targets are among them. `labels`: the input that a quality is about.

    consecutive: each example goes on where the one before it ends, so that a state may be carried over. counted: which
    entries of the test's labels a quality counts, all of them where it is None. noise: the variance that no model can explain.
    """

    name: str
    source: str
    train: Mapping[str, Array]
    test: Mapping[str, Array]
    labels: str | None
    consecutive: bool = False
    counted: Array | None = None
    noise: float = 1.0

    def count(self) -> int:
        return len(next(iter(self.train.values())))


def order(dataset: Dataset, steps: int, batch_size: int, seed: int) -> Array:
    """Which examples each step sees, (steps, batch_size): a fresh permutation every epoch, a short last batch left out.

    Consecutive examples are read as `batch_size` tapes side by side, each from its begin to its end and over again.
    """
    count = dataset.count()
    if batch_size > count:
        raise DatasetError(f"a batch of {batch_size} is more than the {count} examples of {dataset.name}")
    if dataset.consecutive:
        length = count // batch_size
        return np.arange(batch_size)[None, :] * length + (np.arange(steps) % length)[:, None]
    numbers = stream(dataset.name, "order", seed)
    rows: list[Array] = []
    while len(rows) < steps:
        shuffled = numbers.permutation(count)
        rows += [shuffled[start : start + batch_size] for start in range(0, count - batch_size + 1, batch_size)]
    return np.asarray(rows[:steps], dtype=np.int64)


def split(name: str, arrays: Mapping[str, Array], test_share: float) -> tuple[dict[str, Array], dict[str, Array]]:
    """Training and test examples by a fixed permutation."""
    count = len(next(iter(arrays.values())))
    shuffled = stream(name, "split").permutation(count)
    cut = round(count * test_share)
    test = {key: array[shuffled[:cut]] for key, array in arrays.items()}
    return {key: array[shuffled[cut:]] for key, array in arrays.items()}, test


def given(graph: Graph, name: str, dtype: str, rank: int | None = None) -> Input:
    """The input of that name, which the data set fills; an error where the graph has none of that kind."""
    for graph_input in graph.batch_inputs():
        if graph_input.name == name and graph_input.dtype == dtype and rank in (None, len(graph_input.shape)):
            return graph_input
    ranked = "" if rank is None else f" with {rank} axes"
    raise DatasetError(f"{graph.name} has no {dtype} input `{name}`{ranked} to fill")


def only(graph: Graph, *names: str) -> None:
    """An error where the graph has inputs beside these, which the data set could not fill."""
    if strange := sorted({graph_input.name for graph_input in graph.batch_inputs()} - set(names)):
        raise DatasetError(f"{graph.name} has inputs that this data set does not fill: {', '.join(strange)}")
