"""Fingerprints: seeded variants are named rightly, foreign rules have no name, no two closed forms can be confused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from seeded_rules import DECAYS, Direction, foreign, variants

from parity.errors import UsageError
from parity.execution.protocol import Unsupported
from parity.execution.records import Record
from parity.execution.worker import native_optimizers
from parity.fingerprinting.naming import SeenRun, identify, share
from parity.fingerprinting.rules import ClosedForm, library
from parity.reference_impl import training
from parity.reference_impl.replay import SeenStep
from parity.spec.cases import Case
from parity.spec.specs import Optimizer, load, names
from parity.trials import probes
from parity.trials.trial import Trial
from parity.verbs import fingerprint as verb
from parity.verbs.fingerprint import driving, objects

Array = np.ndarray
VARIANTS = {name: (direction, decay, owned) for name, direction, decay, owned in variants()}


def driven(direction: Direction, decay: str, owned: frozenset[str], dtype: str = "float64", seed: int = 0) -> SeenRun:
    """What a black box of this rule would be seen to do."""
    given = probes.fingerprint_draws("float64", seed)
    known = {name: probes.SEPARATING[name] for name in {*owned, "learning_rate", *(["weight_decay"] if decay else [])}}
    weights = {name.partition("/")[2]: array for name, array in given.items() if name.startswith("parameter/")}
    states: dict[str, dict[str, Any]] = {name: {} for name in weights}
    steps = []
    for t, factor in enumerate(probes.RATES, start=1):
        rate = known["learning_rate"] * factor
        gradients = {name: given[f"batch/{t - 1}/{name}"] for name in weights}
        after = {}
        for name, w in weights.items():
            g = gradients[name] + known["weight_decay"] * w if decay == "coupled" else gradients[name]
            step = direction(w, g, rate, t, known, states[name])
            shares = {"decoupled": rate, "unscaled": 1.0, "shared": rate / known["learning_rate"], "after": rate}
            shrunk = shares.get(decay, 0.0) * known.get("weight_decay", 0.0) * (w + step if decay == "after" else w)
            after[name] = (w - shrunk + step).astype(dtype)
        steps.append(SeenStep(weights, gradients, after, rate))
        weights = {name: array.astype(np.float64) for name, array in after.items()}
    return SeenRun(known, steps, dtype)


def told(seen: SeenRun) -> list[str]:
    return [match.form.name for match in identify(seen)]


def test_there_are_variants_enough() -> None:
    assert len(VARIANTS) >= 60 and len(foreign()) >= 20
    assert {decay for _, decay, _ in VARIANTS.values()} == set(DECAYS)


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_is_named(name: str) -> None:
    assert told(driven(*VARIANTS[name])) == [name]


@pytest.mark.parametrize("name", list(VARIANTS)[::7])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_variant_is_named_in_float32_and_on_other_draws(name: str, seed: int) -> None:
    assert told(driven(*VARIANTS[name], dtype="float32", seed=seed)) == [name]


@pytest.mark.parametrize(("name", "decay"), [*((name, "") for name in foreign()), ("fourth root", "coupled")])
def test_a_foreign_rule_has_no_name(name: str, decay: str) -> None:
    owned = frozenset(probes.SEPARATING) - {"learning_rate", "weight_decay"}
    assert told(driven(foreign()[name], decay, owned)) == []


def followed(form: ClosedForm, values: Mapping[str, float]) -> SeenRun:
    """What a closed form itself does, in float64."""
    rule, known = form.rule(values), dict(values)
    given = probes.fingerprint_draws("float64")
    weights = {name.partition("/")[2]: array for name, array in given.items() if name.startswith("parameter/")}
    state = rule.begin(list(weights), lambda name, value: np.full(weights[name].shape, value))
    steps = []
    for t, factor in enumerate(probes.RATES, start=1):
        gradients = {name: given[f"batch/{t - 1}/{name}"] for name in weights}
        norm = float(np.sqrt(sum(float(np.sum(g**2)) for g in gradients.values())))
        rate = known["learning_rate"] * factor
        first = known["learning_rate"]
        now = {**known, "t": t, "learning_rate": rate, "first_rate": first, "global_norm": norm, "weights": len(weights)}
        after = {
            name: rule.step(w, gradients[name], state[name], {**now, "place": place}, training.FUNCTIONS)
            for place, (name, w) in enumerate(weights.items(), start=1)
        }
        steps.append(SeenStep(weights, gradients, after, rate))
        weights = after
    return SeenRun(values, steps, "float64")


VALUES = {**probes.SEPARATING, "switch": 3.0, "ratio": 4.0, "clip_value": 0.75, "clip_norm": 2.5, "clip_global_norm": 3.5}
PLAIN = [form for form in library() if not any(name.startswith("clip") for name in form.hyperparameters())]


def test_every_closed_form_has_a_name_of_its_own() -> None:
    every = [form.name for form in library()]
    assert len(every) == len(set(every)) >= 500


def test_no_two_closed_forms_can_be_taken_for_each_other() -> None:
    """Updates of any two differ somewhere by more than 100 float32 roundings, at what a fingerprint drives with."""
    with np.errstate(all="ignore"):
        seen = {form.name: moved(followed(form, VALUES)) for form in PLAIN}
    known, confused = list(seen), []
    matrix = np.stack([seen[name] for name in known])
    for place, name in enumerate(known):
        gaps = abs(matrix - matrix[place]) / (abs(matrix) + abs(matrix[place]) + 1e-9)
        near = np.flatnonzero(gaps.max(axis=1) < 100 * 2.0**-24)
        confused += [(name, known[other]) for other in near if other > place]
    assert not confused


def moved(seen: SeenRun) -> Array:
    return np.concatenate([(step.after[name] - step.before[name]).ravel() for step in seen.steps for name in step.before])


@pytest.mark.parametrize("form", PLAIN[:: len(PLAIN) // 40], ids=lambda form: form.name)
def test_a_closed_form_explains_itself(form: ClosedForm) -> None:
    seen = followed(form, {name: VALUES[name] for name in form.hyperparameters() | {"learning_rate"}})
    assert share(form, seen, "float64") <= 1


RENAMED = {"sgd_clip_value": "clip_value", "sgd_clip_norm": "clip_norm", "sgd_clip_global_norm": "clip_global_norm"}


def of_any_parameter(name: str) -> bool:
    """A fingerprint drives a matrix and a vector, so a rule of matrices alone has none."""
    spec = load(f"optimizers/{name}")
    return isinstance(spec, Optimizer) and (spec.axes is None or {1, 2} <= set(spec.axes))


@pytest.mark.parametrize("name", [name for name in names("optimizers") if of_any_parameter(name)])
def test_a_form_that_bears_a_spec_s_name_is_that_spec(name: str) -> None:
    """The form's updates are those of the YAML's formulas at the same values."""
    spec = load(f"optimizers/{name}")
    assert isinstance(spec, Optimizer)
    renamed = {"threshold": RENAMED.get(name, ""), "penalty": "weight_decay"}
    values = {key: VALUES[renamed.get(key, key)] for key in spec.hyperparameters}
    texts = [{key: str(text) for key, text in part.items()} for part in (spec.update, spec.gradient)]
    own = followed(ClosedForm(name, texts[0], {key: str(value) for key, value in spec.state.items()}, texts[1]), values)
    form = next(form for form in library() if form.name == name)
    theirs = followed(form, {key: VALUES[key] for key in form.hyperparameters() | {"learning_rate"}})
    assert moved(own) == pytest.approx(moved(theirs), rel=1e-9, abs=1e-15)


class Mine:
    def __init__(
        self, params: object, lr: float = 0.1, betas: tuple[float, float] = (0.9, 0.999), *, nesterov: bool = False
    ) -> None:
        """An object of the user's own."""


class Derived(Mine):
    def __init__(self, weight_decay: float = 0.0, **rest: Any) -> None:
        """Hands the rest on."""


def test_arguments_are_read_by_name_through_the_base_classes() -> None:
    keywords, known = native_optimizers.chosen("Derived", Derived, probes.SEPARATING, {"nesterov": True})
    betas = (probes.SEPARATING["beta_1"], probes.SEPARATING["beta_2"])
    assert keywords == {"nesterov": True, "lr": 2.0**-6, "betas": betas, "weight_decay": 0.125}
    assert known == {"learning_rate": 2.0**-6, "beta_1": betas[0], "beta_2": betas[1], "weight_decay": 0.125}


class Three(Mine):
    def __init__(
        self, params: object, lr: float = 0.1, betas: tuple[float, ...] = (0.98, 0.92, 0.99), beta: float = 0.9
    ) -> None:
        """Betas that are no pair, and one that is nobody's in particular."""


class OwnDecay(Derived):
    def __init__(self, wd: float = 0.1, **rest: Any) -> None:
        """Its own decay, beside the one of its base."""


def test_a_pair_of_another_length_is_left_alone() -> None:
    keywords, known = native_optimizers.chosen("Three", Three, probes.SEPARATING, {})
    assert keywords == {"lr": 2.0**-6, "beta": 0.5} and known == {"learning_rate": 2.0**-6, "beta": 0.5}


def test_a_class_s_own_argument_goes_before_an_inherited_one() -> None:
    keywords, known = native_optimizers.chosen("OwnDecay", OwnDecay, probes.SEPARATING, {})
    assert "weight_decay" not in keywords and keywords["wd"] == known["weight_decay"] == 0.125


@pytest.mark.parametrize(("name", "argument"), [("momentum", "beta"), ("rmsprop", "beta")])
def test_an_argument_of_several_meanings_is_each_of_them(name: str, argument: str) -> None:
    direction, decay, owned = VARIANTS[name]
    seen = driven(direction, decay, owned)
    called = {"momentum": argument, "rho": argument}
    renamed = {called.get(key, key): value for key, value in seen.hyperparameters.items()}
    assert told(replace(seen, hyperparameters=renamed)) == [name]


def test_a_rule_that_keeps_its_first_learning_rate_is_told_so() -> None:
    direction, decay, owned = VARIANTS["adam"]
    seen = driven(lambda w, g, rate, t, h, s: direction(w, g, h["learning_rate"], t, h, s), decay, owned)
    assert told(seen) == ["adam, learning rate held at its first value"]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("nothing_here.optimizers:Adam", "no module"),
        ("json.Nothing", "does not exist: json has no"),
        ("json", "is no import path"),
        ("math.pi", "cannot be called: it is of type float"),
    ],
)
def test_what_cannot_be_found_is_said(path: str, message: str) -> None:
    with pytest.raises(Unsupported, match=message):
        native_optimizers.resolve(path)


def test_what_is_no_optimizer_is_said() -> None:
    with pytest.raises(Unsupported, match="is no optimizer: none of its arguments is a learning rate"):
        native_optimizers.chosen("json.JSONDecoder", native_optimizers.resolve("json.JSONDecoder"), probes.SEPARATING, {})
    with pytest.raises(Unsupported, match="has no argument `nestorov`"):
        native_optimizers.chosen("Mine", Mine, probes.SEPARATING, {"nestorov": True})


def observed(outcome: str, reason: str = "", after: float = 0.0) -> driving.DrivenRecord:
    """What is read of a record: weights that all become one number."""
    given = probes.fingerprint_draws("float64")
    weights = {name: array for name, array in given.items() if name.startswith("parameter/")}
    seen = {f"parameter/{k}/{name.partition('/')[2]}": np.full_like(w, after) for name, w in weights.items() for k in range(8)}
    case = Case("Mine", "fingerprint", "float64", optimizer="mine.Mine")
    record = Record("key", case.id, "torch", outcome, "float64", reason=reason)
    trial = Trial(case, given, lambda _: [], "fingerprints")
    return driving.DrivenRecord(
        trial, "torch", record, [], Path(), {**seen, "hyperparameter/learning_rate": np.asarray(2.0**-6)}
    )


@pytest.mark.parametrize(
    ("driven", "message", "status"),
    [
        (observed("ran", after=np.nan), "Mine returned NaN or infinity in step 1, for finite gradients", 2),
        (observed("ran", after=np.inf), "Mine returned NaN or infinity in step 1, for finite gradients", 2),
        (
            observed("crashed", "ValueError: out of luck\nat line 3"),
            "Mine cannot be fingerprinted as optimizer: ValueError: out of luck .`--as` names another kind.$",
            2,
        ),
        (observed("unavailable", "torch is not installed"), "torch is not installed", 3),
        (observed("timed_out", "its case took longer"), "Mine did not take its 8 steps: its case took longer", 3),
    ],
    ids=["nan", "infinity", "crashed", "unavailable", "hangs"],
)
def test_what_has_no_formula_is_an_error_of_one_line(driven: driving.DrivenRecord, message: str, status: int) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        verb.fingerprint_of("Mine", driven)
    assert caught.value.status == status


def test_a_rule_that_sets_every_weight_to_0_has_no_match() -> None:
    assert verb.fingerprint_of("Mine", observed("ran")).name == objects.NO_MATCH


@pytest.mark.parametrize(
    ("target", "framework"), [("mypackage.Mine", None), ("theano=mypackage:Mine", None), ("Mine", "theano")]
)
def test_an_object_of_nobody_is_refused(target: str, framework: str | None) -> None:
    with pytest.raises(UsageError, match="whose is"):
        verb.placed(target, framework)


def test_where_an_object_is() -> None:
    assert verb.placed("torch.optim.Adam", None) == ("torch", "torch.optim.Adam")
    assert verb.placed("torch=mine.here:Adam", None) == ("torch", "mine.here:Adam")
    assert verb.placed("mine.here:Adam", "keras") == ("keras", "mine.here:Adam")
