"""Owns the closed forms of resizing: the position of a result in the row, the kernel that weighs its neighbours, antialiasing.

It refuses to know which framework does what.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from parity.fingerprinting.forms.form import Array, Arrays, Form

ROW = np.array([3.0, -1.0, 4.0, 1.0, -5.0, 9.0])
INPUTS: Arrays = {"x": ROW}
LENGTHS = (12, 3, 4)
"""New lengths: twice, half and two thirds of the old. Positions lie on halves and quarters, which tables hold exactly."""
THRICE = 18
"""A new length for nearest neighbours alone: positions lie on thirds."""
PLACES: Mapping[str, Callable[[int], Array]] = {
    "half-pixel centers": lambda n: (np.arange(n) + 0.5) * len(ROW) / n - 0.5,
    "corners aligned": lambda n: np.arange(n) * (len(ROW) - 1) / (n - 1),
    "asymmetric": lambda n: np.arange(n) * len(ROW) / n,
}
NEAREST: Mapping[str, Callable[[Array], Array]] = {
    "rounded down": lambda places: np.floor(places + 1e-9),
    "rounded, halves up": lambda places: np.floor(places + 0.5 + 1e-9),
    "rounded, halves down": lambda places: np.ceil(places - 0.5 - 1e-9),
}


def library(arrays: Arrays) -> Mapping[str, list[Form]]:
    """The forms of each mode."""
    modes = {"nearest": nearest, "bilinear": linear, "bicubic": cubic}
    return {mode: list(forms()) for mode, forms in modes.items() if any(name.startswith(f"{mode} ") for name in arrays)}


def nearest() -> Iterator[Form]:
    for where, places in PLACES.items():
        for how, rounded in NEAREST.items():
            expected = {
                f"nearest {n}/row": ROW[np.clip(rounded(places(n)), 0, len(ROW) - 1).astype(int)] for n in (*LENGTHS, THRICE)
            }
            yield Form(f"{where}, {how}", expected)


def linear() -> Iterator[Form]:
    """Forms of linear resizing. An object that computes positions in float32 also has its weights in float32."""
    yield from _weighed("bilinear", {"": _hat}, 1)
    held = {f"bilinear {n}/row": _row(_hat, _single_corners(n), False, "repeated", 1) for n in LENGTHS}
    yield Form("corners aligned", held, "places are held in float32")


def _hat(distance: Array) -> Array:
    return np.asarray(np.clip(1 - abs(distance), 0, None))


def _single_corners(n: int) -> Array:
    return np.asarray(np.arange(n, dtype=np.float32) * np.float32((len(ROW) - 1) / (n - 1)), np.float64)


def cubic() -> Iterator[Form]:
    yield from _weighed("bicubic", {f"a = {a:g}, ": _keys(a) for a in (-0.5, -0.75)}, 2)


def _keys(a: float) -> Callable[[Array], Array]:
    """Keys 1981, the cubic convolution kernel."""

    def kernel(distance: Array) -> Array:
        d = abs(distance)
        near, far = (a + 2) * d**3 - (a + 3) * d**2 + 1, a * (d**3 - 5 * d**2 + 8 * d - 4)
        return np.where(d <= 1, near, np.where(d < 2, far, 0.0))

    return kernel


def _weighed(mode: str, kernels: Mapping[str, Callable[[Array], Array]], reach: int) -> Iterator[Form]:
    """Forms of resizing by a kernel. Beyond the ends, the last element is repeated, or the weights of existing elements are
    scaled to add up to 1."""
    for kernel_name, kernel in kernels.items():
        for where, places in PLACES.items():
            for wide in (False, True):
                for edge in ("repeated", "left out") if reach > 1 or wide else ("repeated",):
                    expected = {f"{mode} {n}/row": _row(kernel, places(n), wide, edge, reach) for n in LENGTHS}
                    ends = f", ends {edge}" if reach > 1 or wide else ""
                    yield Form(f"{kernel_name}{where}{', antialiased' if wide else ''}{ends}", expected)


def _row(kernel: Callable[[Array], Array], places: Array, wide: bool, edge: str, reach: int) -> Array:
    scale = max(len(ROW) / len(places), 1.0) if wide else 1.0
    margin = int(np.ceil(reach * scale)) + 1
    columns = np.arange(-margin, len(ROW) + margin)
    weights = kernel((columns[None] - places[:, None]) / scale)
    if edge == "left out":
        weights = weights * ((columns >= 0) & (columns < len(ROW)))
    weights = weights / weights.sum(1, keepdims=True)
    return np.asarray(weights @ ROW[np.clip(columns, 0, len(ROW) - 1)])
