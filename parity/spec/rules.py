"""Owns the specs that are formulas, as frozen models: optimizers (a rule), schedules (a factor of the rate), and initializers.

It refuses to evaluate them: the reference does. Frameworks get only the name and the numbers.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any, Literal

from parity.formulas.formula import Formula
from parity.formulas.syntax import FormulaError
from parity.spec import formula_trials
from parity.spec.mistakes import Mistake, Place, did_you_mean
from parity.spec.models import Name, Number, Part, Plain, Text, Word

DISTRIBUTIONS: Mapping[str, str] = {
    "constant": "value",
    "normal": "standard_deviation",
    "uniform": "limit",
    "truncated_normal": "standard_deviation",
    "orthogonal": "gain",
    "identity": "gain",
}
"""Distribution -> the number that an initializer gives with it."""

AXES = (1, 2)
"""The axis counts of the parameters in the optimizers' probe."""

TRIED_STEPS, TRIED_FACTORS, TRIED_FANS = (1, 2, 3), 60, ((5, 3), (3, 5), (1, 1), (784, 10))
"""Where formulas are tried before anything runs: at these steps of a rule, this many steps of a
schedule, these fans of an initializer."""

_FIXED = frozenset({"g", "w", "t", "global_norm"})


def _formula_mistakes(text: Any, place: Place, names: Iterable[str]) -> Iterator[Mistake]:
    try:
        columns = Formula(str(text)).name_columns()
    except FormulaError as error:
        yield Mistake(place.within(error.column), error.message)
        return
    for name, column in columns.items():
        if name not in names:
            yield Mistake(place.within(column), f"no `{name}` here{did_you_mean(name, names)}")


def _probe_mistakes(probe: Mapping[str, Any] | None, names: Mapping[str, Any], table: Any) -> Iterator[Mistake]:
    """Each value of `probe` must belong to a hyper-parameter, and float32 must hold it exactly."""
    for name, value in (probe or {}).items():
        if name not in names:
            yield Mistake(table.key_places[name], f"no hyper-parameter `{name}`{did_you_mean(name, names)}")
        elif not _exact_in_float32(float(value)):
            yield Mistake(table.places[name], f"float32 does not hold {value} exactly, so it cannot tell rounding from meaning")


class Optimizer(Part):
    """An update rule. Variables: g (gradient), w (parameter), t (step from 1), global_norm, hyper-parameters and states.

    `gradient` is applied first, then `update` in its order. `probe`: values that float32 holds exactly, used for judging.
    `axes`: how many axes a parameter may have for the rule to have a meaning; without it, any number.
    """

    name: Name
    source: Text
    note: Text | None = None
    axes: list[int] | None = None
    hyperparameters: dict[Word, Plain] = {}
    probe: dict[Word, Plain] | None = None
    state: dict[Word, Plain] = {}
    gradient: dict[Literal["g"], Number] = {}
    update: dict[Word, Number]

    def default_values(self) -> dict[str, float]:
        """The published values of the hyper-parameters."""
        return {name: float(value) for name, value in self.hyperparameters.items()}

    def probe_values(self) -> dict[str, float]:
        """The values that judged cases use: those of `probe`, and the published ones for the rest."""
        return {**self.default_values(), **{name: float(value) for name, value in (self.probe or {}).items()}}

    def refusal(self, shapes: Mapping[str, Sequence[int]]) -> str:
        """Why the rule cannot update parameters of these shapes; empty if it can."""
        wrong = [name for name, shape in shapes.items() if self.axes is not None and len(shape) not in self.axes]
        allowed = " or ".join(str(count) for count in self.axes or ())
        return f"{wrong[0]} is {list(shapes[wrong[0]])}, {self.name} updates parameters of {allowed} axes" if wrong else ""

    def mistakes(self) -> Iterator[Mistake]:
        mistakes = [*_probe_mistakes(self.probe, self.hyperparameters, self.table("probe")), *self._name_mistakes()]
        names = _FIXED | self.state.keys() | self.hyperparameters.keys()
        used: set[str] = set()
        if self.axes is not None and (not self.axes or not set(self.axes) <= set(AXES)):
            yield Mistake(self.place("axes"), f"`axes` holds some of {AXES}: what a rule is judged on has so many")
        for part in ("gradient", "update"):
            for name, text in self.table(part).items():
                mistakes += _formula_mistakes(text, self.table(part).places[name], names)
                used |= _names(text)
        yield from mistakes or self._trial_mistakes()
        for part, kind in (("hyperparameters", "hyper-parameter"), ("state", "state")):
            for name, place in self.table(part).key_places.items():
                if name not in used and not mistakes:
                    yield Mistake(place, f"the {kind} `{name}` has no effect: no formula reads it")

    def _trial_mistakes(self) -> Iterator[Mistake]:
        """Tries the rule's first steps on plain numbers. It is called only if every name that the formulas read is known."""
        formulas: dict[str, Any] = dict(self.gradient) | self.update
        places = {**self.table("gradient").places, **self.table("update").places}
        tensors = frozenset({"g", "w", "global_norm", *self.state})
        for values, t in product((self.probe_values(), self.default_values()), TRIED_STEPS):
            wrong = [*formula_trials.of_rule(formulas, places, {**values, "t": t}, tensors)]
            if wrong:
                yield from wrong
                return

    def _name_mistakes(self) -> Iterator[Mistake]:
        for part, kind in (("hyperparameters", "hyper-parameter"), ("state", "state")):
            for name, place in self.table(part).key_places.items():
                if name in _FIXED:
                    yield Mistake(place, f"`{name}` has a meaning of its own; give the {kind} another name")
        for name in self.state.keys() & self.hyperparameters.keys():
            yield Mistake(self.table("state").key_places[name], f"`{name}` is a hyper-parameter already")
        if "w" not in self.update:
            yield Mistake(self.place("update"), "`update` does not say what becomes of `w`")
        for name, place in self.table("update").key_places.items():
            if name != "w" and name not in self.state:
                yield Mistake(place, f"no state `{name}`{did_you_mean(name, self.state)}")


class Schedule(Part):
    """A factor of the learning rate as a formula of t, the number of steps taken before, and of the hyper-parameters."""

    name: Name
    source: Text
    note: Text | None = None
    hyperparameters: dict[Word, Plain]
    probe: dict[Word, Plain] | None = None
    factor: Number

    def default_values(self) -> dict[str, float]:
        """The published values of the hyper-parameters."""
        return {name: float(value) for name, value in self.hyperparameters.items()}

    def probe_values(self) -> dict[str, float]:
        """The values that judged cases use: those of `probe`, and the published ones for the rest."""
        return {**self.default_values(), **{name: float(value) for name, value in (self.probe or {}).items()}}

    def mistakes(self) -> Iterator[Mistake]:
        table = self.table("hyperparameters")
        if "learning_rate" not in self.hyperparameters:
            yield Mistake(self.place("hyperparameters"), "a schedule needs the `learning_rate` that its factor multiplies")
        unread = [*_formula_mistakes(self.factor, self.place("factor"), {"t", *self.hyperparameters})]
        yield from unread or self._trial_mistakes()
        for name, place in table.key_places.items():
            if name != "learning_rate" and name not in _names(self.factor):
                yield Mistake(place, f"the hyper-parameter `{name}` has no effect: the factor does not read it")
        yield from _probe_mistakes(self.probe, self.hyperparameters, self.table("probe"))

    def _trial_mistakes(self) -> Iterator[Mistake]:
        for values, t in product((self.probe_values(), self.default_values()), range(TRIED_FACTORS)):
            wrong = [*formula_trials.of_number(self.factor, self.place("factor"), {**values, "t": t}, f"step t = {t}")]
            if wrong:
                yield from wrong
                return


class Initializer(Part):
    """A distribution whose spread is a formula of fan_in, fan_out and the arguments. `normal` means untruncated.

    truncated_normal: cut at two of its standard deviations, and not widened. identity: for matrices alone.
    """

    name: Name
    source: Text
    note: Text | None = None
    arguments: dict[Word, Plain] = {}
    distribution: Literal["constant", "normal", "uniform", "truncated_normal", "orthogonal", "identity"]
    value: Number | None = None
    standard_deviation: Number | None = None
    limit: Number | None = None
    gain: Number | None = None

    def reads_fans(self) -> bool:
        """Whether the spread depends on the fans, so that a framework's way of counting them shows."""
        return not {"fan_in", "fan_out"}.isdisjoint(_names(getattr(self, DISTRIBUTIONS[self.distribution])))

    def mistakes(self) -> Iterator[Mistake]:
        wanted = DISTRIBUTIONS[self.distribution]
        if getattr(self, wanted) is None:
            yield Mistake(self.place("distribution"), f"`{self.distribution}` needs `{wanted}`")
        names = {"fan_in", "fan_out", *self.arguments}
        used: set[str] = set()
        for key in dict.fromkeys(DISTRIBUTIONS.values()):
            text = getattr(self, key)
            if text is None:
                continue
            if key != wanted:
                yield Mistake(self.place(key), f"`{self.distribution}` is told by `{wanted}`, not by `{key}`")
            unread = [*_formula_mistakes(text, self.place(key), names)]
            yield from unread or self._trial_mistakes(key, text)
            used |= _names(text)
        for name, place in self.table("arguments").key_places.items():
            if name not in used and used <= names:
                yield Mistake(place, f"the argument `{name}` has no effect: no formula reads it")

    def _trial_mistakes(self, key: str, text: Any) -> Iterator[Mistake]:
        for fan_in, fan_out in TRIED_FANS:
            numbers = {**self.arguments, "fan_in": fan_in, "fan_out": fan_out}
            sizes_text = f"fan_in {fan_in}, fan_out {fan_out}"
            spread = key in ("limit", "standard_deviation")
            wrong = [*formula_trials.of_number(text, self.place(key), numbers, sizes_text, positive=spread)]
            if wrong:
                yield from wrong
                return


def mistakes_beside(table: Mapping[str, Any], places: Mapping[str, Place]) -> Iterator[Mistake]:
    """Mistakes in the formulas of an initializer whose `distribution` is invalid, so that all
    mistakes of a file are reported at once."""
    arguments = table.get("arguments")
    names = {"fan_in", "fan_out", *(arguments if isinstance(arguments, Mapping) else ())}
    for key in dict.fromkeys(DISTRIBUTIONS.values()):
        if isinstance(table.get(key), str):
            yield from _formula_mistakes(table[key], places[key], names)


def _names(text: Any) -> frozenset[str]:
    try:
        return Formula(str(text)).names
    except FormulaError:
        return frozenset()


def _exact_in_float32(value: float) -> bool:
    try:
        return bool(struct.unpack("f", struct.pack("f", value))[0] == value)
    except OverflowError:
        return False
