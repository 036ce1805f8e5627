"""The pytest plugin in a user's own suite: fixtures, marker, `pytest --parity SPEC`, one store for a session."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SUITE = """
import pytest

RIGHT, WRONG = "torch=reference_framework:Implementation", "torch=planted:Implementation"


def test_agrees(assert_parity):
    assert assert_parity("mlp", dtypes="float64", nodes=False, realizations=RIGHT).passed


def test_differs(assert_parity):
    assert_parity("lenet", dtypes="float64", realizations=WRONG)


@pytest.mark.parity("mlp", dtypes="float64", nodes=False, realizations=RIGHT)
def test_marked(parity_result, parity_store):
    assert parity_result.cases[0].verdict == "agrees" and (parity_store / "records").is_dir()


def test_unmarked(parity_result):
    pass


def test_pair(assert_pair):
    assert_pair("torch=mine:build")
"""


@pytest.fixture
def suite(tmp_path: Path, fakes: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs pytest in a user's folder, with the fakes' modules beside it; torch's interpreter is this one."""
    for file in fakes.glob("*.py"):
        (tmp_path / file.name).symlink_to(file)
    (tmp_path / "test_mine.py").write_text(SUITE)
    plugin = "parity.pytest_plugin"
    variables = {
        **os.environ,
        "PARITY_TORCH_PYTHON": sys.executable,
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTEST_ADDOPTS": "",
    }

    variables["PARITY_ENVIRONMENTS"] = str(tmp_path / "environments")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pytest", "-p", plugin, "-p", "no:cacheprovider", "--strict-markers", "-q", *words]
        return subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, check=False)

    return run


def test_fixtures_pass_what_agrees_and_tell_what_departs(suite: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    done = suite("test_mine.py")
    assert "2 failed, 2 passed, 1 error" in done.stdout, done.stdout + done.stderr
    assert "torch lenet:sigmoid_2/none/none/float64/cpu/eager/seed0: forward" in done.stdout and ": differs" in done.stdout
    assert "mark the test with @pytest.mark.parity(SPEC)" in done.stdout
    assert "name two or three models" in done.stdout


def test_a_spec_on_the_command_line_is_a_test(suite: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path) -> None:
    """A framework that is not built fails its test with what to do; a word that names no spec with the one that is near."""
    (tmp_path / "parity.toml").write_text('frameworks = ["jax"]\nstore = "kept"\n')
    words = ("--parity", "sgd", "--parity", "lenett", "-m", "parity", "--parity-store", "kept")
    done = suite("test_mine.py::test_agrees", *words)
    assert "parity[sgd]" in done.stdout and "parity env build jax" in done.stdout, done.stdout + done.stderr
    assert "2 failed, 1 deselected" in done.stdout and "Traceback" not in done.stdout
    assert "no spec is called `lenett`; did you mean `lenet`?" in done.stdout
    ended = suite("--markers")
    assert "@pytest.mark.parity(specs, **options)" in ended.stdout
