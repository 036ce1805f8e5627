"""Where modules of the user's own are found: by file, by name, in packages, behind what is installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from parity.execution import own_path
from parity.execution.launcher import isolation
from parity.execution.own_target import Mistyped, parsed

PROGRAM = """
import sys
from parity.execution import own_path
own_path.extend()
print(own_path.find(sys.argv[1]))
"""


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def found(folder: Path, target: str, monkeypatch: pytest.MonkeyPatch, path: str = "") -> str:
    """What a worker finds of a target that is typed in this folder; the end of its error where it finds none."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PYTHONPATH", path)
    place = folder / "scratch"
    variables = isolation.variables(place, {}, python_path=own_path.of_caller())
    command = [sys.executable, "-c", PROGRAM, target]
    done = subprocess.run(command, env=variables, cwd=place, capture_output=True, text=True, check=False)
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


TREE = {
    "model.py": "answer = 1\n",
    "reads.py": "answer = open('config.txt').read()\n",
    "config.txt": "of the folder",
    "types.py": "answer = 'mine'\n",
    "sub/model.py": "from layers import answer\n",
    "sub/layers.py": "answer = 'beside'\n",
    "layers.py": "answer = 'of the working directory'\n",
    "src/package/__init__.py": "from .deep.inner import answer\n",
    "src/package/deep/__init__.py": "",
    "src/package/deep/inner.py": "from ..sizes import answer\n",
    "src/package/sizes.py": "answer = 'relative'\n",
    "loose/user.py": "from .base import answer\n",
    "loose/base.py": "answer = 'loose'\n",
    "numpy/__init__.py": "raise SystemExit('the user\\'s')\n",
    "shadow.py": "import numpy\nanswer = numpy.__name__\n",
    "elsewhere/named.py": "answer = 'PYTHONPATH'\n",
}


@pytest.mark.parametrize(
    ("target", "answer"),
    [
        ("model.py:answer", "1"),
        ("model:answer", "1"),
        ("reads.py:answer", "of the folder"),
        ("types.py:answer", "mine"),
        ("sub/model.py:answer", "beside"),
        ("package:answer", "relative"),
        ("src/package/deep/inner.py:answer", "relative"),
        ("loose/user.py:answer", "loose"),
        ("shadow.py:answer", "numpy"),
        ("named:answer", "PYTHONPATH"),
    ],
)
def test_a_target_is_found_as_in_the_users_shell(
    target: str, answer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, TREE)
    assert found(tmp_path, target, monkeypatch, str(tmp_path / "elsewhere")) == answer


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("modle.py:answer", "there is no file `modle.py`"),
        ("modle:answer", "there is no module `modle`; did you mean `model`?"),
        ("package.depe:answer", "there is no module `package.depe`; did you mean `package.deep`?"),
        ("model.py:anwser", "model.py has no `anwser`"),
        ("numpy/__init__.py:answer", "has no `answer`"),
        ("types:answer", "comes before modules of your own"),
    ],
)
def test_what_is_not_there_is_told(target: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {**TREE, "numpy/__init__.py": ""})
    assert told in found(tmp_path, target, monkeypatch)


def test_a_function_is_meant_where_its_name_is_near(tmp_path: Path) -> None:
    write(tmp_path, {"mine_of_this_test.py": "def build(): ...\nclass Net: ...\nhidden = 3\n"})
    target = parsed(f"{tmp_path}/mine_of_this_test.py:biuld")
    kept = list(sys.path)
    try:
        with pytest.raises(Mistyped, match=r"has no `biuld`; did you mean `build`\?"):
            own_path.attribute(own_path.module_of(target), target)
    finally:
        sys.path[:] = kept
        sys.modules.pop("mine_of_this_test", None)
    assert own_path.offered_by(tmp_path / "mine_of_this_test.py") == ["build", "Net"]


def test_the_shells_own_places_are_looked_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", "lib:/elsewhere")
    assert own_path.of_caller() == (tmp_path, tmp_path / "lib", Path("/elsewhere"))
    (tmp_path / "src").mkdir()
    assert own_path.of_caller()[1] == tmp_path / "src"
