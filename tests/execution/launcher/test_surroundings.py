"""What a worker sees: no secrets of the user, and no module of the user's in the place of a library's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from parity.errors import UsageError
from parity.execution import own_path
from parity.execution.launcher import isolation
from parity.verbs.pass_env import passing

SECRETS = (
    *(
        "HF_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "GITHUB_TOKEN",
        "OPENAI_API_KEY",
        "SSH_AUTH_SOCK",
        "PGPASSWORD",
    ),
    *("TF_VAR_password", "TF_TOKEN_app_terraform_io", "KERAS_SECRET", "TF_my_token", "HTTPS_PROXY", "MY_OWN", "PIP_INDEX_URL"),
)
NEEDED = ("PATH", "HOME", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "TF_ENABLE_ONEDNN_OPTS", "XLA_FLAGS", "MXNET_ENGINE_TYPE")


def test_secrets_stay_and_what_is_needed_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*SECRETS, *NEEDED):
        monkeypatch.setenv(name, "here")
    seen = isolation.variables(tmp_path, {})
    assert not set(SECRETS) & set(seen)
    assert set(NEEDED) <= set(seen)


def test_a_variable_is_passed_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "here")
    monkeypatch.delenv(isolation.PASS, raising=False)
    back = passing(["HF_TOKEN"])
    assert isolation.variables(tmp_path, {}).get("HF_TOKEN") == "here"
    back()
    assert "HF_TOKEN" not in isolation.variables(tmp_path, {})
    with pytest.raises(UsageError, match="without its value"):
        passing(["HF_TOKEN=secret"])


@pytest.mark.parametrize("name", ["typing.py", "random.py", "json.py", "numpy/__init__.py", "parity/__init__.py"])
def test_a_module_of_the_users_takes_nobodys_place(name: str, tmp_path: Path) -> None:
    own = tmp_path / "own"
    (own / name).parent.mkdir(parents=True)
    (own / name).write_text("raise SystemExit('the user\\'s')")
    (own / "mine.py").write_text("import typing, random, json, numpy\nanswer = numpy.__name__\n")
    variables = isolation.variables(tmp_path, {}, python_path=[own])
    program = "from parity.execution import own_path; own_path.extend(); print(own_path.find('mine:answer'))"
    done = subprocess.run([sys.executable, "-c", program], env=variables, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("numpy", "")


def test_only_the_users_code_runs_in_the_users_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert isolation.variables(tmp_path / "links", {})[own_path.FOLDER] == ""
    assert isolation.variables(tmp_path / "links", {}, python_path=[tmp_path])[own_path.FOLDER] == str(tmp_path)


def test_a_name_that_is_taken_is_told(tmp_path: Path) -> None:
    (tmp_path / "numpy").mkdir()
    (tmp_path / "numpy" / "mine.py").write_text("answer = 1\n")
    variables = isolation.variables(tmp_path / "links", {}, python_path=[tmp_path])
    program = "from parity.execution import own_path; own_path.extend(); import numpy; own_path.find('numpy.mine:answer')"
    done = subprocess.run([sys.executable, "-c", program], env=variables, capture_output=True, text=True, check=False)
    assert "comes before modules of your own; give your module another name" in done.stderr
    assert os.pathsep not in str(tmp_path)


@pytest.mark.parametrize("name", ["typing.py", "random.py", "json.py", "rich_click.py", "numpy.py"])
def test_the_command_line_runs_no_file_of_the_working_directory(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("raise SystemExit('the user\\'s')")
    given = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    command = [sys.executable, "-m", "parity", "show", "adam"]
    done = subprocess.run(command, cwd=tmp_path, env=given, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
