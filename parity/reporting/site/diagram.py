"""Owns the drawing of a graph: its layers, or groups of them, one below the other, with an arc for each value that skips some.

It refuses to draw more than MOST boxes: neighbours with the same beginning of their names become one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from parity import escaping
from parity.reporting.site_material import LayerFacts

MOST = 40
ROW, BOX, LEFT, WIDTH = 24, 20, 150, 640
WIDEST_ARC = 130


@dataclass(frozen=True)
class Group:
    """Neighbouring layers that share the beginning of their names."""

    name: str
    layers: Sequence[LayerFacts]

    @property
    def told(self) -> str:
        if len(self.layers) == 1:
            return self.layers[0].op
        return f"{len(self.layers)} layers"


def drawn(name: str, layers: Sequence[LayerFacts]) -> Markup:
    """The figure; nothing where there is no layer."""
    if not layers:
        return Markup("")
    groups = grouped(layers)
    owner = {layer.name: place for place, group in enumerate(groups) for layer in group.layers}
    edges = sorted(
        {
            (owner[source], place)
            for place, group in enumerate(groups)
            for layer in group.layers
            for source in layer.reads
            if source in owner and owner[source] < place
        }
    )
    height = ROW * len(groups) + 12
    parts = [_arc(first, last) for first, last in edges]
    parts += [_box(place, group) for place, group in enumerate(groups)]
    skips = sum(last - first > 1 for first, last in edges)
    spoken = (
        f"{len(layers)} layers in {len(groups)} boxes, from {groups[0].name} to {groups[-1].name}; {skips} values skip a box."
    )
    text = escaping.html(spoken)
    return Markup(  # noqa: S704 - every text above has passed the escaping
        f'<figure class="chart graph"><svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{text}">{"".join(parts)}</svg>'
        f"<figcaption><b>{escaping.html(name)}.</b> {text}</figcaption></figure>"
    )


def grouped(layers: Sequence[LayerFacts]) -> list[Group]:
    """Layers one by one where they are few; otherwise by the longest common beginnings that leave at most MOST groups."""
    deepest = max(layer.name.count(".") for layer in layers) + 1
    if len(layers) <= MOST:
        return [Group(layer.name, (layer,)) for layer in layers]
    for depth in range(deepest, 0, -1):
        groups = _at_depth(layers, depth)
        if len(groups) <= MOST:
            return groups
    size = -(-len(layers) // MOST)
    parts = [layers[at : at + size] for at in range(0, len(layers), size)]
    return [Group(f"{part[0].name} … {part[-1].name}", part) for part in parts]


def _at_depth(layers: Sequence[LayerFacts], depth: int) -> list[Group]:
    groups: list[tuple[str, list[LayerFacts]]] = []
    for layer in layers:
        beginning = ".".join(layer.name.split(".")[:depth])
        if groups and groups[-1][0] == beginning:
            groups[-1][1].append(layer)
        else:
            groups.append((beginning, [layer]))
    return [Group(name, tuple(each)) for name, each in groups]


def _box(place: int, group: Group) -> str:
    y = 6 + ROW * place
    label = group.name if len(group.name) <= 44 else f"{group.name[:43]}…"
    label_text = f"{group.told}   {group.layers[-1].output}"
    label_text = label_text if len(label_text) <= 44 else f"{label_text[:43]}…"
    return (
        f'<rect class="box{" many" if len(group.layers) > 1 else ""}" x="{LEFT}" y="{y}" width="{WIDTH - LEFT - 6}" '
        f'height="{BOX}" rx="4"/><text class="label" x="{LEFT + 10}" y="{y + 14}">{escaping.html(label)}</text>'
        f'<text class="tick" x="{WIDTH - 16}" y="{y + 14}" text-anchor="end">{escaping.html(label_text)}</text>'
    )


def _arc(first: int, last: int) -> str:
    start, end = 6 + ROW * first + BOX / 2, 6 + ROW * last + BOX / 2
    if last - first == 1:
        x = LEFT + 24
        return f'<line class="edge" x1="{x}" x2="{x}" y1="{start:.1f}" y2="{end:.1f}"/>'
    bow = min(WIDEST_ARC, 14 + 9 * (last - first))
    return f'<path class="edge arc" d="M{LEFT} {start:.1f}C{LEFT - bow} {start:.1f} {LEFT - bow} {end:.1f} {LEFT} {end:.1f}"/>'
