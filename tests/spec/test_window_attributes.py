"""Kernels, strides and paddings of sequences and volumes as a file says them: one number, one for each axis, or both ends."""

from __future__ import annotations

import pytest

from parity.spec.expansion import expand
from parity.spec.graph import Node
from parity.spec.mistakes import SpecError
from parity.spec.specs import Architecture, parse


def node(shape: str, layer: str) -> Node:
    spec = parse(f"name: tiny\nsource: none\ninputs: {{given: {{shape: {shape}}}}}\nlayers:\n  - {layer}\n", "tiny.yaml")
    assert isinstance(spec, Architecture)
    return expand(spec).nodes[0]


@pytest.mark.parametrize(
    ("written", "expected"), [("1", [1, 1]), ("[2, 0]", [2, 0]), ("[0, 1]", [0, 1])], ids=["number", "before", "after"]
)
def test_the_ends_of_a_sequence(written: str, expected: list[int]) -> None:
    made = node("[7, 2]", f"conv1d conv: {{channels: 3, kernel: 3, padding: {written}}}")
    assert made.attributes["padding"] == expected
    assert made.outputs[""] == (5 + sum(expected), 3)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("1", [[1, 1], [1, 1], [1, 1]]),
        ("[1, 0, 2]", [[1, 1], [0, 0], [2, 2]]),
        ("[[0, 1], 2, [3, 0]]", [[0, 1], [2, 2], [3, 0]]),
    ],
    ids=["number", "axes", "borders"],
)
def test_the_borders_of_a_volume(written: str, expected: list[list[int]]) -> None:
    made = node("[2, 3, 5, 7]", f"conv3d conv: {{channels: 3, kernel: [3, 1, 2], padding: {written}}}")
    assert made.attributes["kernel"] == [3, 1, 2]
    assert made.attributes["padding"] == expected
    assert node("[2, 3, 5, 7]", "conv3d conv: {channels: 3, kernel: 3}").attributes["kernel"] == [3, 3, 3]


@pytest.mark.parametrize(
    ("shape", "layer", "message"),
    [
        ("[7, 2]", "conv1d c: {channels: 3, kernel: 3, padding: causal}", r"never `causal`: 1 or \[1, 2\] \(before, after\)"),
        ("[7, 2]", "conv1d c: {channels: 3, kernel: 3, padding: [1, 2, 3]}", r"explicit numbers: 1 or \[1, 2\]"),
        ("[7, 2]", "conv1d c: {channels: 3, kernel: 3, padding: -1}", "`padding` is at least 0, not -1"),
        ("[2, 3, 5, 7]", "conv3d c: {channels: 3, kernel: [3, 1]}", r"one number, or three: \[depth, height, width\]"),
        ("[2, 3, 5, 7]", "conv3d c: {channels: 3, kernel: 1, padding: [1, 2]}", r"\[\[0, 1\], \[0, 1\], \[0, 1\]\]"),
        ("[2, 3, 5, 7]", "conv3d c: {channels: 3, kernel: 1, padding: [[1, 2, 3], 0, 0]}", "explicit numbers: 1"),
        ("[2, 3, 5, 7]", "conv3d c: {channels: 3, kernel: [3, 0, 1]}", "`kernel` is at least 1, not 0"),
    ],
)
def test_what_is_refused(shape: str, layer: str, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        node(shape, layer)


def test_the_axes_of_a_volume_have_names() -> None:
    assert node("[2, 3, 5, 7]", "softmax s: {axis: depth}").attributes["axis"] == 1
