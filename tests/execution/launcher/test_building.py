"""Another release of a framework, built for real beside the pinned one, and again from its pins with hashes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from wheels import wheel

from parity.cli import status
from parity.errors import UsageError
from parity.execution import frameworks
from parity.execution.frameworks import FrameworkEntry, Variant
from parity.execution.launcher import building, environments, installing, pins
from parity.execution.launcher.environments import Unavailable
from parity.trials import selected_frameworks
from parity.verbs import environments as verb


@pytest.fixture
def released(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`tiny` of release 1.0 is pinned beside helper 1.0; release 2.0 needs helper 2.0. Gives the folder of wheels."""
    entry = FrameworkEntry("parity.tiny_impl", (Variant("tiny"),), distribution="tinyframework")
    monkeypatch.setitem(frameworks.TABLE, "tiny", entry)
    monkeypatch.setenv(installing.VARIABLE, "pip")
    for version in ("1.0", "2.0"):
        wheel(tmp_path, version, "helper")
    wheel(tmp_path, "2.0", requires="helper>=2")
    tiny.write_text(f"{tiny.read_text()}helper==1.0\n")
    return tmp_path


def test_another_release_stands_beside_the_pinned_one(
    released: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The pinned helper does not fit it, so that pip looks for one that does; the hashes hold whoever builds it again."""
    lines: list[str] = []
    built = building.build("tiny@2.0", on_line=lines.append, keep=released / "pins")
    assert any("do not fit tiny@2.0" in line for line in lines)
    assert (built.versions["tinyframework"], built.versions["helper"]) == ("2.0", "2.0")
    assert environments.installed("tiny@2.0") == built and environments.framework_version("tiny@2.0") == "2.0"
    assert not environments.stands("tiny") and environments.remove("tiny") == []
    (kept,) = (released / "pins").iterdir()
    assert kept.name == pins.file_name("tiny@2.0", "cpu") and pins.hashed(kept)
    assert pins.read(kept) == {"helper": "2.0", "tinyframework": "2.0"}

    kept.write_text(kept.read_text().replace("helper==2.0", "helper==1.0"))
    with pytest.raises(Unavailable, match=r"other packages than .*parity env remove tiny@2.0 first"):
        building.build("tiny@2.0", keep=released / "pins")
    assert [folder.name.split("-")[0] for folder in environments.remove("tiny@2.0")] == ["tiny@2.0"]
    assert verb.build(["tiny==2.0"], released / "pins") == 3
    told = capsys.readouterr().out
    assert "tiny@2.0: a size that nobody has measured yet" in told and "MB are free" in told
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in told
    assert environments.standing() == []


def test_the_pinned_release_is_the_pinned_environment(released: Path) -> None:
    assert environments.planned("tiny@1.0") == environments.planned("tiny") != environments.planned("tiny@2.0")
    assert environments.override_variable("tiny@2.0") == "PARITY_TINY_2_0_PYTHON"


def test_an_interpreter_of_another_release_is_refused(released: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise its numbers would stand in the column of a release that did not compute them."""
    monkeypatch.setenv("PARITY_TINY_2_0_PYTHON", sys.executable)
    monkeypatch.setattr(environments, "versions_of", lambda *_: {"tinyframework": "1.0"})
    with pytest.raises(Unavailable, match=r"PARITY_TINY_2_0_PYTHON=.* has tinyframework 1.0, where tiny@2.0 asks for 2.0"):
        environments.installed("tiny@2.0")
    monkeypatch.setattr(environments, "versions_of", lambda *_: {"tinyframework": "2.0+cpu"})
    assert environments.installed("tiny@2.0").interpreter == Path(sys.executable)


def test_a_release_is_one_framework_more() -> None:
    assert selected_frameworks.chosen(["torch==2.12.1", "torch", "torch@2.12.1"]) == ("torch@2.12.1", "torch")
    assert frameworks.find("torch@2.12.1") == frameworks.find("torch")
    assert frameworks.distribution("onnx@1.20.0") == "onnxruntime" and not frameworks.trains("onnx@1.20.0")
    assert selected_frameworks.that_train(["torch@2.12.1"], frameworks.ATLAS) == ("torch@2.12.1",)
    for name in ("torch@", "torch@../..", "torch@2.12.1@3", f"torch@{'1' * 41}", "torch@2 --index-url x"):
        with pytest.raises(UsageError, match="is no release: write one as in torch@"):
            selected_frameworks.chosen([name])
    with pytest.raises(UsageError, match="did you mean `torch`"):
        selected_frameworks.chosen(["pytorch==2.12.1"])


def test_an_installer_that_is_not_there_is_named(
    released: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    for word, told in (("uv", "no program uv is on PATH"), ("conda", "there are pip and uv")):
        monkeypatch.setenv(installing.VARIABLE, word)
        assert status(["env", "build", "tiny"]) == 3
        assert told in capsys.readouterr().out


@pytest.mark.parametrize(
    "report", [b"{}", b"[]", b'{"install": [{"metadata": {"name": "a", "version": "1"}, "download_info": {}}]}'], ids=str
)
def test_a_report_without_hashes_gives_no_pins(report: bytes) -> None:
    with pytest.raises(ValueError, match=r"another form|came without a sha256"):
        pins.written(report, [])


def test_a_line_without_a_hash_is_told(tmp_path: Path) -> None:
    file = tmp_path / "pins.txt"
    file.write_text("# head\na==1 \\\n    --hash=sha256:1 \\\n    --hash=sha256:2\n")
    assert pins.hashed(file)
    file.write_text(f"{file.read_text()}b==2\n")
    assert not pins.hashed(file) and pins.read(file) == {"a": "1", "b": "2"}


def test_macos_has_pins_of_its_own_where_the_packages_are_others() -> None:
    """The same versions as elsewhere; of TensorFlow another package."""
    linux, mac = (pins.read(pins.shipped("keras", "cpu", system)) for system in ("linux", "darwin"))
    assert linux.pop("tensorflow_cpu") == mac.pop("tensorflow") and linux == mac
    assert pins.shipped("torch", "cpu", "darwin") == pins.shipped("torch", "cpu", "linux")
