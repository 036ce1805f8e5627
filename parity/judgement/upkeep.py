"""Owns what is known of a framework's upkeep: whether it is retired, by a source with a date. It refuses to guess."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from ruamel.yaml import YAML

from parity.execution.frameworks import find

KEYS = ("retired", "source", "read")


@cache
def retired(framework: str) -> str:
    """Since when nobody keeps it up, with the source and the day on which it was read; empty where nothing is on record.

    Raises ValueError for a statement without a source or a day."""
    package = find(framework)[1].package.rpartition(".")[2]
    path = Path(__file__).resolve().parent.parent / package / "upkeep.yaml"
    if not path.is_file():
        return ""
    entry = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    if not isinstance(entry, dict) or set(entry) != set(KEYS) or not all(entry.values()):
        raise ValueError(f"{path} has {', '.join(KEYS)}, and each says something")
    return f"{entry['retired']} ({entry['source']}; read {entry['read']})"
