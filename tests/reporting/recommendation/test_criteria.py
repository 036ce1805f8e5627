"""Standings follow from records: shares of cases, speeds side by side, rows that bite, sizes; nothing without a record."""

from __future__ import annotations

from dataclasses import replace

import pytest
import site_material
from site_on_disk import MATERIAL

from parity.reporting import atlas_ranking, speeds
from parity.reporting.evidence import RecordedEvidence
from parity.reporting.recommendation.criteria import NEEDS, TASKS, Criteria, wilson
from parity.reporting.site_material import SiteMaterial, SuiteRecords

SMALL = site_material.small()


def criteria(material: SiteMaterial, task: str = "anything", device: str = "cpu", mode: str = "default") -> Criteria:
    return Criteria(RecordedEvidence(material), atlas_ranking.entries(material), task, device, mode)


def with_rows(**changes: object) -> SiteMaterial:
    """The small site, whose rows of torch are changed."""
    (suite,) = SMALL.suites
    rows = [replace(row, **changes) if row.framework == "torch" else row for row in suite.results.rows]  # type: ignore[arg-type]
    return replace(SMALL, suites=(SuiteRecords(".", replace(suite.results, rows=rows)),))


def test_agreement_is_the_share_of_green_cases() -> None:
    asked = criteria(MATERIAL)
    rows = asked.rows("torch")
    green = {row.case for row in rows} - {row.case for row in rows if row.verdict not in ("exact", "agrees")}
    found = asked.agreement(rows, "torch")
    assert found.value == len(green) / len({row.case for row in rows})
    bad = criteria(with_rows(verdict="differs"))
    assert bad.agreement(bad.rows("torch"), "torch").value == 0.0


def test_a_small_sample_has_a_wide_interval() -> None:
    """Wilson 1927: 10 of 10 says at least 0.72, 1,000 of 1,000 at least 0.996."""
    assert wilson(10, 10).low == pytest.approx(0.7225, abs=1e-4) and wilson(10, 10).high == 1.0
    assert wilson(1000, 1000).low == pytest.approx(0.9962, abs=1e-4)
    assert wilson(5, 10).low == pytest.approx(0.2366, abs=1e-4) and wilson(5, 10).high == pytest.approx(0.7634, abs=1e-4)


def test_speed_is_a_mean_over_workloads_that_were_timed_side_by_side() -> None:
    found = {name: criteria(MATERIAL).speed(name) for name in ("keras", "torch")}
    product = dict.fromkeys(found, 1.0)
    tables = [table for table in RecordedEvidence(MATERIAL).speeds if table.mode == "default"]
    for table in tables:
        for cell in table.cells:
            if cell.speed.framework in product:
                product[cell.speed.framework] *= 1.0 if cell.ratio is None else 1 / cell.ratio.value
    for name, standing in found.items():
        assert standing.value == pytest.approx(product[name] ** (1 / len(tables)))
        assert standing.low <= standing.value <= standing.high <= 1.0


def test_modes_are_never_mixed() -> None:
    assert criteria(MATERIAL, mode="compiled").speed("torch").value is None
    assert criteria(MATERIAL).speed("torch").value is not None


def test_a_task_counts_its_own_families_alone() -> None:
    vision, language = criteria(MATERIAL, "vision"), criteria(MATERIAL, "language")
    assert {"lenet", "resnet18"} <= vision.specs and not vision.specs & language.specs
    assert "mlp" not in {table.split()[0] for table in vision.speed("torch").told.partition(": ")[2].split(", ")}
    assert language.speed("torch").value is None
    families = {facts.family for facts in MATERIAL.architectures}
    assert {family for each in TASKS.values() for family in each} <= families


def test_porting_counts_what_bites_silently_from_where_the_code_is() -> None:
    asked = criteria(MATERIAL)
    biting = sum(
        one.kind == "silent_large" for _, one in atlas_ranking.of_pair(atlas_ranking.entries(MATERIAL), "keras", "torch")
    )
    assert asked.porting("torch", "keras").value == pytest.approx(1 - biting / len(MATERIAL.atlas))
    assert asked.porting("torch", "torch").value == 1.0
    assert asked.porting("torch", "").value is None and not asked.porting("torch", "").asked
    assert asked.porting("jax", "torch").value is None


def test_size_is_relative_to_the_smallest() -> None:
    sizes = {one.framework: one.megabytes for one in MATERIAL.installs}
    assert criteria(MATERIAL).size("keras").value == pytest.approx(min(sizes.values()) / sizes["keras"])
    assert criteria(replace(MATERIAL, installs=())).size("keras").value is None


@pytest.mark.parametrize(
    ("need", "met"),
    [
        ("float64", True),
        ("float32", True),
        ("training", True),
        ("forward-only", False),
        ("deterministic", True),
        ("second-derivatives", None),
        ("onnx", None),
        ("small-install", False),
        ("install<=1000", True),
        ("install<=10", False),
        ("maintained", None),
    ],
)
def test_needs_of_torch_on_the_committed_records(need: str, met: bool | None) -> None:
    asked = criteria(MATERIAL)
    check = asked.need(need, "torch", asked.rows("torch"))
    assert check.met is met and check.told


def test_every_need_is_checked() -> None:
    asked = criteria(MATERIAL)
    assert all(asked.need(need, "torch", asked.rows("torch")).told for need in NEEDS)


def test_who_is_retired_is_not_maintained() -> None:
    asked = criteria(MATERIAL)
    assert asked.need("maintained", "mxnet", asked.rows("mxnet")).met is False
    assert asked.upkeep("mxnet").value == 0.0 and asked.upkeep("torch").value is None


def test_a_precision_that_differs_is_not_met_and_one_without_a_record_is_open() -> None:
    bad = criteria(with_rows(verdict="differs"))
    assert bad.need("float32", "torch", bad.rows("torch")).met is False
    assert bad.need("float64", "torch", bad.rows("torch")).met is None


def test_a_framework_without_a_record_is_no_candidate() -> None:
    assert [one.name for one in criteria(MATERIAL).candidates(())] == ["keras", "torch", "mxnet"]
    assert criteria(MATERIAL, device="gpu").candidates(()) == []


def test_the_table_of_speeds_is_that_of_the_report() -> None:
    """The site's tables are the report's, split by precision and mode."""
    for suite in MATERIAL.suites:
        whole = sum(len(workload.cells) for workload in speeds.workloads(suite.results).values())
        mine = sum(len(table.cells) for table in RecordedEvidence(MATERIAL).speeds if table.folder == suite.folder)
        assert whole == mine
