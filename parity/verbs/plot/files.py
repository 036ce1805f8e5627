"""Owns the files of `parity plot`: SVG by parity itself, PNG and PDF by Matplotlib, which the extra `plot` installs.

It refuses an ending that it cannot write, before anything is computed.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from parity.errors import UsageError
from parity.reporting import drawing
from parity.reporting.drawing import DASHES
from parity.reporting.pictures import Axis, BarPicture, LinePicture, Picture, Series, drawable, named
from parity.spec.mistakes import did_you_mean, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ENDINGS = ("svg", "png", "pdf")
LEAST, MOST = 100, 20_000
DOTS = 96
"""Of an inch: what a pixel of SVG is, so that a picture has the same size in all three formats."""
FONT = 0.75
"""A point as a share of a pixel."""


def checked(output: Path, width: int, height: int) -> str:
    """The ending of a file that can be written here. Raises UsageError, which says what to do."""
    ending = output.suffix.lower().removeprefix(".")
    if ending not in ENDINGS:
        close = did_you_mean(ending, ENDINGS)
        raise UsageError(f"{short(output.name)}: a figure ends in .svg, .png or .pdf{close}; such as -o figure.svg")
    if not (LEAST <= width <= MOST and LEAST <= height <= MOST):
        raise UsageError(f"a figure is {LEAST} to {MOST:,} pixels wide and high, not {width} by {height}")
    if not output.parent.is_dir():
        raise UsageError(f"{output.parent} is no folder; make it first")
    if ending != "svg" and find_spec("matplotlib") is None:
        raise UsageError(f".{ending} needs Matplotlib: pip install 'parity[plot]'; .svg needs nothing: -o {output.stem}.svg")
    return ending


def write(picture: Picture, output: Path, width: int, height: int) -> None:
    """Writes the picture, in the format that the file's ending names."""
    ending = checked(output, width, height)
    if ending == "svg":
        output.write_text(drawing.svg(picture, width, height) + "\n", encoding="utf-8")
        return
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width / DOTS, height / DOTS), dpi=DOTS, layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(picture.title, fontsize=13 * FONT, parse_math=False)
    if isinstance(picture, BarPicture):
        _bars(picture, axes)
    else:
        _lines(picture, axes)
    told: dict[str, Any] = {"Title": picture.title, "CreationDate": None} if ending == "pdf" else {"Title": picture.title}
    figure.savefig(output, format=ending, metadata=told)


def _lines(picture: LinePicture, axes: Axes) -> None:
    for band in picture.bands:
        axes.fill_between(band.x, band.low, band.high, color=band.colour, alpha=0.25, label=band.name, linewidth=0)
    for series in picture.series:
        _series(series, picture, axes)
    _axis(picture.x, axes.set_xscale, axes.set_xlabel)
    _axis(picture.y, axes.set_yscale, axes.set_ylabel)
    if picture.x.labels:
        axes.set_xticks(range(len(picture.x.labels)), picture.x.labels)
    axes.grid(color=drawing.GRID)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=11 * FONT)
    if len(named(picture)) > 1:
        for text in axes.legend(fontsize=11 * FONT, frameon=False).get_texts():
            text.set_parse_math(False)


def _series(series: Series, picture: LinePicture, axes: Axes) -> None:
    values = [
        y if y is not None and drawable(x, picture.x) and drawable(y, picture.y) else float("nan")
        for x, y in zip(series.x, series.y, strict=True)
    ]
    label = series.name or "_unnamed"
    if series.marked:
        axes.plot(series.x, values, "o", color=series.colour, markersize=4, label=label)
        return
    dash = [float(part) for part in DASHES[series.dash % len(DASHES)].split()]
    style: Any = (0, tuple(dash)) if dash else "-"
    axes.plot(series.x, values, color=series.colour, linewidth=1.6, linestyle=style, alpha=0.85, label=label)


def _axis(axis: Axis, scale: Any, label: Any) -> None:
    if axis.logarithmic:
        scale("log")
    label(axis.title, fontsize=11 * FONT, parse_math=False)


def _bars(picture: BarPicture, axes: Axes) -> None:
    bars = list(reversed(picture.bars))
    places = list(range(len(bars)))
    ends = [[bar.value - bar.low for bar in bars], [bar.high - bar.value for bar in bars]]
    axes.barh(places, [bar.value for bar in bars], xerr=ends, color=drawing.BAR, ecolor=drawing.WHISKER, height=0.55)
    axes.set_yticks(places, [bar.name for bar in bars], fontsize=11 * FONT, parse_math=False)
    axes.set_xlabel(picture.x.title, fontsize=11 * FONT, parse_math=False)
    axes.grid(axis="x", color=drawing.GRID)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
