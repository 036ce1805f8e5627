"""What docs/ci holds to be copied: commands that can be typed, inputs that reach no script, and hooks that do what they say."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import framework_trees
import pytest
from ruamel.yaml import YAML
from test_first_page import problem

FOLDER = framework_trees.ROOT / "docs" / "ci"


def loaded(name: str) -> Any:
    return YAML(typ="safe").load((FOLDER / name).read_text(encoding="utf-8"))


def test_the_commands_of_the_action_can_be_typed() -> None:
    action, workflow = loaded("action.yml"), loaded("workflow.yml")
    (script,) = [step["run"] for step in action["runs"]["steps"] if "run" in step]
    words = {"frameworks": action["inputs"]["frameworks"]["default"]}
    lines = re.findall(r"^parity .*$", script, re.MULTILINE)
    assert len(lines) == 2
    (job,) = workflow["jobs"].values()
    (given,) = [step["with"] for step in job["steps"] if "with" in step]
    assert set(given) <= set(action["inputs"])
    for command in (action["inputs"]["command"]["default"], given["command"]):
        for line in lines:
            typed = line.replace('"${command[@]}"', command).replace('"${frameworks[@]}"', words["frameworks"])
            assert problem(typed) == "", typed


def test_no_input_is_written_into_the_script() -> None:
    """An input in `run:` would become a command of the shell; the environment's variables do not."""
    scripts = [step["run"] for step in loaded("action.yml")["runs"]["steps"] if "run" in step]
    assert scripts and not any("${{" in script for script in scripts)


def test_the_hook_refuses_a_spec_with_a_mistake(tmp_path: Path) -> None:
    hooks = {hook["id"]: hook for repository in loaded("pre-commit-config.yaml")["repos"] for hook in repository["hooks"]}
    right = framework_trees.ROOT / "specs/architectures/lenet.yaml"
    (tmp_path / "wrong.yaml").write_text(right.read_text().replace("conv2d", "conv3e"))
    (tmp_path / "parity").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m parity "$@"\n')
    (tmp_path / "parity").chmod(0o755)
    for files, expected in (([right], 0), ([right, tmp_path / "wrong.yaml"], 2)):
        command = [*shlex.split(hooks["parity-specs"]["entry"]), *map(str, files)]
        path = {"PATH": f"{tmp_path}:/usr/bin:/bin", "PYTHONPATH": str(framework_trees.ROOT)}
        assert subprocess.run(command, env=path, capture_output=True, check=False).returncode == expected
    assert problem(f"{hooks['parity-check']['entry']} my.yaml") == ""


@pytest.mark.parametrize("name", ["action.yml", "workflow.yml", "pre-commit-config.yaml"])
def test_each_file_says_where_it_goes(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8").startswith("# Copy ")
    assert f"ci/{name}" in (FOLDER.parent / "ci.md").read_text(encoding="utf-8")
