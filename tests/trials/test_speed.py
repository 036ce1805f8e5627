"""A workload is timed only where that very thing passed its check, before the clock and behind it: fakes, in this process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import reference_framework
from planted import Planted

from parity.execution.launcher import launching
from parity.execution.names import BATCH, CARRIED, CHECK, lies_under
from parity.execution.records import Record
from parity.execution.worker import speed as timing
from parity.execution.worker import tasks
from parity.execution.worker.machine_load import Sample
from parity.execution.worker.timing import Plan
from parity.judgement.verdicts import PASSING, worst
from parity.reporting import speeds as timed
from parity.reporting.results import Speed, read
from parity.spec.graph import Graph
from parity.trials import bench_rounds, selection, speed
from parity.trials.session import JudgedTrial, Session
from parity.trials.trial import Options, Trial
from parity.verbs import bench, run
from parity.verbs.bench import bench_result
from parity.verbs.terminal import timings

STEP = 100_000_000


class Padded(reference_framework.Realized):
    """The first convolution is padded by one on one side and by three on the other: the shapes are right."""

    def built(self, graph: Graph) -> Graph:
        wrong = {"padding": [[1, 3], [1, 3]]}
        nodes = [replace(n, attributes={**n.attributes, **wrong}) if n.name == "conv1" else n for n in graph.nodes]
        return replace(graph, nodes=tuple(nodes))


class GoesBad(reference_framework.Realized):
    """Right before the clock; after ten timed steps what it answers is a cache's."""

    steps = 0

    def step(self, batch: Mapping[str, Any]) -> float:
        self.steps += 1
        return super().step(batch)

    def walked(self, values: Mapping[str, Any], training: bool, phase: int = 0) -> Any:
        found = super().walked(values, training, phase)
        if self.case.task != "speed" or self.steps <= 10:
            return found
        return replace(found, values={name: 1.01 * array for name, array in found.values.items()})


class StepsWrong(reference_framework.Realized):
    """Its step runs another network than the one that answers."""

    def step(self, batch: Mapping[str, Any]) -> float:
        return 1.01 * super().step(batch)


@dataclass
class Clock:
    """Each step takes a tenth of a second, of which others take a share."""

    foreign: float = 0.0
    now: Sample = field(default_factory=lambda: Sample(1, busy_ns=1, cores=2))

    def read(self) -> Sample:
        return self.now

    def tick(self) -> None:
        busy = int((1 + 2 * self.foreign) * STEP)
        self.now = replace(
            self.now, wall_ns=self.now.wall_ns + STEP, cpu_ns=self.now.cpu_ns + STEP, busy_ns=self.now.busy_ns + busy
        )


@dataclass(frozen=True)
class InProcess(Session):
    """Cases run here, with fakes. busy: share that others have, by framework and place of the process. stop: after so many
    processes comes Ctrl-C."""

    fakes: Mapping[str, type[reference_framework.Realized]] = field(default_factory=dict)
    busy: Mapping[tuple[str, int], float] = field(default_factory=dict)
    stop: int = 10**6
    ran: list[str] = field(default_factory=list)
    asked: list[Trial] = field(default_factory=list)

    def run(self, trials: Sequence[Trial]) -> list[JudgedTrial]:
        return [self.one(name, trial) for name in self.frameworks for trial in trials]

    def one(self, name: str, trial: Trial) -> JudgedTrial:
        case = trial.case
        realization = self.fakes.get(name, reference_framework.Realized)(case)
        measured: dict[str, Any] | None = None
        self.asked.append(trial)
        if case.task == "speed":
            if len(self.ran) >= self.stop:
                raise KeyboardInterrupt
            clock = Clock(self.busy.get((name, self.ran.count(name)), 0.0))
            self.ran.append(name)
            plain = realization.step

            def step(batch: Mapping[str, Any]) -> float:
                clock.tick()
                return plain(batch)

            realization.step = step  # type: ignore[method-assign]
            plan = replace(Plan.of(case.arguments, 0), blocks=1, attempts=3)
            arrays, measured = timing.speed(realization, case, trial.arrays, clock, plan)
            where = {"processor": "a fake", "system": "here", "own_cpus": [0, 1], "allocator": {"MALLOC_TOP_PAD_": "1"}}
            measured |= {"measured_at": "2026-01-01T00:00:00+00:00", "where": where, "threads": self.threads}
        else:
            arrays = tasks.agreement(realization, case, trial.arrays)
        record = Record("0" * 64, case.id, name, "ran", case.dtype, mode="eager", framework_version="1", measurements=measured)
        return JudgedTrial(trial, name, record, trial.judge(arrays), Path())


OPTIONS = Options(size="small", mode="default", steps=2)


@cache
def load(name: str = "mlp", batch: int = 2) -> speed.Workload:
    chosen = selection.select([name]).architectures[0]
    return bench.workloads([chosen], OPTIONS, ["default"], [batch])[0]


@pytest.fixture(autouse=True)
def small_product(monkeypatch: pytest.MonkeyPatch) -> None:
    """The product of matrices takes seconds in the reference."""
    monkeypatch.setattr(speed, "PEAK_TEXT", speed.PEAK_TEXT.replace("1024", "8"))
    monkeypatch.setattr(speed, "PEAK_BATCH", 4)
    monkeypatch.setattr(timing, "PRODUCT_SIDE", 8)
    speed._peak.cache_clear()


def benched(
    tmp_path: Path, processes: int = 1, again: bool = False, name: str = "mlp", **more: Any
) -> tuple[bench_result.Benched, InProcess]:
    session = InProcess(tmp_path, ("torch", "keras"), **more)
    return bench.take(session, [load(name)], OPTIONS, processes, again=again), session


def cells(found: bench_result.Benched) -> dict[str, Speed]:
    return {one.framework: one for one in found.speeds if not one.role}


def test_what_passes_is_timed_beside_an_a_a_pair_and_a_product(tmp_path: Path) -> None:
    found, session = benched(tmp_path)
    assert {name: (one.verdict in PASSING, len(one.processes)) for name, one in cells(found).items()} == {
        "torch": (True, 1),
        "keras": (True, 1),
    }
    assert sorted((one.framework, one.role) for one in found.speeds if one.role) == [
        ("keras", "peak"),
        ("torch", "A/A"),
        ("torch", "peak"),
    ]
    assert bench_result.status(found) == 0 and len(session.ran) == 5


def test_the_gate_is_of_the_size_the_precision_the_mode_the_batch_and_the_threads_that_are_timed() -> None:
    chosen = load()
    for trial in chosen.gate:
        case, clocked = trial.case, chosen.timed.case
        for key in ("size", "dtype", "mode", "device", "batch_size", "graph", "initializer", "optimizer"):
            assert getattr(case, key) == getattr(clocked, key), key


def test_gate_and_clock_have_the_same_number_of_threads(tmp_path: Path) -> None:
    threads = set()

    class Noting(InProcess):
        def one(self, name: str, trial: Trial) -> JudgedTrial:
            threads.add((trial.case.task, self.threads))
            return super().one(name, trial)

    bench.take(Noting(tmp_path, ("torch",)), [load()], OPTIONS, 1)
    assert threads == {("agreement", bench.THREADS), ("speed", bench.THREADS)}


@pytest.mark.parametrize("fake", [Padded, Planted], ids=["wrong-padding", "wrong-activation"])
def test_a_planted_fault_removes_the_speed_cells(tmp_path: Path, fake: type[reference_framework.Realized]) -> None:
    found, session = benched(tmp_path, name="lenet", fakes={"keras": fake})
    assert (cells(found)["keras"].verdict, cells(found)["keras"].processes) == ("differs", [])
    assert "keras" not in session.ran and cells(found)["torch"].verdict in PASSING
    assert cells(found)["keras"].reason.startswith(("forward", "activation"))
    assert bench_result.status(found) == 1


@pytest.mark.parametrize("fake", [GoesBad, StepsWrong], ids=["cache", "another-step"])
def test_outputs_that_go_bad_behind_the_check_remove_the_number(
    tmp_path: Path, fake: type[reference_framework.Realized]
) -> None:
    """Both pass the check before the clock."""
    found, session = benched(tmp_path, fakes={"keras": fake})
    bad = cells(found)["keras"]
    assert (bad.verdict, timed.measured(bad), bench_result.status(found)) == ("differs", False, 1)
    assert bad.reason.startswith("behind the clock ") and session.ran.count("keras") == 2  # its cell, and the product


def test_a_busy_machine_gives_no_number_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    busy = {("keras", place): 0.5 for place in range(9)}
    found, _ = benched(tmp_path, processes=2, busy=busy)
    assert (cells(found)["keras"].verdict, bench_result.status(found)) == ("no_quiet_samples", 3)
    assert len(cells(found)["keras"].processes) == 4  # twice as many as were asked for, and no more
    assert "these cells have no number" in "".join(bench_result.complaints(found))
    timings.show(bench.Results("bench", "parity bench", speeds=found.speeds))
    assert "no quiet" in capsys.readouterr().out


def test_a_machine_that_is_never_quiet_is_not_waited_for(tmp_path: Path) -> None:
    busy = {(name, place): 0.5 for name in ("torch", "keras") for place in range(20)}
    found, _ = benched(tmp_path, processes=2, busy=busy)
    assert {len(one.processes) for one in cells(found).values()} == {2}
    assert {one.verdict for one in cells(found).values()} == {"no_quiet_samples"}


def test_a_disturbed_round_is_taken_again_for_all_cells_of_its_workload(tmp_path: Path) -> None:
    found, _ = benched(tmp_path, processes=2, busy={("keras", 0): 0.5, ("keras", 1): 0.5})
    torch, keras = cells(found)["torch"], cells(found)["keras"]
    assert len(timed.rounds(torch).keys() & timed.rounds(keras).keys()) >= 2
    assert bench_result.status(found) == 0


def test_what_the_store_has_is_said_and_again_measures_anew(tmp_path: Path) -> None:
    first, session = benched(tmp_path, processes=2)
    second, repeated = benched(tmp_path, processes=2)
    assert not first.kept and session.ran and not repeated.ran
    assert [one.processes for one in first.speeds] == [one.processes for one in second.speeds]
    (line,) = timings.from_store(second.speeds, second.kept)
    assert line.startswith(
        "taken from the store: 8 of 8 processes, measured 2026-01-01T00:00:00+00:00 on a fake with keras 1, torch 1"
    )
    assert line.endswith("--again measures anew") and not list(timings.from_store(first.speeds, first.kept))
    third, anew = benched(tmp_path, processes=2, again=True)
    assert len(anew.ran) == 8 and not third.kept


def test_a_disturbed_round_of_the_store_is_measured_anew_and_not_told_again(tmp_path: Path) -> None:
    busy = {("keras", place): 0.5 for place in range(9)}
    benched(tmp_path, processes=1, busy=busy)
    found, session = benched(tmp_path, processes=1)
    assert cells(found)["keras"].verdict in PASSING and session.ran.count("keras") >= 2


def test_cells_of_different_runs_are_never_set_beside_each_other(tmp_path: Path) -> None:
    alone = InProcess(tmp_path, ("torch",))
    bench.take(alone, [load()], OPTIONS, 1)
    _, both = benched(tmp_path)
    assert both.ran.count("torch") == 3


@pytest.mark.parametrize(("stop", "rounds_kept"), [(2, 0), (5, 1), (7, 1)])
def test_ctrl_c_keeps_what_was_measured_and_says_what_is_missing(tmp_path: Path, stop: int, rounds_kept: int) -> None:
    found, _ = benched(tmp_path, processes=2, stop=stop)
    assert (bench_result.status(found), found.interrupted) == (130, True)
    assert sum(len(one.processes) for one in found.speeds) == stop
    assert "interrupted" in "".join(bench_result.complaints(found))
    assert len(list(tmp_path.glob("bench/*/round*.jsonl"))) == rounds_kept
    assert {one.verdict for one in found.speeds if not one.processes} <= {"interrupted"}
    again, rest = benched(tmp_path, processes=2)
    assert bench_result.status(again) == 0 and len(rest.ran) == 8 - 5 * rounds_kept


def test_a_suite_that_is_interrupted_says_which_entries_it_has_not_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run, "Session", partial(InProcess, stop=3))
    suite = tmp_path / "both.yaml"
    entries = "  - {task: speed, specs: [mlp], size: small, batch_sizes: [2]}\n  - {task: speed, specs: [lenet]}\n"
    suite.write_text(f"name: both\nentries:\n{entries}")
    monkeypatch.setattr(run, "environment", lambda _: {"machine": {}, "frameworks": {}})
    told = run.main(str(suite), ("torch",), tmp_path / "store", tmp_path / "report", None, None, False)
    assert told == 130
    assert "not begun: speed of lenet" in capsys.readouterr().err
    (row, *_) = (one for one in read(tmp_path / "report" / "data").speeds if not one.role)
    assert (row.spec, len(row.processes)) == ("mlp", 1)


def test_two_runs_into_one_store_do_not_disturb_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launching, "LOCK_SECONDS", 0.0)
    with launching.only_writer(tmp_path / "bench"), pytest.raises(BlockingIOError, match="another run writes to"):
        benched(tmp_path)


def test_a_round_that_is_not_whole_in_the_store_is_refused(tmp_path: Path) -> None:
    from parity.execution.damaged_files import Damaged

    benched(tmp_path)
    (file,) = tmp_path.glob("bench/*/round0.jsonl")
    file.write_text(file.read_text().replace("2026-01-01", "2027-01-01", 1))
    with pytest.raises(Damaged, match="it is not the line that was written: remove the file, or measure anew with --again"):
        benched(tmp_path)


def test_dropout_of_its_own_is_said_and_checked_in_evaluation_mode(tmp_path: Path) -> None:
    chosen = load("mlp_dropout")
    assert chosen.dropping and chosen.timed.case.graph != chosen.gate[0].case.graph
    found = bench.take(InProcess(tmp_path, ("torch",), fakes={"torch": Kept}), [chosen], OPTIONS, 1)
    assert [one.dropping for one in found.speeds if not one.role] == [True]
    assert "its own dropout; checked with given masks" in timed.notes(found.speeds[0])


class Kept(reference_framework.Realized):
    """A dropout of its own that keeps everything: the reference has masks alone."""

    def built(self, graph: Graph) -> Graph:
        if any("mask" in node.inputs for node in graph.nodes):
            return graph
        nodes = tuple(replace(node, evaluate=True) if node.op == "dropout" else node for node in graph.nodes)
        return replace(graph, nodes=nodes)


def test_a_batch_whose_reference_would_not_fit_is_checked_with_the_checks_own() -> None:
    architecture = selection.select(["mlp"]).architectures[0]
    started = selection.initializer("glorot_uniform"), selection.optimizer("adam")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(speed, "AFFORDED", 1_000)
        found = speed.workload(architecture, *started, OPTIONS, 50)
    assert (found.checked_batch, found.timed.case.batch_size) == (3, 50)
    shapes = {
        name: len(array) for name, array in found.timed.arrays.items() if lies_under(name, CHECK) or lies_under(name, BATCH)
    }
    assert set(shapes.values()) == {3, 50} and all((size == 3) is lies_under(name, CHECK) for name, size in shapes.items())
    realization = reference_framework.Realized(found.timed.case)
    answers = timing.answer(realization, found.timed.case, found.timed.arrays)
    assert worst(one.verdict for one in found.timed.judge(answers)) in PASSING


def test_carried_state_comes_in_the_size_of_each_batch() -> None:
    architecture = selection.select(["lstm_language_model"]).architectures[0]
    started = selection.initializer("glorot_uniform"), selection.optimizer("adam")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(speed, "AFFORDED", 1)
        found = speed.workload(architecture, *started, OPTIONS, 5)
    sizes = {name: len(array) for name, array in found.timed.arrays.items() if CARRIED in name.split("/")[:2]}
    assert sizes and all((size == 3) is lies_under(name, CHECK) for name, size in sizes.items())


def test_operations_of_a_step_are_those_of_the_graph() -> None:
    """A dense layer that reads the input: the product forward, and the one for its weights."""
    product = speed._peak()
    from parity.spec.expansion import expand

    graph = expand(product, "full")
    loss = 3 * sum(node.flops for node in graph.phases[0].nodes)
    assert speed.training_flops(graph) == 2 * 2 * 8 * 8 + loss
    lstm = expand(selection.select(["lstm_classifier"]).architectures[0], "full")
    first, second, *rest = lstm.all_nodes()
    assert speed.training_flops(lstm) == 2.5 * first.flops + 3 * (second.flops + sum(node.flops for node in rest))
    fine = expand(selection.select(["fine_tuning"]).architectures[0], "small")
    assert speed.training_flops(fine) == 0  # frozen parameters have no gradient


def test_what_was_timed_is_named(tmp_path: Path) -> None:
    found, _ = benched(tmp_path)
    first, *_, where = timings.sentences(found.speeds, found.kept)
    assert first == (
        "timed: a training step with adam at size small, the small probe that `check` judges, not the published network; "
        "batch 2; precision float32; mode keras eager, torch eager"
    )
    assert where == "on a fake, here; 2 threads on CPUs 0, 1, allocator pinned"


def test_the_json_says_what_the_samples_say(tmp_path: Path) -> None:
    busy = {("keras", place): 0.5 for place in range(9)}
    found, _ = benched(tmp_path, processes=1, busy=busy)
    (ranked,) = timings.ranked(bench.Results("bench", "parity bench", speeds=found.speeds))
    verdicts = {cell["framework"]: (cell["verdict"], cell["median_ns"], cell["standing"]) for cell in ranked["cells"]}
    assert verdicts["keras"] == ("no_quiet_samples", None, "") and verdicts["torch"][1] == STEP


def test_the_key_of_a_run_holds_what_its_numbers_hang_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = InProcess(tmp_path, ("torch",))
    chosen = [bench_rounds.TimedCell(load(), "torch")]
    keys = {
        bench_rounds.run_key(chosen, session, 5),
        bench_rounds.run_key([*chosen, bench_rounds.TimedCell(load(), "keras")], session, 5),
    }
    keys |= {bench_rounds.run_key(chosen, replace(session, threads=2), 5), bench_rounds.run_key(chosen, session, 6)}
    monkeypatch.setattr(bench_rounds, "machine", lambda: "another machine")
    keys.add(bench_rounds.run_key(chosen, session, 5))
    assert len(keys) == 5
    assert np.all([len(key) == 16 for key in keys])
