"""Committed data are believed only where they are whole: a line less, twice, exchanged or with another number is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from parity.atlas.question import Answer
from parity.cli import status
from parity.execution import records, request, sealed
from parity.execution.damaged_files import Damaged, parsed
from parity.execution.records import Record
from parity.reporting import atlas, pages, results
from parity.reporting.results import Curve, Results, Row, Speed
from parity.spec.specs import parse
from parity.spec.suites import Suite
from parity.verbs import report
from parity.verbs.run import planned_elsewhere
from tests.reporting.test_pages import made, row, speed
from tests.tools.requests_for_fakes import write as write_request

MEND = "do it again"
LINES = [json.dumps({"a": number}) for number in range(5)]


def written(folder: Path) -> Path:
    rows = [row(case=f"lenet/{place}") for place in range(5)]
    results.write(made(rows=rows, speeds=[speed("torch", 2.0)]), folder)
    return folder


DAMAGE: dict[str, Callable[[list[str]], list[str]]] = {
    "dropped": lambda lines: lines[:2] + lines[3:],
    "the last dropped": lambda lines: lines[:-1],
    "doubled": lambda lines: [*lines[:2], lines[1], *lines[2:]],
    "exchanged": lambda lines: [lines[1], lines[0], *lines[2:]],
    "another number": lambda lines: [*lines[:2], lines[2].replace("1e-16", "2e-16").replace("2}", "7}"), *lines[3:]],
    "a space": lambda lines: [*lines[:2], lines[2] + " ", *lines[3:]],
    "all gone": lambda lines: [],
}
FIRST = {"dropped": 3, "doubled": 3, "exchanged": 1, "another number": 3, "a space": 3, "all gone": 1}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_rows_are_refused_with_the_line(damage: str, tmp_path: Path) -> None:
    path = written(tmp_path) / "comparisons.jsonl"
    lines = path.read_text().splitlines()
    path.write_text("".join(f"{line}\n" for line in DAMAGE[damage](lines)))
    with pytest.raises(Damaged, match=f"comparisons.jsonl, line {FIRST.get(damage, len(lines))}: ") as told:
        results.read(tmp_path)
    assert "parity report --seal" in str(told.value)


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_sealed_lines_are_refused(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "settled.jsonl"
    sealed.write_sealed_lines(path, LINES)
    assert sealed.read_sealed_lines(path, MEND) == LINES
    whole = path.read_text().splitlines()
    path.write_text("".join(f"{line}\n" for line in (*DAMAGE[damage](whole[:-1]), whole[-1])))
    with pytest.raises(Damaged, match=f"line .*: {MEND}"):
        sealed.read_sealed_lines(path, MEND)


def test_lines_without_a_seal_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "settled.jsonl"
    sealed.write_sealed_lines(path, LINES)
    for text in ("", path.read_text()[:-1], "\n".join(LINES) + "\n", path.read_text() + "\n"):
        path.write_text(text)
        with pytest.raises(Damaged, match="seal"):
            sealed.read_sealed_lines(path, MEND)


def test_files_of_two_reports_cannot_be_mixed(tmp_path: Path) -> None:
    written(tmp_path / "a")
    results.write(made(rows=[row(framework="keras")]), tmp_path / "b")
    (tmp_path / "a" / "comparisons.jsonl").write_bytes((tmp_path / "b" / "comparisons.jsonl").read_bytes())
    with pytest.raises(Damaged, match=r"comparisons\.jsonl"):
        results.read(tmp_path / "a")


@pytest.mark.parametrize("name", ["manifest.json", "comparisons.jsonl", "training.jsonl", "speed.jsonl"])
@pytest.mark.parametrize("damage", ["missing", "empty", "directory", "latin", "deep"])
def test_a_file_that_is_no_text_of_ours_is_refused(name: str, damage: str, tmp_path: Path) -> None:
    path = written(tmp_path) / name
    whole = path.read_bytes()
    path.unlink()
    if damage == "directory":
        path.mkdir()
    elif damage != "missing":
        path.write_bytes({"empty": b"", "latin": whole + b"\xff\n", "deep": b"[" * 200_000}[damage])
    with pytest.raises(Damaged, match=name):
        results.read(tmp_path)


def test_every_byte_of_a_manifest_counts(tmp_path: Path) -> None:
    path = written(tmp_path) / "manifest.json"
    whole = path.read_bytes()
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(Damaged, match=r"manifest\.json"):
            results.read(tmp_path)


HOSTILE: dict[str, tuple[str, Any]] = {
    "a path": ("spec", "../../outside"),
    "an absolute path": ("spec", "/etc/outside"),
    "a control character": ("framework", "to\x00rch"),
    "an escape": ("framework", "to\x1b[31mrch"),
    "a number for a word": ("framework", 5),
    "a word for a number": ("compared", "ten"),
    "truth for a number": ("error", True),
    "a number beyond floats": ("error", 10**400),
    "an unknown verdict": ("verdict", "wonderful"),
    "half a character": ("reason", "\ud800"),
}


@pytest.mark.parametrize("words", HOSTILE)
def test_a_field_that_cannot_be_is_refused_though_it_is_sealed(words: str, tmp_path: Path) -> None:
    key, value = HOSTILE[words]
    results.write(made(rows=[row(), row(**{"case": "z", key: value})]), tmp_path)
    with pytest.raises(Damaged, match=rf"comparisons\.jsonl, line 2: `{key}` cannot be "):
        results.read(tmp_path)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"losses": []}, "`losses` cannot be"),
        ({"losses": [1.0] * 49}, "another run of it has 50"),
        ({"spec": "a/../../b"}, "`spec` cannot be"),
        ({"asked": "much"}, "`asked` cannot be"),
        ({"reached": 1}, "`reached` cannot be"),
    ],
)
def test_a_curve_that_cannot_be_is_refused(changes: dict[str, Any], told: str, tmp_path: Path) -> None:
    reference, other = made().curves
    results.write(made(curves=[reference, replace(other, **changes)]), tmp_path)
    with pytest.raises(Damaged, match=rf"training\.jsonl, line 2: .*{told}"):
        results.read(tmp_path)


@pytest.mark.parametrize("block", [{}, {"steps": 0}, {"wall_ns": -1}, {"foreign": "much"}])
def test_a_block_that_cannot_be_is_refused(block: dict[str, Any], tmp_path: Path) -> None:
    whole = {"steps": 1, "wall_ns": 1, "foreign": 0.0, "steal": 0.0}
    blocks = [{**whole, **block}] if block else [{}]
    results.write(made(speeds=[replace(speed("torch", 2.0), processes=[{"blocks": blocks}])]), tmp_path)
    with pytest.raises(Damaged, match=r"speed\.jsonl, line 1: `processes` cannot be"):
        results.read(tmp_path)


def test_every_field_of_a_row_has_a_check() -> None:
    for kind, checks in results.FILES.values():
        assert kind in (Row, Curve, Speed) and set(kind.__dataclass_fields__) == set(checks)


def test_what_somebody_edited_is_sealed_by_a_command(tmp_path: Path) -> None:
    path = written(tmp_path / "data") / "comparisons.jsonl"
    path.write_text(path.read_text().replace("1e-16", "2e-16"))
    atlas.write([], {"torch": "2"}, [], tmp_path)
    before = (tmp_path / "data" / "atlas.json").read_text()
    (tmp_path / "data" / "atlas.json").write_text(before.replace('"2"', '"3"'))
    with pytest.raises(Damaged):
        report.main(None, tmp_path, verify=False)
    assert report.main(None, tmp_path, verify=False, seal=True) == 0
    assert {one.error for one in results.read(tmp_path / "data").rows} == {2e-16}
    assert atlas.read(tmp_path / "data" / "atlas.json")[1] == {"torch": "3"}
    assert report.main(None, tmp_path, verify=True) == 0


def test_a_seal_does_not_make_a_wrong_field_right(tmp_path: Path) -> None:
    results.write(made(rows=[row(spec="../x")]), tmp_path / "data")
    with pytest.raises(Damaged, match="`spec` cannot be"):
        report.main(None, tmp_path, verify=False, seal=True)


def atlas_of(folder: Path, **changes: Any) -> Path:
    answers = {"torch": Answer("0.1", "torch.x(y)"), "keras": Answer("0.2")}
    gap = atlas.DefaultGap("torch.x", "torch", "x", {"a": 1.0}, "y", float("inf"), None, 1e-8)
    found = atlas.AtlasRow("batch_norm.x", "normalization", "text", "advice", answers)
    (folder / "data").mkdir()
    path = folder / "data" / "atlas.json"
    path.write_text(atlas.spelled([replace(found, **changes)], {"torch": "2", "keras": "3"}, [gap]), encoding="utf-8")
    return path


def test_every_byte_of_an_atlas_counts(tmp_path: Path) -> None:
    path = atlas_of(tmp_path)
    whole = path.read_bytes()
    assert atlas.read(path)[0][0].answers["torch"].text == "0.1"
    for place in range(0, len(whole), 5):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(Damaged, match=r"atlas\.json"):
            atlas.read(path)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"chapter": "other"}, "`chapter` cannot be"),
        ({"name": '"><script>'}, "`name` cannot be"),
        ({"answers": {"torch": Answer("1")}}, "a framework has no answer"),
    ],
)
def test_an_atlas_with_a_field_that_cannot_be_is_refused(changes: dict[str, Any], told: str, tmp_path: Path) -> None:
    with pytest.raises(Damaged, match=f"row 1: {told}"):
        atlas.read(atlas_of(tmp_path, **changes))


def test_sealed_arrays_are_whole_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    sealed.write_sealed_arrays(path, {"losses": np.arange(7.0), "final/w": np.ones((2, 3), np.float32)})
    found = sealed.read_sealed_arrays(path, MEND)
    assert {name: array.tolist() for name, array in found.items()} == {"losses": [*range(7)], "final/w": [[1.0] * 3] * 2}
    with np.load(path) as archive:  # any reader of .npz takes it
        assert set(archive.files) == {"losses", "final/w"}
    whole = path.read_bytes()
    for place in range(0, len(whole), 11):
        for damaged in (whole[:place], whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :]):
            path.write_bytes(damaged)
            with pytest.raises(Damaged, match=MEND):
                sealed.read_sealed_arrays(path, MEND)


@pytest.mark.parametrize(
    ("text", "told"),
    [('{"a": 1, "a": 2}', "twice"), ("[NaN]", "no number"), ("[" * 70 + "]" * 70, "too deep"), ("{", "no JSON")],
)
def test_json_is_read_strictly(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        parsed(text)


def test_brackets_in_a_text_are_no_nesting() -> None:
    assert parsed(json.dumps(["[{" * 100])) == ["[{" * 100]


def test_results_of_nothing_are_whole(tmp_path: Path) -> None:
    empty = Results("quick", "parity run quick", {"machine": {}, "frameworks": {}})
    results.write(empty, tmp_path)
    assert results.read(tmp_path) == empty


def test_the_command_line_tells_it_in_a_sentence(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "data") / "comparisons.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[1:]))
    assert status(["report", "-o", str(tmp_path)]) == 2
    told = capfd.readouterr().err
    assert f"{path}, line 1: it has 4 lines, 5 were written" in told and "Traceback" not in told
    assert not (tmp_path / "README.md").exists()


def test_no_field_becomes_a_path(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    curves = [replace(curve, spec="../../outside") for curve in made().curves]
    results.write(made(curves=curves), tmp_path / "in" / "data")
    assert status(["report", "-o", str(tmp_path / "in")]) == 2
    assert "`spec` cannot be '../../outside'" in capfd.readouterr().err
    pages.write(made(curves=curves), tmp_path / "in")  # whoever comes by another way finds names of ours
    assert {path.parent for path in tmp_path.rglob("*.svg")} == {tmp_path / "in" / "figures"}


def test_a_request_that_was_changed_is_refused(tmp_path: Path) -> None:
    asked = write_request(tmp_path / "request", "Sound", 3)
    path = asked.directory / request.FILE
    path.write_text(path.read_text().replace('"seed": 1', '"seed": 2'))
    with pytest.raises(Damaged, match=r"request\.json: its checksum does not match"):
        request.read(asked.directory)


def test_a_record_of_another_case_does_not_answer(tmp_path: Path) -> None:
    suite = parse("name: tiny\nentries:\n  - {task: sampling, specs: [ones], frameworks: [torch], dtypes: [float32]}\n")
    assert isinstance(suite, Suite)
    planned_elsewhere.write_plan(suite, ["torch"], tmp_path)
    (place,) = (path.parent for path in tmp_path.glob("*/request.json"))
    entries = request.read(place).entries
    (place / "results").mkdir()
    for entry in entries:
        records.append(place / "results", Record(entry.key, "another case", "torch", "ran", "float32"))
    found = planned_elsewhere.collect_plan(suite, ["torch"], tmp_path)
    assert {(one.verdict, one.record.reason) for one in found} == {("not_compared", "no record came back")}
