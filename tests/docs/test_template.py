"""The template of a framework, copied as docs/adding-a-framework.md says: first green cells, and honest refusals elsewhere."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import framework_trees
import pytest

PAGE = framework_trees.ROOT / "docs" / "adding-a-framework.md"
GREEN = {f"mlp:{layer}" for layer in ("hidden", "relu", "logits")}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources in which the commands of the page have been run, as they stand there."""
    (commands,) = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
    copy = framework_trees.copied(tmp_path_factory.mktemp("template") / "tree", ["parity", "specs", "docs"])
    subprocess.run(["bash", "-euc", commands], cwd=copy, check=True)  # noqa: S607  any bash
    return copy


def parity(tree: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return framework_trees.run(tree, "parity", *words, PARITY_TINY_PYTHON=sys.executable)


def test_the_first_cells_are_green_and_the_others_say_why_they_are_not(tree: Path) -> None:
    words = ["check", "dense", "relu", "mlp", "--framework", "tiny", "--json", "found.json", "--store", "store"]
    done = parity(tree, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    results = json.loads((tree / "found.json").read_text())["results"]
    found: dict[str, set[str]] = {}
    for result in results:
        assert result["framework"] == "tiny" and result["dtype"] in ("float64", "float32")
        name = result["case"].partition("/")[0]
        found.setdefault(name.partition(":")[0] if name.startswith(("dense", "relu")) else name, set()).add(result["verdict"])
    assert all(found[name] <= {"agrees", "exact"} for name in ("dense", "relu", *GREEN))
    assert set(found) == {"dense", "relu", *GREEN, "mlp", "mlp:training.softmax_cross_entropy"}
    assert found["mlp"] == found["mlp:training.softmax_cross_entropy"] == {"unsupported"}
    assert any(result["verdict"] == "agrees" for result in results)
    reasons = {result["reason"] for result in results if result["verdict"] == "unsupported"}
    assert reasons == {
        "no optimizer yet, and this case trains 4 steps of adam",
        "not written yet: the ops softmax_cross_entropy",
    }
    assert re.findall(r"^(dense|relu) +\d+ +✓", done.stdout, re.MULTILINE) == ["dense", "relu"]
    (block,) = re.findall(r"^ +tiny +tiny\n.*?(?=^```)", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert shape_of(block) == shape_of(done.stdout)


def shape_of(table: str) -> list[str]:
    """What a table shows on every machine: `exact` and `agrees` change places with the last bits, and the numbers change."""
    ends = [re.sub(r"✓ (exact|agrees [\d.]+)", "✓", line) for line in table.splitlines()]
    counted = sum(int(number) for number in re.findall(r"(\d+) (?:agrees|exact)", ends[-1]))
    return [
        *(" ".join(line.split()) for line in ends[:-1]),
        re.sub(r": .* (\d+ unsupported)", f": {counted} green, \\1", ends[-1]),
    ]


def test_a_verb_whose_feature_it_lacks_refuses_it(tree: Path) -> None:
    done = parity(tree, "atlas", "-f", "tiny")
    assert done.returncode == 2 and "tiny has no feature `atlas`" in done.stderr


def test_the_copy_keeps_the_style_and_its_types(tree: Path) -> None:
    folder = "parity/tiny_impl"
    for words in (
        ["ruff", "check", "--no-cache", folder],
        ["ruff", "format", "--check", "--no-cache", folder],
        ["mypy", folder],
    ):
        done = framework_trees.run(tree, *words)
        assert done.returncode == 0, done.stdout


def test_the_page_shows_the_line_that_its_commands_write(tree: Path) -> None:
    (line,) = re.findall(r"```python\n(.*?)\n```", PAGE.read_text(), re.DOTALL)
    assert line in (tree / "parity/execution/frameworks.py").read_text().splitlines()


def test_the_template_is_short() -> None:
    files = ("framework.py", "model.py", "layers.py")
    lines = [line for name in files for line in (framework_trees.ROOT / "docs/template_impl" / name).read_text().splitlines()]
    assert len([line for line in lines if line.strip()]) <= 160
