"""A framework that declares that it does not train: what it is asked, how it is judged, and what the output says."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from parity.cli import status
from parity.errors import UsageError
from parity.execution import frameworks
from parity.execution.frameworks import FrameworkEntry, Variant
from parity.trials.selected_frameworks import that_train
from parity.trials.selection import select
from parity.trials.trial import Options, Trial, asked_of, forward_only
from parity.verbs.check import check, make_trials

RIGHT = "torch=reference_framework:Implementation"
WRONG = "torch=planted:Implementation"


@pytest.fixture
def place(tmp_path: Path, fakes: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store; in it torch is a fake in this interpreter, and declared to run forward only."""
    monkeypatch.chdir(fakes)
    monkeypatch.setenv("PARITY_TORCH_PYTHON", sys.executable)
    monkeypatch.setitem(
        frameworks.TABLE, "torch", FrameworkEntry("parity.torch_impl", (Variant("torch"),), trains=False, features=())
    )
    return tmp_path


def made(spec: str = "mlp_dropout") -> Trial:
    return make_trials(select([spec]), Options(dtypes=["float64"], nodes=False))[0]


def test_those_that_train_are_meant_where_none_is_named() -> None:
    every = frameworks.TABLE
    assert frameworks.training(every=True) == tuple(name for name in every if every[name].trains)
    assert frameworks.training() == tuple(name for name in every if every[name].trains and every[name].default)
    assert frameworks.training() and set(frameworks.training()) <= set(frameworks.names())
    assert frameworks.trains("a_realization_of_ones_own")


def test_the_trial_of_such_a_framework_is_one_pass_of_the_layers() -> None:
    whole = made()
    asked = forward_only(whole)
    assert whole.case.graph is not None and asked.case.graph is not None
    assert asked.case.id == whole.case.id and asked.case.steps == 0
    assert asked.case.graph.nodes == whole.case.graph.nodes and not asked.case.graph.phases
    read = {name for name in asked.arrays if name.startswith("batch/")}
    assert read == {f"batch/0/{given.name}" for given in whole.case.graph.inputs}
    assert {name for name in whole.arrays if name.startswith("batch/0/")} - read  # labels: no pass of the layers reads them
    assert {name for name in whole.arrays if name.startswith("parameter/")} <= set(asked.arrays)


def test_what_is_missing_or_wrong_differs() -> None:
    asked = forward_only(made())
    assert asked.case.graph is not None
    assert [one.verdict for one in asked.judge({})] == ["not_compared"]
    output = f"forward/{asked.case.graph.outputs[0]}"
    (wrong,) = [one for one in asked.judge({output: np.ones((3, 10))}) if f"forward/{one.tensor}" == output]
    assert wrong.verdict == "differs"
    missing = [one for one in asked.judge({output: np.ones((3, 10))}) if "missing" in one.reason]
    assert len(missing) == len(asked.case.graph.nodes) - 1


def test_evaluation_mode_alone_is_judged_and_every_output_says_so(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    results, junit = place / "results.json", place / "junit.xml"
    words = ["check", "mlp", "--realization", RIGHT, "--json", str(results), "--junit", str(junit)]
    assert status([*words, "--store", str(place / "store")]) == 0
    document = json.loads(results.read_text())
    assert {one["quantity"] for one in document["results"]} == {"forward"}
    nodes = {one["case"].partition("/")[0] for one in document["results"]}
    assert "mlp" in nodes and len(nodes) > 1 and not any("training" in node for node in nodes)  # layers alone, and no loss
    assert document["summary"]["forward_only"] == ["torch"]
    assert "torch runs forward only: evaluation mode alone was judged" in " ".join(capfd.readouterr().out.split())
    assert 'name="forward only" value="torch"' in junit.read_text()


def test_a_node_of_training_alone_is_not_asked(place: Path) -> None:
    whole = make_trials(select(["mlp"]), Options(dtypes=["float64"]))
    (loss,) = [one for one in whole if one.kind == "nodes" and one.forward is None]
    assert loss.case.graph is not None and loss.case.graph.nodes[0].op == "softmax_cross_entropy"
    assert len(asked_of(whole, "torch")) == len(whole) - 1
    assert asked_of(whole, "keras") == whole
    words = ["check", "mlp", "--realization", RIGHT, "--dtype", "float64", "--case", loss.case.id]
    assert status([*words, "--store", str(place / "store")]) == 5


def test_a_wrong_layer_is_seen(place: Path) -> None:
    judged = check(["lenet"], frameworks=["torch"], dtypes=["float64"], realizations=[WRONG], store=place / "store")
    assert {one.trial.case.spec for one in judged if one.verdict == "differs"} >= {"lenet", "lenet:sigmoid_2"}


@pytest.mark.parametrize("verb", ["atlas -f torch", "bench mlp -f torch", "run quick -f torch", "bisect mlp -f torch"])
def test_verbs_that_need_training_refuse_it(verb: str, place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert status(verb.split()) == 2
    assert "torch runs forward only" in capfd.readouterr().err
    with pytest.raises(UsageError):
        that_train(["keras", "torch"])


@pytest.mark.parametrize(
    ("verb", "feature"),
    [("atlas -f torch", "atlas"), ("fingerprint torch.optim.SGD", "fingerprint"), ("compare torch=a:b torch=a:c", "own_model")],
)
def test_a_verb_refuses_a_framework_without_the_feature_that_it_needs(
    verb: str, feature: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PARITY_ENVIRONMENTS", str(tmp_path))  # none is built: all that train are meant
    bare = FrameworkEntry("parity.torch_impl", (Variant("torch"),), features=())
    monkeypatch.setitem(frameworks.TABLE, "torch", bare)
    assert status(verb.split()) == 2
    assert f"torch has no feature `{feature}` (its line in parity/execution/frameworks.py); " in capfd.readouterr().err
    able = tuple(name for name in frameworks.training() if frameworks.offers(name, feature))
    assert "torch" not in able and that_train([], feature) == able and that_train([]) == frameworks.training()


def test_a_framework_that_is_asked_by_name_alone_trains_like_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    newcomer = FrameworkEntry("parity.torch_impl", (Variant("torch"),), default=False, features=("atlas",))
    monkeypatch.setitem(frameworks.TABLE, "torch", newcomer)
    assert "torch" not in frameworks.training() and "torch" not in that_train([]) and "torch" not in that_train([], "atlas")
    assert that_train(["torch"], "atlas") == ("torch",)
    with pytest.raises(UsageError, match="has no feature `fingerprint`"):
        that_train(["torch"], "fingerprint")
