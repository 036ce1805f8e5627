"""Owns the report's pictures of results: the loss by step, the drift from the reference, and step times with intervals.

It refuses to draw: `drawing.py` makes SVG of a picture.
"""

from __future__ import annotations

from collections.abc import Sequence

from parity.execution.frameworks import FrameworkEntry, colour, in_table
from parity.reporting import drawing
from parity.reporting.pictures import Axis, BarPicture, LinePicture, Picture, PictureBar, Series
from parity.reporting.results import Curve
from parity.reporting.speeds import SpeedCell

COLOURS = {"reference": "#444444", "reference + 1 ulp": "#9a9a9a"}
"""Colours of lines that belong to no framework. A framework's colour is in its line of the table of frameworks."""
OTHER = FrameworkEntry.colour
LEAST_GAP = 1e-9


def loss_curves(curves: Sequence[Curve]) -> LinePicture:
    """Loss by step, a line a framework: means over a hundredth of the run."""
    series = []
    for place, curve in enumerate(sorted(curves, key=lambda curve: curve.framework)):
        width = max(1, len(curve.losses) // 100)
        parts = [
            (start + 1, round(sum(part) / len(part), 6))
            for start in range(0, len(curve.losses), width)
            if (part := [loss for loss in curve.losses[start : start + width] if loss is not None])
        ]
        series.append(_line(curve.framework, parts, place))
    logarithmic = any(value and value > 0 for line in series for value in line.y)
    told = _told_ends(series, "training loss")
    return LinePicture("Loss by step", told, Axis("step"), Axis("training loss", logarithmic), series)


def drift(curves: Sequence[Curve]) -> LinePicture:
    """The distance of each free run's loss, and of a reference perturbed by one ulp, from the float64 reference's loss."""
    reference = next((curve for curve in curves if curve.framework == "reference"), None)
    series = []
    for place, curve in enumerate(sorted(curves, key=lambda curve: curve.framework)):
        if reference is None or curve.framework == "reference":
            continue
        pairs = zip(curve.losses, reference.losses, strict=True)
        gap = [abs(a - b) / abs(b) for a, b in pairs if a is not None and b]  # no NaN, no division by zero
        width = max(1, len(gap) // 60)
        parts = [(start + 1, max([*gap[start : start + width], LEAST_GAP])) for start in range(0, len(gap), width)]
        series.append(_line(curve.framework, parts, place))
    told = _told_ends(series, "relative distance from the reference's loss")
    return LinePicture("Drift by step", told, Axis("step"), Axis("relative gap of the loss", logarithmic=True), series)


def speed_bars(cells: Sequence[SpeedCell]) -> BarPicture:
    """Ratios to the fastest time, with 95 % intervals."""
    bars = [
        PictureBar(
            f"{cell.speed.framework} ({cell.speed.mode})",
            cell.times or 1.0,
            cell.ratio.low if cell.ratio else cell.times or 1.0,
            cell.ratio.high if cell.ratio else cell.times or 1.0,
        )
        for cell in cells
        if not cell.why
    ]
    told = "; ".join(f"{bar.name}: {bar.value:.2f}, from {bar.low:.2f} to {bar.high:.2f}" for bar in bars)
    return BarPicture("Step times, with 95 % intervals", told, Axis("step time, times the fastest"), bars)


def svg(picture: Picture) -> str:
    """The drawing as SVG without an XML header, so that a page can contain it."""
    return drawing.svg(picture)


def of_framework(name: str) -> str:
    """The colour of a framework. A framework that the table lacks was measured elsewhere, or when the table had it."""
    return COLOURS.get(name) or (colour(name) if in_table(name) else OTHER)


def _line(name: str, points: Sequence[tuple[float, float]], place: int) -> Series:
    return Series(name, of_framework(name), [x for x, _ in points], [y for _, y in points], place)


def _told_ends(series: Sequence[Series], what: str) -> str:
    ends = [f"{line.name} from {line.y[0]:.3g} to {line.y[-1]:.3g}" for line in series if line.y]
    return f"{what}: {'; '.join(ends)}"
