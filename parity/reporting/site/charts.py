"""Owns the site's pictures: SVG of our own, coloured by the page's style sheet, so that they are right in light and in dark.

Every series has a dash and a mark beside its colour. It refuses styles inside of a picture and text that is not escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import floor, log

from markupsafe import Markup

from parity import escaping

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 640, 62, 14, 14, 40
MOST_POINTS = 120
FARTHEST = 2.0
MARKS = ("circle", "square", "triangle", "diamond", "cross")


@dataclass(frozen=True)
class Line:
    """A series of a line chart. style: a number of the style sheet's (`s0`, `s1`, …), or `reference`, `twin`."""

    name: str
    style: str
    values: Sequence[float | None]


@dataclass(frozen=True)
class ChartBar:
    """A value with its interval."""

    name: str
    style: str
    value: float
    low: float
    high: float
    told: str


def lines(title: str, alternative: str, series: Sequence[Line], x_title: str, y_title: str, logarithmic: bool) -> Markup:
    """A line chart. Values that are no number, and on a logarithmic axis those that are not positive, leave a gap."""
    height = 300
    shown = [Line(line.name, line.style, thinned(line.values)) for line in series]
    values = [value for line in shown for value in line.values if value is not None and (value > 0 or not logarithmic)]
    if not values:
        return Markup("")
    scale = Scale.of(values, logarithmic, height - BOTTOM, TOP)
    most = max(len(line.values) for line in series)
    parts = [_axis(scale, y_title), _steps_axis(most, height, x_title)]
    steps = f' data-lines="1" data-steps="{most}" data-log="{int(logarithmic)}"'
    for line in shown:
        parts.append(_path(line, scale, len(line.values)))
    return _picture(title, alternative, height, parts, [(line.name, line.style) for line in series], given=steps)


def bars(title: str, alternative: str, chart_bars: Sequence[ChartBar], x_title: str) -> Markup:
    """Horizontal bars from 0 with whiskers, one a line."""
    height = TOP + 34 * len(chart_bars) + BOTTOM
    left, right = 150, 128
    greatest = max((max(bar.high, bar.value) for bar in chart_bars), default=1.0) or 1.0
    ticks = nice_ticks(0, greatest)
    wide = (WIDTH - left - right) / (max(ticks[-1], greatest) or 1)
    parts = [
        f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{height - BOTTOM}"/>'
        f'<text class="tick" x="{x:.1f}" y="{height - BOTTOM + 16}" text-anchor="middle">{_number(tick)}</text>'
        for tick, x in ((tick, left + tick * wide) for tick in ticks)
    ]
    for place, bar in enumerate(chart_bars):
        y = TOP + 34 * place
        end, low, high = (left + value * wide for value in (bar.value, bar.low, bar.high))
        parts.append(
            f'<text class="label" x="{left - 8}" y="{y + 20}" text-anchor="end">{escaping.html(bar.name)}</text>'
            f'<rect class="bar {bar.style}" x="{left}" y="{y + 6}" width="{max(end - left, 1):.1f}" height="20"/>'
            f'<line class="whisker" x1="{low:.1f}" x2="{high:.1f}" y1="{y + 16}" y2="{y + 16}"/>'
            f'<text class="value" x="{max(end, high) + 6:.1f}" y="{y + 20}">{escaping.html(bar.told)}</text>'
        )
    middle = (left + WIDTH - right) / 2
    parts.append(f'<text class="axis" x="{middle:.1f}" y="{height - 6}" text-anchor="middle">{escaping.html(x_title)}</text>')
    return _picture(title, alternative, height, parts, [])


def dots(title: str, alternative: str, rows: Mapping[str, Mapping[str, float]], styles: Mapping[str, str]) -> Markup:
    """A line a quantity, a mark a series: shares of a budget on an axis from 0 to the limit at 1, or beyond where one is.

    What lies farther than FARTHEST is drawn there; the text tells its number."""
    height, left = TOP + 30 * len(rows) + BOTTOM, 130
    rows = {name: {name: min(value, FARTHEST) for name, value in each.items()} for name, each in rows.items()}
    greatest = max(1.05, *(value for each in rows.values() for value in each.values()))
    wide = (WIDTH - left - RIGHT) / greatest
    limit = left + wide
    parts = [f'<line class="limit" x1="{limit:.1f}" x2="{limit:.1f}" y1="{TOP - 6}" y2="{height - BOTTOM}"/>']
    for tick in (nice_tick for nice_tick in nice_ticks(0, greatest) if nice_tick <= greatest):
        x = left + tick * wide
        parts.append(
            f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{height - BOTTOM}"/>'
            f'<text class="tick" x="{x:.1f}" y="{height - BOTTOM + 16}" text-anchor="middle">{_number(tick)}</text>'
        )
    for place, (name, each) in enumerate(rows.items()):
        y = TOP + 30 * place + 15
        parts.append(f'<text class="label" x="{left - 10}" y="{y + 4}" text-anchor="end">{escaping.html(name)}</text>')
        parts.append(f'<line class="grid" x1="{left}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>')
        order = list(styles)
        middle_one = (len(order) - 1) / 2
        parts += [
            mark(left + value * wide, y + 7 * (order.index(name) - middle_one), order.index(name), styles[name])
            for name, value in each.items()
        ]
    axis_title = "error ÷ budget; 1 is the limit"
    middle = (left + WIDTH - RIGHT) / 2
    parts.append(f'<text class="axis" x="{middle:.1f}" y="{height - 6}" text-anchor="middle">{axis_title}</text>')
    return _picture(title, alternative, height, parts, list(styles.items()), marks=True)


def shares(title: str, alternative: str, rows: Mapping[str, Sequence[tuple[str, int, str]]]) -> Markup:
    """A bar a row, cut into shares: name, count, class of the style sheet. Outlines differ beside the colours."""
    left = 92 if any(rows) else 0
    height, drawn = 40 * len(rows) + 2, []
    for place, (name, parts) in enumerate(rows.items()):
        whole = sum(count for _, count, _ in parts) or 1
        x, y = float(left), 4 + 40 * place
        if name:
            drawn.append(f'<text class="label" x="{left - 10}" y="{y + 20}" text-anchor="end">{escaping.html(name)}</text>')
        for word, count, style in parts:
            wide = (WIDTH - left) * count / whole
            shown = max(wide - 1.5, 0.5)
            tooltip = f"<title>{escaping.html(f'{name}: {count:,} {word}' if name else f'{count:,} {word}')}</title>"
            drawn.append(
                f'<rect class="share {style}" x="{x:.1f}" y="{y}" width="{shown:.1f}" height="30" rx="2">{tooltip}</rect>'
            )
            if wide > 40:
                drawn.append(f'<text class="inside" x="{x + wide / 2:.1f}" y="{y + 20}" text-anchor="middle">{count:,}</text>')
            x += wide
    kinds = dict.fromkeys((word, style) for parts in rows.values() for word, _, style in parts)
    return _picture(title, alternative, height, drawn, list(kinds), swatches=True)


def mark(x: float, y: float, place: int, style: str) -> str:
    """The mark of a series: a shape of its own."""
    kind = MARKS[place % len(MARKS)]
    if kind == "circle":
        return f'<circle class="mark {style}" cx="{x:.1f}" cy="{y:.1f}" r="5"/>'
    if kind == "square":
        return f'<rect class="mark {style}" x="{x - 4.5:.1f}" y="{y - 4.5:.1f}" width="9" height="9"/>'
    points = {
        "triangle": ((0, -6), (5.5, 4.5), (-5.5, 4.5)),
        "diamond": ((0, -6), (6, 0), (0, 6), (-6, 0)),
        "cross": ((-5, -2), (-2, -5), (5, 2), (2, 5)),
    }[kind]
    return f'<polygon class="mark {style}" points="{" ".join(f"{x + a:.1f},{y + b:.1f}" for a, b in points)}"/>'


@dataclass(frozen=True)
class Scale:
    """Value -> height in the picture."""

    low: float
    high: float
    logarithmic: bool
    bottom: float
    top: float
    ticks: Sequence[float]

    @staticmethod
    def of(values: Iterable[float], logarithmic: bool, bottom: float, top: float) -> Scale:
        ordered = sorted(values)
        low, high = ordered[0], ordered[-1]
        if logarithmic:
            high = high if high > low else low * 10
            ticks = [float(f"1e{power}") for power in range(_power(low), _power(high) + 2)]
            inside = [tick for tick in ticks if low <= tick <= high]
            if len(inside) < 2:
                inside = [tick for tick in nice_ticks(low, high) if low <= tick <= high]
            return Scale(low, high, True, bottom, top, inside)
        high = high if high > low else low + 1
        ticks = nice_ticks(low, high)
        return Scale(min(low, ticks[0]), max(high, ticks[-1]), False, bottom, top, ticks)

    def place(self, value: float) -> float:
        low, high, value = (log(number) if self.logarithmic else number for number in (self.low, self.high, value))
        return self.bottom - (self.bottom - self.top) * (value - low) / (high - low)


def nice_ticks(low: float, high: float) -> list[float]:
    """At most seven round numbers that hold the range."""
    span = (high - low) or 1.0
    step = float(f"1e{_power(span)}")
    for part in (0.1, 0.2, 0.5, 1, 2):
        if span / (step * part) <= 6:
            step *= part
            break
    first = floor(low / step)
    return [round((first + place) * step, 12) for place in range(9) if (first + place - 1) * step < high]


def thinned(values: Sequence[float | None]) -> list[float | None]:
    """At most MOST_POINTS means of neighbours; a group without a number has none."""
    width = -(-len(values) // MOST_POINTS) or 1
    points: list[float | None] = []
    for start in range(0, len(values), width):
        part = [value for value in values[start : start + width] if value is not None]
        points.append(sum(part) / len(part) if part else None)
    return points


def _path(line: Line, scale: Scale, count: int) -> str:
    wide = (WIDTH - LEFT - RIGHT) / max(count - 1, 1)
    words, pen = [], "M"
    for place, value in enumerate(line.values):
        if value is None or (scale.logarithmic and value <= 0):
            pen = "M"
            continue
        words.append(f"{pen}{LEFT + place * wide:.1f} {scale.place(value):.1f}")
        pen = "L"
    points = " ".join("" if value is None else f"{value:.3g}" for value in line.values)
    name = escaping.html(line.name)
    return f'<path class="line {line.style}" d="{"".join(words)}" data-name="{name}" data-values="{points}"/>'


def _axis(scale: Scale, title: str) -> str:
    parts = []
    for tick in scale.ticks:
        y = scale.place(tick)
        parts.append(
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text class="tick" x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{_number(tick)}</text>'
        )
    middle = (scale.bottom + scale.top) / 2
    turned = f'transform="rotate(-90 14 {middle:.1f})"'
    label = escaping.html(title)
    return (
        f'<g class="y">{"".join(parts)}</g>'
        + f'<text class="axis" x="14" y="{middle:.1f}" text-anchor="middle" {turned}>{label}</text>'
    )


def _steps_axis(count: int, height: int, title: str) -> str:
    parts = []
    for tick in nice_ticks(0, max(count - 1, 1)):
        if tick <= count:
            x = LEFT + (WIDTH - LEFT - RIGHT) * tick / max(count - 1, 1)
            if x <= WIDTH - RIGHT + 1:
                parts.append(
                    f'<text class="tick" x="{x:.1f}" y="{height - BOTTOM + 16}" text-anchor="middle">{_number(tick)}</text>'
                )
    middle = (LEFT + WIDTH - RIGHT) / 2
    return f'<g class="x">{"".join(parts)}</g>' + (
        f'<text class="axis" x="{middle:.1f}" y="{height - 6}" text-anchor="middle">{escaping.html(title)}</text>'
    )


def _picture(
    title: str,
    alternative: str,
    height: int,
    parts: Sequence[str],
    legend: Sequence[tuple[str, str]],
    marks: bool = False,
    given: str = "",
    swatches: bool = False,
) -> Markup:
    """The figure: the drawing, the legend, the text that says the same."""
    key = "".join(
        f'<li><svg class="key" viewBox="0 0 26 12" aria-hidden="true">{_key(place, style, marks, swatches)}</svg>'
        f"{escaping.html(name)}</li>"
        for place, (name, style) in enumerate(legend)
    )
    spoken = escaping.html(alternative)
    kind = "chart shares" if swatches else "chart"
    drawing = "".join(parts)
    return Markup(  # noqa: S704 - every text above has passed the escaping
        f'<figure class="{kind}"{given}><svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{spoken}">{drawing}</svg>'
        + (f'<ul class="legend">{key}</ul>' if key else "")
        + f"<figcaption><b>{escaping.html(title)}.</b> {spoken}</figcaption></figure>"
    )


def _key(place: int, style: str, marks: bool, swatches: bool) -> str:
    if swatches:
        return f'<rect class="share {style}" x="1" y="1" width="24" height="10" rx="2"/>'
    return mark(13, 6, place, style) if marks else f'<line class="line {style}" x1="1" x2="25" y1="6" y2="6"/>'


def _power(value: float) -> int:
    """The power of ten of a number's first digit."""
    return int(f"{value:e}".partition("e")[2])


def _number(value: float) -> str:
    if value == 0:
        return "0"
    return f"{value:.3g}" if 1e-3 <= abs(value) < 1e5 else f"{value:.0e}"
