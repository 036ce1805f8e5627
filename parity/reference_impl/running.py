"""Owns numbers that carry a first-order bound of their own rounding error while a formula is evaluated on them.

It refuses to know what a formula means: it offers Python's arithmetic, and the functions that a rule may call.
The analysis is Higham 2002, Accuracy and Stability of Numerical Algorithms, section 3.3 (running error analysis).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

WIDE = np.longdouble
"""What values are computed in: wider than float64 where the machine has it, so that the reference's own error is no issue."""

_POWER_ROUNDINGS = 2
"""Unit roundoffs that a library's power may lose (1 ULP); a running product loses exponent - 1."""


@dataclass(frozen=True)
class Bounded:
    """A value, and how far a machine with unit roundoff u may come out from it, element by element.

    Every operation adds u·|result| to what its operands bring along. NumPy must not take over: __array_ufunc__ is None.
    """

    value: Any
    error: Any
    u: float

    __array_ufunc__ = None

    def __add__(self, other: Any) -> Bounded:
        y = self._of(other)
        return self._rounded(self.value + y.value, self.error + y.error)

    def __sub__(self, other: Any) -> Bounded:
        y = self._of(other)
        return self._rounded(self.value - y.value, self.error + y.error)

    def __mul__(self, other: Any) -> Bounded:
        y = self._of(other)
        carried = abs(self.value) * y.error + abs(y.value) * self.error + self.error * y.error
        return self._rounded(self.value * y.value, carried)

    def __truediv__(self, other: Any) -> Bounded:
        y = self._of(other)
        with np.errstate(divide="ignore", invalid="ignore"):
            quotient = self.value / y.value
            least = abs(y.value) - y.error  # how small the divisor may come out
            carried = np.where(least > 0, (self.error + abs(quotient) * y.error) / np.where(least > 0, least, 1), np.inf)
        exact = (self.error == 0) & (y.error == 0)
        return self._rounded(quotient, np.where(exact, 0, carried))

    def __pow__(self, exponent: Any) -> Bounded:
        if not isinstance(exponent, (int, float)):
            raise TypeError("a power in a rule has a plain number as its exponent")
        power = self.value**exponent
        carried = abs(exponent * self.value ** (exponent - 1)) * self.error + self.error ** max(exponent, 1)
        roundings = 1 if exponent in (1, 2) else max(_POWER_ROUNDINGS, abs(exponent) - 1)
        exact = exponent == 1
        return Bounded(power, carried + (0 if exact else roundings * self.u * abs(power)), self.u)

    def __rpow__(self, base: Any) -> Bounded:
        """A positive plain number to the power of this: the exponent's error moves it by ln(base) of itself."""
        power = WIDE(base) ** self.value
        carried = abs(np.log(WIDE(base)) * power) * self.error
        return Bounded(power, carried + _POWER_ROUNDINGS * self.u * abs(power), self.u)

    def __neg__(self) -> Bounded:
        return Bounded(-self.value, self.error, self.u)

    def __radd__(self, other: Any) -> Bounded:
        return self._of(other) + self

    def __rsub__(self, other: Any) -> Bounded:
        return self._of(other) - self

    def __rmul__(self, other: Any) -> Bounded:
        return self._of(other) * self

    def __rtruediv__(self, other: Any) -> Bounded:
        return self._of(other) / self

    def _of(self, other: Any) -> Bounded:
        return other if isinstance(other, Bounded) else exactly(other, self.u)

    def _rounded(self, value: Any, carried: Any) -> Bounded:
        return Bounded(value, carried + self.u * abs(value), self.u)


def exactly(value: Any, u: float, error: Any = 0.0) -> Bounded:
    """A number or array that every machine holds exactly (or to within `error`)."""
    return Bounded(np.asarray(value, dtype=WIDE), np.asarray(error, dtype=WIDE), u)


def held(number: float, u: float) -> Bounded:
    """A hyper-parameter as the tested precision holds it: its error is what rounding it once loses, 0 where nothing is lost."""
    mantissa, exponent = np.frexp(WIDE(number))
    rounded = np.ldexp(np.rint(mantissa / WIDE(u)) * WIDE(u), exponent)
    return exactly(number, u, abs(rounded - WIDE(number)))


def sqrt(x: Bounded) -> Bounded:
    """Correctly rounded; near 0 the carried error is the greatest distance that the root can move."""
    root = np.sqrt(x.value)
    above = np.sqrt(x.value + x.error) - root
    below = root - np.sqrt(np.maximum(x.value - x.error, 0))
    return Bounded(root, np.maximum(above, below) + x.u * root, x.u)


def absolute(x: Bounded) -> Bounded:
    return Bounded(abs(x.value), x.error, x.u)


def sign(x: Bounded) -> Bounded:
    """-1, 0 or 1, without error unless x may lie on the other side of 0."""
    doubted = (x.error > 0) & (abs(x.value) <= x.error)
    return Bounded(np.sign(x.value), np.where(doubted, WIDE(2), WIDE(0)), x.u)


def norm(x: Bounded) -> Bounded:
    """The Euclidean norm of one tensor."""
    return root_of_squares([x], x.u)


def least(*terms: Any) -> Any:
    """The smallest. Where two are within their errors of each other, either may win. Plain numbers stay plain."""
    return _choose(np.less, terms) if any(isinstance(term, Bounded) for term in terms) else min(terms)


def greatest(*terms: Any) -> Any:
    """The largest. Where two are within their errors of each other, either may win. Plain numbers stay plain."""
    return _choose(np.greater, terms) if any(isinstance(term, Bounded) for term in terms) else max(terms)


def root_of_squares(arrays: Iterable[Bounded], u: float) -> Bounded:
    """√Σx² over all elements of all arrays. A sum of n terms of one sign loses √n·u typically; n·u is the ceiling."""
    total, carried, count = WIDE(0), WIDE(0), 0
    for x in arrays:
        total = total + np.sum(x.value**2, dtype=WIDE)
        carried = carried + np.sum(2 * abs(x.value) * x.error + x.error**2, dtype=WIDE)
        count += int(np.size(x.value))
    return sqrt(Bounded(total, carried + (1 + np.sqrt(WIDE(count))) * u * total, u))


FUNCTIONS: Mapping[str, Callable[..., Bounded]] = {
    "sqrt": sqrt,
    "abs": absolute,
    "sign": sign,
    "norm": norm,
    "min": least,
    "max": greatest,
    "minimum": least,
    "maximum": greatest,
}
"""What a rule may call. No rule needs exp or log so far; a name that is missing here is a FormulaError."""


def _choose(better: Callable[[Any, Any], Any], terms: tuple[Any, ...]) -> Bounded:
    known = next(term for term in terms if isinstance(term, Bounded))
    first, *rest = [term if isinstance(term, Bounded) else exactly(term, known.u) for term in terms]
    for term in rest:
        close = abs(first.value - term.value) <= first.error + term.error
        wins = better(term.value, first.value)
        error = np.where(close, np.maximum(first.error, term.error), np.where(wins, term.error, first.error))
        first = Bounded(np.where(wins, term.value, first.value), error, known.u)
    return first
