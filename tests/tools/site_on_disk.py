"""Owns a site as files for tests: the committed records' material, and the writing of pages to a folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from parity.verbs.site import gathering

REPORTS = Path(__file__).parents[2] / "reports"
MATERIAL = gathering.gather(REPORTS)


def written(files: Mapping[str, str], folder: Path) -> Path:
    """The folder, with every file of the site in it."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8", newline="")
    return folder
