"""Owns the pictures of specs: paths of optimizers, draws of initializers against their claims, sizes by depth.

It refuses to compute them: `parity.trials.illustrations` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, pi, sin, sqrt
from typing import Protocol

from parity.reporting.pictures import Axis, LinePicture, Series

PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#333333")
"""Colours of Okabe & Ito for series that are no frameworks: told apart by readers who see fewer colours."""
LEVELS = (0.02, 0.1, 0.4, 1.2, 3.0, 6.0, 12.0)


def paths(found: Sequence[DrawnPath], curvatures: tuple[float, float], what: str) -> LinePicture:
    """Paths of optimizers over the lines of equal height of (a·x² + b·y²)/2."""
    turns = [2 * pi * place / 120 for place in range(121)]
    lines = [
        Series(
            "",
            "#cccccc",
            [sqrt(2 * level / curvatures[0]) * cos(turn) for turn in turns],
            [sqrt(2 * level / curvatures[1]) * sin(turn) for turn in turns],
        )
        for level in LEVELS
    ]
    lines += [
        Series(path.name, PALETTE[place % len(PALETTE)], [x for x, _ in path.points], [y for _, y in path.points], place)
        for place, path in enumerate(found)
    ]
    told = "; ".join(f"{path.name} ends at {path.values[-1]:.2g} after {len(path.values) - 1} steps" for path in found)
    return LinePicture(what, told, Axis("x"), Axis("y"), lines)


def descents(found: Sequence[DrawnPath], what: str) -> LinePicture:
    """The height of each path by step."""
    lines = [
        Series(path.name, PALETTE[place % len(PALETTE)], list(range(len(path.values))), list(path.values), place)
        for place, path in enumerate(found)
    ]
    told = "; ".join(f"{path.name} from {path.values[0]:.2g} to {path.values[-1]:.2g}" for path in found)
    return LinePicture(what, told, Axis("step"), Axis("height", logarithmic=True), lines)


def densities(found: Sequence[Density]) -> LinePicture:
    """Histograms of draws as marks, the claimed densities as lines."""
    lines = []
    for place, each in enumerate(found):
        colour = PALETTE[place % len(PALETTE)]
        lines.append(Series(f"{each.name}, as the spec claims", colour, each.middles, list(each.claimed), place))
        lines.append(Series(f"{each.name}, drawn", colour, each.middles, list(each.drawn), place, marked=True))
    told = "; ".join(
        f"{each.name}: standard deviation {each.standard_deviation:.3g} drawn, {each.claimed_deviation:.3g} claimed"
        for each in found
    )
    return LinePicture("Draws against the definition", told, Axis("element"), Axis("density"), lines)


def depths(found: Sequence[Depth], gradients: bool) -> LinePicture:
    """Root mean squares by layer, a line an initializer."""
    lines, told = [], []
    for place, each in enumerate(found):
        sizes = list(each.gradients if gradients else each.activations)
        lines.append(Series(each.name, PALETTE[place % len(PALETTE)], list(range(1, len(sizes) + 1)), sizes, place))
        told.append(f"{each.name} from {sizes[0]:.2g} to {sizes[-1]:.2g}" if sizes else f"{each.name}: none")
    what = "Gradients by depth" if gradients else "Activations by depth"
    y = Axis("root mean square of the gradient" if gradients else "root mean square of the output", logarithmic=True)
    return LinePicture(what, "; ".join(told), Axis("layer"), y, lines)


class DrawnPath(Protocol):
    """What `paths` reads of a trajectory (parity.trials.illustrations)."""

    @property
    def name(self) -> str: ...
    @property
    def points(self) -> Sequence[tuple[float, float]]: ...
    @property
    def values(self) -> Sequence[float]: ...


class Density(Protocol):
    """What `densities` reads of a distribution."""

    @property
    def name(self) -> str: ...
    @property
    def middles(self) -> Sequence[float]: ...
    @property
    def drawn(self) -> Sequence[float]: ...
    @property
    def claimed(self) -> Sequence[float]: ...
    @property
    def standard_deviation(self) -> float: ...
    @property
    def claimed_deviation(self) -> float: ...


class Depth(Protocol):
    """What `depths` reads of a profile."""

    @property
    def name(self) -> str: ...
    @property
    def activations(self) -> Sequence[float]: ...
    @property
    def gradients(self) -> Sequence[float]: ...
