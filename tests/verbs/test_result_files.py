"""What `check` and `compare` write beside what they print: the same files, the same statuses, and GitHub's annotations."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

import parity
from parity.cli import status
from parity.comparing.departures import Departure
from parity.comparing.judged_tensors import TensorVerdict
from parity.verbs import compare
from parity.verbs.compare.printing import ComparedModel, ComparedPair

WRONG = "torch=planted:Implementation"


@pytest.fixture
def place(tmp_path: Path, fakes: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(fakes)
    monkeypatch.setenv("PARITY_TORCH_PYTHON", sys.executable)
    monkeypatch.setenv("PARITY_STORE", str(tmp_path / "store"))
    return tmp_path


def test_check_writes_every_file_and_tells_github(
    place: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(place / "step_summary"))
    (place / "step_summary").write_text("before\n")
    files = {"--json": "found.json", "--junit": "junit.xml", "--badge": "badge.svg"}
    words = [word for option, name in files.items() for word in (option, str(place / name))]
    assert status(["check", "lenet", "--realization", WRONG, "--dtype", "float64", "--github", "--quiet", *words]) == 1
    out = capfd.readouterr()
    lines = out.out.splitlines()
    assert any(line.startswith("::error title=parity%3A torch differs::lenet") for line in lines)
    assert not any("cases × frameworks" in line or line.startswith("lenet ") for line in lines) and out.err == ""  # --quiet
    document = json.loads((place / "found.json").read_text())
    bad = [case for case in document["cases"] if case["verdict"] == "differs"]
    suite = ElementTree.parse(place / "junit.xml").getroot()  # noqa: S314 - our own file
    assert suite.attrib["failures"] == str(len(bad)) and float(suite.attrib["time"]) > 0
    assert f'aria-label="parity: {len(bad)} of {len(document["cases"])} differ"' in (place / "badge.svg").read_text()
    assert document["command"].startswith("parity check lenet --realization torch=planted:Implementation")
    summary = (place / "step_summary").read_text()
    assert summary.startswith("before\n### parity check: differs") and summary.count("| ✗ differs | torch |") == len(bad)
    again = next(case["again"] for case in bad if case["case"].startswith("lenet:sigmoid_2"))
    assert again.startswith("parity check lenet --framework 'torch'") and f"--store {place}/store" in again


def compared(verdict: str) -> ComparedPair:
    base, other = (ComparedModel(name, name, f"mine:{name}", {}, "1.0") for name in ("torch", "keras"))
    error = float("inf") if verdict == "differs" else 1e-16
    found = TensorVerdict("activation", "1 (ReLU)", "float64", verdict, error, 1e-15)
    departure = Departure("activation", "1 (ReLU)", error, causes=("slope 0.1",)) if verdict == "differs" else None
    return ComparedPair(base, other, [found], departure, ("weights were drawn",))


@pytest.mark.parametrize(("verdict", "expected"), [("differs", 1), ("agrees", 0), ("documented_difference", 0)])
def test_compare_writes_the_same_files_and_ends_alike(
    place: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], verdict: str, expected: int
) -> None:
    monkeypatch.setattr(compare, "compare", lambda *_, **__: [compared(verdict)])
    files = {"--json": "found.json", "--junit": "junit.xml", "--badge": "badge.json"}
    words = [word for option, name in files.items() for word in (option, str(place / name))]
    assert status(["compare", "torch=mine:torch", "keras=mine:keras", "--seed", "3", "--github", *words]) == expected
    document = json.loads((place / "found.json").read_text())
    assert document["verb"] == "compare" and document["cases"][0]["seed"] == 3
    assert document["summary"]["notes"] == [{"case": "torch=mine:torch/keras=mine:keras", "note": "weights were drawn"}]
    suite = ElementTree.parse(place / "junit.xml").getroot()  # noqa: S314 - our own file
    assert suite.attrib["failures"] == str(expected)
    assert json.loads((place / "badge.json").read_text())["color"] == ("red" if expected else "brightgreen")
    if verdict == "differs":
        assert document["results"][0]["error"] == "Infinity" == document["summary"]["departures"][0]["error"]
        (failure,) = suite.iter("failure")
        assert failure.attrib["message"] == "differs: departs first at 1 (ReLU): slope 0.1"
    out = capfd.readouterr().out
    assert ("::error " in out) == ("%0Adeparts first at 1 (ReLU): slope 0.1%0A" in out) == (verdict == "differs")


def test_a_model_that_fails_is_an_error_in_every_file(
    place: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise compare.Crashed("it broke\nin forward")

    monkeypatch.setattr(compare, "compare", fail)
    files = ("--json", str(place / "found.json"), "--junit", str(place / "junit.xml"))
    assert status(["compare", "torch=a:b", "keras=a:c", "--github", *files]) == 3
    seen = capfd.readouterr()
    assert "it broke" in seen.err and "::warning title=parity%3A keras not compared::torch=a:b/keras=a:c%0Ait broke" in seen.out
    suite = ElementTree.parse(place / "junit.xml").getroot()  # noqa: S314 - our own file
    assert (suite.attrib["errors"], suite.attrib["failures"]) == ("1", "0")
    found = parity.compare(["torch=a:b", "keras=a:c"])
    assert found.exit_status == 3 and found.cases[0].reason == "it broke\nin forward" and found.table.rows[0][-1] == "it broke"


def test_a_place_that_cannot_be_written_is_told_before_models_run(
    place: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (place / "file").write_text("")
    monkeypatch.setattr(compare, "compare", lambda *_, **__: pytest.fail("it ran"))
    assert status(["compare", "torch=a:b", "torch=a:c", "--junit", str(place / "file" / "below")]) == 2
    assert "name another place" in capfd.readouterr().err
