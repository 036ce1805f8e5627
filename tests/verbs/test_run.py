"""The files that `parity run` writes beside its report: those of `check`, of what the suite judged."""

from __future__ import annotations

import json
from pathlib import Path

from parity.cli import status
from parity.documents import schema
from parity.documents.results import Checked

SUITE = "name: mine\nentries: [{task: agreement, specs: [sgd], dtypes: [float64]}]\n"


def test_a_suite_writes_what_it_judged(tmp_path: Path) -> None:
    """No record came back from the other machine, so that nothing was compared."""
    suite = tmp_path / "mine.yaml"
    suite.write_text(SUITE)
    plan, json_file, junit = tmp_path / "plan", tmp_path / "found.json", tmp_path / "junit.xml"
    assert status(["run", str(suite), "-f", "torch", "--store", str(tmp_path), "--plan", str(plan)]) == 0
    asked = ["run", str(suite), "-f", "torch", "--store", str(tmp_path), "--collect", str(plan), "-o", str(tmp_path / "out")]
    assert status([*asked, "--json", str(json_file), "--junit", str(junit)]) == 3
    found = schema.parsed(json.loads(json_file.read_text()), "found.json")
    assert isinstance(found, Checked) and {case.verdict for case in found.cases} == {"not_compared"}
    assert found.command.startswith("parity run ") and all(case.again for case in found.cases)
    assert junit.read_text().count("no record came back") >= len(found.cases) > 0


def test_a_file_that_cannot_be_written_is_said_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert status(["run", "quick", "--store", str(tmp_path), "--json", str(tmp_path / "file" / "found.json")]) == 2
    assert not (tmp_path / "requests").exists()
