"""A framework goes with its folder, its line in the table and its factor in tox.ini: what is left holds without it.

A few tests run here; `python -m tests.tools.framework_trees mxnet onnx` runs all of them.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import framework_trees
import pytest

TESTS = ("tests/test_imports.py", "tests/reporting/test_pages.py", "tests/docs/test_design.py")
BARE = """
from parity.execution.frameworks import names
from parity.commands.options import ANSWERING, DRIVING, OBSERVING
from parity.execution.launcher.diagnosis import diagnose
print(*names(), *(one.framework for one in diagnose()), ANSWERING, DRIVING, OBSERVING)
"""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("removal")


@pytest.fixture
def place(shared: Path) -> Iterator[Path]:
    """Where a tree goes: the same place for each, so that mypy checks again only what differs."""
    yield shared
    shutil.rmtree(shared / "tree")


@pytest.mark.parametrize("framework", ["mxnet", "onnx"])
def test_what_is_left_holds_without_it(framework: str, place: Path) -> None:
    tree = framework_trees.copied(place / "tree")
    framework_trees.remove(tree, framework)
    assert framework not in (tree / "tox.ini").read_text().lower()
    assert framework_trees.failures(tree, framework, TESTS) == []
    (tree / "told.py").write_text(BARE)
    told = framework_trees.run(tree, "told", PARITY_ENVIRONMENTS=str(tree / "none"))
    assert "torch" in told.stdout and framework not in told.stdout, told.stderr


def test_no_more_than_its_own_goes(tmp_path: Path) -> None:
    tree = framework_trees.copied(tmp_path / "tree", ["parity"])
    framework_trees.remove(tree, "mxnet")
    gone, changed = set(), set()
    for file in framework_trees.ROOT.glob("parity/**/*.py"):
        copy = tree / file.relative_to(framework_trees.ROOT)
        if not copy.exists():
            gone.add(file.parents[len(file.relative_to(framework_trees.ROOT).parts) - 3].name)
        elif copy.read_text() != file.read_text():
            changed.add(copy.relative_to(tree).as_posix())
    assert gone == {"mxnet_impl"} and changed == {framework_trees.TABLE}
    with pytest.raises(ValueError, match="has no line of caffe"):
        framework_trees.remove(tree, "caffe")
