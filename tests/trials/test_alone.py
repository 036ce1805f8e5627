"""Layers judged alone: each kind once in a call, whichever architecture brings it."""

from __future__ import annotations

import pytest

from parity.trials import selection
from parity.trials.selection import Selection
from parity.trials.trial import Options
from parity.verbs.check import make_trials


def nodes(selected: Selection, *dtypes: str) -> list[str]:
    return [trial.case.id for trial in make_trials(selected, Options(dtypes=dtypes)) if trial.kind == "nodes"]


@pytest.mark.parametrize("dtypes", [("float64",), ("float64", "float32")])
def test_a_layer_equal_to_one_of_another_network_is_not_judged_again(dtypes: tuple[str, ...]) -> None:
    (lenet,) = selection.select(["lenet"]).architectures
    twin = lenet.model_copy(update={"name": "lenet_twin"})
    found = nodes(Selection(architectures=(lenet,)), *dtypes)
    assert found and len(found) == len(dtypes) * len({one.split("/")[0] for one in found})
    assert nodes(Selection(architectures=(lenet, twin)), *dtypes) == found
    both = make_trials(Selection(architectures=(lenet, twin)), Options(dtypes=dtypes))
    whole = [trial.case.spec for trial in both if trial.kind == "architectures"]
    assert whole == [name for name in ("lenet", "lenet_twin") for _ in dtypes]


def test_layers_of_other_sizes_are_judged_both() -> None:
    lenet, mlp = selection.select(["lenet", "mlp"]).architectures
    alone = [nodes(Selection(architectures=(one,)), "float64") for one in (lenet, mlp)]
    together = nodes(Selection(architectures=(lenet, mlp)), "float64")
    assert {one.split(":")[0] for one in together} == {"lenet", "mlp"}
    assert len(together) <= sum(map(len, alone))
