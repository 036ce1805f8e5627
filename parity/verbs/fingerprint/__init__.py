"""Owns `parity fingerprint`: which closed form a native optimizer follows, as a function; and the command, which hands every
other kind of object to objects.py.

It refuses to name a form that does not explain every step: the answer then is no match.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console

from parity.errors import UsageError
from parity.execution import arrays as array_files
from parity.execution.frameworks import FINGERPRINTS, training
from parity.execution.names import BATCH, HYPERPARAMETER, PARAMETER, array_name, under
from parity.fingerprinting.forms.kinds import kind_of
from parity.fingerprinting.naming import ExplainingForm, Seen, identify
from parity.fingerprinting.rules import ClosedForm
from parity.reference_impl.retracing import SeenStep
from parity.spec.cases import Case
from parity.trials import probes, selection
from parity.trials.networks import Trial
from parity.trials.session import Judged, Session
from parity.verbs.fingerprint import objects

Array = npt.NDArray[Any]


PATIENCE = 120.0
"""Seconds for one object: eight steps of 172 numbers take milliseconds, so what takes longer hangs."""


@dataclass(frozen=True)
class Fingerprint:
    """What was found out of one object. matches: every form that explains it, in one precision; none is no match."""

    target: str
    framework: str
    version: str
    dtype: str
    hyperparameters: Mapping[str, float]
    matches: Sequence[ExplainingForm]

    @property
    def name(self) -> str:
        return " = ".join(match.form.name for match in self.matches) or objects.NO_MATCH


@dataclass(frozen=True)
class NativeObject:
    """One object: as it was written, where it is, and values of its own arguments."""

    target: str
    path: str
    settings: Mapping[str, float | bool]


def fingerprint(target: str, framework: str | None = None, settings: Mapping[str, float | bool] | None = None) -> Fingerprint:
    """Drives the object in its framework's interpreter and looks its steps up.

    target: `torch.optim.Adam`, `torch=mypackage.module:Mine`, or with `framework` any import path. UsageError where it is no
    optimizer, does not exist, fails, or returns what is no number.
    """
    framework, path = placed(target, framework)
    (judged,) = drive(framework, [NativeObject(target, path, settings or {})])
    return found(target, judged)


def drive(
    framework: str, asked: Sequence[NativeObject], values: Sequence[Mapping[str, float]] | None = None
) -> list[DrivenRecord]:
    """Every object in one process: in float64, and in float32 those that fail in float64 (MXNet keeps float32 state).

    values: of each object's hyper-parameters, by the formulas' names, on ordinary draws; where nothing is said, values and
    draws that separate."""
    draws = probes.ordinary_draws if values else probes.fingerprint_draws
    values = values or [probes.SEPARATING] * len(asked)
    with tempfile.TemporaryDirectory() as store:
        session = Session(Path(store), [framework], python_path=(Path.cwd(),), timeout=PATIENCE)
        first = [
            _read(judged)
            for judged in session.run([_trial(one, draws("float64"), own) for one, own in zip(asked, values, strict=True)])
        ]
        crashed = [place for place, judged in enumerate(first) if judged.record.outcome == "crashed"]
        again = session.run([_trial(asked[place], draws("float32"), values[place]) for place in crashed]) if crashed else []
        for place, judged in zip(crashed, again, strict=True):
            first[place] = _read(judged)
    return first


def placed(target: str, framework: str | None) -> tuple[str, str]:
    """The framework and the import path."""
    before, separator, after = target.partition("=")
    path = after if separator else target
    found = before if separator else framework or path.partition(".")[0]
    if found.partition("[")[0] not in training(every=True):
        raise UsageError(f"whose is `{target}`? Write FRAMEWORK={path} with one of {', '.join(training(every=True))}")
    return selection.that_train([found], FINGERPRINTS)[0], path


def _trial(asked: NativeObject, arrays: Mapping[str, Array], values: Mapping[str, float]) -> Trial:
    case = Case(
        spec=asked.target,
        task="fingerprint",
        dtype=str(next(iter(arrays.values())).dtype),
        optimizer=asked.path,
        mode="default",
        arguments=dict(asked.settings),
        hyperparameters=values,
        steps=len(probes.RATES),
    )
    return Trial(case, arrays, lambda _: [], "fingerprints")


@dataclass(frozen=True)
class DrivenRecord(Judged):
    """With what the record's arrays hold, since the store is gone."""

    arrays: Mapping[str, Array] = field(default_factory=dict)


def _read(judged: Judged) -> DrivenRecord:
    stored = judged.record.arrays
    arrays = array_files.load(judged.out, stored) if stored else {}
    return DrivenRecord(judged.trial, judged.framework, judged.record, judged.comparisons, judged.out, arrays)


def found(target: str, driven: DrivenRecord) -> Fingerprint:
    """The forms that explain a record. UsageError where it holds no steps, or steps that are no numbers."""
    seen, record = seen_of(target, driven), driven.record
    known = {name: value for name, value in seen.hyperparameters.items() if value}  # what is 0 takes no part in a name
    matches = identify(Seen(known, seen.steps, seen.dtype))
    return Fingerprint(target, driven.framework, record.framework_version, seen.dtype, known, matches)


def seen_of(target: str, driven: DrivenRecord) -> Seen:
    """What a record shows. UsageError where it holds no steps, or steps that are no numbers."""
    record = driven.record
    if record.outcome == "unavailable":
        raise UsageError(record.reason, status=3)
    if record.outcome == "timed_out":
        raise UsageError(f"{target} did not take its {len(probes.RATES)} steps: {record.reason.splitlines()[0]}", status=3)
    if record.outcome != "ran":
        raise UsageError(
            f"{target} cannot be fingerprinted as optimizer: {record.reason.splitlines()[0]} (`--as` names another kind)"
        )
    steps = steps_of(driven.trial.arrays, driven.arrays)
    for number, step in enumerate(steps):
        if not all(np.isfinite(array).all() for array in step.after.values()):
            raise UsageError(f"{target} returned NaN or infinity in step {number + 1}, for finite gradients: it has no formula")
    known = {name: float(array) for name, array in under(driven.arrays, HYPERPARAMETER).items()}
    return Seen(known, steps, driven.trial.case.dtype)


def steps_of(given: Mapping[str, Array], seen: Mapping[str, Array]) -> list[SeenStep]:
    """What was asked and what came back, step by step."""
    weights = under(given, PARAMETER)
    rate = float(seen[array_name(HYPERPARAMETER, "learning_rate")])
    steps = []
    for k, factor in enumerate(probes.RATES):
        gradients = {name: given[array_name(BATCH, k, name)] for name in weights}
        after = {name: seen[array_name(PARAMETER, k, name)] for name in weights}
        steps.append(SeenStep(weights, gradients, after, rate * factor))
        weights = after
    return steps


def main(target: str, framework: str | None, settings: Sequence[str], json_path: Path | None, kind: str | None = None) -> int:
    """The verb. Exit status 0 with a name, 1 without a match. kind: what it is, where its name does not say."""
    values = dict(_setting(text) for text in settings)
    where, path = placed(target, framework)
    kind = kind or kind_of(path)
    if kind != "optimizer":
        (found,) = objects.drive(where, [objects.Native(target, path, kind, values)])
        if isinstance(found, UsageError):
            raise found
        if json_path is not None:
            json_path.write_text(json.dumps(objects.as_json(found), indent=1) + "\n")
        objects.show(found)
        return 0 if found.named else 1
    answer = fingerprint(target, framework, {name: _number(name, value) for name, value in values.items()})
    if json_path is not None:
        json_path.write_text(json.dumps(as_json(answer), indent=1) + "\n")
    show(answer)
    return 0 if answer.matches else 1


def _setting(text: str) -> tuple[str, float | bool | str]:
    name, _, value = text.partition("=")
    if not (name and value):
        raise UsageError(f"`--set {text}` is not of the form NAME=VALUE with a number, true, false or a word")
    if value in ("true", "false", "True", "False"):
        return name, value.lower() == "true"
    try:
        return name, int(value) if value.lstrip("-").isdigit() else float(value)
    except ValueError:
        return name, value


def _number(name: str, value: float | bool | str) -> float | bool:
    """An optimizer's arguments are numbers."""
    if isinstance(value, str):
        raise UsageError(f"`--set {name}={value}` is not of the form NAME=VALUE with a number, true or false")
    return value if isinstance(value, bool) else float(value)


def show(answer: Fingerprint) -> None:
    """The name, the formulas, and what it was tried with."""
    console = Console()

    def say(text: str) -> None:
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    say(f"{answer.target} ({answer.framework} {answer.version}): {answer.name}")
    for match in answer.matches[:1]:
        for name, text in formulas(match.form):
            say(f"    {name} = {text}")
    for match in answer.matches:
        say(f"  {match.form.name}: every update within {match.precision} rounding (at most {match.share:.2g} of its budget)")
    if not answer.matches:
        say("  none of the closed forms that read these hyper-parameters explains every update")
    values = ", ".join(f"{name} {value:g}" for name, value in answer.hyperparameters.items())
    say(f"  driven in {answer.dtype} for {len(probes.RATES)} steps of changing rate with {values}")


def formulas(form: ClosedForm) -> list[tuple[str, str]]:
    """Its lines in the order of evaluation; starts other than 0 first."""
    starts = [(f"{name} at the start", text) for name, text in form.state.items() if text != "0"]
    return [*starts, *form.before.items(), *form.update.items()]


def as_json(answer: Fingerprint) -> dict[str, Any]:
    """The answer as plain data."""
    return {
        "schema_version": 1,
        "object": answer.target,
        "kind": "optimizer",
        "framework": answer.framework,
        "framework_version": answer.version,
        "dtype": answer.dtype,
        "hyperparameters": dict(answer.hyperparameters),
        "name": answer.name,
        "matches": [
            {"name": one.form.name, "formulas": formulas(one.form), "precision": one.precision, "share": one.share}
            for one in answer.matches
        ],
    }
