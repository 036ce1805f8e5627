"""Owns the op `formula`: a spec's text on MXNet's tensors, with Python's operators.

It refuses to parse.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

from parity.formulas.formula import Formula
from parity.mxnet_impl.wiring import Tensor, Use


@dataclass(frozen=True)
class Term:
    """A tensor with Python's operators, each of which broadcasts (a Symbol's own `+` wants equal shapes)."""

    F: Any
    array: Tensor

    def _joined(self, name: str, other: Any, plain: Callable[[Tensor, Any], Tensor]) -> Term:
        if isinstance(other, Term):
            return Term(self.F, getattr(self.F, f"broadcast_{name}")(self.array, other.array))
        return Term(self.F, plain(self.array, float(other)))

    def __add__(self, other: Any) -> Term:
        return self._joined("add", other, lambda a, b: a + b)

    __radd__ = __add__

    def __mul__(self, other: Any) -> Term:
        return self._joined("mul", other, lambda a, b: a * b)

    __rmul__ = __mul__

    def __sub__(self, other: Any) -> Term:
        return self._joined("sub", other, lambda a, b: a - b)

    def __rsub__(self, other: float) -> Term:
        return self._joined("sub", other, lambda a, b: b - a)

    def __truediv__(self, other: Any) -> Term:
        return self._joined("div", other, lambda a, b: a / b)

    def __rtruediv__(self, other: float) -> Term:
        return self._joined("div", other, lambda a, b: b / a)

    def __pow__(self, other: Any) -> Term:
        return self._joined("power", other, lambda a, b: a**b)

    def __rpow__(self, other: float) -> Term:
        return self._joined("power", other, lambda a, b: b**a)

    def __neg__(self) -> Term:
        return Term(self.F, -self.array)


def _smooth(name: str, plain: Callable[[float], float]) -> Callable[[Any], Any]:
    return lambda x: Term(x.F, getattr(x.F, name)(x.array)) if isinstance(x, Term) else plain(x)


def _chosen(name: str, plain: Callable[[float, float], float]) -> Callable[..., Any]:
    """Maximum or minimum of two or more values; of equal values, the first wins."""

    def two(a: Any, b: Any) -> Any:
        if isinstance(a, Term) and isinstance(b, Term):
            return Term(a.F, getattr(a.F, f"broadcast_{name}")(a.array, b.array))
        if isinstance(a, Term):
            return Term(a.F, getattr(a.F, name)(a.array, float(b)))
        return two(b, a) if isinstance(b, Term) else plain(a, b)

    return lambda *arguments: reduce(two, arguments)


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "sqrt": _smooth("sqrt", math.sqrt),
    "exp": _smooth("exp", math.exp),
    "log": _smooth("log", math.log),
    "abs": _smooth("abs", abs),
    "sign": _smooth("sign", lambda x: (x > 0) - (x < 0)),
    "sigmoid": _smooth("sigmoid", lambda x: 1 / (1 + math.exp(-x))),
    "tanh": _smooth("tanh", math.tanh),
    "maximum": _chosen("maximum", max),
    "minimum": _chosen("minimum", min),
    "max": _chosen("maximum", max),
    "min": _chosen("minimum", min),
}


def formula(use: Use) -> Tensor:
    """A value of one number per example gets the axes of the other values, so that it broadcasts over its example."""
    rank = max(len(shape) for shape in use.site.shapes.values())
    terms = {}
    for name, array in use.inputs.items():
        alone = not use.site.shapes[name] and rank
        terms[name] = Term(use.F, use.F.reshape(array, shape=(-1, *(1,) * rank)) if alone else array)
    result = Formula(use["text"]).evaluate(terms, FUNCTIONS)
    return use.F.identity(result.array)
