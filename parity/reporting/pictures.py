"""Owns what a picture shows, without a drawing library: lines, bands and bars with their axes, as values.

`drawing.py` makes SVG of it, and `verbs/plot` PNG and PDF. It refuses records and judgement: `figures.py` reads those.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

MOST_POINTS = 400


@dataclass(frozen=True)
class Series:
    """A line, or marks without a line. A value that is None leaves a gap. One without a name is not in the key.

    dash: the number of its dash pattern, so that lines of one place can be told apart without colour. marked: marks alone.
    """

    name: str
    colour: str
    x: Sequence[float]
    y: Sequence[float | None]
    dash: int = 0
    marked: bool = False


@dataclass(frozen=True)
class Band:
    """The area between two lines."""

    name: str
    colour: str
    x: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]


@dataclass(frozen=True)
class Axis:
    """A title, and the kind of scale. labels: names of the whole numbers from 0 on, in place of ticks."""

    title: str
    logarithmic: bool = False
    labels: Sequence[str] = ()


@dataclass(frozen=True)
class LinePicture:
    """Series over one pair of axes. alternative: the text for a reader who does not see the picture."""

    title: str
    alternative: str
    x: Axis
    y: Axis
    series: Sequence[Series]
    bands: Sequence[Band] = field(default=())


@dataclass(frozen=True)
class PictureBar:
    """A value with its interval."""

    name: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class BarPicture:
    """Horizontal bars from 0, in the given order."""

    title: str
    alternative: str
    x: Axis
    bars: Sequence[PictureBar]


Picture = LinePicture | BarPicture


def named(picture: LinePicture) -> list[Series | Band]:
    """What the key of a picture tells of."""
    series: list[Series | Band] = [*picture.series, *picture.bands]
    return [item for item in series if item.name]


def drawable(value: float | None, axis: Axis) -> bool:
    """Whether an axis has a place for a value."""
    return value is not None and (value > 0 or not axis.logarithmic)


def nothing(picture: Picture) -> bool:
    """Whether a picture has no value that can be drawn."""
    if isinstance(picture, BarPicture):
        return not picture.bars
    return not any(
        drawable(x, picture.x) and drawable(y, picture.y)
        for series in picture.series
        for x, y in zip(series.x, series.y, strict=True)
    )
