"""Owns the results that leave the machine: compact rows of comparisons, training curves and speed samples in reports/data.

The manifest seals the other files: it holds their numbers of lines and their sha256. It refuses incomplete files and impossible
fields. It refuses arrays, judgement and layout as well: rows are judged before, and pages are made elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from parity.execution import sealed
from parity.execution.damaged_files import Damaged, checksummed, parsed
from parity.execution.sealed import Seal
from parity.reporting import row_checks as checks

FORMAT = 2
HISTORY = {1: "first version", 2: "the manifest seals the other files and itself"}
AGAIN = "take the committed files again (`git checkout`), or run the suite again"
MEND = f"{AGAIN}; `parity report --seal` trusts them as they are"


@dataclass(frozen=True)
class Row:
    """The worst comparison of one quantity of one case in one framework, and the number of tensors compared for it.

    error and budget are in the quantity's unit. kind is a kind of spec, or ops, nodes (a layer alone) or training.
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
    """One training run: its loss at each step, and its results.

    measure: the name of a quality, if the suite states one. quality: its value after training; asked: the required bounds;
    at_start: its value before the first step; guess: the value of the best guess without a model. None stands for a number that
    is not finite, or that was not asked for.
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
    """Raw samples of one cell: per process, nanoseconds of each block and how many steps it held.

    verdict: of its check, before and behind the clock, or why it has no number (judgement.verdicts.UNTIMED). role: "A/A" is a
    cell once more, "peak" the product of matrices; neither is a result. flops: of a step, from the graph; 0 where it does not
    follow from it. checked_batch: with which batch it was checked. dropping: it drops units of its own, and was checked with
    masks that are dictated. asked: how many processes. The last six are missing in older data.
    """

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
    size: str = ""
    role: str = ""
    flops: float = 0.0
    checked_batch: int = 0
    dropping: bool = False
    asked: int = 0


@dataclass(frozen=True)
class Results:
    """Everything a report is made of. made: the day (2026-11-21) on which the suite ended; empty in records that are older."""

    suite: str
    command: str
    environment: Mapping[str, Any] = field(default_factory=dict)
    rows: Sequence[Row] = ()
    curves: Sequence[Curve] = ()
    speeds: Sequence[Speed] = ()
    made: str = ""


FILES: Mapping[str, tuple[type, Mapping[str, checks.Check]]] = {
    "comparisons": (Row, checks.ROW),
    "training": (Curve, checks.CURVE),
    "speed": (Speed, checks.SPEED),
}
"""File name without suffix -> the class of its lines, and the checks of its fields."""


def write(results: Results, folder: Path) -> None:
    """Writes comparisons.jsonl, training.jsonl and speed.jsonl, sorted, and manifest.json, which seals them, each whole."""
    folder.mkdir(parents=True, exist_ok=True)
    seals = {}
    for name, items in (("comparisons", results.rows), ("training", results.curves), ("speed", results.speeds)):
        lines = _lines(items)
        sealed.replace(folder / f"{name}.jsonl", "".join(f"{line}\n" for line in lines))
        seals[f"{name}.jsonl"] = Seal.of(lines).to_json()
    body = {"format": FORMAT, "suite": results.suite, "command": results.command, "environment": results.environment}
    if results.made:
        body["made"] = results.made
    manifest = checksummed({**body, "files": seals})
    sealed.replace(folder / "manifest.json", _spelled(manifest))


def read(folder: Path, trusted: bool = False) -> Results:
    """Reads the files of `write`. Raises Damaged if a file is incomplete, or a field has an impossible value.

    trusted: accepts files of an earlier format, or edited by hand, without their seals; every field is still checked.
    """
    manifest = _unsealed(folder / "manifest.json") if trusted else _manifest(folder / "manifest.json")
    if wrong := checks.problem(
        {key: manifest[key] for key in checks.MANIFEST if key in manifest},
        checks.MANIFEST,
        needed=set(checks.MANIFEST) - {"made"},
    ) or checks.environment_problem(manifest["environment"]):
        raise Damaged(f"{folder / 'manifest.json'}: {wrong}: {AGAIN}")
    loaded = {}
    for name in FILES:
        path = folder / f"{name}.jsonl"
        if trusted:
            lines = sealed.text_of(path, MEND).splitlines()
        else:
            lines = sealed.read_lines(path, manifest["files"][path.name], MEND)
        loaded[name] = _items(path, lines, *FILES[name])
    _check_lengths(folder / "training.jsonl", loaded["training"])
    return Results(
        suite=manifest["suite"],
        command=manifest["command"],
        environment=manifest["environment"],
        rows=tuple(loaded["comparisons"]),
        curves=tuple(loaded["training"]),
        speeds=tuple(loaded["speed"]),
        made=manifest.get("made", ""),
    )


def _manifest(path: Path) -> dict[str, Any]:
    """The checked manifest, with the seals of the other files. Raises Damaged."""
    text = sealed.text_of(path, MEND)
    try:
        manifest = parsed(text)
        version = manifest.get("format") if isinstance(manifest, dict) else None
        if type(version) is int and version in HISTORY and version != FORMAT:
            raise ValueError(
                f"format {version} is not {FORMAT}: `parity report --seal` trusts such files, and writes them anew"
            )
        body = sealed.read_checksummed(path, MEND)
        if version != FORMAT or type(version) is not int:
            raise ValueError(f"format {checks.shown(version)} is not {FORMAT}")
        if text != _spelled(manifest):
            raise ValueError("it is not spelled as it was written")
        files = body.get("files")
        if not isinstance(files, dict) or set(files) != {f"{name}.jsonl" for name in FILES}:
            raise ValueError("`files` has the seals of comparisons, training and speed")
        return {**body, "files": {name: Seal.from_json(seal) for name, seal in files.items()}}
    except Damaged:
        raise
    except ValueError as error:
        raise Damaged(f"{path}: {error}: {MEND}") from None


def _unsealed(path: Path) -> dict[str, Any]:
    text = sealed.text_of(path, MEND)
    try:
        lines = parsed(text)
    except ValueError as error:
        raise Damaged(f"{path}: {error}: {MEND}") from None
    if not isinstance(lines, dict) or type(lines.get("format")) is not int or lines["format"] not in HISTORY:
        raise Damaged(f"{path}: it is no manifest of parity: {MEND}")
    return lines


def _items(path: Path, lines: Iterable[str], kind: type, checked: Mapping[str, checks.Check]) -> list[Any]:
    """The objects of a file's lines, with every field checked. Raises Damaged, with the line's number."""
    needed = [item.name for item in fields(kind) if item.default is MISSING]
    items = []
    for number, line in enumerate(lines, start=1):
        try:
            item = parsed(line)
            wrong = checks.problem(item, checked, needed=needed)
        except ValueError as error:
            wrong = str(error)
        if wrong:
            raise Damaged(f"{path}, line {number}: {wrong}: {AGAIN}")
        items.append(kind(**item))
    return items


def _check_lengths(path: Path, curves: Iterable[Curve]) -> None:
    """Raises Damaged unless all runs of a training have the same number of losses."""
    lengths: dict[tuple[str, str, str], int] = {}
    for number, curve in enumerate(curves, start=1):
        length = lengths.setdefault((curve.spec, curve.case, curve.dataset), len(curve.losses))
        if length != len(curve.losses):
            raise Damaged(f"{path}, line {number}: {len(curve.losses)} losses, another run of it has {length}: {AGAIN}")


def _spelled(manifest: Mapping[str, Any]) -> str:
    return json.dumps(manifest, indent=1, sort_keys=True) + "\n"


def _lines(items: Iterable[Any]) -> list[str]:
    return sorted(json.dumps(asdict(item), sort_keys=True, separators=(",", ":"), allow_nan=False) for item in items)
