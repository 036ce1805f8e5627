"""Owns `parity fingerprint`: a function that finds the closed form of a native optimizer, and the command, which leaves every
other kind of object to objects.py.

It refuses to name a form that does not explain every step; the answer is then no match.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import parity
from parity.documents import schema
from parity.documents.bench_results import Fingerprinted
from parity.errors import UsageError
from parity.execution.frameworks import FINGERPRINTS, meant, training
from parity.fingerprinting.coverage import Coverage, of_arrays
from parity.fingerprinting.forms.kinds import kind_of
from parity.fingerprinting.naming import ExplainingForm, SeenRun, named
from parity.fingerprinting.rules import ClosedForm
from parity.trials import machine, report_rows, selected_frameworks
from parity.trials.fingerprint_runs import FIRST
from parity.verbs import terminal
from parity.verbs.fingerprint import driving, objects
from parity.verbs.terminal import verbosity


@dataclass(frozen=True)
class Fingerprint:
    """The fingerprint of one object. matches: every form that explains all runs, in one precision; empty if there is no match.
    driven: the inputs and values of each run. departed: a form that explains the first run -> the run that it does not
    explain."""

    target: str
    framework: str
    version: str
    dtype: str
    hyperparameters: Mapping[str, float]
    matches: Sequence[ExplainingForm]
    driven: Sequence[Coverage] = ()
    departed: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return " = ".join(match.form.name for match in self.matches) or objects.NO_MATCH


def fingerprint(target: str, framework: str | None = None, settings: Mapping[str, float | bool] | None = None) -> Fingerprint:
    """Drives the object in its framework's interpreter, and looks for forms that explain its steps.

    target: `torch.optim.Adam`, `torch=mypackage.module:Mine`, or any import path if `framework` is given. Raises UsageError if
    it is no optimizer, does not exist, fails, or returns NaN or infinity.
    """
    framework, path = placed(target, framework)
    (driven,) = driving.drive(framework, [driving.NativeObject(target, path, settings or {})])
    return fingerprint_of(target, driven)


def placed(target: str, framework: str | None) -> tuple[str, str]:
    """The framework and the import path of a target."""
    before, separator, after = target.partition("=")
    path = after if separator else target
    framework_name = before if separator else framework or path.partition(".")[0]
    if framework_name.partition("[")[0] not in training(every=True):
        near = meant(framework_name)
        close = f"; did you mean `{near}={path}`?" if near else ""
        raise UsageError(f"whose is `{target}`? Write FRAMEWORK={path} with one of {', '.join(training(every=True))}{close}")
    return selected_frameworks.that_train([framework_name], FINGERPRINTS)[0], path


def fingerprint_of(target: str, driven: driving.DrivenRecord) -> Fingerprint:
    """The forms that explain all runs of an object. Raises UsageError if the first run has no steps, or NaN or infinity."""
    observed_run, record = driving.without_zeros(driving.seen_of(target, driven)), driven.record
    further = {name: driving.further(run) for name, run in driven.further.items()}
    runs = {name: run for name, run in further.items() if isinstance(run, SeenRun)}
    verified = named(observed_run, runs.pop(driving.NUDGED, None), runs)
    outcomes = {name: run for name, run in further.items() if isinstance(run, str)} | dict(verified.beyond)
    outcomes |= dict.fromkeys(verified.departed.values(), "another rule")
    covered = [
        of_arrays(name, run.trial.arrays, _values(run, observed_run.hyperparameters), outcomes.get(name, "held"))
        for name, run in {FIRST: driven, **driven.further}.items()
        if name != driving.NUDGED
    ]
    return Fingerprint(
        target,
        driven.framework,
        record.framework_version,
        observed_run.dtype,
        observed_run.hyperparameters,
        verified.matches,
        covered,
        verified.departed,
    )


def _values(run: driving.DrivenRecord, defaults: Mapping[str, float]) -> dict[str, float]:
    """The values of a run's hyper-parameters, of those that the object has."""
    return {name: float(run.trial.case.hyperparameters.get(name, value)) for name, value in defaults.items()}


def main(target: str, framework: str | None, settings: Sequence[str], json_path: Path | None, kind: str | None = None) -> int:
    """The verb. Exit status 0 with a name, 1 without a match. kind: what it is, where its name does not say."""
    report_rows.reach(json_path)
    values = dict(_setting(text) for text in settings)
    where, path = placed(target, framework)
    kind = kind or kind_of(path)
    if kind != "optimizer":
        (drawn_fingerprint,) = objects.drive(where, [objects.NativeTarget(target, path, kind, values)])
        if isinstance(drawn_fingerprint, UsageError):
            raise drawn_fingerprint
        if json_path is not None:
            report_rows.replace(json_path, schema.spelled(document(objects.as_json(drawn_fingerprint), verbosity.typed())))
        objects.show(drawn_fingerprint)
        return 0 if drawn_fingerprint.named else 1
    answer = fingerprint(target, framework, {name: _number(name, value) for name, value in values.items()})
    if json_path is not None:
        report_rows.replace(json_path, schema.spelled(document(as_json(answer), verbosity.typed())))
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
    """The value of an optimizer's argument, which must be a number. Raises UsageError for a word."""
    if isinstance(value, str):
        raise UsageError(f"`--set {name}={value}` is not of the form NAME=VALUE with a number, true or false")
    return value if isinstance(value, bool) else float(value)


def show(answer: Fingerprint) -> None:
    """Prints the name, the formulas, and the runs that they explain."""
    say = terminal.say
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
    for coverage in answer.driven:
        say(f"    {coverage.run}: {coverage.said()}")


def _inside(match: ExplainingForm, dtype: str) -> str:
    """A remark on an object that computes in another precision than the one in which it was driven."""
    if match.form.held:
        return f"; {match.form.held}"
    if match.precision == dtype:
        return ""
    return (
        f": it computes in {match.precision} though driven in {dtype} (it does not see gradients move by less than that holds)"
    )


def formulas(form: ClosedForm) -> list[tuple[str, str]]:
    """The lines of a form in the order of evaluation. Initial values other than 0 come first."""
    starts = [(f"{name} at the start", text) for name, text in form.state.items() if text != "0"]
    return [*starts, *form.before.items(), *form.update.items()]


def document(contents: Mapping[str, Any], command: str) -> Fingerprinted:
    """What was found as it leaves parity. command: what was asked."""
    return Fingerprinted(**{**contents, "parity": parity.__version__, "command": command, "machine": machine.here()})


def named_object(
    target: str, framework: str | None, settings: Mapping[str, float | bool | str], kind: str | None
) -> Fingerprinted:
    """Drives an object of any kind, and gives what it is. Raises UsageError as `fingerprint` does."""
    where, path = placed(target, framework)
    kind = kind or kind_of(path)
    if kind == "optimizer":
        answer = fingerprint(target, framework, {name: _number(name, value) for name, value in settings.items()})
        return document(as_json(answer), "")
    (drawn_fingerprint,) = objects.drive(where, [objects.NativeTarget(target, path, kind, settings)])
    if isinstance(drawn_fingerprint, UsageError):
        raise drawn_fingerprint
    return document(objects.as_json(drawn_fingerprint), "")


def as_json(answer: Fingerprint) -> dict[str, Any]:
    """The answer as plain data."""
    return {
        "object": answer.target,
        "kind": "optimizer",
        "framework": answer.framework,
        "framework_version": answer.version,
        "dtype": answer.dtype,
        "hyperparameters": dict(answer.hyperparameters),
        "name": answer.name,
        "matches": [
            {
                "name": form.form.name,
                "formulas": formulas(form.form),
                "precision": form.precision,
                "share": form.share,
                "held": form.form.held,
            }
            for form in answer.matches
        ],
        "departed": dict(answer.departed),
        "driven": [{**asdict(coverage), "axes": coverage.axes} for coverage in answer.driven],
    }
