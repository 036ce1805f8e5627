"""The tasks with a realization that writes down what it is asked, and the worker's command by hand."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from requests_for_fakes import tiny_case, write

from parity.execution import own_path, records, request
from parity.execution.frameworks import TABLE, environment, find, names
from parity.execution.launcher import isolation
from parity.execution.launcher.planning import PlannedCase, implementation_digest, write_request
from parity.execution.protocol import Array, Observation
from parity.execution.worker import tasks
from parity.spec.cases import Case, Sampling
from parity.spec.graph import Graph, Input, Parameter, Phase

GRAPH = Graph(
    "tiny",
    inputs=(Input("x", (2,)),),
    nodes=(),
    outputs=("y",),
    parameters=(Parameter("w", (), "value", 1, 1),),
    training_inputs=(Input("labels", (2,)),),
    phases=(Phase("main", (), "loss", {"w": 1.0}),),
)
CASE = Case(spec="tiny", task="agreement", dtype="float32", graph=GRAPH, optimizer="sgd", batch_size=3)


class Diary:
    """y = w·x, loss = sum of y, and w moves by -1 a step plus 10 for every step before it: its optimizer has a state."""

    def __init__(self) -> None:
        self.entries: list[str] = []
        self.w, self.moved = np.float32(0), 0

    def set_parameters(self, values: Mapping[str, Array]) -> None:
        self.entries.append(f"set {','.join(values)}")
        self.w = np.float32(values["w"])

    def parameters(self) -> dict[str, Array]:
        return {"w": np.asarray(self.w)}

    def place(self, batch: Mapping[str, Array]) -> Any:
        return dict(batch)

    def forward(self, batch: Any, training: bool) -> Observation:
        self.entries.append(f"forward {training} {batch['x'][:, 0].astype(int).tolist()}")
        return Observation(values={"y": self.w * batch["x"]})

    def gradients(self, batch: Any, phase: int = 0) -> Observation:
        self.entries.append(f"gradients {int(batch['x'][0, 0])}")
        gradient = np.sum(batch["x"])
        return Observation({"y": self.w * batch["x"]}, self.w * gradient, {"w": gradient}, {"x": batch["x"] * 0}, {})

    def step(self, batch: Any) -> Any:
        self.entries.append(f"step {batch['x'][:, 0].astype(int).tolist()}")
        self.w += np.float32(-1 + 10 * self.moved)
        self.moved += 1
        return np.float32(self.moved)

    def synchronize(self) -> None:
        self.entries.append("synchronize")


def rows(*first: int) -> Array:
    return np.array([[value, 0] for value in first], np.float32)


def test_agreement_sets_parameters_afresh_before_every_step() -> None:
    diary = Diary()
    arrays = {"parameter/w": np.float32(5), "batch/0/x": rows(1, 2, 3), "batch/1/x": rows(4, 5, 6)}
    found = tasks.agreement(diary, replace(CASE, steps=2), arrays)
    assert diary.entries == [
        "set w",
        "forward False [1, 2, 3]",
        "gradients 1",
        "set w",
        "gradients 1",
        "step [1, 2, 3]",
        "synchronize",
        "set w",
        "gradients 4",
        "step [4, 5, 6]",
        "synchronize",
    ]
    assert sorted(found) == [
        "after/w",
        "forward/y",
        "gradient/w",
        "input_gradient/x",
        "loss",
        "step/0/gradient/w",
        "step/0/loss",
        "step/0/parameter/w",
        "step/1/gradient/w",
        "step/1/loss",
        "step/1/parameter/w",
        "value/y",
    ]
    assert (found["step/0/parameter/w"], found["step/1/parameter/w"], found["after/w"]) == (4, 14, 5)
    assert (found["step/0/loss"], found["step/1/loss"]) == (30, 75)


def test_agreement_without_a_training_phase_is_the_forward_pass() -> None:
    diary = Diary()
    case = replace(CASE, graph=replace(GRAPH, phases=()))
    assert list(tasks.agreement(diary, case, {"parameter/w": np.float32(5), "batch/0/x": rows(1)})) == ["forward/y"]


def test_batches_come_in_the_order_of_their_numbers() -> None:
    found = tasks.batches_of({f"batch/{k}/x": rows(k) for k in (10, 9, 0, 2)})
    assert [int(batch["x"][0, 0]) for batch in found] == [0, 2, 9, 10]


def test_training_follows_the_order_and_tests_every_row_once() -> None:
    diary = Diary()
    arrays = {
        "parameter/w": np.float32(0),
        "dataset/x": rows(0, 1, 2, 3),
        "order": np.array([[3, 1, 0], [2, 2, 1]]),
        "test/x": rows(7, 8, 9, 6, 5),
    }
    found = tasks.training(diary, replace(CASE, task="training"), arrays)
    assert diary.entries[1:] == [
        "step [3, 1, 0]",
        "step [2, 2, 1]",
        "synchronize",
        "forward False [7, 8, 9]",
        "forward False [6, 5, 6]",
    ]
    assert found["losses"].tolist() == [1, 2]
    assert found["losses"].dtype == np.float32
    assert found["parameter/w"] == 8
    assert (found["test/y"] / 8)[:, 0].tolist() == [7, 8, 9, 6, 5]


def test_sampling_counts_its_seeds_up_and_repeats_the_first() -> None:
    class Framework:
        def sample(self, case: Case) -> Array:
            return np.array(case.seed)

    case = replace(CASE, task="sampling", seed=40, sampling=Sampling((2,), "kernel", 1, 1, count=3))
    found = tasks.sampling(Framework(), case)  # type: ignore[arg-type]
    seeds = {"sample/0": 40, "sample/1": 41, "sample/2": 42, "sample/again": 40}
    assert {name: int(value) for name, value in found.items()} == seeds


def worker(directory: Path, out: Path, fakes: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "parity.execution.worker", str(directory), str(out), *more]
    variables = isolation.variables(out, {}, python_path=[fakes])
    return subprocess.run(command, env=variables, capture_output=True, text=True, errors="replace", check=False)


def test_the_command_runs_by_hand_and_goes_on(tmp_path: Path, fakes: Path) -> None:
    """A crash ends it by its exit status; the same command runs what is left to run, by key."""
    asked, out = write(tmp_path / "request", "Segfaults", 3), tmp_path / "out"
    assert worker(asked.directory, out, fakes).returncode == -11
    assert [record.outcome for record in records.read(out).records] == ["ran"]
    begun = [json.loads(line) for line in (out / "progress.jsonl").read_text().splitlines()]
    assert begun == [{"begin": entry.case.id, "key": entry.key} for entry in asked.entries[:2]]
    assert worker(asked.directory, out, fakes, "--only", "2").returncode == 0
    assert list(records.read(out).latest()) == [asked.entries[0].key, asked.entries[2].key]


def test_what_a_large_case_leaves_is_gone_when_the_next_begins(tmp_path: Path, fakes: Path) -> None:
    asked = write(tmp_path / "request", "LeavesCircles", 4)
    worker(asked.directory, tmp_path / "out", fakes)
    assert [record.outcome for record in records.read(tmp_path / "out").records] == ["ran"] * 4


def test_a_record_says_with_what_it_was_made(tmp_path: Path, fakes: Path) -> None:
    asked = write(tmp_path / "request", "Sound", 1)
    worker(asked.directory, tmp_path / "out", fakes)
    (record,) = records.read(tmp_path / "out").records
    assert (record.framework, record.framework_version, record.mode) == ("fake", "1.0", "eager")
    assert record.versions == {"numpy": np.__version__}
    assert record.seconds is not None


@pytest.mark.parametrize(
    ("change", "outcome", "reason"),
    [
        ({"device": "tpu"}, "unavailable", "sound sees no tpu on this machine; it sees cpu"),
        ({"dtype": "bfloat16"}, "unsupported", "sound has no bfloat16; it has float32, float64"),
        ({"mode": "compiled"}, "unsupported", "sound has no mode compiled; it has eager"),
        ({"mode": "eager"}, "ran", ""),
    ],
    ids=str,
)
def test_what_a_description_answers_is_not_tried(
    tmp_path: Path, fakes: Path, change: dict[str, str], outcome: str, reason: str
) -> None:
    asked = write(tmp_path / "request", "Sound", 1, **change)
    worker(asked.directory, tmp_path / "out", fakes)
    (record,) = records.read(tmp_path / "out").records
    assert (record.outcome, record.reason) == (outcome, reason)


def test_speed_leaves_raw_measurements(tmp_path: Path, fakes: Path) -> None:
    asked = write(tmp_path / "request", "Slow", 1, task="speed", arguments={"foreign": 1.0, "steal": 1.0})
    worker(asked.directory, tmp_path / "out", fakes)
    (record,) = records.read(tmp_path / "out").records
    assert (record.outcome, record.arrays) == ("ran", None)
    found = record.measurements
    assert found is not None
    assert {"import_seconds", "build_seconds", "first_step_ns", "second_step_ns", "warmup", "blocks", "threads"} <= set(found)
    assert all(block["steps"] > 0 and block["wall_ns"] > 0 for block in found["blocks"])


def test_changed_arrays_of_a_request_are_not_run(tmp_path: Path, fakes: Path) -> None:
    asked = write(tmp_path / "request", "Sound", 2)
    (tmp_path / "request" / "0.npz").write_bytes((tmp_path / "request" / "1.npz").read_bytes())
    worker(asked.directory, tmp_path / "out", fakes)
    assert [record.outcome for record in records.read(tmp_path / "out").records] == ["crashed", "ran"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "Expecting property name"),
        ("[]", "a field is missing or of the wrong type"),
        ('{"format": 2}', "request format 2 is not 1"),
        ('{"format": 1, "cases": [{"key": "../../x", "arrays": null}]}', "is no sha256"),
        ('{"format": 1, "cases": [{"key": "%s", "arrays": "../0.npz"}]}' % ("a" * 64), "is no file name of a request"),
    ],
)
def test_a_bad_request_is_refused_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "request.json").write_text(text)
    with pytest.raises(ValueError, match=message) as caught:
        request.read(tmp_path)
    assert str(tmp_path / "request.json") in str(caught.value)


def test_a_request_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no request"):
        request.read(tmp_path)


def test_a_request_round_trips(tmp_path: Path) -> None:
    case = replace(CASE, steps=1)
    arrays = {"parameter/w": np.float32([1]), "batch/0/x": rows(1, 2)}
    written = write_request(tmp_path, "torch", [PlannedCase(case, arrays)], versions={}, implementation="i", threads=2)
    assert request.read(tmp_path) == written


def test_a_request_of_two_precisions_says_both(tmp_path: Path) -> None:
    both = [PlannedCase(tiny_case(0, dtype=dtype), {"batch/0/x": rows(1)}) for dtype in ("float64", "float32")]
    write_request(tmp_path, "torch", both, versions={}, implementation="")
    assert request.read(tmp_path).dtype == "float64+float32"


def test_a_request_without_cases_or_without_its_batches_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one case"):
        write_request(tmp_path / "a", "torch", [], versions={}, implementation="")
    lacking = PlannedCase(replace(CASE, steps=3), {"batch/0/x": rows(1), "batch/2/x": rows(1)})
    with pytest.raises(ValueError, match="arrays of batches 1 are missing"):
        write_request(tmp_path / "b", "torch", [lacking], versions={}, implementation="")
    assert not (tmp_path / "a" / "request.json").exists()


def test_the_table_finds_frameworks_and_variants() -> None:
    assert [find(name)[0] for name in names()] == [name.partition("[")[0] for name in names()]
    assert set(TABLE) <= set(names())
    assert environment("keras")["KERAS_BACKEND"] == "tensorflow"
    assert environment("mine", "mine:Implementation") == {}
    for wrong in ("caffe", "keras[caffe]", "../x", "torch[", ""):
        with pytest.raises(ValueError, match=f"there are {re.escape(', '.join(names()))}"):
            find(wrong)


def test_digests_of_implementations_differ() -> None:
    assert len({implementation_digest(name) for name in TABLE}) == len(TABLE)


def test_threads_and_allocator_are_pinned_and_the_harness_stays_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/harness")
    monkeypatch.setenv("VIRTUAL_ENV", "/harness")
    monkeypatch.setenv("OMP_NUM_THREADS", "64")
    found = isolation.variables(tmp_path, {"KERAS_BACKEND": "jax"}, threads=2, timed=True, python_path=[Path("/own")])
    assert (found["PYTHONPATH"], found[own_path.VARIABLE]) == (f"{tmp_path}/package", "/own")
    assert {found[name] for name in isolation.THREADS} == {"2"}
    assert found["MALLOC_TOP_PAD_"] == "134217728"
    assert found["KERAS_BACKEND"] == "jax"
    assert "VIRTUAL_ENV" not in found
    assert "MALLOC_TOP_PAD_" not in isolation.variables(tmp_path, {})
