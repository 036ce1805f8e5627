"""Real images reach the graph whole: enlarged, padded, split without overlap, in an order that every framework shares."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits

from parity.execution import datasets
from parity.execution.datasets import DatasetError
from parity.spec.graph import Graph, Input


def graph(*shape: int) -> Graph:
    label = Input("label", (), "integer", below=10)
    return Graph("net", (Input("image", shape),), (), (), (), training_inputs=(label,))


def test_every_digit_is_used_once() -> None:
    data = datasets.digits(graph(1, 28, 28))
    counts = np.bincount(np.concatenate([data.train["label"], data.test["label"]]))
    np.testing.assert_array_equal(counts, np.bincount(load_digits().target))


def test_an_image_is_enlarged_and_padded() -> None:
    data = datasets.digits(graph(1, 28, 28))
    image = data.train["image"][0, 0]
    assert image.shape == (28, 28) and not image[:2].any() and not image[-2:].any()
    small = image[2:26:3, 2:26:3]
    np.testing.assert_array_equal(image[2:26, 2:26], np.kron(small, np.ones((3, 3))))
    assert any(np.array_equal(small * 16, original) for original in load_digits().images)


def test_a_vector_is_the_flattened_image() -> None:
    square, flat = datasets.digits(graph(1, 28, 28)), datasets.digits(graph(784))
    np.testing.assert_array_equal(square.train["image"].reshape(-1, 784), flat.train["image"])


@pytest.mark.parametrize("shape", [(3, 28, 28), (1, 28, 27), (1, 7, 7), (783,)])
def test_an_image_that_does_not_fit_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(DatasetError, match="digits need one image"):
        datasets.digits(graph(*shape))


def test_unknown_names_are_told() -> None:
    with pytest.raises(DatasetError, match="no data set `mnist`; there are: digits"):
        datasets.load("mnist", graph(784))


def test_the_order_visits_every_example_before_one_comes_again() -> None:
    data = datasets.digits(graph(784))
    rows = datasets.order(data, 60, 32, seed=0)
    count = len(data.train["label"]) // 32
    assert len(np.unique(rows[:count])) == count * 32
    assert not np.array_equal(rows, datasets.order(data, 60, 32, seed=1))


def test_a_batch_larger_than_the_data_is_refused() -> None:
    with pytest.raises(DatasetError, match="more than the"):
        datasets.order(datasets.digits(graph(784)), 1, 10_000, seed=0)
