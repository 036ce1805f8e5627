"""Owns the data that a reader can take along: CSV and JSON of comparisons, speed, training, the atlas.

A cell of CSV that a spreadsheet would take for a formula is told as text. It refuses to round.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from typing import Any

from parity import escaping
from parity.reporting.atlas_ranking import AtlasEntry
from parity.reporting.evidence import RecordedEvidence, cores, memory
from parity.reporting.speeds import measured
from parity.reporting.summary import used

COMPARISON = (
    "suite",
    "case",
    "spec",
    "kind",
    "framework",
    "framework_version",
    "device",
    "dtype",
    "mode",
    "quantity",
    "tensor",
)
NUMBERS = ("compared", "error", "budget", "share", "verdict", "outcome", "reason")


def files(evidence: RecordedEvidence, atlas: Sequence[AtlasEntry]) -> dict[str, str]:
    """Path below the site's root -> text."""
    tables = {
        "agreement": list(agreement(evidence)),
        "speed": list(speed(evidence)),
        "training": list(training(evidence)),
        "atlas": list(answers(atlas)),
    }
    contents = {}
    for name, rows in tables.items():
        contents[f"data/{name}.csv"] = comma_separated(rows)
        contents[f"data/{name}.json"] = as_json(name, rows)
    return contents


def agreement(evidence: RecordedEvidence) -> Iterable[dict[str, Any]]:
    """A row for each committed comparison, with the share of its budget."""
    for suite, row in evidence.rows:
        fields: dict[str, Any] = {"suite": suite.folder, **{name: getattr(row, name) for name in COMPARISON[1:]}}
        yield fields | {name: used(row) if name == "share" else getattr(row, name) for name in NUMBERS}


def speed(evidence: RecordedEvidence) -> Iterable[dict[str, Any]]:
    """A row for each timed cell."""
    for table in evidence.speeds:
        for cell in table.cells:
            ratio = cell.ratio
            yield {
                "spec": table.spec,
                "device": table.device,
                "machine": table.machine,
                "batch": table.batch,
                "dtype": table.dtype,
                "asked_mode": table.mode,
                "framework": cell.speed.framework,
                "framework_version": cell.speed.framework_version,
                "mode": cell.speed.mode,
                "median_ns": cell.median_ns if measured(cell.speed) else None,
                "times_the_fastest": cell.times if cell.times is not None else (1.0 if measured(cell.speed) else None),
                "low": ratio.low if ratio else None,
                "high": ratio.high if ratio else None,
                "cores": cores(cell.speed),
                "megabytes": memory(cell.speed),
                "command": table.command,
            }


def training(evidence: RecordedEvidence) -> Iterable[dict[str, Any]]:
    """A row for each run; its losses are joined by spaces."""
    for network in evidence.trained:
        for curve in network.curves:
            yield {
                "suite": network.folder,
                "spec": curve.spec,
                "dataset": curve.dataset,
                "run": curve.framework,
                "dtype": curve.dtype,
                "measure": curve.measure,
                "asked": curve.asked,
                "quality": curve.quality if curve.measure else curve.accuracy,
                "reached": curve.reached,
                "final_distance": curve.final_distance,
                "losses": " ".join("" if loss is None else repr(loss) for loss in curve.losses),
                "command": network.command,
            }


def answers(atlas: Sequence[AtlasEntry]) -> Iterable[dict[str, Any]]:
    """A row for each question, the worst first."""
    for rank, entry in enumerate(atlas, start=1):
        fields: dict[str, Any] = {
            "rank": rank,
            "name": entry.row.name,
            "chapter": entry.row.chapter,
            "question": entry.row.text,
        }
        fields |= {name: answer.text for name, answer in entry.row.answers.items()}
        for (here, there), consequence in sorted(entry.consequences.items()):
            size = None if consequence.size is None else consequence.size if consequence.size < 1e300 else "no number"
            fields |= {f"{here}/{there}": consequence.kind, f"{here}/{there} size": size}
        yield fields | {"what to do": entry.row.remedies, "command": entry.row.command}


def comma_separated(rows: Sequence[Mapping[str, Any]]) -> str:
    """RFC 4180, with a header of every row's keys."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([escaping.csv_cell(name) for name in names])
    writer.writerows([escaping.csv_cell(row.get(name)) for name in names] for row in rows)
    return out.getvalue()


def as_json(name: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """One object, a row a line."""
    finite = [{key: _plain(value) for key, value in row.items()} for row in rows]
    lines = ",\n".join(json.dumps(row, sort_keys=True, ensure_ascii=False, allow_nan=False) for row in finite)
    return f'{{"schema_version": 1, "table": "{name}", "rows": [\n{lines}\n]}}\n'


def _plain(value: Any) -> Any:
    """JSON has neither infinity nor NaN: they travel as words."""
    return str(value) if isinstance(value, float) and not isfinite(value) else value
