"""Owns the handwritten digits (Alpaydin & Kaynak 1998): 1,797 images of 8×8, grey 0…16, ten classes.

It refuses to invent pixels: an image is enlarged by repeating its pixels, and padded with zeros.
"""

from __future__ import annotations

import numpy as np

from parity.spec.graph import Graph, Input
from parity.trials.datasets import shipped
from parity.trials.datasets.dataset import Array, Dataset, DatasetError, input_named, only, split
from parity.trials.streams import Stream, stream

SOURCE = "scikit-learn load_digits, Alpaydin & Kaynak 1998"
PAIRS, NOISES = 3, 4
"""How many pairs of each kind (same digit, other digit) an image begins; how many draws of noise come with each image."""


def digits(graph: Graph, test_share: float = 0.2) -> Dataset:
    """One image and its label. Split by a fixed permutation."""
    image, label = _image_and_label(graph)
    images, labels = _images(image.shape)
    train, test = split("digits", {image.name: images, label.name: labels}, test_share)
    return Dataset("digits", SOURCE, train, test, label.name)


def digit_pairs(graph: Graph, test_share: float = 0.2) -> Dataset:
    """Inputs `left`, `right` and `same` (1 for two images of one digit). Half of the pairs show one digit, and each image is
    paired with several others. No image of a test pair is in a training pair."""
    only(graph, "left", "right", "same")
    images, labels = _images(input_named(graph, "left", "float").shape)
    train, test = split("digits", {"image": images, "label": labels}, test_share)
    halves = (_pairs(train, stream("digit_pairs", "train")), _pairs(test, stream("digit_pairs", "test")))
    return Dataset("digit_pairs", SOURCE, halves[0], halves[1], "same")


def digits_and_noise(graph: Graph, test_share: float = 0.2) -> Dataset:
    """Inputs `real`, an image, and `noise`, standard normal; each image comes with several draws of noise."""
    only(graph, "real", "noise")
    images, labels = _images(input_named(graph, "real", "float").shape)
    halves = []
    for name, half in zip(("train", "test"), split("digits", {"image": images, "label": labels}, test_share), strict=True):
        real = np.concatenate([half["image"]] * NOISES)
        shape = (len(real), *input_named(graph, "noise", "float").shape)
        halves.append({"real": real, "noise": stream("digits_and_noise", name).standard_normal(shape)})
    return Dataset("digits_and_noise", SOURCE, halves[0], halves[1], "real")


def _images(shape: tuple[int, ...]) -> tuple[Array, Array]:
    """The images in the graph's shape, and their labels. Pixels are repeated as often as the size allows; zeros
    then pad both sides equally. Each of three channels gets the same grey; for a graph that takes a vector, the
    image is flattened. Grey is scaled to 0…1."""
    stored = shipped.arrays("digits")
    images = stored["images"] / 16.0
    side = round(float(np.sqrt(shape[0]))) if len(shape) == 1 else shape[-1]
    if shape not in ((1, side, side), (3, side, side), (side * side,)) or side < 8:
        raise DatasetError(f"digits need one image of shape (1, n, n), (3, n, n) or (n·n,) with n of at least 8, not {shape}")
    scale, before = side // 8, (side - 8 * (side // 8)) // 2
    after = side - 8 * scale - before
    large = np.kron(images, np.ones((1, scale, scale)))
    large = np.pad(large, ((0, 0), (before, after), (before, after)))
    if len(shape) == 3:
        large = np.repeat(large[:, None], shape[0], axis=1)
    return large.reshape(len(images), *shape), stored["labels"].astype(np.int64)


def _pairs(half: dict[str, Array], numbers: Stream) -> dict[str, Array]:
    images, labels = half["image"], half["label"]
    left, right = [], []
    for place, label in enumerate(labels):
        for matching in (labels == label, labels != label) * PAIRS:
            left.append(place)
            right.append(numbers.choice(np.flatnonzero(matching)))
    same = (labels[left] == labels[right]).astype(float)
    return {"left": images[left], "right": images[right], "same": same}


def _image_and_label(graph: Graph) -> tuple[Input, Input]:
    floats = [graph_input for graph_input in graph.inputs if graph_input.dtype == "float"]
    labels = [
        graph_input for graph_input in graph.training_inputs if graph_input.dtype == "integer" and graph_input.shape == ()
    ]
    if len(floats) != 1 or len(labels) != 1:
        raise DatasetError(f"{graph.name} has no single image and single label to fill from digits")
    return floats[0], labels[0]
