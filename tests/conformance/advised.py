"""Owns the run of the atlas's advice: every remedy of a framework, and the answers of the others that it is held against.

It refuses to know what is advised: the keys alone say what is compared with what.
"""

from __future__ import annotations

import ast
import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from remedy_source import remedies

from parity.atlas.advice import ALIKE, DEFAULT, parts, same
from parity.atlas.chapters import QUESTIONS
from parity.atlas.question import Array
from parity.execution import arrays as array_files
from parity.reporting import atlas
from parity.spec.cases import Case
from parity.trials.session import JudgedTrial, Session
from parity.trials.trial import Trial

REPORTS = Path(__file__).parents[2] / "reports"
INPUTS = {question.name: question.inputs for question in QUESTIONS}


@dataclass(frozen=True)
class Given:
    """What a framework gave for a key or a question: numbers, or why there are none."""

    value: Array | None
    reason: str = ""


Values = Mapping[tuple[str, str], Given]
"""(framework, key or question) -> what it gave."""


@dataclass(frozen=True)
class Setting:
    """`in keras: Owner(argument=value)` gives `wanted`'s default: the argument and its value as they are told."""

    name: str
    framework: str
    wanted: str
    argument: str
    value: str

    @property
    def default(self) -> str:
        return f"{self.name}@{DEFAULT}"

    @property
    def key(self) -> str:
        return f"{self.default} {self.wanted}: {self.argument}={self.value}"

    def encoded(self) -> dict[str, Array]:
        text = json.dumps({self.argument: ast.literal_eval(self.value)})
        return {"setting": np.frombuffer(text.encode(), np.uint8)}


def keys_of(framework: str) -> list[str]:
    return [one.key for one in remedies() if one.framework == framework and parts(one.key)[1] != DEFAULT]


def asked(framework: str, keys: Sequence[tuple[str, Mapping[str, Array]]]) -> list[Given]:
    """What the framework gives for each key and its inputs, in one process."""
    trials = [
        Trial(Case(spec=key, task="question", dtype="float32", mode="eager", seed=place), inputs, lambda _: [], "question")
        for place, (key, inputs) in enumerate(keys)
    ]
    with tempfile.TemporaryDirectory() as folder:
        return [_given(one) for one in Session(Path(folder), [framework]).run(trials)]


def needed(framework: str, other: str) -> list[str]:
    """What the other framework is asked for, so that a framework's remedies can be held against it."""
    theirs, found = set(keys_of(other)), []
    for key in keys_of(framework):
        question, target = parts(key)
        if target == ALIKE and key in theirs:
            found.append(key)
        elif target == other:
            found.append(key if key in theirs else question)
    return list(dict.fromkeys(found))


def measured(framework: str, others: Sequence[str], settings: Sequence[Setting] = ()) -> dict[tuple[str, str], Given]:
    """Every remedy and setting of a framework, and what they are held against: one process a framework."""
    found: dict[tuple[str, str], Given] = {}
    for name in (framework, *others):
        keys = keys_of(name) if name == framework else needed(framework, name)
        inputs = {key: (key, INPUTS[parts(key)[0]]) for key in keys}
        mine = [one for one in settings if name in (framework, one.wanted)]
        inputs |= {one.key: (one.default, one.encoded()) if name == framework else (one.default, {}) for one in mine}
        given = asked(name, list(inputs.values()))
        found |= {(name, key): one for key, one in zip(inputs, given, strict=True)}
    return found


def _given(judged: JudgedTrial) -> Given:
    record = judged.record
    if record.outcome == "ran" and record.arrays:
        return Given(array_files.load(judged.out, record.arrays).get("value"))
    return Given(None, f"{record.outcome}: {record.reason}")


def settings() -> list[Setting]:
    """Those of the committed page."""
    rows = atlas.read(REPORTS / "data" / "atlas.json")[0]
    pairs = [
        (row, here, there) for row in rows if row.differs for here in row.answers for there in row.answers if here != there
    ]
    told = [(row.name, there, here, row.setting(here, there)) for row, here, there in pairs]
    return [Setting(name, there, here, *setting[1:]) for name, there, here, setting in told if setting]


def told(every: Sequence[Setting], values: Values) -> list[str]:
    """The settings that do not give the other framework's default, each in a line."""
    failed = []
    for one in every:
        ours, theirs = values[one.framework, one.key], values[one.wanted, one.key]
        if ours.value is None or theirs.value is None or not same(one.name, ours.value, theirs.value):
            failed.append(f"{one.framework} {one.key}: {ours.value} {ours.reason} is not {theirs.value} {theirs.reason}")
    return failed


def against(key: str, framework: str, values: Values) -> dict[str, Given]:
    """What a remedy of a framework is held against: other frameworks' numbers, by their names."""
    question, target = parts(key)
    if target == ALIKE:
        return {name: given for (name, other), given in values.items() if other == key and name != framework}
    found = {} if target == framework else {target: values.get((target, key), values.get((target, question)))}
    return {name: given for name, given in found.items() if given is not None}


def failures(framework: str, values: Values, keys: Iterable[str]) -> list[str]:
    """The remedies of a framework that do not give what they are to give, each in a line."""
    found = []
    for key in keys:
        ours = values[framework, key]
        if ours.value is None:
            found.append(f"{framework} {key}: {ours.reason}")
            continue
        for name, theirs in against(key, framework, values).items():
            if theirs.value is None:
                found.append(f"{framework} {key}: {name} gives no number ({theirs.reason})")
            elif not same(parts(key)[0], ours.value, theirs.value):
                found.append(f"{framework} {key}: {ours.value.ravel()[:6]} is not {name}'s {theirs.value.ravel()[:6]}")
    return found
