"""Networks at full size: settled once, taken over while nothing has changed, asked again after a crash."""

from __future__ import annotations

import gc
import sys
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from parity.errors import UsageError
from parity.judgement.references import References
from parity.spec.architectures import Architecture
from parity.spec.expansion import expand
from parity.spec.specs import families, load, names, parse
from parity.spec.suites import Suite, SuiteEntry
from parity.trials.full_size import settle
from parity.trials.networks import batch_size_of
from parity.trials.selection import select
from parity.trials.session import JudgedTrial, Session
from parity.trials.trial import Options
from parity.verbs import run as suites

OPTIONS = Options(dtypes=("float64", "float32"), size="full", nodes=False, steps=1)


@pytest.fixture
def asked(tmp_path: Path, fakes: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Session, list[str]]:
    """A session whose torch is a fake in this interpreter, and the cases that really ran."""
    monkeypatch.setenv("PARITY_TORCH_PYTHON", sys.executable)
    ran: list[str] = []
    realizations = {"torch": "reference_framework:Implementation"}
    session = Session(tmp_path, ("torch",), realizations, (fakes,), on_record=lambda _, record: ran.append(record.case))
    return session, ran


def run(session: Session, options: Options = OPTIONS) -> list[JudgedTrial]:
    (spec,) = select(["linear_regression"]).architectures
    assert isinstance(spec, Architecture)
    return list(settle([spec], [options], session))


def test_what_is_settled_is_taken_over(asked: tuple[Session, list[str]]) -> None:
    session, ran = asked
    first = run(session)
    assert [one.trial.case.dtype for one in first] == ["float64", "float32"] and len(ran) == 2
    assert all(one.verdict in ("agrees", "exact") and len(one.comparisons) > 10 for one in first)
    again = run(session)
    assert len(ran) == 2
    assert [(one.comparisons, one.record, one.trial.case) for one in again] == [
        (one.comparisons, one.record, one.trial.case) for one in first
    ]


def test_references_go_with_their_network(asked: tuple[Session, list[str]]) -> None:
    """At once: the collector of cycles counts objects, not their gigabytes, and would leave them beside the next network's."""

    def alive() -> int:
        return sum(isinstance(one, References) for one in gc.get_objects())

    gc.collect()
    before = alive()
    gc.disable()
    try:
        run(asked[0])
        assert alive() == before
    finally:
        gc.enable()


def test_no_arrays_stay(asked: tuple[Session, list[str]]) -> None:
    session, _ = asked
    judged = run(session)
    assert not [path for path in session.store.rglob("*") if path.suffix in (".npz", ".npy")]
    assert all(not one.trial.arrays and one.record.arrays is None for one in judged)


def test_other_code_settles_anew(asked: tuple[Session, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    session, ran = asked
    run(session)
    monkeypatch.setattr("parity.execution.launcher.planning.implementation_digest", lambda *_: "another")
    run(session)
    assert len(ran) == 4


def test_another_documented_difference_settles_anew(asked: tuple[Session, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    session, ran = asked
    run(session)
    monkeypatch.setattr("parity.judgement.differences.of_cases", lambda _: ("another",))
    monkeypatch.setattr("parity.trials.session.differences.apply", lambda *given: list(given[-1]))
    run(session)
    assert len(ran) == 4


def test_a_crash_is_no_verdict_and_is_asked_again(asked: tuple[Session, list[str]]) -> None:
    session, ran = asked
    options = replace(OPTIONS, dtypes=("float64",), seed=1)
    crashing = replace(session, realizations={"torch": "processes:Segfaults"})
    for count in (1, 2):
        (crashed,) = run(crashing, options)
        assert (crashed.record.outcome, crashed.verdict, len(ran)) == ("crashed", "not_compared", count)
    assert run(session, options)[0].verdict in ("agrees", "exact")


def test_a_suite_at_full_size_asks_what_is_no_network_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARITY_ENVIRONMENTS", str(tmp_path / "nothing"))
    entry = "{task: agreement, specs: [linear_regression, zeros, sgd], size: full, dtypes: [float64], nodes: false, steps: 1}"
    suite = parse(f"name: user\nentries: [{entry}]\n")
    assert isinstance(suite, Suite)
    judged = suites.run(suite, ["torch"], tmp_path).judged
    assert {one.trial.case.spec.partition(":")[0] for one in judged} == {"linear_regression", "zeros", "sgd", "sgd[defaults]"}
    assert {one.record.outcome for one in judged} == {"unavailable"}


def test_the_full_suite_leaves_no_architecture_out() -> None:
    """CycleGAN on a quarter of the side, GPT-2 on half the tokens. In float64 without those whose float32 takes most memory.
    Workloads are no published networks: the suite that times them gates them at their full size (suites/speed)."""
    others = set(names("architectures")) - {"cyclegan", "gpt2_small"} - set(families()["workload"])
    asked = {(name, "full", "float32") for name in others}
    asked |= {("cyclegan", "quarter", "float32"), ("gpt2_small", "half", "float32")}
    assert asked_of("full") == asked
    speed = load("suites/speed")
    assert isinstance(speed, Suite)
    assert set(families()["workload"]) <= {spec.name for entry in speed.entries for spec in specs_of(entry)}
    large = {"vgg11", "vgg16", "vgg19", "bert_base", "vit_b_16", "style_transfer"}
    assert asked_of("full_float64") == {(name, "full", "float64") for name in others - large}


def asked_of(name: str) -> set[tuple[str, str | None, str]]:
    suite = load(f"suites/{name}")
    assert isinstance(suite, Suite)
    return {(spec.name, entry.size, dtype) for entry in suite.entries for dtype in entry.dtypes for spec in specs_of(entry)}


def specs_of(entry: SuiteEntry) -> tuple[Architecture, ...]:
    return select(entry.specs).architectures


def test_two_examples_of_the_largest_networks_would_not_fit() -> None:
    """The batch of a large size; CycleGAN has as many parameters on small images."""
    of = {name: expand(cast(Architecture, load(name))) for name in ("resnet152", "gpt2_small", "lenet")}
    assert [batch_size_of(graph, "full") for graph in of.values()] == [2, 1, 2]
    assert batch_size_of(of["lenet"], "small") == 3
    cyclegan = cast(Architecture, load("cyclegan"))
    assert expand(cyclegan, "quarter").parameter_count() == expand(cyclegan).parameter_count()


def test_what_is_settled_so_far_is_told_and_nothing_run(asked: tuple[Session, list[str]]) -> None:
    session, ran = asked
    run(session, replace(OPTIONS, dtypes=("float32",)))
    before = list(ran)
    (spec,) = select(["linear_regression"]).architectures
    waiting, settled = settle([spec], [OPTIONS], session, so_far=True)
    assert ran == before
    assert (waiting.trial.case.dtype, waiting.verdict, waiting.record.outcome) == ("float64", "not_compared", "unavailable")
    assert (settled.trial.case.dtype, settled.verdict) == ("float32", "agrees")


def test_a_suite_of_other_tasks_is_not_told_so_far(tmp_path: Path) -> None:
    quick = load("suites/quick")
    assert isinstance(quick, Suite)
    with pytest.raises(UsageError, match="more than large networks"):
        suites.run(quick, ("torch",), tmp_path, so_far=True)


def test_a_store_without_a_finished_network_is_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = load("suites/full")
    assert isinstance(full, Suite)
    monkeypatch.setattr(suites, "expand", lambda *_: pytest.fail("no network needs to be expanded"))
    monkeypatch.setattr(suites, "_agree", lambda *_: pytest.fail("no entry needs to be read"))
    with pytest.raises(UsageError, match=r"no network of full is finished in .*: `parity run full` begins"):
        suites.run(full, ("torch",), tmp_path, so_far=True)
