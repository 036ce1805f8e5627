"""Owns the fingerprint of a native object that is no optimizer: which closed form it follows, as a function and as text.

It refuses to name a form that does not explain everything that was seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from parity.errors import UsageError
from parity.execution import arrays as array_files
from parity.execution.launcher import supervised
from parity.execution.names import FURTHER, KNOWN, group_of
from parity.execution.worker import probing
from parity.fingerprinting.coverage import RoundCoverage
from parity.fingerprinting.forms import draws, rounds
from parity.fingerprinting.forms.form import Arrays, Facet
from parity.fingerprinting.forms.kinds import KINDS
from parity.judgement import budgets
from parity.spec.cases import Case
from parity.trials.session import Judged, Session
from parity.trials.trial import Trial
from parity.verbs import terminal

NO_MATCH = "no match"


@dataclass(frozen=True)
class Native:
    """One object: as it was written, its import path and kind, values of its own arguments."""

    target: str
    path: str
    kind: str
    settings: Mapping[str, float | bool | str]


@dataclass(frozen=True)
class NativeFingerprint:
    """What was found out of one object. settings: those that it took."""

    target: str
    kind: str
    framework: str
    version: str
    dtype: str
    settings: tuple[str, ...]
    facets: tuple[Facet, ...]

    @property
    def driven(self) -> list[RoundCoverage]:
        """What it was driven with, round by round."""
        return rounds.driven(self.kind, self.facets)

    @property
    def name(self) -> str:
        told = [(facet.about, " = ".join(facet.names) or NO_MATCH) for facet in self.facets]
        return told[0][1] if len(told) == 1 else "; ".join(f"{about}: {name}" for about, name in told)

    @property
    def named(self) -> bool:
        return all(facet.names for facet in self.facets)


def drive(framework: str, asked: Sequence[Native]) -> list[NativeFingerprint | UsageError]:
    """What every object is, or why it cannot be told."""
    return [found if isinstance(found, UsageError) else found[0] for found in observe(framework, asked)]


def observe(
    framework: str, asked: Sequence[Native], defaults: bool = False
) -> list[tuple[NativeFingerprint, Arrays] | UsageError]:
    """Every object in one process: in float64, and in float32 those that fail in float64. An object that fails is its error.

    defaults: with its own epsilon and momentum, not with those that tell forms apart."""
    with supervised.folder("parity-fingerprint-") as store:
        session = Session(store, [framework], python_path=(Path.cwd(),))
        judged = session.run([_trial(one, "float64", defaults) for one in asked])
        crashed = [place for place, one in enumerate(judged) if one.record.outcome == "crashed"]
        again = session.run([_trial(asked[place], "float32", defaults) for place in crashed]) if crashed else []
        for place, one in zip(crashed, again, strict=True):
            judged[place] = one
        return [_found(native, one) for native, one in zip(asked, judged, strict=True)]


def _trial(asked: Native, dtype: str, defaults: bool) -> Trial:
    case = Case(
        spec=asked.target,
        task="native",
        dtype=dtype,
        initializer=asked.kind,
        optimizer=asked.path,
        arguments=dict(asked.settings),
        hyperparameters={probing.DEFAULTS: 1.0} if defaults else {},
    )
    return Trial(case, KINDS[asked.kind][0], lambda _: [], "fingerprints")


def _found(asked: Native, judged: Judged) -> tuple[NativeFingerprint, Arrays] | UsageError:
    record = judged.record
    if record.outcome == "unavailable":
        return UsageError(record.reason, status=3)
    if record.outcome != "ran" or not record.arrays:
        return UsageError(f"{asked.target} cannot be fingerprinted as {asked.kind}: {record.reason.splitlines()[0]}")
    seen = array_files.load(judged.out, record.arrays)
    facets = tuple(KINDS[asked.kind][1](seen, record.dtype))
    settings = tuple(dict.fromkeys(group_of(name) for name in seen if group_of(name) not in (KNOWN, FURTHER)))
    found = NativeFingerprint(
        asked.target, asked.kind, judged.framework, record.framework_version, record.dtype, settings, facets
    )
    return found, seen


def show(answer: NativeFingerprint) -> None:
    """The name, facet by facet, and what it was tried with."""
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
    """How well: of draws chance is asked, of everything else rounding."""
    if not facet.names:
        return "none of the closed forms explains what was seen"
    note = f"; {facet.note}" if facet.note else ""
    return (
        "chance explains every draw" if kind == "initializer" else f"everything seen within {facet.precision} rounding"
    ) + note


def _driven(answer: NativeFingerprint) -> list[str]:
    """A line for each round; of an initializer what was drawn, and what that withstood."""
    if answer.kind == "initializer":
        shapes = " and ".join("×".join(map(str, shape)) for shape in draws.SHAPES.values())
        tests = [f"{test}: {outcome}" for facet in answer.facets for test, outcome in facet.rounds.items()]
        return [f"one draw of {shapes}", *([f"tests of level {budgets.FALSE_ALARM:g}: {', '.join(tests)}"] if tests else [])]
    return [f"{one.round}: {one.said()}" for one in answer.driven]


def as_json(answer: NativeFingerprint) -> dict[str, Any]:
    """The answer as plain data, what it shares with an optimizer's under the same keys."""
    return {
        "object": answer.target,
        "kind": answer.kind,
        "framework": answer.framework,
        "framework_version": answer.version,
        "dtype": answer.dtype,
        "settings": list(answer.settings),
        "name": answer.name,
        "facets": [asdict(facet) for facet in answer.facets],
        "driven": [asdict(one) for one in answer.driven],
    }
