"""The verbs from end to end, in real worker processes: fakes stand in for a framework, in the harness's own interpreter."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from parity.cli import status
from parity.execution.records import Record
from parity.judgement.verdicts import exit_status
from parity.spec import specs
from parity.spec.mistakes import SpecError
from parity.trials.session import JudgedTrial
from parity.trials.trial import Options, Trial
from parity.verbs import bisect
from parity.verbs.check import again, check, show
from parity.verbs.run import command

RIGHT = "torch=reference_framework:Implementation"
WRONG = "torch=planted:Implementation"


@pytest.fixture
def place(tmp_path: Path, fakes: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store; the fakes' folder is the working directory, and torch's interpreter is this one."""
    monkeypatch.chdir(fakes)
    monkeypatch.setenv("PARITY_TORCH_PYTHON", sys.executable)
    return tmp_path


def run(place: Path, *arguments: str) -> int:
    return status([*arguments, "--store", str(place / "store")])


def test_a_right_realization_agrees(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    results, junit = place / "results.json", place / "junit.xml"
    words = ["check", "mlp", "adam", "glorot_uniform", "--realization", RIGHT]
    assert run(place, *words, "--json", str(results), "--junit", str(junit)) == 0
    document = json.loads(results.read_text())
    assert document["schema_version"] == 2 and document["results"]
    keys = {"case", "framework", "framework_version", "device", "dtype", "quantity", "tensor", "error", "budget", "verdict"}
    keys |= {"mode", "seed", "share", "where"}
    assert all({*keys, "outcome", "reason"} == set(result) for result in document["results"])
    assert document["command"].startswith("parity check mlp adam") and document["machine"]["processor"]
    assert {case["seed"] for case in document["cases"]} == {0} and all(case["seconds"] >= 0 for case in document["cases"])
    counts = document["summary"]["case_verdicts"]
    suite = ElementTree.parse(junit).getroot()  # noqa: S314 - our own file
    assert sum(counts.values()) == len({result["case"] for result in document["results"]}) == int(suite.attrib["tests"])
    assert set(counts) <= {"exact", "agrees"} and suite.attrib["failures"] == "0"
    assert "mlp" in capfd.readouterr().out


def test_a_second_run_takes_the_records_over(place: Path) -> None:
    first = check(["mlp"], dtypes=["float64"], realizations=[RIGHT], store=place / "store")
    lines = (place / "store/records/torch-float64/records.jsonl").read_text().splitlines()
    second = check(["mlp"], dtypes=["float64"], realizations=[RIGHT], store=place / "store")
    assert len((place / "store/records/torch-float64/records.jsonl").read_text().splitlines()) == len(lines)
    assert [one.record for one in first] == [one.record for one in second]


def test_a_wrong_realization_differs_and_tells_how_to_see_it_again(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(place, "check", "lenet", "--realization", WRONG, "--dtype", "float64") == 1
    out = " ".join(capfd.readouterr().out.split())
    assert "lenet:sigmoid_2/none/none/float64/cpu/eager/seed0: differs" in out
    assert (
        f"again: parity check lenet --framework 'torch' --dtype float64 --realization {WRONG} --store {place}/store --case"
        in out
    )


def test_the_command_told_selects_that_case_alone(place: Path) -> None:
    judged = check(["lenet"], dtypes=["float64"], realizations=[WRONG], store=place / "store")
    bad = next(one for one in judged if one.verdict == "differs")
    words = again(bad).replace("'", "").split()[2:]
    one = check(["lenet"], dtypes=["float64"], case_id=words[-1], realizations=[WRONG], store=place / "store")
    assert [item.trial.case.id for item in one] == [bad.trial.case.id]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, "parity check mlp --framework 'torch' --dtype float64 --case 'mlp/none/none/float64/cpu/eager/seed0'"),
        ({"device": "gpu"}, "--dtype float64 --device gpu --case 'mlp/none/none/float64/gpu/eager/seed0'"),
        ({"mode": "compiled"}, "--dtype float64 --mode compiled --case 'mlp/none/none/float64/cpu/compiled/seed0'"),
        ({"task": "training"}, "parity run training --output reports/training"),
    ],
)
def test_the_command_told_has_all_that_the_case_was_asked_with(change: dict[str, str], told: str) -> None:
    case = Options().case("mlp", "float64", task="agreement")
    record = Record("0" * 64, case.id, "torch", "ran", "float64")
    judged = JudgedTrial(Trial(replace(case, **change), {}, lambda _: [], ""), "torch", record, [], Path())  # type: ignore[arg-type]
    assert again(judged, command("training", Path("reports/training"))).endswith(told)


def test_a_report_says_where_it_lies_unless_it_lies_where_reports_go() -> None:
    assert command("quick", None) == "parity run quick"
    assert command("quick", Path("reports")) == "parity run quick --output reports"


def test_bisect_names_the_layer_and_writes_a_file_that_runs(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(place, "bisect", "lenet", "--framework", "torch", "--realization", WRONG, "-o", str(place)) == 1
    assert "torch departs first at sigmoid_2, alone" in " ".join(capfd.readouterr().out.split())
    (file,) = place.glob("*.py")
    done = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, check=False, cwd=place)
    assert done.returncode == 1 and "error" in done.stdout, done.stderr
    mended = file.read_text().replace("planted:Implementation", "reference_framework:Implementation")
    file.write_text(mended)
    done = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, check=False, cwd=place)
    assert done.returncode == 0, done.stderr + done.stdout


def test_bisect_names_what_was_not_judged(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    words = [
        "bisect",
        "mlp",
        "--framework",
        "torch",
        "--realization",
        "torch=lacking:Implementation",
        "-o",
        str(place / "none"),
    ]
    assert run(place, *words) == 0
    out = capfd.readouterr().out
    assert "agrees with" not in out
    assert "torch: nothing departs from mlp in float64; 3 of 5 cases were judged, the others are unsupported:" in out
    assert "    mlp:training.softmax_cross_entropy: no loss here\n" in out and "    mlp: no loss here\n" in out


def test_bisect_finds_nothing_where_nothing_departs(place: Path) -> None:
    assert run(place, "bisect", "mlp", "--framework", "torch", "--realization", RIGHT, "-o", str(place / "none")) == 0
    assert not (place / "none").exists()


def test_an_absent_framework_is_incomplete_and_told_once(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("PARITY_TORCH_PYTHON")
    monkeypatch.setenv("PARITY_ENVIRONMENTS", str(place / "nothing"))
    judged = check(["mlp"], frameworks=["torch"], dtypes=["float64"], store=place / "store")
    assert len(judged) > 3 and {one.verdict for one in judged} == {"not_compared"}
    assert "parity env build torch" in judged[0].record.reason
    assert exit_status(one.verdict for one in judged) == 3
    show(judged)
    seen = capsys.readouterr()
    assert seen.out.count("parity env build torch") == 1
    assert f"torch: {len(judged)} cases not compared: " in seen.out


@pytest.mark.parametrize(
    ("words", "expected", "told"),
    [
        (("check", "lenett"), 2, "did you mean `lenet`"),
        (("check", "mlp", "--framework", "caffe"), 2, "there is no framework 'caffe'"),
        (("check", "mlp", "--realization", "torch"), 2, "FRAMEWORK=PACKAGE.MODULE:NAME"),
        (("check", "mlp", "--case", "nothing"), 5, "no case nothing"),
        (("bench", "adam"), 5, "bench times architectures"),
        (("check",), 2, "SPEC"),
        (("run", "lenet"), 2, "lenet"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(
    place: Path, capfd: pytest.CaptureFixture[str], words: tuple[str, ...], expected: int, told: str
) -> None:
    assert run(place, *words) == expected
    printed = capfd.readouterr()
    assert told in " ".join((printed.out + printed.err).split())
    assert "Traceback" not in printed.err


def test_the_first_departure_as_a_function(place: Path) -> None:
    found = bisect.bisect("lenet", "torch", realizations=[WRONG], store=place)
    assert found is not None
    assert (found.node, found.alone, found.comparison.verdict) == ("sigmoid_2", True, "differs")
    assert bisect.bisect("mlp", "torch", realizations=[RIGHT], store=place) is None


def test_list_knows_families_and_their_architectures(capfd: pytest.CaptureFixture[str]) -> None:
    assert status(["list", "families"]) == 0
    assert {"linear", "residual"} <= set(capfd.readouterr().out.split())
    assert status(["list", "linear"]) == 0
    assert capfd.readouterr().out.split() == ["linear_regression", "perceptron", "softmax_regression"]
    assert status(["list", "lenet"]) == 2
    assert "no kind or family `lenet`" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("parameters: 203530", "parameters: 203531", "`parameters` says 203,531, and there are 203,530"),
        ("constants: {units: 256}", "constants: {units: 0}", "`units` is at least 1, not 0"),
    ],
)
def test_a_file_of_the_users_own_is_held_at_full_size_too(place: Path, before: str, after: str, told: str) -> None:
    """The small size, which is what runs, has neither mistake."""
    text = (specs.folder() / "architectures" / "mlp.yaml").read_text(encoding="utf-8")
    assert before in text
    (place / "mine.yaml").write_text(text.replace(before, after), encoding="utf-8")
    with pytest.raises(SpecError, match=told):
        check([str(place / "mine.yaml")], realizations=[RIGHT], store=place / "store")
    assert not (place / "store").exists()
