"""Convolutions, pools and norms against plain loops over single numbers, written from their definitions."""

from __future__ import annotations

from itertools import product
from math import prod, sqrt
from typing import Any

import numpy as np
import pytest
from op_examples import complete, draw

from parity.ops import TABLE
from parity.ops.definition import Array, Example, Run

Values = dict[str, Any]


def pixel(image: Array, row: int, column: int, outside: float) -> float:
    """One channel's number, or `outside` where there is none."""
    inside = 0 <= row < image.shape[0] and 0 <= column < image.shape[1]
    return float(image[row, column]) if inside else outside


def conv2d(a: Values, at: Values) -> Array:
    x, kernel = a["x"], a["kernel"]
    batch, _, height, width = x.shape
    (top, bottom), (left, right) = at["padding"]
    (down, along), (over, across) = at["stride"], at["dilation"]
    filters, inputs, rows, columns = kernel.shape
    y = np.zeros(
        (
            batch,
            filters,
            (height + top + bottom - over * (rows - 1) - 1) // down + 1,
            (width + left + right - across * (columns - 1) - 1) // along + 1,
        )
    )
    for n, o, i, j in np.ndindex(*y.shape):
        first = o // (filters // at["groups"]) * inputs
        total = float(a["bias"][o]) if "bias" in a else 0.0
        for c, p, q in product(range(inputs), range(rows), range(columns)):
            seen = pixel(x[n, first + c], i * down + p * over - top, j * along + q * across - left, 0.0)
            total += seen * float(kernel[o, c, p, q])
        y[n, o, i, j] = total
    return y


def conv_transpose2d(a: Values, at: Values) -> Array:
    x, kernel = a["x"], a["kernel"]
    batch, inputs, height, width = x.shape
    (top, bottom), (left, right) = at["padding"]
    (down, along) = at["stride"]
    _, filters, rows, columns = kernel.shape
    (deep, wide) = at["dilation"]
    reach = ((rows - 1) * deep + 1, (columns - 1) * wide + 1)
    full = np.zeros((batch, filters, (height - 1) * down + reach[0], (width - 1) * along + reach[1]))
    for n, c, i, j, o, p, q in np.ndindex(batch, inputs, height, width, filters, rows, columns):
        full[n, o, i * down + p * deep, j * along + q * wide] += x[n, c, i, j] * kernel[c, o, p, q]
    y = full[:, :, top : full.shape[2] - bottom, left : full.shape[3] - right]
    for o in range(filters):
        y[:, o] += a["bias"][o] if "bias" in a else 0.0
    return y


def pool(a: Values, at: Values, outside: float, combine: Any) -> Array:
    x = a["x"]
    batch, channels, height, width = x.shape
    (top, bottom), (left, right) = at["padding"]
    (rows, columns), (down, along) = at["kernel"], at["stride"]
    y = np.zeros((batch, channels, (height + top + bottom - rows) // down + 1, (width + left + right - columns) // along + 1))
    for n, c, i, j in np.ndindex(*y.shape):
        places = [(i * down + p - top, j * along + q - left) for p, q in product(range(rows), range(columns))]
        real = [place for place in places if 0 <= place[0] < height and 0 <= place[1] < width]
        y[n, c, i, j] = combine([pixel(x[n, c], *place, outside) for place in places], len(real))
    return y


def max_pool2d(a: Values, at: Values) -> Array:
    return pool(a, at, -np.inf, lambda seen, real: max(seen))


def average_pool2d(a: Values, at: Values) -> Array:
    return pool(a, at, 0.0, lambda seen, real: sum(seen) / (len(seen) if at["count_padding"] else real))


def normalised(numbers: list[float], epsilon: float) -> list[float]:
    mean = sum(numbers) / len(numbers)
    variance = sum((number - mean) ** 2 for number in numbers) / len(numbers)
    return [(number - mean) / sqrt(variance + epsilon) for number in numbers]


def normalised_over(x: Array, kept: tuple[int, ...], epsilon: float) -> Array:
    """Normalises the numbers that agree in the axes `kept`."""
    y = np.zeros_like(x)
    for key in np.ndindex(*(x.shape[axis] for axis in kept)):
        members = [index for index in np.ndindex(*x.shape) if tuple(index[axis] for axis in kept) == key]
        for index, value in zip(members, normalised([float(x[index]) for index in members], epsilon), strict=True):
            y[index] = value
    return y


def along(numbers: Array, axis: int, rank: int) -> Array:
    return numbers.reshape(*(-1 if place == axis else 1 for place in range(rank)))


def batch_norm(a: Values, at: Values) -> Array:
    y = normalised_over(a["x"], (1,), at["epsilon"])
    scale, shift = a.get("scale", np.ones(y.shape[1])), a.get("shift", np.zeros(y.shape[1]))
    return y * along(scale, 1, y.ndim) + along(shift, 1, y.ndim)


def instance_norm(a: Values, at: Values) -> Array:
    y = normalised_over(a["x"], (0, 1), at["epsilon"])
    return y * along(a["scale"], 1, 4) + along(a["shift"], 1, 4) if at["affine"] else y


def layer_norm(a: Values, at: Values) -> Array:
    rank = a["x"].ndim
    axis = at["axis"] % (rank - 1) + 1
    y = normalised_over(a["x"], tuple(place for place in range(rank) if place != axis), at["epsilon"])
    return y * along(a["scale"], axis, rank) + along(a["shift"], axis, rank)


def local_response_norm(a: Values, at: Values) -> Array:
    x, half = a["x"], at["size"] // 2
    y = np.zeros_like(x)
    for n, c, i, j in np.ndindex(*x.shape):
        near = range(max(0, c - half), min(x.shape[1], c + half + 1))
        y[n, c, i, j] = x[n, c, i, j] / (at["k"] + at["alpha"] * sum(float(x[n, d, i, j]) ** 2 for d in near)) ** at["beta"]
    return y


LOOPS = {
    "average_pool2d": average_pool2d,
    "batch_norm": batch_norm,
    "conv2d": conv2d,
    "conv_transpose2d": conv_transpose2d,
    "instance_norm": instance_norm,
    "layer_norm": layer_norm,
    "local_response_norm": local_response_norm,
    "max_pool2d": max_pool2d,
}
EVERYTHING = Example(
    {"x": (4, 5, 7)},
    {"channels": 6, "kernel": (2, 3), "stride": (2, 1), "padding": ((1, 2), (0, 3)), "dilation": (3, 2), "groups": 2},
    name="everything",
)
CASES = [(name, example) for name in LOOPS for example in TABLE[name].EXAMPLES] + [("conv2d", EVERYTHING)]


@pytest.mark.parametrize(("name", "example"), CASES, ids=[f"{name}-{example.name}".rstrip("-") for name, example in CASES])
@pytest.mark.parametrize("seed", [1, 2])
def test_forward_agrees_with_plain_loops(name: str, example: Example, seed: int) -> None:
    drawn = draw(TABLE[name], example, seed)
    expected = LOOPS[name](dict(drawn.arrays), complete(TABLE[name], example))
    outputs, _ = drawn.forward(Run())
    np.testing.assert_allclose(outputs[""], expected, rtol=1e-11, atol=1e-12)


def test_conv_transpose2d_is_the_transpose_of_conv2d() -> None:
    """⟨conv(x), y⟩ = ⟨x, transposed(y)⟩ with the same kernel, where the strides leave nothing out."""
    numbers = np.random.RandomState(3)
    x, y = numbers.standard_normal((2, 3, 7, 9)), numbers.standard_normal((2, 5, 4, 4))
    kernel = numbers.standard_normal((5, 3, 3, 2))
    attributes: Values = {"stride": (2, 3), "padding": ((1, 1), (2, 0)), "dilation": (1, 1), "groups": 1}
    forward, _ = TABLE["conv2d"].forward(Run(), x, kernel, **attributes)
    assert forward.shape == y.shape
    back, _ = TABLE["conv_transpose2d"].forward(Run(), y, kernel, **attributes)
    assert back.shape == x.shape
    np.testing.assert_allclose(np.sum(forward * y), np.sum(x * back), rtol=1e-12)


def test_a_wide_convolution_keeps_to_the_loops() -> None:
    """More numbers than one window holds in the examples: 3 images, 5×5 kernels, all borders different."""
    example = Example({"x": (3, 9, 11)}, {"channels": 2, "kernel": (5, 5), "padding": ((4, 1), (2, 3)), "stride": (3, 2)})
    drawn = draw(TABLE["conv2d"], example, 5)
    assert prod(drawn.outputs[""]) == 2 * 4 * 6
    np.testing.assert_allclose(
        drawn.forward(Run())[0][""], conv2d(dict(drawn.arrays), complete(TABLE["conv2d"], example)), rtol=1e-11, atol=1e-12
    )
