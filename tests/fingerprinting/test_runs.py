"""A name is held to many steps, shapes and sizes of numbers, and to no tolerance wider than the precision that was driven."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from altered_rules import ALTERATIONS, TRUE, altered, driven, single
from seeded_rules import Direction

from parity.execution.worker import native_optimizers
from parity.fingerprinting import naming
from parity.fingerprinting.coverage import of_arrays
from parity.fingerprinting.naming import ExplainingForm, SeenRun
from parity.fingerprinting.rules import library
from parity.trials import probes
from parity.trials.fingerprint_runs import FIRST, MANY, RUNS, SHAPES
from parity.verbs import fingerprint as verb

EVERY = {name: (direction, owned) for name, direction, owned in altered()}
ALTERED = dict([*EVERY.items()][::2])
"""Of nine rules every other one, in turn: all of them were tried when the runs were made, at twice the cost."""
KNOWN: dict[bytes, list[ExplainingForm]] = {}


@pytest.fixture(autouse=True, scope="module")
def looked_up_once() -> Iterator[None]:
    """Most altered rules do in the first run what the true one does: the same steps are looked up once."""
    real = naming.identify

    def identify(seen: SeenRun) -> list[ExplainingForm]:
        steps = [array.tobytes() for step in seen.steps for array in step.after.values()]
        key = hashlib.sha256(b"".join([repr(sorted(seen.hyperparameters)).encode(), seen.dtype.encode(), *steps])).digest()
        if key not in KNOWN:
            KNOWN[key] = real(seen)
        return KNOWN[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(naming, "identify", identify)
        yield


def told(direction: Direction, owned: tuple[str, ...], dtype: str = "float64") -> verb.Fingerprint:
    return verb.fingerprint_of("rule", driven(direction, owned, dtype))


@cache
def given(place: int) -> dict[str, np.ndarray]:
    return dict(RUNS[place - 1].draws("float64") if place else probes.fingerprint_draws("float64"))


@pytest.mark.parametrize("name", TRUE)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_true_rule_keeps_its_name_in_every_run(name: str, dtype: str) -> None:
    found = told(*TRUE[name], dtype=dtype)
    assert (found.name, found.departed) == (name, {})
    assert [one.outcome for one in found.driven] == ["held"] * len(RUNS)


def test_there_are_altered_rules_enough() -> None:
    assert len(ALTERED) >= 100 and len(ALTERATIONS) >= 25


@pytest.mark.parametrize("name", ALTERED)
def test_an_altered_rule_has_no_name(name: str) -> None:
    assert told(*ALTERED[name]).name == "no match"


def test_where_an_altered_rule_departs_is_told() -> None:
    for name, run in (
        ("momentum, state emptied every 10 steps", "many steps"),
        ("adam, direction cut at 3", "many steps"),
        ("adam, gradients cut at 1e6", "numbers of all sizes"),
        ("adam, five axes at half the rate", "arrays of many shapes"),
    ):
        assert told(*EVERY[name]).departed == {name.partition(",")[0]: run}


@pytest.mark.parametrize("name", ["momentum", "adam"])
def test_a_computation_in_float32_is_told_as_one_by_a_nudge_that_it_does_not_see(name: str) -> None:
    direction, owned = TRUE[name]
    found = told(single(direction), owned)
    assert (found.name, found.matches[0].precision, found.dtype) == (name, "float32", "float64")
    record = driven(single(direction), owned)
    blind = {name: run for name, run in record.further.items() if name != "nudged"}
    assert verb.fingerprint_of("rule", replace(record, further=blind)).name == "no match"  # no witness, no float32


@pytest.mark.parametrize("name", TRUE)
def test_float32_inside_hides_no_factor(name: str) -> None:
    direction, owned = TRUE[name]
    assert (
        told(single(lambda w, g, rate, t, h, s: np.float32(1.00005) * direction(w, g, rate, t, h, s)), owned).name == "no match"
    )


def test_every_run_says_what_it_drives() -> None:
    for place in range(len(RUNS) + 1):
        arrays = given(place)
        again = native_optimizers.unpacked(native_optimizers.packed(arrays))
        assert again.keys() == arrays.keys() and all(np.array_equal(again[name], arrays[name]) for name in arrays)
    long, shaped, sized = (of_arrays(run.name, given(place), run.values) for place, run in enumerate(RUNS, 1) if place > 1)
    assert long.steps == MANY and 0.05 < long.zeros < 0.2
    assert shaped.axes == (1, 2, 3, 4, 5) and len(shaped.shapes) == len(SHAPES)
    assert sized.gradients[0] < 1e-11 and sized.gradients[1] > 1e11
    assert shaped.said().startswith(
        f"3 steps on {len(SHAPES)} arrays of 1 to 5 axes, the largest of 67,591 numbers; gradients "
    )
    first = of_arrays(FIRST, given(0), {})
    assert first.said() == "8 steps on 13×11 and 29; gradients 3e-09 to 3e+03; weights 0.005 to 1e+01"
    assert [run.steps for run in RUNS] == [of_arrays(run.name, given(place), {}).steps for place, run in enumerate(RUNS, 1)]


def test_what_was_driven_is_said_beside_the_name(capsys: pytest.CaptureFixture[str]) -> None:
    found = told(*TRUE["momentum"])
    verb.show(found)
    shown = capsys.readouterr().out
    assert "the name says nothing of what was not driven:" in shown
    assert f"    many steps: {MANY} steps on 17; gradients 0.01 to 4e+02, 13% of them 0; weights 0.2 to 2\n" in shown
    plain = verb.as_json(found)
    assert [one["run"] for one in plain["driven"]] == [FIRST, *(run.name for run in RUNS[1:])]
    assert plain["driven"][1]["hyperparameters"] == {"learning_rate": 2.0**-8, "momentum": 0.875}
    assert plain["driven"][2]["axes"] == (1, 2, 3, 4, 5)


def test_where_a_rule_departs_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    verb.show(told(*EVERY["adam, state emptied every 10 steps"]))
    assert "adam explains the run of values that separate, and departs in the run `many steps`" in capsys.readouterr().out


def test_a_run_that_an_object_refuses_is_said() -> None:
    record = driven(*TRUE["sgd"])
    crashed = replace(record.further["arrays of many shapes"].record, outcome="crashed", reason="ValueError: no five axes\nat")
    further = {**record.further, "arrays of many shapes": replace(record.further["arrays of many shapes"], record=crashed)}
    found = verb.fingerprint_of("rule", replace(record, further=further))
    assert found.name == "sgd"
    assert [one.outcome for one in found.driven] == ["held", "held", "refused, ValueError: no five axes", "held"]


def test_the_names_of_the_true_ones_are_names_of_the_library() -> None:
    assert set(TRUE) <= {form.name for form in library()}
