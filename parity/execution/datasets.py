"""Owns real and generated data: what `training` cases learn from, as arrays under the graph's input names.

It refuses to download anything: real images come with scikit-learn, the rest is computed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.execution.draws import stream
from parity.spec.graph import Graph

Array = npt.NDArray[Any]


class DatasetError(Exception):
    """The data set is unknown or does not fit the graph; the message says what would fit."""


@dataclass(frozen=True)
class Dataset:
    """Examples by input name, (examples, *shape); targets are among them. `labels`: the input that accuracy is about."""

    name: str
    source: str
    train: Mapping[str, Array]
    test: Mapping[str, Array]
    labels: str | None


def digits(graph: Graph, test_share: float = 0.2) -> Dataset:
    """scikit-learn's handwritten digits (Alpaydin & Kaynak 1998): 1,797 images of 8×8, grey 0…16, ten classes.

    Enlarged by repeating pixels as often as fits into the graph's image, then padded with zeros to its size, equally on both
    sides; flattened where the graph takes a vector. Grey is scaled to 0…1. Split by a fixed permutation.
    """
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images, labels = bunch.images / 16.0, bunch.target.astype(np.int64)
    image, label = _image_and_label(graph)
    side = round(float(np.sqrt(image.shape[0]))) if len(image.shape) == 1 else image.shape[-1]
    square = (1, side, side) if len(image.shape) == 3 else (side * side,)
    if image.shape != square or side < 8:
        raise DatasetError(f"digits need one image of shape (1, n, n) or (n·n,) with n of at least 8, not {image.shape}")
    scale, before = side // 8, (side - 8 * (side // 8)) // 2
    after = side - 8 * scale - before
    large = np.kron(images, np.ones((1, scale, scale)))
    large = np.pad(large, ((0, 0), (before, after), (before, after))).reshape(len(images), *image.shape)
    return _split(
        "digits",
        "scikit-learn load_digits, Alpaydin & Kaynak 1998",
        {image.name: large, label.name: labels},
        label.name,
        test_share,
    )


DATASETS: dict[str, Callable[[Graph], Dataset]] = {
    "digits": digits,
}


def load(name: str, graph: Graph) -> Dataset:
    if name not in DATASETS:
        raise DatasetError(f"no data set `{name}`; there are: {', '.join(sorted(DATASETS))}")
    return DATASETS[name](graph)


def order(dataset: Dataset, steps: int, batch_size: int, seed: int) -> Array:
    """Which examples each step sees, (steps, batch_size): a fresh permutation every epoch, a short last batch left out."""
    count = len(next(iter(dataset.train.values())))
    if batch_size > count:
        raise DatasetError(f"a batch of {batch_size} is more than the {count} examples of {dataset.name}")
    numbers = stream(dataset.name, "order", seed)
    rows: list[Array] = []
    while len(rows) < steps:
        shuffled = numbers.permutation(count)
        rows += [shuffled[start : start + batch_size] for start in range(0, count - batch_size + 1, batch_size)]
    return np.asarray(rows[:steps], dtype=np.int64)


def _image_and_label(graph: Graph) -> tuple[Any, Any]:
    floats = [given for given in graph.inputs if given.dtype == "float"]
    labels = [given for given in graph.training_inputs if given.dtype == "integer" and given.shape == ()]
    if len(floats) != 1 or len(labels) != 1:
        raise DatasetError(f"{graph.name} has no single image and single label to fill from digits")
    return floats[0], labels[0]


def _split(name: str, source: str, arrays: Mapping[str, Array], labels: str, test_share: float) -> Dataset:
    count = len(arrays[labels])
    shuffled = stream(name, "split").permutation(count)
    cut = round(count * test_share)
    test = {key: array[shuffled[:cut]] for key, array in arrays.items()}
    train = {key: array[shuffled[cut:]] for key, array in arrays.items()}
    return Dataset(name, source, train, test, labels)
