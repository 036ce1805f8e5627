"""Owns the documents that parity writes as JSON: their schema, and the reader, which takes files of the earlier format too.

It refuses a file that is none of them, in a sentence.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from parity.documents.bench_results import Fingerprinted, Timed
from parity.documents.results import HISTORY, STRICT, Checked
from parity.documents.tables import SCHEMA_VERSION, Cell
from parity.errors import UsageError
from parity.judgement.verdicts import worst

SPELLED = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}
"""How the first format of `compare` wrote what is not finite -> as it is written."""


@dataclass(frozen=True, config=STRICT)
class PrintedTable:
    """What a command prints with `--format json`: a table's rows, each under the names of the columns."""

    columns: tuple[str, ...]
    rows: tuple[dict[str, Cell], ...]
    verb: Literal["list", "show", "atlas", "doctor", "table"]
    schema_version: Literal[2] = 2


Document = Annotated[Checked | Timed | Fingerprinted | PrintedTable, Field(discriminator="verb")]
MODEL: TypeAdapter[Checked | Timed | Fingerprinted | PrintedTable] = TypeAdapter(Document)


def schema() -> dict[str, object]:
    """The JSON schema of every document that parity writes with --json and --format json."""
    made = MODEL.json_schema(mode="serialization", by_alias=True)
    head: dict[str, object] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What parity writes with --json and --format json",
        "description": f"Format {SCHEMA_VERSION}. Numbers that are not finite are the strings NaN, Infinity and -Infinity.",
    }
    return {**head, **made}


def spelled(document: Checked | Timed | Fingerprinted) -> str:
    """The document as text."""
    return document.to_json()


def read(path: Path) -> Checked | Timed | Fingerprinted | PrintedTable:
    """What a file holds. Raises UsageError where it is no document of parity."""
    try:
        loaded = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: it is no JSON ({error}); `parity check SPEC --json {path}` writes one") from error
    return parsed(loaded, str(path))


def parsed(loaded: object, where: str) -> Checked | Timed | Fingerprinted | PrintedTable:
    """The same, of what was read. where: the file's name."""
    version = loaded.get("schema_version") if isinstance(loaded, dict) else None
    if type(version) is not int or version not in HISTORY or not isinstance(loaded, dict):
        versions = " and ".join(map(str, HISTORY))
        version_text = "it has no `schema_version`" if version is None else f"its `schema_version` is {str(version)[:40]}"
        raise UsageError(
            f"{where}: {version_text}, and this parity reads {versions}: it is no results file, or one of another parity"
        )
    try:
        return MODEL.validate_python(_renewed(loaded) if version == 1 else loaded)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{where}: `{place[:80]}`: {first['msg'][:160]}; run the command again that wrote it") from error
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise UsageError(f"{where}: it is no results file of format 1; run the command again that wrote it") from error


def _renewed(loaded: Mapping[str, Any]) -> dict[str, Any]:
    """A document of format 1 as one of this format. What it did not hold stays empty."""
    held = {key: value for key, value in loaded.items() if key != "schema_version"}
    if "object" in held:
        return {**held, "schema_version": SCHEMA_VERSION, "verb": "fingerprint"}
    results = held["results"]
    if "summary" not in held:
        return {"results": results, "schema_version": SCHEMA_VERSION, "verb": "bench"}
    verb = "compare" if "departures" in held["summary"] else "check"
    renewed = [_result(result, verb) for result in results]
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for result in renewed:
        groups.setdefault((result["case"], result["framework"]), []).append(result)
    summary = {key: value for key, value in held["summary"].items() if key != "notes" or verb == "compare"}
    summary["departures"] = [_spelled(departure) for departure in summary.get("departures", ())]
    cases = [_case(group) for group in groups.values()]
    return {"results": renewed, "summary": summary, "cases": cases, "schema_version": SCHEMA_VERSION, "verb": verb}


def _spelled(numbers: Mapping[str, Any]) -> dict[str, Any]:
    keys = ("error", "budget", "inherited", "added")
    return {
        key: SPELLED.get(value, value) if key in keys and isinstance(value, str) else value for key, value in numbers.items()
    }


def _result(result: Mapping[str, Any], verb: str) -> dict[str, Any]:
    made, more = _spelled(result), dict[str, Any]()
    parts = result["case"].split("/")
    if verb == "check" and len(parts) > 2 and parts[-1].startswith("seed") and parts[-1][4:].isdigit():
        more = {"mode": parts[-2], "seed": int(parts[-1][4:])}
    error, budget = made["error"], made["budget"]
    if isinstance(error, (int, float)) and isinstance(budget, (int, float)) and budget:
        more["share"] = error / budget
    return {**made, **more}


def _case(group: list[dict[str, Any]]) -> dict[str, Any]:
    """The case of its results."""
    first = group[0]
    shares = [result["share"] for result in group if isinstance(result.get("share"), float)]
    kept: dict[str, Any] = {
        key: first[key] for key in ("case", "framework", "outcome", "dtype", "device", "mode", "seed") if key in first
    }
    return {
        **kept,
        "verdict": worst(result["verdict"] for result in group),
        "comparisons": len(group),
        "share": max(shares, default=None),
        "reason": next((result["reason"] for result in group if result["reason"]), ""),
    }
