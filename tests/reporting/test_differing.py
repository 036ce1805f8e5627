"""A difference of two runs: what got worse comes first, and a time is another one only where both runs could have seen it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from parity.cli import status
from parity.judgement.timing_statistics import Interval
from parity.reporting import atlas, differing, results
from parity.reporting.atlas import Answer, AtlasRow
from parity.reporting.differing import ComparedTime, RecordedSide
from parity.reporting.results import Results, Row, Speed

CASE = "lenet/glorot_uniform/adam/float64/cpu/eager/seed0"


def row(verdict: str, quantity: str = "forward", error: float | None = 0.5, **changes: Any) -> Row:
    told: dict[str, Any] = {"framework_version": "2.13.0", "device": "cpu", "dtype": "float64", "mode": "eager"} | changes
    return Row(CASE, "lenet", "architectures", "torch", quantity=quantity, compared=1, tensor="c", error=error, budget=1.0,
               verdict=verdict, outcome="ran", reason="", **told)  # fmt: skip


def speed(*milliseconds: float) -> Speed:
    blocks = [
        [{"wall_ns": int(1e6 * (time + 0.001 * place)), "steps": 1, "foreign": 0.0, "steal": 0.0} for place in range(5)]
        for time in milliseconds
    ]
    processes = [{"round": place, "blocks": each, "threads": 1} for place, each in enumerate(blocks)]
    return Speed("lenet@full/a/adam/float32/cpu/default/seed0/speed", "lenet", "torch", "2.13.0", "cpu", "float32", "eager", 32,
                 processes, "agrees", asked=len(milliseconds))  # fmt: skip


def written(
    folder: Path, name: str, *rows: Row, speeds: tuple[Speed, ...] = (), version: str = "2.13.0", epsilon: str = "1e-05"
) -> Path:
    environment = {
        "machine": {"system": "Linux"},
        "frameworks": {"torch": {"version": version, "versions": {"torch": version}, "settings": {}}},
    }
    place = folder / name
    results.write(Results("quick", "parity run quick", environment, rows, (), speeds, "2026-12-01"), place / "data")
    asked = AtlasRow("batch_norm.epsilon", "normalization", "batch_norm: default epsilon", "", {"torch": Answer(epsilon)})
    atlas.write([asked], {"torch": version}, [], place)
    return place


def test_what_got_worse_comes_first_and_ends_with_1(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    first = written(tmp_path, "a", row("agrees"), row("exact", "loss"), row("differs", "update", 3.0))
    changed = (row("differs", error=41.0), row("agrees", "loss"), row("agrees", "update"))
    second = written(tmp_path, "b", *changed, version="2.14.0", epsilon="0.001")
    assert status(["diff", str(first), str(second)]) == 1
    lines = capfd.readouterr().out.splitlines()
    assert lines[0] == "surroundings | other | torch: torch | 2.13.0 -> 2.14.0"
    assert lines[1].startswith(f"verdict | worse | {CASE} forward | torch | agrees (0.5 of the budget) -> differs (41 of")
    assert [line.split(" | ")[1] for line in lines[1:4]] == ["worse", "other", "better"]
    assert lines[4] == "default | other | batch_norm.epsilon | torch | 1e-05 -> 0.001"
    assert "In both: 3 verdicts, 1 defaults" in lines[5]


def test_the_same_twice_is_nothing_and_nothing_in_common_is_5(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    first = written(tmp_path, "a", row("agrees"))
    assert status(["diff", str(first), str(first)]) == 0
    assert "nothing changed. In both: 1 verdicts" in capfd.readouterr().out
    other = written(tmp_path, "b", replace(row("agrees"), case=CASE.replace("seed0", "seed1")))
    (other / "data" / "atlas.json").unlink()
    assert status(["diff", str(first), str(other)]) == 5
    assert [
        one.how
        for one in differing.differences(RecordedSide("a", verdicts={("c", "t", "q"): ("agrees", None)}), RecordedSide("b"))
    ] == ["gone"]


@pytest.mark.parametrize(
    ("second", "told"),
    [((2.0, 2.01, 2.0, 2.02, 2.0), "worse"), ((0.5, 0.51, 0.5, 0.5, 0.52), "better"), ((1.0, 0.9, 1.1, 1.0, 1.05), None)],
)
def test_a_time_is_another_where_the_intervals_lie_apart(second: tuple[float, ...], told: str | None, tmp_path: Path) -> None:
    first = written(tmp_path, "a", speeds=(speed(1.0, 1.02, 0.98, 1.0, 1.01),))
    found = differing.differences(*(_side(place) for place in (first, written(tmp_path, "b", speeds=(speed(*second),)))))
    assert [one.how for one in found if one.kind == "speed"] == ([told] if told else [])


def _side(place: Path) -> RecordedSide:
    from parity.verbs import diff

    return diff.side(place)


def test_too_few_rounds_have_no_time_that_changed(tmp_path: Path) -> None:
    sides = [_side(written(tmp_path, name, speeds=(speed(time, time),))) for name, time in (("a", 1.0), ("b", 9.0))]
    assert differing.differences(*sides) == []


def test_what_a_run_saw_between_a_cell_and_itself_is_no_change() -> None:
    old, new = ComparedTime(Interval(1.0, 0.99, 1.01), 1.3), ComparedTime(Interval(1.2, 1.19, 1.21), None)
    assert differing.apart(old, new) is None
    assert differing.apart(replace(old, floor=1.1), new) is not None


def test_a_document_of_check_is_a_side(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    files = []
    for name, verdict in (("a", "agrees"), ("b", "differs")):
        where = {"case": CASE, "framework": "torch", "framework_version": name, "device": "cpu", "dtype": "float64"}
        numbers = {"quantity": "loss", "tensor": "loss", "error": 1.0, "budget": 2.0}
        one = {**where, **numbers, "verdict": verdict, "outcome": "ran", "reason": "<script>"}
        told = {"cases": 1, "frameworks": ["torch"], "case_verdicts": {verdict: 1}, "comparisons": 1}
        document = {"schema_version": 1, "results": [one], "summary": told}
        files.append(tmp_path / f"{name}.json")
        files[-1].write_text(json.dumps(document), encoding="utf-8")
    assert status(["diff", *map(str, files), "--format", "csv"]) == 1
    assert "verdict,worse" in capfd.readouterr().out


def test_a_path_without_results_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert status(["diff", str(tmp_path), str(tmp_path)]) == 2
    assert "holds no results" in capfd.readouterr().err
