"""Environments built for real from a wheel made here, by venv and pip without a network."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from parity.execution import frameworks
from parity.execution.frameworks import FrameworkEntry, Variant
from parity.execution.launcher import diagnosis, environments, extra_packages
from parity.execution.launcher.environments import Unavailable
from parity.verbs import environments as verb


def wheel(directory: Path, version: str, package: str = "tinyframework") -> Path:
    """A package of one line."""
    info = f"{package}-{version}.dist-info"
    files = {
        f"{package}.py": f'__version__ = "{version}"\n',
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: parity\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    lines = []
    for name, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        lines.append(f"{name},sha256={digest},{len(text)}\n")
    path = directory / f"{package}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in {**files, f"{info}/RECORD": "".join(lines) + f"{info}/RECORD,,\n"}.items():
            archive.writestr(name, text)
    return path


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A framework `tiny` in the table, its environments below tmp_path. Returns its file of pins."""
    package = tmp_path / "parity"
    pins = package / "tiny_impl" / "requirements" / "tiny-cpu.txt"
    pins.parent.mkdir(parents=True)
    wheel(tmp_path, "1.0")
    pins.write_text(f"--no-index\n--find-links {tmp_path}\ntinyframework==1.0\n")
    monkeypatch.setitem(frameworks.TABLE, "tiny", FrameworkEntry("parity.tiny_impl", (Variant("tiny"), Variant("other"))))
    monkeypatch.setattr(environments.parity, "__file__", str(package / "__init__.py"))
    monkeypatch.setenv("PARITY_ENVIRONMENTS", str(tmp_path / "environments"))
    monkeypatch.delenv("PARITY_TINY_PYTHON", raising=False)
    return pins


def test_build_find_list_and_remove(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="tiny has no environment: run `parity env build tiny`"):
        environments.installed("tiny")
    lines: list[str] = []
    built = environments.build("tiny", on_line=lines.append)
    assert any("Successfully installed tinyframework-1.0" in line for line in lines)
    assert environments.installed("tiny") == built
    assert built.versions["tinyframework"] == "1.0"
    assert {"python", "machine"} < set(built.versions)
    (standing,) = environments.standing()
    assert standing.interpreter == built.interpreter
    assert standing.directory.parent == tmp_path / "environments"

    lines.clear()
    assert environments.build("tiny", on_line=lines.append) == built
    assert lines == []

    (standing.directory / environments.MARKER).unlink()
    (standing.directory / "half").touch()
    with pytest.raises(Unavailable, match="has no environment"):
        environments.installed("tiny")
    environments.build("tiny", on_line=lines.append)
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
        environments.build("tiny")
    assert environments.standing() == []
    assert [path.suffix for path in (tmp_path / "environments").iterdir()] == [".lock"]


def test_two_builders_make_one_environment(tiny: Path) -> None:
    """The second waits for the first, and finds the environment made."""
    program = (
        "import sys\n"
        "from parity.execution import frameworks\n"
        "from parity.execution.launcher import environments\n"
        "from parity.execution.frameworks import FrameworkEntry, Variant\n"
        "frameworks.TABLE['tiny'] = FrameworkEntry('parity.tiny_impl', (Variant('tiny'),))\n"
        "environments.parity.__file__ = sys.argv[1]\n"
        "lines = []\n"
        "environments.build('tiny', on_line=lines.append)\n"
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
        environments.build("tiny[other]")
    with pytest.raises(Unavailable, match="has no pins for gpu"):
        environments.build("tiny", "gpu")
    with pytest.raises(ValueError, match="there is no framework 'caffe'"):
        environments.build("caffe")


def test_an_interpreter_of_ones_own_comes_first(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARITY_TINY_PYTHON", sys.executable)
    found = environments.installed("tiny")
    assert found.interpreter == Path(sys.executable)
    assert "numpy" in found.versions
    assert environments.build("tiny") == found
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
    environments.build("tiny")
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
