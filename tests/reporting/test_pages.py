"""Reports say what the results say, the same bytes each time, and nothing that a name or a reason smuggles in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from parity.execution.damaged_files import Damaged
from parity.reporting import atlas, figures, pages, results, summary, wording
from parity.reporting.results import Curve, Results, Row, Speed


def row(**changes: Any) -> Row:
    values: dict[str, Any] = {
        "case": "lenet/glorot_uniform/adam/float64/cpu/eager/seed0",
        "spec": "lenet",
        "kind": "architectures",
        "framework": "torch",
        "framework_version": "2.13.0",
        "device": "cpu",
        "dtype": "float64",
        "mode": "eager",
        "quantity": "gradient",
        "compared": 10,
        "tensor": "conv1.kernel",
        "error": 1e-16,
        "budget": 4e-16,
        "verdict": "agrees",
        "outcome": "ran",
        "reason": "",
    }
    return Row(**{**values, **changes})


def speed(framework: str, *milliseconds: float, verdict: str = "agrees", role: str = "") -> Speed:
    block = {"steps": 10, "foreign": 0.0, "steal": 0.0}
    processes = [{"blocks": [{**block, "wall_ns": int(time * 1e7)} for _ in range(5)]} for time in milliseconds]
    return Speed("case", "lenet", framework, "1", "cpu", "float32", "default", 32, processes, verdict, role=role)


def made(**changes: Any) -> Results:
    curves = [
        Curve("c", "lenet", name, "float32", [2.0 - 0.01 * i for i in range(50)], 0.9, 1e-5, "digits")
        for name in ("reference", "torch")
    ]
    environment = {
        "machine": {"system": "Linux"},
        "frameworks": {"torch": {"version": "2", "versions": {"numpy": "2"}, "settings": {"threads": "1"}}},
    }
    values: dict[str, Any] = {
        "suite": "quick",
        "command": "parity run quick",
        "environment": environment,
        "rows": [row()],
        "curves": curves,
    }
    return Results(**{**values, **changes})


@pytest.mark.parametrize(
    ("spec", "size", "told"),
    [("cyclegan", "", "cyclegan"), ("cyclegan", "@full", "cyclegan"), ("cyclegan:training1", "@half", "cyclegan (half)")],
)
def test_a_row_of_another_size_than_the_published_says_so(spec: str, size: str, told: str) -> None:
    one = row(case=f"{spec}{size}/glorot_uniform/adam/float32/cpu/default/seed0", spec=spec)
    assert summary.matrix([one], "architectures").specs == [told]


def test_results_survive_the_disk(tmp_path: Path) -> None:
    written = made(speeds=[speed("torch", 2.0)], rows=[row(), row(framework="keras")])
    results.write(written, tmp_path)
    read = results.read(tmp_path)
    results.write(read, tmp_path / "again")
    for name in ("manifest.json", "comparisons.jsonl", "training.jsonl", "speed.jsonl"):
        assert (tmp_path / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    assert sorted(read.rows, key=str) == sorted(written.rows, key=str)


def test_the_same_results_give_the_same_bytes() -> None:
    written = made(speeds=[speed("torch", 2.0, 2.1), speed("keras", 3.0, 3.2)])
    assert pages.html(written) == pages.html(written)
    assert pages.markdown(written) == pages.markdown(written)


def test_a_reason_cannot_inject_markup() -> None:
    bad = made(rows=[row(verdict="differs", reason="<script>alert(1)</script> | x\ny")])
    assert "<script>alert" not in pages.html(bad)
    line = next(line for line in pages.markdown(bad).splitlines() if "alert" in line)
    assert line.endswith("\\| x y |")


def test_counts_add_up_to_cases_times_frameworks() -> None:
    rows = [row(), row(quantity="loss", verdict="differs"), row(framework="keras"), row(framework="keras", case="other")]
    counts = summary.counts(rows)
    assert counts["torch"] == {"differs": 1} and counts["keras"] == {"agrees": 2}


def test_a_cell_shows_the_worst_of_a_spec_and_its_nodes() -> None:
    rows = [row(), row(spec="lenet:conv1", kind="nodes", case="n", verdict="differs", error=8e-16)]
    cell = summary.matrix(rows, "architectures").cells[("lenet", "torch", "float64")]
    assert (cell.verdict, cell.cases, cell.used) == ("differs", 2, 2.0)


def test_trainings_of_one_spec_are_kept_apart() -> None:
    losses = [2.0 - 0.01 * i for i in range(50)]
    curves = [
        Curve(f"lenet/seed{seed}", "lenet", name, "float32", losses, 0.9, 1e-5, dataset)
        for seed, dataset in ((0, "digits"), (0, "noise"), (1, "digits"))
        for name in ("reference", "torch")
    ]
    twice = made(curves=curves)
    assert list(pages.trainings(twice)) == ["lenet", "lenet-2", "lenet-3"]
    assert all([run.framework for run in runs] == ["reference", "torch"] for runs in pages.trainings(twice).values())
    text = pages.markdown(twice)
    assert "**lenet** on digits" in text and "**lenet** (lenet/seed0) on noise" in text
    assert "**lenet** (lenet/seed1) on digits" in text and "figures/loss-lenet-3.svg" in text


def test_every_verdict_has_a_meaning() -> None:
    from parity.judgement.verdicts import WORST_FIRST

    assert set(wording.MEANING) == set(WORST_FIRST)


def test_every_kind_has_a_title() -> None:
    assert set(pages.KIND_TITLES) == set(summary.KINDS)


def trained(spec: str, framework: str, **changes: Any) -> Curve:
    values: dict[str, Any] = {
        "measure": "accuracy",
        "asked": "at least 0.9",
        "quality": 0.95,
        "reached": True,
        "at_start": 0.1,
        "guess": 0.125,
    }
    values |= {"losses": [2.0, 1.0], **changes}
    return Curve("c", spec, framework, "float32", accuracy=None, final_distance=1e-5, dataset="digits", **values)


def test_an_overview_has_a_row_a_training_and_a_column_a_run() -> None:
    runs = ("reference", "torch", "keras", "reference + 1 ulp")
    curves = [trained("lenet", run) for run in runs] + [trained("mlp", "torch", quality=0.5, reached=False)]
    found = made(curves=curves)
    table = summary.overview(pages.trainings(found))
    assert (table.names, table.runs) == (["lenet", "mlp"], ["keras", "torch", "reference"])
    assert set(table.cells) == {("lenet", "keras"), ("lenet", "torch"), ("lenet", "reference"), ("mlp", "torch")}
    text = pages.markdown(found)
    assert "| lenet | accuracy | at least 0.9 | 0.1 | 0.125 | 0.95 | 0.95 | 0.95 |" in text
    assert "| mlp | accuracy | at least 0.9 | 0.1 | 0.125 |  | 0.5 (not reached) |  |" in text
    assert pages.html(found).count('class="differs">0.5<') == 1


def test_trainings_of_which_no_quality_is_asked_have_no_overview() -> None:
    assert not summary.overview(pages.trainings(made())).names
    assert "what is measured" not in pages.markdown(made()) + pages.html(made())


@pytest.mark.parametrize(
    ("asked", "guess", "told"),
    [
        ("at least 0.9", 0.125, "at least 0.9"),
        ("at most 0.75", 0.5, "at most 0.75 (it must fail)"),
        ("at most 30", 44.85, "at most 30"),
        ("at least 0.2 and at most 0.4", 0.3, "at least 0.2 and at most 0.4 (it must fail)"),
        ("at most 0.02", None, "at most 0.02"),
    ],
)
def test_what_a_guess_reaches_is_said_to_be_meant_to_fail(asked: str, guess: float | None, told: str) -> None:
    assert wording.required_quality(trained("perceptron", "torch", asked=asked, guess=guess)) == told


def test_a_plot_of_losses_is_as_high_as_they_are() -> None:
    domain = figures.loss_curves([trained("gan", "torch")])["encoding"]["y"]["scale"]["domain"]
    assert domain == pytest.approx([0.9, 2.2])
    assert figures.loss_curves([trained("gan", "torch", losses=[0.0, 0.0])])["encoding"]["y"]["scale"] == {"type": "log"}


@pytest.mark.parametrize("made_on", ["2026-11-21", ""])
def test_the_day_of_a_suite_survives_the_disk(tmp_path: Path, made_on: str) -> None:
    results.write(made(made=made_on), tmp_path)
    assert results.read(tmp_path).made == made_on
    assert ('"made"' in (tmp_path / "manifest.json").read_text(encoding="utf-8")) == bool(made_on)


@pytest.mark.parametrize("wrong", ["yesterday", "2026-13-01", "2026-11-32", "2026-11-21T10:00", "<b>", 20261121])
def test_what_is_no_day_is_refused(tmp_path: Path, wrong: Any) -> None:
    results.write(made(made=wrong), tmp_path)
    with pytest.raises(Damaged, match="`made` cannot be"):
        results.read(tmp_path)


@pytest.mark.parametrize("day", ["2026-12-01", ""])
def test_the_day_of_an_atlas_survives_the_disk(tmp_path: Path, day: str) -> None:
    atlas.write([], {"torch": "2"}, [], tmp_path, day)
    assert atlas.read(tmp_path / "data" / "atlas.json") == ([], {"torch": "2"}, [])
    assert atlas.told_day(tmp_path / "data" / "atlas.json") == day


@pytest.mark.parametrize("day", ["today", "2026-13-01", '", "x": "'])
def test_an_atlas_of_no_day_is_refused(tmp_path: Path, day: str) -> None:
    atlas.write([], {"torch": "2"}, [], tmp_path)
    path = tmp_path / "data" / "atlas.json"
    path.write_text(atlas.spelled([], {"torch": "2"}, [], day), encoding="utf-8")
    with pytest.raises(Damaged):
        atlas.read(path)
