"""`parity recommend`: an order with its evidence; and a clear answer with its exit status where there is none."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from parity.cli import status

REPORTS = Path(__file__).parents[2] / "reports"


def said(capfd: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = status(["recommend", "--reports", str(REPORTS), *words])
    told = capfd.readouterr()
    return code, told.out, told.err


def test_an_order_stands_on_its_evidence(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = said(capfd, "--task", "vision", "--needs", "float64", "--weights", "speed=3,agreement=2")
    assert code == 0
    assert "1 | keras | " in out and "needs float64: met" in out and "left out: mxnet" in out
    assert "parity bench lenet --framework keras" in out and "times the fastest, mode default: lenet 1.00" in out
    assert "not measured here for vision on cpu: keras[jax], keras[torch], jax, mindspore, onnx" in out


def test_the_choice_is_written_as_json(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert said(capfd, "--json", str(tmp_path / "choice.json"))[0] == 0
    told = json.loads((tmp_path / "choice.json").read_text(encoding="utf-8"))
    assert [place["candidate"]["name"] for place in told["places"]] == ["torch", "keras"]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--task", "visoin"], 2, "did you mean `vision`?"),
        (["--device", "cup"], 2, "there is no device `cup`"),
        (["--mode", "fast"], 2, "there is no mode `fast`"),
        (["--from", "tensorflow"], 2, "did you mean `keras`?"),
        (["--needs", "float46"], 2, "did you mean `float64`?"),
        (["--needs", "training,forward-only"], 2, "training and forward-only exclude each other"),
        (["--weights", "spede=1"], 2, "did you mean `speed`?"),
        (["--weights", "speed"], 2, "write CRITERION=NUMBER"),
        (["--weights", "speed=much"], 2, "the weight of speed is a number"),
        (["--weights", "speed=-1"], 2, "lies between 0 and 1e+06"),
        (["--weights", "speed=nan"], 2, "lies between 0 and 1e+06"),
        (["--weights", "speed=0"], 2, "every weight is 0"),
    ],
)
def test_what_has_no_meaning_is_told(words: list[str], code: int, told: str, capfd: pytest.CaptureFixture[str]) -> None:
    found, _, err = said(capfd, *words)
    assert found == code and told in err


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--needs", "install<=100"], 5, "No framework on record meets the needs for anything on cpu: keras (install<=100)"),
        (["--needs", "forward-only"], 5, "torch (forward-only)"),
        (["--device", "gpu"], 3, "Not measured here: no framework is on record for anything on gpu."),
        (["--task", "language", "--weights", "speed=1"], 3, "Not measured here: nothing is on record of what has a weight"),
        (["--task", "language"], 0, "No clear winner for language on cpu"),
        (["--weights", "upkeep=1", "--retired"], 0, "No clear winner"),
    ],
)
def test_what_no_record_tells_is_said(words: list[str], code: int, told: str, capfd: pytest.CaptureFixture[str]) -> None:
    found, out, _ = said(capfd, *words)
    assert found == code and told in out


def test_no_records(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert status(["recommend", "--reports", str(tmp_path)]) == 2
    assert "holds no records" in capfd.readouterr().err


def test_records_of_another_format(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(REPORTS / "data", tmp_path / "data")
    manifest = tmp_path / "data" / "manifest.json"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace('"format": 2', '"format": 9'), encoding="utf-8")
    assert status(["recommend", "--reports", str(tmp_path)]) == 2
    assert "manifest.json" in capfd.readouterr().err


def test_empty_records(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    from parity.reporting import results

    results.write(results.Results("quick", "parity run quick", {"machine": {}, "frameworks": {}}), tmp_path / "data")
    assert status(["recommend", "--reports", str(tmp_path)]) == 3
    told = capfd.readouterr().out
    assert (
        "Not measured here" in told
        and "not measured here for anything on cpu: keras, keras[jax], keras[torch], torch, mxnet" in told
    )
