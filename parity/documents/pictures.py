"""Owns the pictures of results: bars on a line or on powers of ten, as SVG that needs nothing else, for a notebook or a file.

It refuses scripts, fonts and styles from elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from parity import escaping
from parity.documents.html import COLOURS, colour

LEFT, ACROSS, RIGHT, ROW, TOP = 300, 420, 90, 20, 34
"""Pixels: the names, the bars, the numbers, the height of a row, and of the heading."""
MOST_BARS, LONGEST_NAME = 60, 44
PLAIN = "#2a6fb0"
TEXT = 'font-family="Helvetica,Arial,sans-serif" font-size="11"'


@dataclass(frozen=True)
class ResultBar:
    """One row: its name, its value (None or NaN where there is none), and the verdict that colours it."""

    name: str
    value: float | None
    verdict: str = ""


@dataclass(frozen=True, repr=False)
class ResultPicture:
    """A picture: a notebook shows it, `save` writes it as an SVG file."""

    title: str
    svg: str

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"ResultPicture: {self.title}"[:200]

    def save(self, path: str | Path) -> Path:
        """Writes the picture. path: its name should end in .svg. Returns it."""
        Path(path).write_text(self.svg, encoding="utf-8")
        return Path(path)


def bars(title: str, rows: Sequence[ResultBar], *, limit: float | None = None, powers: bool = False) -> ResultPicture:
    """At most MOST_BARS bars, in their order. limit: where a line is drawn; powers: of ten instead of a line from zero.

    A value that is not finite has a full bar, and its word; a value of nothing has none.
    """
    shown = rows[:MOST_BARS]
    finite = [
        bar.value for bar in shown if bar.value is not None and math.isfinite(bar.value) and (bar.value > 0 or not powers)
    ]
    values = [*finite, *([] if limit is None else [limit])]
    low = _floor(min(values, default=1.0)) if powers else 0.0
    high = max(values, default=1.0) or 1.0
    scale = _Scale(low, high if not powers or high > low else 10 * low, powers)
    left = f" (the first {MOST_BARS} of {len(rows)})" if len(rows) > MOST_BARS else ""
    height, width = TOP + ROW * len(shown) + 10, LEFT + ACROSS + RIGHT
    body = "".join(_row(bar, TOP + ROW * place, scale) for place, bar in enumerate(shown))
    line = ""
    if limit is not None:
        at = LEFT + scale.length(limit)
        line = f'<path d="M{at:.1f},{TOP - 4} V{height - 8}" stroke="#57606a" stroke-dasharray="4 3"/>'
    heading = _safe(f"{title}{left}")
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img">'
        f'<title>{heading}</title><rect width="{width}" height="{height}" fill="#fff"/>'
        f'<text x="8" y="18" {TEXT} font-weight="bold">{heading}</text>{body}{line}</svg>\n'
    )
    return ResultPicture(title, svg)


@dataclass(frozen=True)
class _Scale:
    """From a value to pixels."""

    low: float
    high: float
    powers: bool

    def length(self, value: float) -> float:
        if math.isnan(value) or value == math.inf:
            return ACROSS
        if self.powers:
            value = max(value, self.low)
            return ACROSS * math.log(value / self.low) / math.log(self.high / self.low)
        return ACROSS * min(max(value / self.high, 0.0), 1.0)


def _floor(value: float) -> float:
    """The power of ten below a positive value."""
    return 10.0 ** (math.floor(math.log10(value)) - 1)


def _row(bar: ResultBar, top: int, scale: _Scale) -> str:
    name = bar.name if len(bar.name) <= LONGEST_NAME else f"…{bar.name[1 - LONGEST_NAME :]}"
    long = 0.0 if bar.value is None else scale.length(bar.value)
    told = "—" if bar.value is None else f"{bar.value:.3g}"
    hue = colour(bar.verdict) or (PLAIN if bar.verdict == "" else COLOURS["incomplete"])
    return (
        f"<g><title>{_safe(': '.join(part for part in (bar.name, bar.verdict.replace('_', ' ')) if part))}</title>"
        f'<text x="{LEFT - 8}" y="{top + 14}" {TEXT} text-anchor="end">{_safe(name)}</text>'
        f'<rect x="{LEFT}" y="{top + 3}" width="{max(long, 1.0):.1f}" height="{ROW - 6}" fill="{hue}"/>'
        f'<text x="{LEFT + max(long, 1.0) + 6:.1f}" y="{top + 14}" {TEXT}>{_safe(told)}</text></g>'
    )


def _safe(text: str) -> str:
    return escaping.html(escaping.svg(text))
