"""Owns what leaves the machine: compact rows of comparisons, training curves and speed samples, as files under reports/data.

It refuses arrays, judgement and layout: rows come judged, and pages are made elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

FORMAT = 1


@dataclass(frozen=True)
class Row:
    """The worst comparison of one quantity of one case in one framework, and how many tensors were compared for it.

    error and budget are in the unit of the quantity; kind is one of specs or of ops, nodes (a layer alone) or training.
    """

    case: str
    spec: str
    kind: str
    framework: str
    framework_version: str
    device: str
    dtype: str
    mode: str
    quantity: str
    compared: int
    tensor: str
    error: float | None
    budget: float | None
    verdict: str
    outcome: str
    reason: str
    record: str = ""


@dataclass(frozen=True)
class Curve:
    """One training run: its loss at each step, and what came out.

    measure: the quality's words, where the suite states one: found (quality), asked, before the first step (at_start), and by
    the best guess without a model. None stands for a number that is not finite, or that nobody asked for.
    """

    case: str
    spec: str
    framework: str
    dtype: str
    losses: Sequence[float | None]
    accuracy: float | None
    final_distance: float | None
    dataset: str
    measure: str = ""
    asked: str = ""
    quality: float | None = None
    reached: bool | None = None
    at_start: float | None = None
    guess: float | None = None


@dataclass(frozen=True)
class Speed:
    """Raw samples of one cell: per process, nanoseconds of each block and how many steps it held."""

    case: str
    spec: str
    framework: str
    framework_version: str
    device: str
    dtype: str
    mode: str
    batch_size: int
    processes: Sequence[Mapping[str, Any]]
    verdict: str
    reason: str = ""


@dataclass(frozen=True)
class Results:
    """Everything a report is made of."""

    suite: str
    command: str
    environment: Mapping[str, Any] = field(default_factory=dict)
    rows: Sequence[Row] = ()
    curves: Sequence[Curve] = ()
    speeds: Sequence[Speed] = ()


def write(results: Results, folder: Path) -> None:
    """Writes manifest.json, comparisons.jsonl, training.jsonl and speed.jsonl, sorted, each whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    manifest = {"format": FORMAT, "suite": results.suite, "command": results.command, "environment": results.environment}
    _replace(folder / "manifest.json", json.dumps(manifest, indent=1, sort_keys=True) + "\n")
    for name, items in (("comparisons", results.rows), ("training", results.curves), ("speed", results.speeds)):
        _replace(folder / f"{name}.jsonl", _lines(items))


def read(folder: Path) -> Results:
    """Reads what `write` wrote."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    if manifest.get("format") != FORMAT:
        raise ValueError(f"{folder}/manifest.json: format {manifest.get('format')!r} is not {FORMAT}")
    loaded = {name: _load(folder / f"{name}.jsonl") for name in ("comparisons", "training", "speed")}
    return Results(
        suite=manifest["suite"],
        command=manifest["command"],
        environment=manifest["environment"],
        rows=tuple(Row(**item) for item in loaded["comparisons"]),
        curves=tuple(Curve(**item) for item in loaded["training"]),
        speeds=tuple(Speed(**item) for item in loaded["speed"]),
    )


def _lines(items: Iterable[Any]) -> str:
    rows = [json.dumps(asdict(item), sort_keys=True, separators=(",", ":"), allow_nan=False) for item in items]
    return "".join(row + "\n" for row in sorted(rows))


def _load(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _replace(path: Path, text: str) -> None:
    aside = path.with_suffix(path.suffix + ".new")
    aside.write_text(text, encoding="utf-8")
    aside.replace(path)
