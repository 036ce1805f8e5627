"""Owns copies of the source tree without a framework, and the programs that run in them.

    python -m tests.tools.framework_trees mxnet      # style, types and the whole harness without MXNet; half an hour

It refuses to change the tree that it copies. In the copy it removes only the framework's folder, line and tox factor.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
PARTS = ("parity", "specs", "docs", "tests", "reports", "notebooks", "benchmarks")
LEFT_OUT = (
    ".git",
    ".tox",
    ".venv",
    "__pycache__",
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
    ".parity",
    "build",
    "*.egg-info",
)
TABLE = "parity/execution/frameworks.py"

SUBJECTS = {
    "mxnet": ("comparing/test_mxnet_log_softmax.py", "mxnet_impl/test_params.py", "tools/damaged_params.py"),
    "onnx": (
        *("onnx_impl/test_layers.py", "conformance/onnx_check.py"),
        *("conformance/onnx_planted.py", "conformance/test_onnx.py"),
    ),
}
"""Framework -> files of tests about it, and the files that they need, below tests/; they are left out with the framework."""
RECORDS = (
    "tests/api/test_python.py::test_the_examples_that_need_no_framework_run",
    "tests/atlas/test_advice.py",
    "tests/docs/test_first_page.py::test_the_first_page_shows_what_the_choice_prints",
    "tests/docs/test_notebook.py",
    "tests/docs/test_questions.py",
    "tests/reporting/recommendation/test_criteria.py",
    "tests/reporting/site/test_pages.py",
    "tests/reporting/test_committed_report.py",
    "tests/reporting/test_installs.py::test_the_committed_record_is_of_frameworks_of_the_table",
    "tests/verbs/test_recommend.py",
)
"""Tests of committed records and pages that name every framework of the table: made anew, they would hold one less."""
NAMING = {
    "mxnet": (
        "tests/atlas/test_history.py::test_the_record_of_mxnet_answers_too",
        "tests/docs/test_removal.py",
        "tests/test_class_names.py::test_every_exception_is_still_needed",
        "tests/verbs/test_command_line.py::test_a_word_without_meaning_is_a_mistake_and_never_green",
        "tests/verbs/test_help.py::test_an_object_of_a_framework_without_fingerprints_gets_no_advice_that_fails",
    ),
    "onnx": (
        "tests/docs/test_removal.py",
        "tests/execution/launcher/test_building.py::test_a_release_is_one_framework_more",
        "tests/test_class_names.py::test_every_exception_is_still_needed",
        "tests/trials/test_selected_frameworks.py::test_a_variable_goes_before_a_file_and_a_name_before_both",
        "tests/verbs/test_command_line.py::test_a_word_without_meaning_is_a_mistake_and_never_green",
        "tests/verbs/test_help.py::test_the_help_names_the_words_and_frameworks_that_a_command_accepts",
    ),
}
"""Framework -> further tests whose expectation contains its name; they are deselected where it is removed."""


def copied(place: Path, names: Iterable[str] = PARTS) -> Path:
    """Copies the folders, and every file beside them, to a place that does not exist yet."""
    place.mkdir(parents=True)
    for file in ROOT.iterdir():
        if file.is_file():
            shutil.copy2(file, place)
    for name in names:
        shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns(*LEFT_OUT))
    return place


def remove(tree: Path, framework: str) -> None:
    """Removes a framework from a copy: its folder, its line in the table, its factor in tox.ini, and nothing else."""
    table, tox = tree / TABLE, tree / "tox.ini"
    entry = re.compile(rf'^    "{framework}": FrameworkEntry\((?:.*\),\n|\n(?: {{8}}.*\n)+    \),\n)', re.MULTILINE)
    kept, count = entry.subn("", table.read_text())
    if count != 1:
        raise ValueError(f"{table} has no line of {framework}, or several")
    table.write_text(kept)
    text = re.sub(rf"^ +{framework}:.*\n", "", tox.read_text(), flags=re.MULTILINE)
    tox.write_text(re.sub(rf",? {framework}\b|\b{framework}, ", "", text))
    shutil.rmtree(tree / "parity" / f"{framework}_impl")


def run(tree: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs one Python program in the tree; it imports the tree's package and no other."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PARITY_", "PYTEST_"))}
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=tree,
        env={**kept, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1", **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def failures(tree: Path, framework: str, tests: Sequence[str]) -> list[str]:
    """The failures of style, types and tests in the tree, without the tests about the framework."""
    for path in SUBJECTS.get(framework, ()):
        (tree / "tests" / path).unlink()
    programs = [
        ("ruff", "check", "--no-cache"),
        ("ruff", "format", "--check", "--no-cache"),
        ("mypy", "--cache-dir", str(tree.parent / "mypy")),
        ("pytest", "-q", "-p", "no:cacheprovider", *tests),
    ]
    done = [(words, run(tree, *words)) for words in programs]
    return [f"{' '.join(words)}:\n{one.stdout[-4000:]}{one.stderr[-2000:]}" for words, one in done if one.returncode]


def main(frameworks: Sequence[str]) -> int:
    """Prints the failures without each framework. The exit status is 1 if there is any."""
    found = []
    for framework in frameworks:
        with tempfile.TemporaryDirectory() as place:
            tree = copied(Path(place) / "tree")
            remove(tree, framework)
            left_out = [f"--deselect={name}" for name in (*RECORDS, *NAMING.get(framework, ()))]
            processes = os.environ.get("PARITY_TEST_PROCESSES", "2")
            found += failures(tree, framework, ["-n", processes, *left_out, "tests"])
    sys.stdout.write("\n".join(found) or f"style, types and tests hold without {' and without '.join(frameworks)}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
