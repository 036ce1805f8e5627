"""Owns scopes: where names have a meaning, the values and numbers that can be seen there, and the names of steps.

It refuses to know what a step is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from parity.formulas.formula import SCALARS, Formula
from parity.formulas.syntax import FormulaError
from parity.spec.ledger import BrokenSpec, GraphBody, KnownNumber, Ledger, SpecValue
from parity.spec.mistakes import Place, Trail, did_you_mean, short
from parity.spec.models import NAME, describe
from parity.spec.signatures import AXES, axis_number
from parity.spec.source import BROKEN

DEEPEST = 30
SIZE_WORDS = frozenset(word for words in AXES.values() for word in words)
_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    name: SCALARS[name] for name in ("sqrt", "exp", "log", "tanh", "abs", "min", "max")
}


@dataclass
class Scope:
    """One place where steps run. `path` is the prefix of its nodes' names, `home` that of its
    parameters' names; they differ inside a network.

    own: values that only this scope names (the inputs of a block). parent: the scope whose names are visible too. again: inside
    a network whose parameters exist from an earlier call.
    """

    ledger: Ledger
    frame: GraphBody
    path: str = ""
    home: str = ""
    numbers: Mapping[str, KnownNumber] = field(default_factory=dict)
    own: dict[str, SpecValue] = field(default_factory=dict)
    declared: Mapping[str, Place] = field(default_factory=dict)
    parent: Scope | None = None
    trail: Trail = ()
    stack: tuple[str, ...] = ()
    adds_parameters: bool = True
    again: bool = False
    x: SpecValue | None = None
    counts: dict[str, int] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    depth: int = 0

    # --- mistakes

    def refuse(self, place: Place, message: str) -> BrokenSpec:
        return self.ledger.refuse(place, message, self.trail)

    def inner(self, **changes: Any) -> Scope:
        """A scope inside this one, with names of its own."""
        return replace(self, counts={}, taken=set(), depth=self.depth + 1, **changes)

    def check_depth(self, place: Place) -> None:
        if self.depth >= DEEPEST:
            raise self.refuse(place, f"blocks, networks, repeats and scans are nested at most {DEEPEST} deep")

    # --- names of steps

    def take(self, name: str, place: Place) -> None:
        """Reserves a step's name."""
        if not NAME.fullmatch(name):
            rule = "lower-case letters, digits, `.`, `_` and `-`, at most 64, a letter or digit first"
            raise self.refuse(place, f"`{short(name)}` is no name: {rule}")
        if name in ("x", "input") or name.startswith(("x.", "input.")):
            raise self.refuse(place, f"`{name}` has a meaning of its own; give the step another name")
        if name in self.taken or name in self.own or self.path + name in self.frame.values:
            raise self.refuse(place, f"the name `{name}` is taken here")
        self.taken.add(name)

    def automatic(self, op: str) -> str:
        """The name of an unnamed step: relu, relu_2, …"""
        while True:
            self.counts[op] = self.counts.get(op, 0) + 1
            name = op if self.counts[op] == 1 else f"{op}_{self.counts[op]}"
            if name not in self.taken and name not in self.own:
                return name

    # --- values

    def broken(self) -> SpecValue:
        return SpecValue("", None, "float", True, self.frame)

    def give(self, name: str, value: SpecValue) -> None:
        """Makes a name of this scope mean a value."""
        self.frame.values[self.path + name] = value

    def find(self, name: str) -> SpecValue | None:
        """The value that a name means here, or None."""
        if name == "x":
            return self.x
        scope: Scope | None = self
        while scope is not None:
            value = scope.own.get(name)
            if value is not None:
                if name in scope.declared:
                    self.ledger.read.add(scope.declared[name])
                return self.reach(value)
            value = scope.frame.values.get(scope.path + name)
            if value is not None:
                return self.reach(value)
            scope = scope.parent
        return None

    def reach(self, value: SpecValue) -> SpecValue:
        """Returns the value; every scan crossed on the way notes that its body reads it."""
        frame: GraphBody | None = self.frame
        while frame is not None and frame is not value.frame and value.shape is not None:
            frame.captured[value.name] = value
            frame = frame.parent
        return value

    def value(self, raw: Any, place: Place) -> SpecValue:
        """The value that the file names. Raises BrokenSpec if there is none."""
        if raw is BROKEN:
            raise BrokenSpec
        if isinstance(raw, int) and not isinstance(raw, bool):
            raw = str(raw)
        if not isinstance(raw, str):
            raise self.refuse(place, f"the name of a value stands here, not {describe(raw)}")
        value = self.find(raw)
        if value is not None:
            return value
        if raw == "x":
            raise self.refuse(place, "nothing arrives here; say which value with `from: NAME`")
        self.forgive(raw)
        raise self.refuse(place, f"no value `{short(raw)}` here{did_you_mean(raw, self.value_names())}")

    def forgive(self, name: str) -> None:
        """Raises BrokenSpec without a report for a name under a broken value, or a name
        that a mistake removed from the file."""
        parts = name.split(".")
        above = (self.find(".".join(parts[:length])) for length in range(1, len(parts)))
        if any(value is not None and value.shape is None for value in above):
            raise BrokenSpec
        if any(self.ledger.forgiven(part, parts[0]) for part in ("inputs", "carried", "layers", "networks", "training")):
            raise BrokenSpec

    def value_names(self) -> Iterator[str]:
        scope: Scope | None = self
        while scope is not None:
            yield from scope.own
            for name in scope.frame.values:
                if name.startswith(scope.path):
                    yield name[len(scope.path) :]
            scope = scope.parent

    # --- numbers (this is a signatures.Reader)

    def known(self, name: str) -> KnownNumber | None:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.numbers:
                return scope.numbers[name]
            scope = scope.parent
        return self.ledger.constants.get(name)

    def number_named(self, name: str, place: Place) -> Fraction:
        """The value of a constant, an argument, a column, or a size of a value."""
        number = self.known(name)
        if number is not None:
            self.ledger.read.add(number.declared)
            if number.value is None:
                raise BrokenSpec
            if isinstance(number.value, bool):
                raise self.refuse(place, f"`{name}` is true or false, and a number stands here")
            return number.value
        holder, _, word = name.rpartition(".")
        value = self.find(holder) if holder else None
        if value is not None:
            return self._size(holder, value, word, place)
        if self.ledger.forgiven("constants", name):
            raise BrokenSpec
        if holder:
            self.forgive(holder)
        if holder == "x":
            raise self.refuse(place, "nothing arrives here, so `x` has no sizes")
        if holder and word in SIZE_WORDS:
            raise self.refuse(place, f"no value `{short(holder)}` here{did_you_mean(holder, self.value_names())}")
        raise self.refuse(place, f"no constant or argument `{short(name)}`{did_you_mean(name, self.number_names())}")

    def _size(self, holder: str, value: SpecValue, word: str, place: Place) -> Fraction:
        if value.shape is None:
            raise BrokenSpec
        axis = axis_number(word, value.shape)
        if axis is None:
            close = did_you_mean(word, AXES.get(len(value.shape), ()))
            raise self.refuse(place, f"`{holder}` has shape {value.shape}: no axis `{short(word)}`{close}")
        return Fraction(value.shape[axis])

    def number_names(self) -> Iterator[str]:
        scope: Scope | None = self
        while scope is not None:
            yield from scope.numbers
            scope = scope.parent
        yield from self.ledger.constants

    def number(self, raw: Any, place: Place) -> Fraction:
        """The exact value of a number or formula of the file."""
        if raw is BROKEN:
            raise BrokenSpec
        if isinstance(raw, bool) or not isinstance(raw, (int, float, str)):
            raise self.refuse(place, f"a number or a formula stands here, not {describe(raw)}")
        if not isinstance(raw, str):
            return Fraction(repr(raw))
        try:
            formula = Formula(raw)
            values = {name: self.number_named(name, place.within(at)) for name, at in formula.name_columns().items()}
            return formula.exact(values)
        except FormulaError as error:
            raise self.refuse(place.within(error.column), error.message) from None

    def real(self, raw: Any, place: Place) -> float:
        """A number that need not be a fraction: 1/sqrt(2) is evaluated in doubles; an exact number is rounded once."""
        if not isinstance(raw, str):
            return float(self.number(raw, place))
        try:
            formula = Formula(raw)
            values = {name: self.number_named(name, place.within(at)) for name, at in formula.name_columns().items()}
            try:
                return float(formula.exact(values))
            except FormulaError:
                plain = {name: float(value) for name, value in values.items()}
                result = float(formula.evaluate(plain, _FUNCTIONS))
        except FormulaError as error:
            raise self.refuse(place.within(error.column), error.message) from None
        except (ValueError, OverflowError, TypeError):
            raise self.refuse(place, f"`{short(raw)}` has no value") from None
        if not math.isfinite(result):
            raise self.refuse(place, f"`{short(raw)}` is not finite")
        return result

    def flag(self, raw: Any, place: Place) -> bool:
        """true, false, or an argument with such a value."""
        if raw is BROKEN:
            raise BrokenSpec
        number = self.known(raw) if isinstance(raw, str) else None
        if number is not None:
            self.ledger.read.add(number.declared)
            if number.value is None:
                raise BrokenSpec
            raw = number.value
        if not isinstance(raw, bool):
            raise self.refuse(place, f"true or false stands here, not {describe(raw)}")
        return raw


Run = Callable[[Scope, Any, SpecValue | None, Place], SpecValue | None]
"""steps.run, passed to modules whose steps contain steps: (scope, rows, arriving value, place) -> last value."""
