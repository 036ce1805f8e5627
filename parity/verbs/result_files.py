"""Owns what `check` and `compare` write beside what they print: JSON, JUnit, a badge, and what GitHub shows.

It refuses to judge and to lay out: parity.documents does.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from parity.documents import badge, github, junit, schema
from parity.documents.results import Checked
from parity.trials import report_rows
from parity.verbs import terminal

SUMMARY = "GITHUB_STEP_SUMMARY"
"""The variable with which GitHub names the file of a step's summary."""


@dataclass(frozen=True)
class Places:
    """Where results go. github: annotations go to the log, and the summary to the file that GitHub names."""

    json_path: Path | None = None
    junit_path: Path | None = None
    badge_path: Path | None = None
    github: bool = False

    def reach(self) -> None:
        """Before hours of work: raises where a file could not be written afterwards."""
        report_rows.reach(self.json_path, self.junit_path, self.badge_path)

    def write(self, checked: Checked) -> None:
        """Writes each file that was asked for, whole."""
        if self.json_path is not None:
            report_rows.replace(self.json_path, schema.spelled(checked))
        if self.junit_path is not None:
            report_rows.replace(self.junit_path, junit.junit(checked))
        if self.badge_path is not None:
            picture = self.badge_path.suffix == ".svg"
            report_rows.replace(self.badge_path, badge.svg(checked) if picture else badge.endpoint(checked))
        if self.github:
            _tell_github(checked)


def _tell_github(checked: Checked) -> None:
    """Annotations on stdout, where the runner reads them. The summary is added to what the step has said before."""
    for line in github.annotated(checked):
        terminal.write(line)
    if stated := os.environ.get(SUMMARY):
        path = Path(stated)
        used = path.stat().st_size if path.is_file() else 0
        with path.open("a", encoding="utf-8") as file:
            file.write(github.summary(checked, max(github.MOST_BYTES - used, 0)))
