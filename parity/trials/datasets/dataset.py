"""Owns the data set: training and test examples, as arrays under the names of the graph's inputs.

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
    """Examples by input name, (examples, *shape), targets included. `labels`: the input that a quality is measured on.

    consecutive: each example begins where the example before it ends, so that a state may be carried over. counted: which
    entries of the test's labels a quality counts; None for all. noise: the variance that no model can explain.
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
    """The examples of each step, (steps, batch_size): a new permutation every epoch; a short last batch is left out.

    Consecutive examples are read as `batch_size` tapes side by side, each from begin to end and then again.
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


def input_named(graph: Graph, name: str, dtype: str, rank: int | None = None) -> Input:
    """The graph's input of this name, which the data set fills. Raises DatasetError if there is none of this type and rank."""
    for graph_input in graph.batch_inputs():
        if graph_input.name == name and graph_input.dtype == dtype and rank in (None, len(graph_input.shape)):
            return graph_input
    ranked = "" if rank is None else f" with {rank} axes"
    raise DatasetError(f"{graph.name} has no {dtype} input `{name}`{ranked} to fill")


def only(graph: Graph, *names: str) -> None:
    """Raises DatasetError if the graph has other inputs too, which the data set could not fill."""
    if strange := sorted({graph_input.name for graph_input in graph.batch_inputs()} - set(names)):
        raise DatasetError(f"{graph.name} has inputs that this data set does not fill: {', '.join(strange)}")
