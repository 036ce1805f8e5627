"""Owns SVG of a picture: one file that any program shows, with its colours inside, and without a script or a style sheet.

It refuses text that is not escaped, and needs no drawing library.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from parity import escaping
from parity.reporting import pictures
from parity.reporting.pictures import Axis, Band, BarPicture, LinePicture, Picture, Series, drawable
from parity.reporting.scales import Scale, nice_ticks, told

LEFT, RIGHT, TOP, BOTTOM = 68, 16, 14, 44
ROW, LETTER = 18, 6.2
MOST_TICKS = 9
DASHES = ("", "6 3", "2 2", "8 3 2 3", "4 2", "12 3")
GRID, INK, SOFT, BAR, WHISKER = "#ececec", "#222222", "#555555", "#8fb3d1", "#1f3f5b"
WIDTH, HEIGHT = 520, 300


def svg(picture: Picture, width: int = WIDTH, height: int = HEIGHT) -> str:
    """The drawing as SVG without an XML header, so that a page can contain it.

    width, height: in pixels; the height of bars follows from their number."""
    if isinstance(picture, BarPicture):
        return _bars(picture, width)
    key, top = _legend(pictures.named(picture), width)
    points = [
        (x, y)
        for series in picture.series
        for x, y in zip(series.x, series.y, strict=True)
        if y is not None and drawable(x, picture.x) and drawable(y, picture.y)
    ]
    points += [
        (x, y)
        for band in picture.bands
        for x, *ends in zip(band.x, band.low, band.high, strict=True)
        for y in ends
        if drawable(x, picture.x) and drawable(y, picture.y)
    ]
    if not points:
        return _whole(picture, width, height, [*key, _text(width / 2, height / 2, "nothing to draw", SOFT, "middle")])
    across = _scale([x for x, _ in points], picture.x, LEFT, width - RIGHT)
    up = _scale([y for _, y in points], picture.y, height - BOTTOM, top)
    parts = [*key, *_across(across, picture.x, height, top), *_up(up, picture.y, width)]
    parts += [_band(band, across, up, picture) for band in picture.bands]
    parts += [_series(series, across, up, picture) for series in picture.series]
    return _whole(picture, width, height, parts)


def _scale(values: Sequence[float], axis: Axis, start: float, end: float) -> Scale:
    """As wide as the values, with a little room on a logarithmic axis; a linear one ends in a tick."""
    if axis.labels:
        return Scale(-0.5, len(axis.labels) - 0.5, False, start, end, list(range(len(axis.labels))))
    low, high = min(values), max(values)
    if axis.logarithmic:
        scale = Scale.of([0.9 * low, 1.1 * high], True, start, end)
        return replace(scale, ticks=scale.ticks[:: -(-len(scale.ticks) // MOST_TICKS)])
    return Scale.of([low, high], False, start, end)


def _across(scale: Scale, axis: Axis, height: int, top: int) -> Iterable[str]:
    bottom = height - BOTTOM
    for tick in scale.ticks:
        x = scale.place(tick)
        yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}" stroke="{GRID}"/>'
        name = axis.labels[int(tick)] if axis.labels else told(tick)
        yield _text(x, bottom + 16, name, SOFT, "middle")
    yield f'<line x1="{scale.bottom}" x2="{scale.top}" y1="{bottom}" y2="{bottom}" stroke="{SOFT}"/>'
    yield _text((scale.bottom + scale.top) / 2, height - 8, axis.title, INK, "middle")


def _up(scale: Scale, axis: Axis, width: int) -> Iterable[str]:
    for tick in scale.ticks:
        y = scale.place(tick)
        yield f'<line x1="{LEFT}" x2="{width - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GRID}"/>'
        yield _text(LEFT - 6, y + 4, told(tick), SOFT, "end")
    middle = (scale.bottom + scale.top) / 2
    yield _text(14, middle, axis.title, INK, "middle", f' transform="rotate(-90 14 {middle:.1f})"')


def _series(series: Series, across: Scale, up: Scale, picture: LinePicture) -> str:
    places, marks, pen = [], [], "M"
    for x, y in zip(series.x, series.y, strict=True):
        if y is None or not drawable(x, picture.x) or not drawable(y, picture.y):
            pen = "M"
            continue
        places.append(f"{pen}{across.place(x):.1f} {up.place(y):.1f}")
        marks.append(f'<circle cx="{across.place(x):.1f}" cy="{up.place(y):.1f}" r="3.5" fill="{series.colour}"/>')
        pen = "L"
    name = f"<title>{escaping.svg(series.name)}</title>"
    if series.marked:
        return f"<g>{name}{''.join(marks)}</g>"
    return f'<path d="{"".join(places)}" fill="none" {_stroke(series)}>{name}</path>'


def _stroke(series: Series) -> str:
    dash = DASHES[series.dash % len(DASHES)]
    return f'stroke="{series.colour}" stroke-width="2" stroke-opacity="0.85"' + (f' stroke-dasharray="{dash}"' if dash else "")


def _band(band: Band, across: Scale, up: Scale, picture: LinePicture) -> str:
    there = [
        (x, low, high)
        for x, low, high in zip(band.x, band.low, band.high, strict=True)
        if drawable(x, picture.x) and drawable(low, picture.y) and drawable(high, picture.y)
    ]
    ends = [(x, high) for x, _, high in there] + [(x, low) for x, low, _ in reversed(there)]
    places = " ".join(f"{across.place(x):.1f},{up.place(y):.1f}" for x, y in ends)
    return f'<polygon points="{places}" fill="{band.colour}" fill-opacity="0.25"/>'


def _legend(items: Sequence[Series | Band], width: int) -> tuple[list[str], int]:
    """The key above the picture, in as many rows as it needs, and where the picture begins."""
    if len(items) < 2:
        return [], TOP
    parts, x, y = [], float(LEFT), TOP
    for item in items:
        wide = 34 + LETTER * len(item.name)
        if x + wide > width - RIGHT and x > LEFT:
            x, y = float(LEFT), y + ROW
        if isinstance(item, Band):
            parts.append(f'<rect x="{x:.1f}" y="{y - 9}" width="22" height="10" fill="{item.colour}" fill-opacity="0.25"/>')
        elif item.marked:
            parts.append(f'<circle cx="{x + 11:.1f}" cy="{y - 4}" r="3.5" fill="{item.colour}"/>')
        else:
            parts.append(f'<path d="M{x:.1f} {y - 4}H{x + 22:.1f}" fill="none" {_stroke(item)}/>')
        parts.append(_text(x + 27, y, item.name, INK, "start"))
        x += wide
    return parts, y + 10


def _bars(picture: BarPicture, width: int) -> str:
    left = min(24 + int(LETTER * max((len(bar.name) for bar in picture.bars), default=0)), width // 2)
    height = TOP + 26 * len(picture.bars) + BOTTOM
    greatest = max((max(bar.high, bar.value) for bar in picture.bars), default=0.0) or 1.0
    ticks = nice_ticks(0, greatest)
    scale = Scale(0, max(ticks[-1], greatest), False, left, width - RIGHT, ticks)
    parts = list(_across(scale, picture.x, height, TOP))
    for place, bar in enumerate(picture.bars):
        y, end = TOP + 26 * place, scale.place(bar.value)
        low, high = scale.place(bar.low), scale.place(bar.high)
        parts += [
            _text(left - 8, y + 17, bar.name, INK, "end"),
            f'<rect x="{left}" y="{y + 6}" width="{max(end - left, 1):.1f}" height="14" fill="{BAR}"/>',
            f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{y + 13}" y2="{y + 13}" stroke="{WHISKER}" stroke-width="2"/>',
        ]
    return _whole(picture, width, height, parts)


def _text(x: float, y: float, text: str, colour: str, anchor: str, more: str = "") -> str:
    told_text = escaping.svg(text)
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" text-anchor="{anchor}"{more}>{told_text}</text>'


def _whole(picture: Picture, width: int, height: int, parts: Iterable[str]) -> str:
    told_text = escaping.svg(f"{picture.title}. {picture.alternative}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{told_text}" font-family="Helvetica, Arial, sans-serif" font-size="11">'
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>{"".join(parts)}</svg>'
    )
