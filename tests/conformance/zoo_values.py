"""Owns the numbers of a comparison with a model zoo, by name, the same in every interpreter: parameters, statistics, images.

It refuses to be small: kernels keep the size of what passes through them, so that the last layer's outputs are no rounding.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from parity.spec.graph import Graph, Node, Shape

Array = NDArray[np.float64]
BATCH, CLASSES = 1, 7
AROUND = {
    "bias": (0.0, 0.1),
    "scale": (1.0, 0.3),
    "shift": (0.0, 0.3),
    "running_mean": (0.0, 0.3),
    "running_variance": (1.0, 0.5),
}


def numbers(name: str) -> np.random.RandomState:
    return np.random.RandomState(crc32(name.encode()))


def weights(graph: Graph) -> dict[str, Array]:
    """Parameters and statistics by their names; kernels normal with variance 2/fan_in (He et al. 2015)."""
    fans = {parameter.name: parameter.fan_in for parameter in graph.parameters}
    found: dict[str, Array] = {}
    for role, name, shape in entries(graph):
        if role in AROUND:
            centre, spread = AROUND[role]
            found[name] = centre + numbers(name).uniform(-spread, spread, shape)
        else:
            found[name] = sqrt(2 / fans[name]) * numbers(name).standard_normal(shape)
    return found


def entries(graph: Graph) -> Iterator[tuple[str, str, Shape]]:
    """(role, name, shape) of every parameter and statistic, layer after layer."""
    shapes = {one.name: one.shape for one in (*graph.parameters, *graph.statistics)}
    for node in layers(graph):
        for role, name in (*node.parameters.items(), *node.statistics.items()):
            yield role, name, shapes[name]


def layers(graph: Graph) -> list[Node]:
    return [node for node in graph.nodes if node.parameters]


def images(graph: Graph) -> Array:
    (image,) = graph.inputs
    return numbers("image").standard_normal((BATCH, *image.shape))
