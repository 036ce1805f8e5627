"""Owns a network drawn: as text for Mermaid, and as a picture that needs nothing else. Pure.

It refuses to know specs: boxes and arrows come with their words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from parity import escaping

WIDE, HIGH, ACROSS, DOWN, MARGIN, SIGN = 300, 44, 30, 34, 16, 7
"""Pixels: a box, the space beside it, below it and around the picture, and a character."""
LONGEST = 40


@dataclass(frozen=True)
class Box:
    """One layer or group. sources: names of the boxes that feed it; lines: what stands in it, the name first."""

    name: str
    lines: tuple[str, ...]
    sources: tuple[str, ...] = ()


def mermaid(boxes: Sequence[Box]) -> str:
    """A flowchart as GitHub, GitLab and notebooks draw it."""
    numbers = {box.name: f"n{place}" for place, box in enumerate(boxes)}
    lines = ["flowchart TD"]
    lines += [f'    {numbers[box.name]}["{"<br/>".join(map(_mermaid_text, box.lines))}"]' for box in boxes]
    for box in boxes:
        lines += [f"    {numbers[source]} --> {numbers[box.name]}" for source in box.sources if source in numbers]
    return "\n".join(lines)


def _mermaid_text(text: str) -> str:
    """Letters, figures and a few signs as they are; every other one by its number, as Mermaid has it."""
    visible = escaping.visible(text)
    return "".join(sign if sign.isalnum() or sign in " ._-×,/" else f"#{ord(sign)};" for sign in visible)


def svg(boxes: Sequence[Box], title: str) -> str:
    """A picture: each box below the last one that feeds it, boxes of one height side by side."""
    rows = _rows(boxes)
    across = max((len(row) for row in rows), default=1)
    width = 2 * MARGIN + across * WIDE + (across - 1) * ACROSS
    height = 2 * MARGIN + len(rows) * HIGH + max(len(rows) - 1, 0) * DOWN
    places: dict[str, tuple[float, int]] = {}
    for level, row in enumerate(rows):
        begin = (width - len(row) * WIDE - (len(row) - 1) * ACROSS) / 2
        for place, box in enumerate(row):
            places[box.name] = (begin + place * (WIDE + ACROSS), MARGIN + level * (HIGH + DOWN))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img">',
        f"<title>{escaping.html(escaping.svg(title))}</title>",
        '<defs><marker id="end" markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto">'
        '<path d="M0,0 L8,4 L0,8 z" fill="#57606a"/></marker></defs>',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        *(_arrow(places[source], places[box.name]) for box in boxes for source in box.sources if source in places),
        *(_box(box, *places[box.name]) for box in boxes),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _rows(boxes: Sequence[Box]) -> list[list[Box]]:
    """Boxes by the length of the longest way to them. A source must stand before what it feeds."""
    levels: dict[str, int] = {}
    for box in boxes:
        levels[box.name] = max((levels[source] + 1 for source in box.sources if source in levels), default=0)
    rows: list[list[Box]] = [[] for _ in range(max(levels.values(), default=-1) + 1)]
    for box in boxes:
        rows[levels[box.name]].append(box)
    return rows


def _arrow(source: tuple[float, int], target: tuple[float, int]) -> str:
    """From the lower edge of one to the upper edge of the other; a long way goes aside, so that it crosses no box."""
    begin, top = source[0] + WIDE / 2, source[1] + HIGH
    end, bottom = target[0] + WIDE / 2, target[1]
    aside = WIDE / 2 + ACROSS / 2 if bottom - top > DOWN and begin == end else 0
    middle = f"C{begin + aside:g},{top + DOWN:g} {end + aside:g},{bottom - DOWN:g}"
    return f'<path d="M{begin:g},{top} {middle} {end:g},{bottom}" fill="none" stroke="#57606a" marker-end="url(#end)"/>'


def _box(box: Box, left: float, top: int) -> str:
    shown = [line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…" for line in box.lines[:2]]
    name = f"<title>{escaping.html(escaping.svg(', '.join(box.lines)))}</title>"
    texts = "".join(
        f'<text x="{left + WIDE / 2:g}" y="{top + 18 + 16 * place}" font-size="{12 - place}" '
        f'text-anchor="middle" font-family="Helvetica,Arial,sans-serif">{escaping.html(escaping.svg(line))}</text>'
        for place, line in enumerate(shown)
    )
    rect = f'<rect x="{left:g}" y="{top}" width="{WIDE}" height="{HIGH}" rx="6" fill="#f1f4f8" stroke="#57606a"/>'
    return f"<g>{name}{rect}{texts}</g>"
