"""Owns two photographs, a Chinese temple and a flower (427×640, CC BY), whole or as patches.

It refuses to interpolate: each pixel of a smaller image is the mean of the pixels that fall into it.
"""

from __future__ import annotations

import numpy as np

from parity.spec.graph import Graph
from parity.trials.datasets import shipped
from parity.trials.datasets.dataset import Array, Dataset, DatasetError, input_named, only
from parity.trials.streams import Stream, stream

SOURCE = "scikit-learn load_sample_images"
TRAINED, TESTED = 512, 128
CUT = 256
"""The side length of a patch in the photograph, before the patch is shrunk to the graph's image. It is most of the photograph's
height, since a generator whose layers are normalized per image does not see how bright a patch is. The test has other patches
of the same two photographs."""


def photograph_styles(graph: Graph) -> Dataset:
    """Inputs `content`, the flower, and `style`, the temple, in −1 … 1: a single example, for an image that is optimized."""
    only(graph, "content", "style")
    height, width = _size(graph, "content")
    china, flower = _photographs()
    example = {"content": shrunk(flower, height, width)[None], "style": shrunk(china, height, width)[None]}
    return Dataset("photograph_styles", SOURCE, example, {}, None)


def photograph_patches(graph: Graph) -> Dataset:
    """Inputs `real`, a patch of either photograph, and `noise`, standard normal."""
    only(graph, "real", "noise")
    size, noise = _size(graph, "real"), input_named(graph, "noise", "float").shape
    halves = []
    for name, count in (("train", TRAINED), ("test", TESTED)):
        numbers = stream("photograph_patches", name)
        real = np.concatenate([_patches(image, count // 2, size, numbers) for image in _photographs()])
        halves.append({"real": real, "noise": numbers.standard_normal((len(real), *noise))})
    return Dataset("photograph_patches", SOURCE, halves[0], halves[1], "real")


def photograph_domains(graph: Graph) -> Dataset:
    """Inputs `a`, patches of the temple, and `b`, patches of the flower, paired at random."""
    only(graph, "a", "b")
    size = _size(graph, "a")
    halves = []
    for name, count in (("train", TRAINED), ("test", TESTED)):
        numbers = stream("photograph_domains", name)
        halves.append({key: _patches(image, count, size, numbers) for key, image in zip("ab", _photographs(), strict=True)})
    return Dataset("photograph_domains", SOURCE, halves[0], halves[1], "a")


def shrunk(image: Array, height: int, width: int) -> Array:
    """A smaller image: each pixel is the mean of the pixels that fall into it. image: (channels, rows, columns)."""
    for axis, size in ((1, height), (2, width)):
        edges = np.arange(size + 1) * image.shape[axis] // size
        counts = np.diff(edges).reshape([-1 if place == axis else 1 for place in range(3)])
        image = np.add.reduceat(image, edges[:-1], axis=axis) / counts
    return image


def _photographs() -> list[Array]:
    """Both photographs, (3, 427, 640) each, in −1 … 1."""
    stored = shipped.arrays("photographs")
    return [stored[name].astype(float).transpose(2, 0, 1) / 127.5 - 1 for name in ("china", "flower")]


def _patches(image: Array, count: int, size: tuple[int, int], numbers: Stream) -> Array:
    _, rows, columns = image.shape
    tops, lefts = numbers.randint(0, rows - CUT + 1, count), numbers.randint(0, columns - CUT + 1, count)
    cuts = (image[:, top : top + CUT, left : left + CUT] for top, left in zip(tops, lefts, strict=True))
    return np.stack([shrunk(cut, *size) for cut in cuts])


def _size(graph: Graph, name: str) -> tuple[int, int]:
    shape = input_named(graph, name, "float", 3).shape
    if shape[0] != 3 or min(shape[1:]) < 8 or shape[1] > 427 or shape[2] > 640:
        raise DatasetError(f"{graph.name}: a photograph has 3 channels and at most 427×640 pixels, not {shape}")
    return shape[1], shape[2]
