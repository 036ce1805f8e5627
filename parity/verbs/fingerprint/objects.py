"""Owns the fingerprint of a native object that is no optimizer: it finds the closed form that the object follows, and prints
it.

It refuses to name a form that does not explain everything observed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from parity.errors import UsageError
from parity.execution import arrays as array_files
from parity.execution import own_path
from parity.execution.launcher import supervisor_client
from parity.execution.names import FURTHER, KNOWN, group_of
from parity.execution.worker import native_objects
from parity.fingerprinting.coverage import RoundCoverage
from parity.fingerprinting.forms import draws, rounds
from parity.fingerprinting.forms.form import Arrays, Facet
from parity.fingerprinting.forms.kinds import KINDS
from parity.judgement import budgets
from parity.spec.cases import Case
from parity.trials.session import JudgedTrial, Session
from parity.trials.trial import Trial
from parity.verbs import terminal

NO_MATCH = "no match"


@dataclass(frozen=True)
class NativeTarget:
    """One object: its name as the user wrote it, its import path and kind, and values of its own arguments."""

    target: str
    path: str
    kind: str
    settings: Mapping[str, float | bool | str]


@dataclass(frozen=True)
class NativeFingerprint:
    """The fingerprint of one object. settings: the settings that it accepted."""

    target: str
    kind: str
    framework: str
    version: str
    dtype: str
    settings: tuple[str, ...]
    facets: tuple[Facet, ...]

    @property
    def driven(self) -> list[RoundCoverage]:
        """The inputs with which the object was driven, round by round."""
        return rounds.driven(self.kind, self.facets)

    @property
    def name(self) -> str:
        facets = [(facet.about, " = ".join(facet.names) or NO_MATCH) for facet in self.facets]
        return facets[0][1] if len(facets) == 1 else "; ".join(f"{about}: {name}" for about, name in facets)

    @property
    def named(self) -> bool:
        return all(facet.names for facet in self.facets)


def drive(framework: str, targets: Sequence[NativeTarget]) -> list[NativeFingerprint | UsageError]:
    """The fingerprint of every object, or the error that prevented it."""
    return [observed if isinstance(observed, UsageError) else observed[0] for observed in observe(framework, targets)]


def observe(
    framework: str, targets: Sequence[NativeTarget], defaults: bool = False
) -> list[tuple[NativeFingerprint, Arrays] | UsageError]:
    """The fingerprints and arrays of all objects, driven in one process in float64. Objects that fail in float64 run again in
    float32. An object that still fails gives its error.

    defaults: whether objects keep their own epsilon and momentum instead of values that tell forms apart."""
    with supervisor_client.folder("parity-fingerprint-") as store:
        session = Session(store, [framework], python_path=own_path.of_caller())
        judged = session.run([_trial(target, "float64", defaults) for target in targets])
        crashed = [place for place, judged_trial in enumerate(judged) if judged_trial.record.outcome == "crashed"]
        again = session.run([_trial(targets[place], "float32", defaults) for place in crashed]) if crashed else []
        for place, judged_trial in zip(crashed, again, strict=True):
            judged[place] = judged_trial
        return [_found(native, judged_trial) for native, judged_trial in zip(targets, judged, strict=True)]


def _trial(target: NativeTarget, dtype: str, defaults: bool) -> Trial:
    case = Case(
        spec=target.target,
        task="native",
        dtype=dtype,
        initializer=target.kind,
        optimizer=target.path,
        arguments=dict(target.settings),
        hyperparameters={native_objects.DEFAULTS: 1.0} if defaults else {},
    )
    return Trial(case, KINDS[target.kind][0], lambda _: [], "fingerprints")


def _found(target: NativeTarget, judged: JudgedTrial) -> tuple[NativeFingerprint, Arrays] | UsageError:
    record = judged.record
    if record.outcome == "unavailable":
        return UsageError(record.reason, status=3)
    if record.outcome != "ran" or not record.arrays:
        return UsageError(f"{target.target} cannot be fingerprinted as {target.kind}: {record.reason.splitlines()[0]}")
    arrays = array_files.load(judged.out, record.arrays)
    facets = tuple(KINDS[target.kind][1](arrays, record.dtype))
    settings = tuple(dict.fromkeys(group_of(name) for name in arrays if group_of(name) not in (KNOWN, FURTHER)))
    fingerprint = NativeFingerprint(
        target.target, target.kind, judged.framework, record.framework_version, record.dtype, settings, facets
    )
    return fingerprint, arrays


def show(answer: NativeFingerprint) -> None:
    """Prints the name, facet by facet, and the inputs that it explains."""
    say = terminal.say
    say(f"{answer.target} ({answer.framework} {answer.version}), {answer.kind}: {answer.name}")
    for facet in answer.facets:
        say(f"  {facet.about}: {_explained(answer.kind, facet)}")
        for name, where in facet.departed.items():
            say(f"    {name} explains the first round, and not `{where}`: it is something else")
    say(f"  driven in {answer.dtype}: {'; '.join(answer.settings)}; the name says nothing of what was not driven:")
    for line in _driven(answer):
        say(f"    {line}")


def _explained(kind: str, facet: Facet) -> str:
    """How well the form explains a facet: draws are explained by chance, everything else within rounding."""
    if not facet.names:
        return "none of the closed forms explains what was seen"
    note = f"; {facet.note}" if facet.note else ""
    return (
        "chance explains every draw" if kind == "initializer" else f"everything seen within {facet.precision} rounding"
    ) + note


def _driven(answer: NativeFingerprint) -> list[str]:
    """A line for each round; for an initializer, its draws and the tests that they passed."""
    if answer.kind == "initializer":
        shapes = " and ".join("×".join(map(str, shape)) for shape in draws.SHAPES.values())
        tests = [f"{test}: {outcome}" for facet in answer.facets for test, outcome in facet.rounds.items()]
        return [f"one draw of {shapes}", *([f"tests of level {budgets.FALSE_ALARM:g}: {', '.join(tests)}"] if tests else [])]
    return [f"{coverage.round}: {coverage.said()}" for coverage in answer.driven]


def as_json(answer: NativeFingerprint) -> dict[str, Any]:
    """The answer as plain data. Keys that an optimizer's answer has too have the same names."""
    return {
        "object": answer.target,
        "kind": answer.kind,
        "framework": answer.framework,
        "framework_version": answer.version,
        "dtype": answer.dtype,
        "settings": list(answer.settings),
        "name": answer.name,
        "facets": [asdict(facet) for facet in answer.facets],
        "driven": [asdict(coverage) for coverage in answer.driven],
    }
