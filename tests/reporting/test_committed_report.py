"""The committed reports follow from the committed results, byte for byte, and their data stay small."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from parity.execution.frameworks import TABLE
from parity.judgement.measures import QualityBound
from parity.reporting import pages, results
from parity.spec.specs import load
from parity.spec.suites import Suite
from parity.trials.selection import select
from parity.verbs import report

REPORTS = Path(__file__).parents[2] / "reports"
FOLDERS = (REPORTS, REPORTS / "training", REPORTS / "full", REPORTS / "full64")
"""The quick suite's report, with the atlas beside it (which has a test of its own), the training suite's, the full size's in
float32 and in float64."""


@pytest.mark.parametrize("folder", FOLDERS, ids=["quick", "training", "full", "full64"])
def test_every_file_of_a_report_follows_from_its_data(folder: Path) -> None:
    made = pages.rendered(results.read(folder / "data"), folder)
    changed = [str(path) for path, text in made.items() if path.read_text(encoding="utf-8") != text]
    assert not changed, f"run `parity report -o {folder}`"


def test_nothing_else_stands_there() -> None:
    made = {path for folder in FOLDERS for path in pages.rendered(results.read(folder / "data"), folder)}
    data = {folder / "data" for folder in FOLDERS}
    scripts = set((REPORTS / "upstream").rglob("*.py"))
    standing = {path for path in REPORTS.rglob("*") if path.is_file() and path.parent not in data} - scripts
    release = {REPORTS / "release" / name for name in ("README.md", "robustness.json")}
    site = {path for path in (REPORTS / "site").rglob("*") if path.is_file()}
    variants = set((REPORTS / "keras").iterdir())
    assert standing == {*made, *release, *site, *variants, REPORTS / "atlas.md", REPORTS / "atlas.html"}


def test_the_front_of_the_site_follows_from_the_records() -> None:
    """`parity site reports -o reports/site --front`: every file byte for byte, and no other stands there."""
    from parity.reporting.site import pages as site
    from parity.verbs.site import gathering

    made = site.built(gathering.gather(REPORTS), front=True)
    standing = {path.relative_to(REPORTS / "site").as_posix() for path in (REPORTS / "site").rglob("*") if path.is_file()}
    assert standing == set(made)
    changed = [name for name, text in made.items() if (REPORTS / "site" / name).read_bytes() != text.encode()]
    assert not changed, "run `parity site reports -o reports/site --front`"


def test_a_script_for_the_makers_of_a_framework_needs_no_parity() -> None:
    """Each lies in a folder that bears the name of a framework, says what it shows, and runs without parity."""
    for path in (REPORTS / "upstream").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert path.parent.name in TABLE and ast.get_docstring(tree), path
        imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not [name for name in imported if name.partition(".")[0] == "parity"], path


def test_every_training_of_the_suite_reached_what_was_asked() -> None:
    """The committed runs, the reference's and its twin's among them; one that does not reach it stands in the report."""
    found = results.read(REPORTS / "training" / "data")
    assert found.suite == "training" and found.curves
    assert not [(curve.spec, curve.framework, curve.quality) for curve in found.curves if not curve.reached]
    runs = {spec: {curve.framework for curve in found.curves if curve.spec == spec} for spec in (c.spec for c in found.curves)}
    assert all(names >= {"keras", "torch", "mxnet", "reference"} for names in runs.values())


def test_neither_the_start_nor_a_guess_reaches_what_is_asked() -> None:
    """Except of the perceptron, which is asked to fail: a line gets three of exclusive or's four cases at best."""
    suite, found = load("suites/training"), results.read(REPORTS / "training" / "data")
    assert isinstance(suite, Suite)
    asked = {entry.specs[0]: entry.quality for entry in suite.entries}
    assert asked.keys() == {curve.spec for curve in found.curves}
    for curve in found.curves:
        quality = asked[curve.spec]
        assert quality is not None
        bound = QualityBound(quality.measure, quality.at_least, quality.at_most)
        assert bound.words() == curve.asked
        for without in (curve.at_start, curve.guess):
            assert without is None or bound.reached(without) == (curve.spec == "perceptron")


def test_a_changed_report_is_noticed(tmp_path: Path) -> None:
    found = results.read(REPORTS / "data")
    pages.write(found, tmp_path)
    assert report.main(REPORTS / "data", tmp_path, verify=True) == 0
    page = tmp_path / "index.html"
    page.write_text(page.read_text(encoding="utf-8") + " ", encoding="utf-8")
    assert report.main(REPORTS / "data", tmp_path, verify=True) == 1


def test_the_committed_data_are_small() -> None:
    assert sum(path.stat().st_size for folder in FOLDERS for path in (folder / "data").iterdir()) < 20e6


@pytest.mark.parametrize("folder", FOLDERS, ids=["quick", "training", "full", "full64"])
def test_the_page_needs_no_network(folder: Path) -> None:
    text = (folder / "index.html").read_text(encoding="utf-8")
    for word in ("src=", "@import", "url(http"):
        assert word not in text
    assert "https://" not in text.replace("https://vega.github.io", "") or "<link" not in text


OPEN: dict[str, set[tuple[str, str, str]]] = {"full": set(), "full64": set()}
"""Findings of the committed runs, no more and no fewer: spec, framework and quantity. README names each."""


@pytest.mark.parametrize(
    ("folder", "suite", "told"),
    [("full", "full", "[{} networks in float32]"), ("full64", "full_float64", "[{} networks in float64]")],
)
def test_at_full_size_what_ran_agrees_and_the_rest_is_told(folder: str, suite: str, told: str) -> None:
    """Every network that is asked for, in every framework: judged green, or waiting and said to. README tells how many."""
    asked = load(f"suites/{suite}")
    assert isinstance(asked, Suite)
    rows = results.read(REPORTS / folder / "data").rows
    verdicts: dict[str, set[str]] = {}
    for row in rows:
        verdicts.setdefault(re.split(r"[/\[:@]", row.case)[0], set()).add(row.verdict)
    assert set(verdicts) == {one.name for entry in asked.entries for one in select(entry.specs).architectures}
    judged = [name for name, seen in verdicts.items() if seen <= {"agrees", "exact"}]
    differing = {(row.spec.split("[")[0], row.framework, row.quantity) for row in rows if row.verdict == "differs"}
    assert differing == OPEN[folder]
    readme = (REPORTS.parent / "README.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in readme for name, _, _ in differing)
    waiting = set(verdicts) - set(judged) - {name for name, _, _ in differing}
    assert all(verdicts[name] == {"not_compared"} for name in waiting)
    assert told.format(len(judged)) in readme
