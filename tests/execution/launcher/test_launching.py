"""Real processes that crash, hang, lie and leave children: each ends as its intended outcome, and costs one case."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from requests_for_fakes import tiny_case, write

from parity.execution import arrays as array_files
from parity.execution import outcomes, records
from parity.execution.launcher import launching
from parity.execution.launcher.planning import PlannedCase, collect, requests, write_request
from parity.execution.launcher.worker_process import Limits
from parity.execution.records import Record
from parity.execution.request import Request

INTERPRETER = Path(sys.executable)
PATIENT = Limits(timeout=60, startup=60, grace=0.2)
HURRIED = Limits(timeout=1.0, startup=60, grace=0.2)


class Told:
    """What a launch told its caller."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.notices: list[str] = []


def run(asked: Request, out: Path, fakes: Path, limits: Limits = PATIENT) -> tuple[list[Record], Told]:
    told = Told()
    found = launching.launch(
        asked.directory,
        INTERPRETER,
        out,
        limits=limits,
        python_path=[fakes],
        on_record=told.records.append,
        on_notice=told.notices.append,
    )
    return found, told


def is_running(process: int) -> bool:
    status = Path(f"/proc/{process}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] not in "ZX"


ENDINGS = {
    "Sound": ("ran", ""),
    "Raises": ("crashed", "RuntimeError: no kernel for this shape"),
    "Declines": ("unsupported", "no such layer"),
    "Segfaults": ("crashed", "killed by SIGSEGV"),
    "Aborts": ("out_of_memory", "killed by SIGABRT; it last printed: terminate called after throwing"),
    "Exits": ("crashed", "ended without a record (exit status 0)"),
    "ExitsWithStatus": ("crashed", "ended with exit status 3"),
    "CallsExit": ("crashed", "SystemExit: 0"),
    "ThrowsMemoryError": ("out_of_memory", "Unable to allocate 8 EiB"),
    "ReturnsNothing": ("crashed", "the implementation returned nothing"),
    "ReturnsObjects": ("crashed", "forward/x is no array of numbers"),
    "PrintsGarbage": ("ran", ""),
    "SpoilsRecords": ("crashed", "unreadable lines were written into the file of records"),
    "SpoilsItsRecord": ("crashed", "its record cannot be read"),
    "LeavesOrphan": ("ran", ""),
}


@pytest.mark.parametrize("fake", ENDINGS)
def test_an_ending_is_an_outcome_and_costs_one_case(tmp_path: Path, fakes: Path, fake: str) -> None:
    asked = write(tmp_path / "request", fake)
    found, told = run(asked, tmp_path / "out", fakes)
    outcome, reason = ENDINGS[fake]
    assert [record.outcome for record in found] == ["ran", outcome, "ran", "ran"]
    assert reason in found[1].reason
    assert [record.key for record in found] == [entry.key for entry in asked.entries]
    assert sorted(told.records, key=lambda record: record.case) == found
    assert records.read(tmp_path / "out").latest() == {record.key: record for record in found}
    for entry, record in zip(asked.entries, found, strict=True):
        if record.outcome == "ran":
            assert record.arrays is not None
            values = array_files.load(tmp_path / "out", record.arrays)["forward/x"]
            assert list(values) == [2 * (i + entry.case.seed) for i in range(3)]


def test_a_crash_that_an_earlier_case_caused_is_not_blamed_on_the_later(tmp_path: Path, fakes: Path) -> None:
    asked, out = write(tmp_path / "request", "DiesOfAnEarlierCase"), tmp_path / "out"
    found, told = run(asked, out, fakes)
    assert [record.outcome for record in found] == ["ran"] * 4
    assert [record.reason != "" for record in found] == [False, True, False, False]
    assert "it ran in a process of its own; before, the worker was killed by SIGSEGV" in found[1].reason
    assert "(in a process that had begun 1 cases before it)" in found[1].reason
    assert any("it is asked again in a process of its own" in notice for notice in told.notices)
    assert records.read(out).latest() == {record.key: record for record in found}
    assert run(asked, out, fakes)[0] == found


@pytest.mark.parametrize("fake", ["Segfaults", "Sound"])
def test_a_case_is_asked_again_at_most_once(tmp_path: Path, fakes: Path, fake: str) -> None:
    asked, out = write(tmp_path / "request", fake), tmp_path / "out"
    run(asked, out, fakes)
    begun = [json.loads(line)["key"] for line in (out / "progress.jsonl").read_text().splitlines()]
    assert begun.count(asked.entries[1].key) == (2 if fake == "Segfaults" else 1)


@pytest.mark.parametrize("fake", ["Hangs", "LeavesOrphanAndHangs"])
def test_a_hang_is_timed_out_and_the_rest_goes_on(tmp_path: Path, fakes: Path, fake: str) -> None:
    found, _ = run(write(tmp_path / "request", fake), tmp_path / "out", fakes, HURRIED)
    assert [record.outcome for record in found] == ["ran", "timed_out", "ran", "ran"]
    assert found[1].reason == "its case took longer than 1 s"


@pytest.mark.parametrize("fake", ["LeavesOrphan", "LeavesOrphanAndHangs"])
def test_no_child_outlives_the_run(tmp_path: Path, fakes: Path, fake: str) -> None:
    run(write(tmp_path / "request", fake), tmp_path / "out", fakes, HURRIED)
    assert not is_running(int((tmp_path / "out" / "orphan").read_text()))


def test_a_memory_limit_is_out_of_memory(tmp_path: Path, fakes: Path) -> None:
    limits = replace(PATIENT, memory=1 << 30)
    found, _ = run(write(tmp_path / "request", "Greedy"), tmp_path / "out", fakes, limits)
    assert [record.outcome for record in found] == ["ran", "out_of_memory", "ran", "ran"]


@pytest.mark.parametrize(
    ("fake", "outcome", "reason"),
    [
        ("DiesAtImport", "crashed", "no case began: the worker ended without a record"),
        ("HangsAtImport", "timed_out", "no case began: the framework's start took longer than 1 s"),
        ("CannotLoad", "crashed", "cannot be loaded: ImportError: libcudart.so.13"),
        ("IsNotThere", "crashed", "cannot be loaded: Mistyped: module `processes` has no `IsNotThere`"),
    ],
)
def test_what_cannot_start_ends_every_case(tmp_path: Path, fakes: Path, fake: str, outcome: str, reason: str) -> None:
    limits = replace(PATIENT, startup=1.0) if outcome == "timed_out" else PATIENT  # a busy machine takes longer to import numpy
    found, _ = run(write(tmp_path / "request", fake), tmp_path / "out", fakes, limits)
    assert {record.outcome for record in found} == {outcome}
    assert all(reason in record.reason for record in found)


def test_a_broken_framework_is_unavailable(tmp_path: Path) -> None:
    """The harness's own interpreter has no torch."""
    asked = [PlannedCase(tiny_case(seed), {"batch/0/x": np.arange(3)}) for seed in range(2)]
    write_request(tmp_path / "request", "torch", asked, versions={}, implementation="")
    found = launching.launch(tmp_path / "request", INTERPRETER, tmp_path / "out", limits=PATIENT)
    assert [record.outcome for record in found] == ["unavailable"] * 2
    assert "torch cannot be loaded: ModuleNotFoundError" in found[0].reason


def test_an_interpreter_that_is_not_there_is_named(tmp_path: Path, fakes: Path) -> None:
    asked = write(tmp_path / "request", "Sound", count=1)
    (found,) = launching.launch(asked.directory, tmp_path / "python", tmp_path / "out", limits=PATIENT, python_path=[fakes])
    assert found.outcome == "crashed"
    assert f"{tmp_path}/python: [Errno 2] No such file" in found.reason


def test_resuming_runs_what_is_missing_and_nothing_else(tmp_path: Path, fakes: Path) -> None:
    asked, out = write(tmp_path / "request", "Exits"), tmp_path / "out"
    first, _ = run(asked, out, fakes)
    second, told = run(asked, out, fakes)
    assert [record.outcome for record in second] == ["ran", "crashed", "ran", "ran"]
    assert told.records[:3] == [first[0], first[2], first[3]]
    assert len(records.read(out).records) == 4 + 1


def test_a_changed_case_runs_again_and_an_unchanged_one_does_not(tmp_path: Path, fakes: Path) -> None:
    out = tmp_path / "out"
    run(write(tmp_path / "1", "Sound"), out, fakes)
    run(write(tmp_path / "2", "Sound"), out, fakes)
    assert len(records.read(out).records) == 4
    run(write(tmp_path / "3", "Sound", count=5), out, fakes)
    assert len(records.read(out).records) == 5
    run(write(tmp_path / "4", "Sound", batch_size=7), out, fakes)
    assert len(records.read(out).records) == 9


@pytest.mark.parametrize("harm", ["torn line", "missing arrays", "changed arrays", "cut arrays"])
def test_a_harmed_record_costs_its_case_alone(tmp_path: Path, fakes: Path, harm: str) -> None:
    asked, out = write(tmp_path / "request", "Sound"), tmp_path / "out"
    run(asked, out, fakes)
    last = out / "arrays" / f"{asked.entries[3].key}.npz"
    lines = out / records.FILE
    if harm == "torn line":
        lines.write_bytes(lines.read_bytes()[:-20])
    elif harm == "missing arrays":
        last.unlink()
    elif harm == "changed arrays":
        last.write_bytes(last.read_bytes().replace(b"\x00\x00\xc0\x40", b"\x00\x00\xc0\x41"))
    else:
        last.write_bytes(last.read_bytes()[:-1])
    before = len(records.read(out).records)
    found, told = run(asked, out, fakes)
    assert [record.outcome for record in found] == ["ran"] * 4
    assert len(records.read(out).records) == before + 1
    assert len(told.notices) == 1
    assert array_files.load(out, found[3].arrays)["forward/x"].tolist() == [6.0, 8.0, 10.0]  # type: ignore[arg-type]


def test_half_written_arrays_are_cleared_away(tmp_path: Path, fakes: Path) -> None:
    aside = tmp_path / "out" / "arrays" / "x.npz.1.tmp"
    aside.parent.mkdir(parents=True)
    aside.write_bytes(b"half")
    run(write(tmp_path / "request", "Sound"), tmp_path / "out", fakes)
    assert not aside.exists()


def test_two_runs_do_not_write_to_one_place(tmp_path: Path, fakes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launching, "LOCK_SECONDS", 0.0)
    asked, out = write(tmp_path / "request", "Sound"), tmp_path / "out"
    out.mkdir()
    with launching.only_writer(out), pytest.raises(BlockingIOError, match="another run writes to"):
        run(asked, out, fakes)


def test_a_stop_ends_the_worker_and_keeps_what_is_recorded(tmp_path: Path, fakes: Path) -> None:
    asked, out = write(tmp_path / "request", "Hangs"), tmp_path / "out"

    def stop() -> bool:
        return (out / records.FILE).exists()

    with pytest.raises(KeyboardInterrupt):
        launching.launch(asked.directory, INTERPRETER, out, limits=PATIENT, python_path=[fakes], stop=stop)
    assert [record.outcome for record in records.read(out).records] == ["ran"]
    found, _ = run(asked, out, fakes, HURRIED)
    assert [record.outcome for record in found] == ["ran", "timed_out", "ran", "ran"]


def test_the_worker_sees_the_package_and_no_neighbour_of_it(
    tmp_path: Path, fakes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A torch.py in the working directory or on the harness's own path stays unseen."""
    shadow = tmp_path / "shadow"
    shadow.mkdir()
    (shadow / "numpy.py").write_text("raise ImportError('shadowed')\n")
    monkeypatch.chdir(shadow)
    monkeypatch.setenv("PYTHONPATH", str(shadow))
    found, _ = run(write(tmp_path / "request", "Sound"), tmp_path / "out", fakes)
    assert [record.outcome for record in found] == ["ran"] * 4
    assert [path.name for path in (tmp_path / "out" / "package").iterdir()] == ["parity"]


def test_a_plan_is_self_contained_and_collected(tmp_path: Path, fakes: Path) -> None:
    """Written here, moved, run there by its directory alone, moved back."""
    write(tmp_path / "plan" / "fake-float32", "Sound")
    shutil.move(tmp_path / "plan", tmp_path / "elsewhere")
    for asked in requests(tmp_path / "elsewhere"):
        run(asked, asked.directory / "results", fakes)
    shutil.move(tmp_path / "elsewhere", tmp_path / "back")
    ((asked, reading),) = collect(tmp_path / "back")
    assert [record.case for record in reading.records] == [entry.case.id for entry in asked.entries]


@pytest.mark.parametrize(
    ("returncode", "log", "kills", "outcome", "reason"),
    [
        (-9, "", 0, "crashed", "the worker was killed by SIGKILL"),
        (-9, "", 1, "out_of_memory", "the worker was killed by SIGKILL while the kernel ran out of memory"),
        (-11, "", 1, "crashed", "the worker was killed by SIGSEGV"),
        (-64, "", 0, "crashed", "SIGRTMAX"),
        (1, "RuntimeError: CUDA out of memory. Tried to allocate 2 GiB", 0, "out_of_memory", "exit status 1"),
        (255, "one\nSegmentation fault: 11\n", 0, "crashed", "it last printed:\none\nSegmentation fault: 11"),
        (1, "\x1b[31mred\x00", 0, "crashed", "it last printed: �[31mred�"),
    ],
)
def test_how_a_process_died_is_named(returncode: int, log: str, kills: int, outcome: str, reason: str) -> None:
    found, why = outcomes.of_process(returncode, log, kernel_kills=kills)
    assert found == outcome
    assert reason in why
