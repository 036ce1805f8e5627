"""Environments built for real from a wheel made here, by venv and pip without a network."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from wheels import wheel

from parity.execution.launcher import building, diagnosis, environments, extra_packages
from parity.execution.launcher.environments import Unavailable
from parity.verbs import environments as verb


def test_build_find_list_and_remove(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="tiny has no environment: run `parity env build tiny`"):
        environments.installed("tiny")
    lines: list[str] = []
    built = building.build("tiny", on_line=lines.append)
    assert any("Successfully installed tinyframework-1.0" in line for line in lines)
    assert environments.installed("tiny") == built
    assert built.versions["tinyframework"] == "1.0"
    assert {"python", "machine"} < set(built.versions)
    (standing,) = environments.standing()
    assert standing.interpreter == built.interpreter
    assert standing.directory.parent == tmp_path / "environments"

    lines.clear()
    assert building.build("tiny", on_line=lines.append) == built
    assert lines == []

    (standing.directory / environments.MARKER).unlink()
    (standing.directory / "half").touch()
    with pytest.raises(Unavailable, match="has no environment"):
        environments.installed("tiny")
    building.build("tiny", on_line=lines.append)
    assert lines != []
    assert not (standing.directory / "half").exists()

    tiny.write_text(tiny.read_text() + "# a pin was changed\n")
    with pytest.raises(Unavailable, match="has no environment"):
        environments.installed("tiny")
    assert environments.remove("tiny") == [standing.directory]
    assert environments.standing() == []
    assert not standing.directory.exists()


def test_a_failing_build_says_why_and_leaves_nothing(tiny: Path, tmp_path: Path) -> None:
    tiny.write_text("--no-index\ntinyframework==9.9\n")
    with pytest.raises(Unavailable, match=r"No matching distribution found for tinyframework==9\.9"):
        building.build("tiny")
    assert environments.standing() == []
    assert [path.suffix for path in (tmp_path / "environments").iterdir()] == [".lock"]


def test_two_builders_make_one_environment(tiny: Path) -> None:
    """The second waits for the first, and finds the environment made."""
    program = (
        "import sys\n"
        "from parity.execution import frameworks\n"
        "import parity\n"
        "from parity.execution.launcher import building\n"
        "from parity.execution.frameworks import FrameworkEntry, Variant\n"
        "frameworks.TABLE['tiny'] = FrameworkEntry('parity.tiny_impl', (Variant('tiny'),))\n"
        "parity.__file__ = sys.argv[1]\n"
        "lines = []\n"
        "building.build('tiny', on_line=lines.append)\n"
        "print('built' if lines else 'found')\n"
    )
    command = [sys.executable, "-c", program, str(tiny.parents[2] / "__init__.py")]
    path = str(Path(__file__).parents[3])
    variables = {**os.environ, "PYTHONPATH": path}
    builders = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=variables) for _ in range(2)]
    said = sorted(builder.communicate()[0].strip() for builder in builders)
    assert said == ["built", "found"]


def test_pins_that_are_not_there_are_named(tiny: Path) -> None:
    with pytest.raises(Unavailable, match=r"tiny\[other\] has no pins for cpu: .*other-cpu.txt is missing"):
        building.build("tiny[other]")
    with pytest.raises(Unavailable, match="has no pins for gpu"):
        building.build("tiny", "gpu")
    with pytest.raises(ValueError, match="there is no framework 'caffe'"):
        building.build("caffe")


def test_an_interpreter_of_ones_own_comes_first(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARITY_TINY_PYTHON", sys.executable)
    found = environments.installed("tiny")
    assert found.interpreter == Path(sys.executable)
    assert "numpy" in found.versions
    assert building.build("tiny") == found
    assert environments.standing() == []


@pytest.mark.parametrize(
    ("name", "variable"),
    [("torch", "PARITY_TORCH_PYTHON"), ("keras[jax]", "PARITY_KERAS_JAX_PYTHON"), ("reference", "PARITY_REFERENCE_PYTHON")],
)
def test_the_variable_of_a_framework(name: str, variable: str) -> None:
    assert environments.override_variable(name) == variable


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("/nowhere/python", "cannot be run: No such file"),
        ("/bin/false", "fails: exit status 1"),
        ("/bin/true", "is no Python: it answers ''"),
    ],
)
def test_doctor_names_what_is_wrong_and_what_mends_it(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, given: str, reason: str
) -> None:
    (found,) = diagnosis.diagnose(["tiny"])
    assert (found.mend, found.description) == ("parity env build tiny", None)
    monkeypatch.setenv("PARITY_TINY_PYTHON", given)
    (found,) = diagnosis.diagnose(["tiny"])
    assert found.mend == "unset PARITY_TINY_PYTHON"
    assert f"PARITY_TINY_PYTHON={given}" in found.reason
    assert reason in found.reason


def test_doctor_asks_the_framework_in_its_own_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The harness's interpreter has no torch: what a broken environment says reaches the doctor."""
    monkeypatch.setenv("PARITY_TORCH_PYTHON", sys.executable)
    (found,) = diagnosis.diagnose(["torch"])
    assert "ModuleNotFoundError" in found.reason
    assert found.mend == "unset PARITY_TORCH_PYTHON"


def test_packages_of_the_users_own_stand_beside_the_pins(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Unavailable, match="run `parity env build tiny`, then add to it"):
        extra_packages.add("tiny", ["addition"])
    building.build("tiny")
    wheel(tmp_path, "0.5", "addition")
    wheel(tmp_path, "2.0")
    assert extra_packages.add("tiny", ["addition>=0.1"]) == {"addition>=0.1": "0.5"}
    assert environments.installed("tiny").versions["addition"] == "0.5"
    with pytest.raises(Unavailable, match=r"(?s)tinyframework==2\.0.*the pins of tiny .* stay as they are"):
        extra_packages.add("tiny", ["tinyframework==2.0"])
    assert environments.installed("tiny").versions["tinyframework"] == "1.0"
    for word in ("--index-url", " "):
        with pytest.raises(ValueError, match="is no package"):
            extra_packages.add("tiny", [word])
    assert extra_packages.lost("tiny") == []
    assert verb.show() == 0
    assert capsys.readouterr().out.strip().endswith(" +addition>=0.1")
    tiny.write_text(tiny.read_text() + "# a pin was changed\n")
    assert verb.build(["tiny"]) == 0
    assert "lacks: parity env add tiny 'addition>=0.1'" in capsys.readouterr().out
    assert extra_packages.lost("tiny") == ["addition>=0.1"]


def test_nothing_is_added_to_an_interpreter_of_the_users(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARITY_TINY_PYTHON", sys.executable)
    with pytest.raises(Unavailable, match="names an interpreter of yours, where parity installs nothing"):
        extra_packages.add("tiny", ["addition"])
