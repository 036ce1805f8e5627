"""Which cells have a number, which a rank, and what the run could have seen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from parity.reporting import pages, speeds, wording
from parity.reporting.results import Speed
from parity.reporting.speeds import TimedWorkload
from tests.reporting.test_pages import made, speed

EQUAL = (2.0, 2.02, 1.98, 2.01, 1.99)


def workload(*cells: Speed) -> TimedWorkload:
    return speeds.workloads(made(speeds=list(cells)))[("lenet", "cpu", 32)]


def texts(found: TimedWorkload) -> list[str]:
    return [wording.speed_text(cell, any(one.why for one in found.cells)) for cell in found.cells]


def times(factor: float) -> tuple[float, ...]:
    return tuple(factor * one for one in EQUAL)


def disturbed(item: Speed, *rounds: int, key: str = "foreign") -> Speed:
    """All blocks of the processes of these rounds were taken by others."""
    for place in rounds:
        for block in item.processes[place]["blocks"]:
            block[key] = 0.5
    return item


CONTROL = speed("torch", *(2.0, 2.0, 2.0, 2.0, 2.0), role="A/A")


@pytest.mark.parametrize(
    ("factor", "told"),
    [(1.5, ["fastest", "1.50 (1.50–1.50)"]), (1.003, ["tie", "tie: 1.00 (1.00–1.00)"]), (0.5, ["fastest", "2.00 (2.00–2.00)"])],
)
def test_a_ratio_is_ranked_where_the_run_could_see_it(factor: float, told: list[str]) -> None:
    assert texts(workload(speed("torch", *EQUAL), CONTROL, speed("keras", *times(factor)))) == told


def test_an_interval_that_includes_one_is_a_tie() -> None:
    found = workload(speed("torch", *EQUAL), CONTROL, speed("keras", 2.3, 1.9, 2.4, 2.2, 1.95))
    assert texts(found)[0] == "tie" and texts(found)[1].startswith("tie: ")


def test_without_an_a_a_pair_nothing_is_ranked() -> None:
    """The old report called a cell `fastest` that no control stood beside."""
    found = workload(speed("torch", *EQUAL), speed("keras", *times(1.5)))
    assert texts(found) == ["1", "1.50 (1.50–1.50)"]
    assert wording.control_sentence(found) == "No cell was measured twice (A/A), so that nothing is ranked."


def test_too_few_quiet_rounds_give_no_interval() -> None:
    found = workload(speed("torch", *EQUAL), CONTROL, disturbed(speed("keras", *times(1.5)), 0))
    assert texts(found) == ["1", "1.50 (no interval)"]


def test_one_cell_alone_is_not_the_fastest() -> None:
    assert texts(workload(speed("torch", *EQUAL), CONTROL)) == ["alone"]


def test_the_floor_is_what_two_equal_cells_differ_by() -> None:
    found = workload(speed("torch", *EQUAL), speed("torch", 2.0, 2.2, 1.9, 2.0, 2.0, role="A/A"), speed("keras", *times(1.05)))
    assert found.control is not None and found.control.floor is not None and found.control.floor > 1.05
    assert texts(found)[1].startswith("tie: 1.05")
    assert f"a ratio below {found.control.floor:.2f} could not be seen" in wording.control_sentence(found)


@pytest.mark.parametrize("key", ["foreign", "steal", "throttled"])
def test_a_cell_without_quiet_samples_has_no_number_and_a_verdict_of_its_own(key: str) -> None:
    noisy = disturbed(speed("keras", *times(1.5)), *range(5), key=key)
    found = workload(speed("torch", *EQUAL), CONTROL, noisy)
    assert texts(found) == ["alone", "no quiet samples"]
    assert speeds.settled([noisy])[0].verdict == "no_quiet_samples"
    text = pages.markdown(made(speeds=[speed("torch", *EQUAL), noisy]))
    assert "| no quiet samples | – |" in text


def test_the_fastest_is_only_of_those_timed_where_others_have_no_number() -> None:
    missing = disturbed(speed("mxnet", *EQUAL), *range(5))
    assert texts(workload(speed("torch", *EQUAL), CONTROL, speed("keras", *times(1.5)), missing))[0] == "fastest of those timed"


def test_disturbed_blocks_do_not_count() -> None:
    noisy = speed("torch", 2.0)
    noisy.processes[0]["blocks"][0].update(foreign=0.5, wall_ns=10**12)
    assert max(speeds.step_samples(noisy)[0]) < 1e7


@pytest.mark.parametrize("verdict", ["differs", "nonfinite", "crashed", "unsupported"])
def test_what_was_not_timed_shows_why(verdict: str) -> None:
    found = workload(speed("torch", *EQUAL), speed("keras", verdict=verdict))
    assert texts(found)[-1] == verdict


def test_numbers_of_what_differed_behind_the_clock_are_not_shown() -> None:
    found = workload(speed("torch", *EQUAL), speed("keras", *times(0.5), verdict="differs"))
    assert texts(found) == ["alone", "differs"]


def with_rate(framework: str, milliseconds: float, flops: float, role: str = "") -> Speed:
    return replace(speed(framework, *[milliseconds] * 5, role=role), flops=flops)


def test_a_rate_above_the_fastest_product_of_matrices_is_refused() -> None:
    """1 GFLOP in 2 ms are 500 GFLOP/s, on a machine whose products reach 200."""
    product = replace(with_rate("torch", 5.0, 1e9, "peak"), spec="matrix_product")
    honest, gamed = with_rate("torch", 10.0, 1e9), with_rate("keras", 2.0, 1e9)
    found = workload(honest, gamed, product)
    assert texts(found) == ["alone", "above peak"]
    assert found.peak == 200e9 and found.cells[0].utilization == 0.5
    assert [one.verdict for one in speeds.settled([honest, gamed, product])] == ["agrees", "above_peak", "agrees"]
    assert texts(workload(honest, with_rate("keras", 4.6, 1e9), product)) == ["1", "2.17 (2.17–2.17)"]


def test_a_peak_of_disturbed_blocks_is_none() -> None:
    product = disturbed(replace(with_rate("torch", 5.0, 1e9, "peak"), spec="matrix_product"), *range(5))
    assert workload(with_rate("torch", 1.0, 1e9), product).cells[0].utilization is None


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"asked": 9}, "5 of 9 processes quiet"),
        ({"checked_batch": 2}, "checked with batch 2"),
        ({"dropping": True}, "its own dropout; checked with given masks"),
    ],
    ids=["asked", "batch", "dropout"],
)
def test_notes_say_what_a_number_rests_on(changes: dict[str, Any], note: str) -> None:
    assert speeds.notes(replace(speed("torch", *EQUAL), **changes)) == (note,)


def test_a_cell_whose_page_faults_have_two_ways_is_unstable() -> None:
    item = speed("torch", 2.0, 2.0)
    for process, faults in zip(item.processes, (0, 44_000), strict=True):
        for block in process["blocks"]:
            block["minor_faults"] = faults
    assert speeds.notes(item) == ("unstable: 0 to 4,400 page faults a step",)


def test_warm_ups_that_do_not_end_are_told() -> None:
    item = speed("torch", *EQUAL)
    item.processes[0]["warmup"] = {"kind": "no steady state"}
    item.processes[1]["warmup"] = {"kind": "warming"}
    assert speeds.notes(item) == ("no steady state in 1 of 5 processes",)


@pytest.mark.parametrize(
    ("case", "size", "told"),
    [
        ("lenet/a/b", "", "lenet (small)"),
        ("lenet@full/a/b", "", "lenet"),
        ("lenet/a", "small", "lenet (small)"),
        ("lenet@full/g/momentum/float32", "", "lenet, momentum"),
        ("lenet@full/g/adam/float32", "", "lenet"),
        ("case", "", "lenet"),
    ],
)
def test_a_size_that_is_not_the_published_one_stands_beside_the_name(case: str, size: str, told: str) -> None:
    assert speeds.labelled(replace(speed("torch", 2.0), case=case, size=size)) == told
