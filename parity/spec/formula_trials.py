"""Owns the trial of a spec's formulas before anything runs: a formula that divides by zero
or has no value is reported at its place.

It refuses to judge what a formula means. A tensor is replaced by a stand-in that accepts every
operation; only plain numbers are computed.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import isfinite
from typing import Any

from parity.formulas.formula import SCALARS, Formula
from parity.formulas.syntax import FUNCTIONS, RULES_ONLY, FormulaError, iterations, number_text
from parity.spec.mistakes import Mistake, Place

Places = Mapping[str, Place]


class Tensor:
    """Stands for an array of any numbers. Like a number, it has no value when divided by a plain 0, nor together with a number
    that no double holds."""

    def _swallow(self, other: Any = 0.0) -> Tensor:
        if not isinstance(other, Tensor) and not isfinite(other):  # isfinite itself raises for an int too large for a double
            raise OverflowError("the number is too large")
        return self

    def _divide(self, other: Any) -> Tensor:
        if not isinstance(other, Tensor):
            operator.truediv(1, other)
        return self._swallow(other)

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __pow__ = __rpow__ = __neg__ = _swallow
    __rtruediv__ = __rfloordiv__ = __rmod__ = _swallow
    __truediv__ = __floordiv__ = __mod__ = _divide


def _function(name: str) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        if name == "newton_schulz":
            _check_iteration(arguments)
        tensors = [argument for argument in arguments if isinstance(argument, Tensor)]
        for argument in arguments if tensors else ():
            if not isinstance(argument, Tensor) and not _finite(argument):
                raise FormulaError(f"`{name}` is asked of {number_text(argument)}")
        if tensors:
            return tensors[0]
        if name in SCALARS:
            return SCALARS[name](*arguments)
        raise FormulaError(f"`{name}` is asked of a plain number")

    return call


def _check_iteration(arguments: Sequence[Any]) -> None:
    """Checks that the first argument is a tensor and the others are numbers."""
    x, *numbers = arguments
    if not isinstance(x, Tensor) or any(isinstance(number, Tensor) for number in numbers):
        raise FormulaError("`newton_schulz` is asked of a tensor, with numbers as its other arguments")
    iterations(numbers[-1])


def _finite(number: float) -> bool:
    """Whether a double can hold the number."""
    try:
        return isfinite(number)
    except OverflowError:
        return False


RULES: Mapping[str, Callable[..., Any]] = {name: _function(name) for name in FUNCTIONS}
"""Functions that a rule may call. Schedules and initializers may call `SCALARS` alone."""
assert set(SCALARS) | RULES_ONLY == set(FUNCTIONS)  # noqa: S101 - a function that no table holds would be refused everywhere


def of_number(text: Any, place: Place, numbers: Mapping[str, float], at: str, *, positive: bool = False) -> Iterator[Mistake]:
    """Mistakes in a formula whose result is a number, at these values. at: words that tell which values they are."""
    try:
        formula = Formula(str(text))
        value = formula.evaluate(numbers, SCALARS)
    except FormulaError as error:
        yield Mistake(place.within(error.column), f"{error.message} ({at})")
        return
    if not _finite(value) or (positive and value <= 0):
        wanted = "a positive number" if positive else "finite"
        yield Mistake(place, f"`{formula.text}` is {number_text(value)}, not {wanted} ({at})")


def of_rule(
    formulas: Mapping[str, Any], places: Places, numbers: Mapping[str, float], tensors: frozenset[str]
) -> Iterator[Mistake]:
    """Mistakes in the formulas of an update, in their order. The step and hyper-parameters are plain numbers."""
    values: dict[str, Any] = {**numbers, **dict.fromkeys(tensors, Tensor())}
    for name, text in formulas.items():
        try:
            value = Formula(str(text)).evaluate(values, RULES)
        except FormulaError as error:
            yield Mistake(places[name].within(error.column), f"{error.message} (step t = {numbers['t']:g})")
            return
        if not isinstance(value, Tensor) and not _finite(value):
            yield Mistake(places[name], f"the new `{name}` is {number_text(value)}, not finite (step t = {numbers['t']:g})")
            return
        if name == "w" and not isinstance(value, Tensor):
            yield Mistake(places[name], "the new `w` is the same number whatever `w`, `g` and the state are")
