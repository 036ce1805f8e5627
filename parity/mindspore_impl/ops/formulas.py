"""Owns formulas as trees of cells, which PyNative and graph mode can both run.

It refuses to parse a formula (parity/formulas does), and the arithmetic of numbers alone, which stays in Python.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any

from mindspore import nn, ops

from parity.formulas.formula import Formula
from parity.mindspore_impl.wiring import Layer, Site, Tensor


class FormulaValue(nn.Cell):  # type: ignore[misc]
    """One of the formula's values. wide: axes of size 1 to append, so that one number per example meets larger values."""

    def __init__(self, place: int, wide: int) -> None:
        super().__init__(auto_prefix=False)
        self.place, self.wide = place, wide

    def construct(self, values: Any) -> Tensor:
        x = values[self.place]
        if self.wide > 0:
            x = ops.reshape(x, (-1,) + (1,) * self.wide)
        return x


class Number(nn.Cell):  # type: ignore[misc]
    """A number, in the case's precision."""

    def __init__(self, number: Tensor) -> None:
        super().__init__(auto_prefix=False)
        self.number = number

    def construct(self, values: Any) -> Tensor:
        return self.number


class Applied(nn.Cell):  # type: ignore[misc]
    """A function of one or two terms."""

    def __init__(self, function: Callable[..., Tensor], *terms: nn.Cell) -> None:
        super().__init__(auto_prefix=False)
        self.function = function
        self.first = terms[0]
        self.second = terms[-1]
        self.single = len(terms) == 1

    def construct(self, values: Any) -> Tensor:
        if self.single:
            return self.function(self.first(values))
        return self.function(self.first(values), self.second(values))


class WrittenFormula(nn.Cell):  # type: ignore[misc]
    """A whole formula of its values in order."""

    def __init__(self, term: nn.Cell) -> None:
        super().__init__(auto_prefix=False)
        self.term = term

    def construct(self, *values: Tensor) -> Tensor:
        return self.term(values)


class Symbol:
    """Stands for a tensor while a formula is evaluated; its operators write cells."""

    def __init__(self, cell: nn.Cell, site: Site) -> None:
        self.cell, self.site = cell, site

    def applied(self, function: Callable[..., Tensor], *others: Any, turned: bool = False) -> Symbol:
        terms = [self.cell]
        for other in others:
            terms.append(other.cell if isinstance(other, Symbol) else Number(self.site.number(float(other))))
        return Symbol(Applied(function, *(reversed(terms) if turned else terms)), self.site)

    def __add__(self, other: Any) -> Symbol:
        return self.applied(ops.add, other)

    def __radd__(self, other: Any) -> Symbol:
        return self.applied(ops.add, other, turned=True)

    def __sub__(self, other: Any) -> Symbol:
        return self.applied(ops.sub, other)

    def __rsub__(self, other: Any) -> Symbol:
        return self.applied(ops.sub, other, turned=True)

    def __mul__(self, other: Any) -> Symbol:
        return self.applied(ops.mul, other)

    def __rmul__(self, other: Any) -> Symbol:
        return self.applied(ops.mul, other, turned=True)

    def __truediv__(self, other: Any) -> Symbol:
        return self.applied(ops.div, other)

    def __rtruediv__(self, other: Any) -> Symbol:
        return self.applied(ops.div, other, turned=True)

    def __pow__(self, other: Any) -> Symbol:
        return self.applied(ops.square) if other == 2 else self.applied(ops.pow, other)

    def __rpow__(self, other: Any) -> Symbol:
        return self.applied(ops.pow, other, turned=True)

    def __neg__(self) -> Symbol:
        return self.applied(ops.neg)


def formula(site: Site) -> Layer:
    """The formula of a node, evaluated on symbols of its values."""
    rank = max((len(shape) for shape in site.shapes.values()), default=0)
    symbols = {
        role: Symbol(FormulaValue(place, rank if rank and not shape else 0), site)
        for place, (role, shape) in enumerate(site.shapes.items())
    }
    found = Formula(site["text"]).evaluate(symbols, FUNCTIONS)
    term = found.cell if isinstance(found, Symbol) else Number(site.number(float(found)))
    return Layer(WrittenFormula(term), tuple(site.shapes))


def _function(native: Callable[..., Any], plain: Callable[[float], float]) -> Callable[..., Any]:
    return lambda x: x.applied(native) if isinstance(x, Symbol) else plain(x)


def _bound(native: Callable[..., Any], plain: Callable[..., float]) -> Callable[..., Any]:
    def two(a: Any, b: Any) -> Any:
        if isinstance(a, Symbol):
            return a.applied(native, b)
        return b.applied(native, a) if isinstance(b, Symbol) else plain(a, b)

    return lambda *inputs: functools.reduce(two, inputs)


_GREATEST, _LEAST = _bound(ops.maximum, max), _bound(ops.minimum, min)
FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "sqrt": _function(ops.sqrt, math.sqrt),
    "exp": _function(ops.exp, math.exp),
    "log": _function(ops.log, math.log),
    "abs": _function(ops.abs, abs),
    "sign": _function(ops.sign, lambda x: (x > 0) - (x < 0)),
    "sigmoid": _function(ops.sigmoid, lambda x: 1 / (1 + math.exp(-x))),
    "tanh": _function(ops.tanh, math.tanh),
    "maximum": _GREATEST,
    "max": _GREATEST,
    "minimum": _LEAST,
    "min": _LEAST,
}
