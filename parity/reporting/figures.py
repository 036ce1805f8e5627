"""Owns the plots: a Vega-Lite specification for each, drawn to a static SVG. It refuses scripts, network access, and text
that a picture cannot hold: the drawing library aborts the process at a control character."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from parity import escaping
from parity.execution.frameworks import FrameworkEntry, find, names
from parity.reporting.results import Curve
from parity.reporting.speeds import SpeedCell

COLOURS = {"reference": "#444444", "reference + 1 ulp": "#9a9a9a"}
"""Colours of lines that belong to no framework. A framework's colour is in its line of the table of frameworks."""
OTHER = FrameworkEntry.colour
_CONFIG = {
    "font": "Helvetica, Arial, sans-serif",
    "view": {"stroke": None},
    "axis": {"labelFontSize": 11, "titleFontSize": 11, "grid": True, "gridColor": "#ececec", "titleFontWeight": "normal"},
    "legend": {"labelFontSize": 11, "title": None, "orient": "top"},
}
_STEP = {"field": "step", "type": "quantitative", "title": "step", "axis": {"tickCount": 6}}


def loss_curves(curves: Sequence[Curve]) -> dict[str, Any]:
    """Loss by step, with one line per framework; lines that coincide have different dashes, so that all can be seen."""
    rows: list[dict[str, Any]] = []
    for curve in curves:
        width = max(1, len(curve.losses) // 100)
        rows += [
            {"step": start + 1, "loss": round(sum(part) / len(part), 6), "framework": curve.framework}
            for start in range(0, len(curve.losses), width)
            if (part := [loss for loss in curve.losses[start : start + width] if loss is not None])
        ]
    return _chart(
        rows,
        mark={"type": "line", "strokeWidth": 2, "opacity": 0.85},
        x=_STEP,
        y={
            "field": "loss",
            "type": "quantitative",
            "title": "training loss",
            "scale": _logarithmic(row["loss"] for row in rows),
        },
        colour=_colour([curve.framework for curve in curves]),
        extra={"strokeDash": {"field": "framework", "type": "nominal", "legend": None}},
    )


def drift(curves: Sequence[Curve]) -> dict[str, Any]:
    """The distance of each free run's loss, and of a reference perturbed by one ulp, from the float64 reference's loss."""
    reference = next((curve for curve in curves if curve.framework == "reference"), None)
    rows = []
    for curve in curves:
        if reference is None or curve is reference:
            continue
        pairs = zip(curve.losses, reference.losses, strict=True)
        gap = [abs(a - b) / abs(b) for a, b in pairs if a is not None and b]  # no NaN, no division by zero
        width = max(1, len(gap) // 60)
        rows += [
            {"step": start + 1, "gap": max([*gap[start : start + width], 1e-9]), "framework": curve.framework}
            for start in range(0, len(gap), width)
        ]
    return _chart(
        rows,
        mark={"type": "line", "strokeWidth": 1.5},
        x=_STEP,
        y={
            "field": "gap",
            "type": "quantitative",
            "title": "relative gap of the loss",
            "scale": {"type": "log"},
            "axis": {"format": ".0e"},
        },
        colour=_colour([curve.framework for curve in curves if curve is not reference]),
    )


def speed_bars(cells: Sequence[SpeedCell]) -> dict[str, Any]:
    """Ratios to the fastest time, with 95 % intervals."""
    rows = [
        {
            "framework": f"{cell.speed.framework} ({cell.speed.mode})",
            "ratio": cell.times or 1.0,
            "low": cell.ratio.low if cell.ratio else cell.times or 1.0,
            "high": cell.ratio.high if cell.ratio else cell.times or 1.0,
        }
        for cell in cells
        if not cell.why
    ]
    y = {"field": "framework", "type": "nominal", "sort": [row["framework"] for row in rows], "title": None}
    x = {"field": "ratio", "type": "quantitative", "title": "step time, times the fastest", "scale": {"zero": True}}
    bars = {"mark": {"type": "bar", "color": "#8fb3d1", "height": 14}, "encoding": {"y": y, "x": x}}
    whiskers = {
        "mark": {"type": "rule", "strokeWidth": 2, "color": "#1f3f5b"},
        "encoding": {"y": y, "x": {"field": "low", "type": "quantitative"}, "x2": {"field": "high"}},
    }
    return {"data": {"values": rows}, "width": 420, "height": 26 * len(rows) + 8, "layer": [bars, whiskers], "config": _CONFIG}


def svg(specification: dict[str, Any]) -> str:
    """The drawing as SVG without an XML header, so that a page can contain it."""
    import vl_convert

    schema = "https://vega.github.io/schema/vega-lite/v5.json"
    drawn: str = vl_convert.vegalite_to_svg({"$schema": schema, **_drawable(specification)})
    return drawn[drawn.index("<svg") :]


def _drawable(value: Any) -> Any:
    """A specification with texts that a picture can hold. Names of fields are parity's own and stay unchanged."""
    if isinstance(value, Mapping):
        return {key: _drawable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_drawable(item) for item in value]
    return escaping.svg(value) if isinstance(value, str) else value


def _logarithmic(values: Iterable[float]) -> dict[str, Any]:
    """A logarithmic scale as wide as the values, not extended to the next power of ten."""
    positive = [value for value in values if value > 0]
    return {"type": "log", "domain": [0.9 * min(positive), 1.1 * max(positive)], "nice": False} if positive else {"type": "log"}


def _colour(frameworks: Sequence[str]) -> dict[str, Any]:
    names = sorted(set(frameworks))
    scale = {"domain": names, "range": [_of_framework(name) for name in names]}
    return {"field": "framework", "type": "nominal", "scale": scale}


def _of_framework(name: str) -> str:
    """The colour of a framework. A framework that the table lacks was measured elsewhere, or when the table had it."""
    return COLOURS.get(name) or (find(name)[1].colour if name in names() else OTHER)


def _chart(
    rows: list[dict[str, Any]],
    mark: dict[str, Any],
    x: dict[str, Any],
    y: dict[str, Any],
    colour: dict[str, Any],
    extra: dict[str, Any] | None = None,
) -> dict[str, Any]:
    encoding = {"x": x, "y": y, "color": colour, **(extra or {})}
    return {"data": {"values": rows}, "width": 420, "height": 230, "mark": mark, "encoding": encoding, "config": _CONFIG}
