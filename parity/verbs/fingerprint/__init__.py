"""Owns `parity fingerprint`: which closed form a native optimizer follows, as a function; and the command, which hands every
other kind of object to native.py.

It refuses to name a form that does not explain every step: the answer then is no match.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console

from parity.errors import UsageError
from parity.execution import arrays as array_files
from parity.execution.fingerprint_runs import FIRST, RUNS, Run
from parity.execution.frameworks import training
from parity.execution.worker.black_box import packed, unpacked
from parity.fingerprinting.forms.kinds import kind_of
from parity.fingerprinting.naming import Match, Seen, identify, verify
from parity.fingerprinting.rules import ClosedForm
from parity.judgement.coverage import Coverage, of_arrays
from parity.reference_impl.retracing import Step
from parity.spec.cases import Case
from parity.trials import probes, selection
from parity.trials.networks import Trial
from parity.trials.session import Judged, Session
from parity.verbs.fingerprint import objects

Array = npt.NDArray[Any]


NUDGED = RUNS[0].name
PATIENCE = 120.0
"""Seconds for one run of one object: a thousand steps of 22 numbers take a second, so what takes longer hangs."""


@dataclass(frozen=True)
class Fingerprint:
    """What was found out of one object. matches: every form that explains all runs, in one precision; none is no match.
    driven: what it was driven with, run by run. departed: a form that explains the first run -> the run that it does not."""

    target: str
    framework: str
    version: str
    dtype: str
    hyperparameters: Mapping[str, float]
    matches: Sequence[Match]
    driven: Sequence[Coverage] = ()
    departed: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return " = ".join(match.form.name for match in self.matches) or objects.NO_MATCH


@dataclass(frozen=True)
class Asked:
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
    (judged,) = drive(framework, [Asked(target, path, settings or {})])
    return found(target, judged)


def drive(framework: str, asked: Sequence[Asked], values: Sequence[Mapping[str, float]] | None = None) -> list[Driven]:
    """Every object in one process: in float64, and in float32 those that fail in float64 (MXNet keeps float32 state).

    values: of each object's hyper-parameters, by the formulas' names, on ordinary draws; where nothing is said, values and
    draws that separate, and all further runs."""
    first = Run(FIRST, len(probes.RATES), {}, probes.ordinary_draws if values else probes.fingerprint_draws)
    runs = [first] if values else [first, *RUNS]
    values = values or [probes.SEPARATING] * len(asked)
    with tempfile.TemporaryDirectory() as store:
        session = Session(Path(store), [framework], python_path=(Path.cwd(),), timeout=PATIENCE)
        found = _driven(session, asked, runs, values, "float64")
        crashed = [place for place, driven in enumerate(found) if driven.record.outcome == "crashed"]
        chosen = [[every[place] for place in crashed] for every in (asked, values)]
        again = _driven(session, chosen[0], runs, chosen[1], "float32") if crashed else []  # type: ignore[arg-type]
        for place, driven in zip(crashed, again, strict=True):
            found[place] = driven
    return found


def _driven(
    session: Session, asked: Sequence[Asked], runs: Sequence[Run], values: Sequence[Mapping[str, float]], dtype: str
) -> list[Driven]:
    """All runs of every object. The first has the values that were asked for, each other one its own."""
    draws = [run.draws(dtype) for run in runs]
    trials = [
        _trial(one, packed(drawn), run.values or own, run.steps, place)
        for one, own in zip(asked, values, strict=True)
        for place, (run, drawn) in enumerate(zip(runs, draws, strict=True))
    ]
    read = [_read(judged) for judged in session.run(trials)]
    each = [read[start : start + len(runs)] for start in range(0, len(read), len(runs))]
    return [replace(one, further={run.name: other for run, other in zip(runs[1:], rest, strict=True)}) for one, *rest in each]


def placed(target: str, framework: str | None) -> tuple[str, str]:
    """The framework and the import path."""
    before, separator, after = target.partition("=")
    path = after if separator else target
    found = before if separator else framework or path.partition(".")[0]
    if found.partition("[")[0] not in training():
        raise UsageError(f"whose is `{target}`? Write FRAMEWORK={path} with one of {', '.join(training())}")
    return selection.that_train([found])[0], path


def _trial(asked: Asked, arrays: Mapping[str, Array], values: Mapping[str, float], steps: int, place: int) -> Trial:
    case = Case(
        spec=asked.target,
        task="fingerprint",
        dtype=str(next(iter(arrays.values())).dtype),
        optimizer=asked.path,
        mode="default",
        arguments=dict(asked.settings),
        hyperparameters=values,
        steps=steps,
        seed=place,
    )
    return Trial(case, arrays, lambda _: [], "fingerprints")


@dataclass(frozen=True)
class Driven(Judged):
    """With what the record's arrays hold, since the store is gone."""

    arrays: Mapping[str, Array] = field(default_factory=dict)
    further: Mapping[str, Driven] = field(default_factory=dict)


def _read(judged: Judged) -> Driven:
    stored = judged.record.arrays
    arrays = unpacked(array_files.load(judged.out, stored)) if stored else {}
    return Driven(
        replace(judged.trial, arrays=unpacked(judged.trial.arrays)),
        judged.framework,
        judged.record,
        judged.comparisons,
        judged.out,
        arrays,
    )


def found(target: str, driven: Driven) -> Fingerprint:
    """The forms that explain all runs of an object. UsageError where the first holds no steps, or steps that are no numbers."""
    seen, record = _told(seen_of(target, driven)), driven.record
    further = {name: _further(target, run) for name, run in driven.further.items()}
    runs = {name: run for name, run in further.items() if isinstance(run, Seen)}
    matches = identify(seen, nudged=runs.pop(NUDGED, None))
    verified = verify(matches, runs)
    outcomes = {name: run for name, run in further.items() if isinstance(run, str)}
    outcomes |= dict.fromkeys(verified.beyond, "not judged, the formula has no number there")
    outcomes |= dict.fromkeys(verified.departed.values(), "another rule")
    covered = [
        of_arrays(name, run.trial.arrays, run.trial.case.hyperparameters, outcomes.get(name, "held"))
        for name, run in {FIRST: driven, **driven.further}.items()
        if name != NUDGED
    ]
    return Fingerprint(
        target,
        driven.framework,
        record.framework_version,
        seen.dtype,
        seen.hyperparameters,
        verified.matches,
        covered,
        verified.departed,
    )


def _told(seen: Seen) -> Seen:
    """What is 0 takes no part in a name."""
    return replace(seen, hyperparameters={name: value for name, value in seen.hyperparameters.items() if value})


def _further(target: str, driven: Driven) -> Seen | str:
    """What a further run shows, or why it shows nothing. Numbers that are none are seen: no form gives them."""
    if driven.record.outcome != "ran":
        return f"refused, {driven.record.reason.splitlines()[0]}"
    return _told(_seen(driven))


def seen_of(target: str, driven: Driven) -> Seen:
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
    seen = _seen(driven)
    for number, step in enumerate(seen.steps):
        if not all(np.isfinite(array).all() for array in step.after.values()):
            raise UsageError(f"{target} returned NaN or infinity in step {number + 1}, for finite gradients: it has no formula")
    return seen


def _seen(driven: Driven) -> Seen:
    known = {
        name.partition("/")[2]: float(array) for name, array in driven.arrays.items() if name.startswith("hyperparameter/")
    }
    return Seen(known, steps_of(driven.trial.arrays, driven.arrays), driven.trial.case.dtype)


def steps_of(given: Mapping[str, Array], seen: Mapping[str, Array]) -> list[Step]:
    """What was asked and what came back, step by step."""
    weights = {name.partition("/")[2]: array for name, array in given.items() if name.startswith("parameter/")}
    rate = float(seen["hyperparameter/learning_rate"])
    steps = []
    for k in range(sum(name.endswith("/rate") for name in given)):
        factor = float(given[f"batch/{k}/rate"])
        gradients = {name: given[f"batch/{k}/{name}"] for name in weights}
        after = {name: seen[f"parameter/{k}/{name}"] for name in weights}
        steps.append(Step(weights, gradients, after, rate * factor))
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
        share = f"(at most {match.share:.2g} of its budget)"
        say(f"  {match.form.name}: every update within {match.precision} rounding {share}{_inside(match, answer.dtype)}")
    for name, run in answer.departed.items():
        say(f"  {name} explains the run of {FIRST}, and departs in the run `{run}`: it is another rule")
    if not answer.matches and not answer.departed:
        say("  none of the closed forms that read these hyper-parameters explains every update")
    values = ", ".join(f"{name} {value:g}" for name, value in answer.hyperparameters.items())
    say(f"  driven in {answer.dtype}, the rate changing, with {values}; the name says nothing of what was not driven:")
    for one in answer.driven:
        say(f"    {one.run}: {one.said()}")


def _inside(match: Match, dtype: str) -> str:
    """Of an object that does not compute in the precision that it was driven in."""
    if match.form.held:
        return f"; {match.form.held}"
    if match.precision == dtype:
        return ""
    return (
        f": it computes in {match.precision} though driven in {dtype} (it does not see gradients move by less than that holds)"
    )


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
            {
                "name": one.form.name,
                "formulas": formulas(one.form),
                "precision": one.precision,
                "share": one.share,
                "held": one.form.held,
            }
            for one in answer.matches
        ],
        "departed": dict(answer.departed),
        "driven": [{**asdict(one), "axes": one.axes} for one in answer.driven],
    }
