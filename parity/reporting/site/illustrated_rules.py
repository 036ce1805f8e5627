"""Owns the pictures of rules on the site: an optimizer's path down a valley, an initializer's draws against its claim.

It refuses colours of its own: the page's style sheet has them, in light and in dark.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, pi, sin, sqrt

from markupsafe import Markup

from parity.reporting.scales import Scale, told
from parity.reporting.site import charts
from parity.reporting.site.charts import BOTTOM, LEFT, RIGHT, TOP, WIDTH
from parity.reporting.site_material import DensityFacts, PathFacts

HEIGHT = 320
LEVELS = (0.02, 0.15, 0.6, 1.6, 3.5, 6.5, 11.0)
TURNS = 240


def valley(name: str, path: PathFacts) -> Markup:
    """The points of a path over lines of equal height of (a·x² + b·y²)/2."""
    a, b = path.curvatures
    points = [path.points[0], (-path.points[0][0], -path.points[0][1])]
    across = Scale.of([x for x, _ in points], False, LEFT, WIDTH - RIGHT)
    up = Scale.of([y for _, y in points], False, HEIGHT - BOTTOM, TOP)
    parts = [*_axes(across, up, "x", "y")]
    for level in LEVELS:
        turns = [2 * pi * place / TURNS for place in range(TURNS + 1)]
        ends = [(sqrt(2 * level / a) * cos(turn), sqrt(2 * level / b) * sin(turn)) for turn in turns]
        parts.append(f'<path class="line contour" d="{_path(ends, across, up)}"/>')
    parts.append(f'<path class="line s2 path" d="{_path(path.points, across, up)}"/>')
    places = [(across.place(x), up.place(y)) for x, y in path.points if _held(x, y, across, up)]
    parts += [f'<circle class="mark s2" r="2.5" cx="{x:.1f}" cy="{y:.1f}"/>' for x, y in places]
    parts.append(charts.mark(across.place(path.points[0][0]), up.place(path.points[0][1]), 1, "s0"))
    rate = f", learning rate {path.rate:g}" if path.rate else ""
    steps = len(path.points) - 1
    ended = (
        f"From the square at a height of {told(path.heights[0])} it comes to {told(path.heights[-1])} in {steps} steps{rate}"
    )
    spoken = f"{ended}; computed by the reference from the formula, with the published hyper-parameters otherwise."
    first = "x²" if a == 1 else f"{a:g}·x²"
    return charts.framed(f"{name} on ({first} + {b:g}·y²)/2", spoken, HEIGHT, parts, [])


def density(name: str, found: DensityFacts) -> Markup:
    """A histogram of draws, and the claimed density as a line."""
    width = found.middles[1] - found.middles[0]
    edges = [found.middles[0] - width / 2, found.middles[-1] + width / 2]
    across = Scale.of(edges, False, LEFT, WIDTH - RIGHT)
    up = Scale.of([0.0, *found.drawn, *found.claimed], False, HEIGHT - BOTTOM, TOP)
    parts = [*_axes(across, up, "element", "density")]
    bottom, wide = up.place(0.0), across.place(width) - across.place(0.0)
    for middle, value in zip(found.middles, found.drawn, strict=True):
        x, y = across.place(middle - width / 2), up.place(value)
        parts.append(f'<rect class="bar s2" x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{bottom - y:.1f}"/>')
    line = _path(list(zip(found.middles, found.claimed, strict=True)), across, up)
    parts.append(f'<path class="line reference" d="{line}"/>')
    rows, columns = found.fans
    spoken = (
        f"Bars: one kernel of {rows} inputs and {columns} outputs, drawn by parity. Line: the density of the formula. Standard "
        f"deviation {found.standard_deviation:.3g} drawn, {found.claimed_deviation:.3g} by the formula."
    )
    return charts.framed(f"{name}: draws and definition", spoken, HEIGHT, parts, [])


def _axes(across: Scale, up: Scale, x_title: str, y_title: str) -> list[str]:
    parts = []
    bottom = HEIGHT - BOTTOM
    for tick in across.ticks:
        x = across.place(tick)
        if LEFT - 1 <= x <= WIDTH - RIGHT + 1:
            parts.append(
                f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{bottom}"/>'
                f'<text class="tick" x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{told(tick)}</text>'
            )
    for tick in up.ticks:
        y = up.place(tick)
        parts.append(
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text class="tick" x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{told(tick)}</text>'
        )
    middle, half = (LEFT + WIDTH - RIGHT) / 2, (TOP + bottom) / 2
    parts.append(f'<text class="axis" x="{middle:.1f}" y="{HEIGHT - 6}" text-anchor="middle">{x_title}</text>')
    turned = f'transform="rotate(-90 14 {half:.1f})"'
    parts.append(f'<text class="axis" x="14" y="{half:.1f}" text-anchor="middle" {turned}>{y_title}</text>')
    return parts


def _path(points: Sequence[tuple[float, float]], across: Scale, up: Scale) -> str:
    """The places of the points that the picture holds; the line is broken where it leaves it."""
    words, pen = [], "M"
    for x, y in points:
        if not _held(x, y, across, up):
            pen = "M"
            continue
        words.append(f"{pen}{across.place(x):.1f} {up.place(y):.1f}")
        pen = "L"
    return "".join(words)


def _held(x: float, y: float, across: Scale, up: Scale) -> bool:
    return across.low <= x <= across.high and up.low <= y <= up.high
