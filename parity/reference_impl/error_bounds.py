"""Owns numbers that carry a first-order bound of their own rounding error through the evaluation of a formula.

It refuses to know what a formula means: it offers Python's arithmetic, and the functions that a rule may call. The analysis is
the running error analysis of Higham 2002, Accuracy and Stability of Numerical Algorithms, section 3.3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def wide(u: float) -> Any:
    """The type that values are computed in. It is so much finer than u that its own error does not matter:
    float64 for coarser precisions; for float64 the widest type of the machine (2^-64 on x86; thirty times
    slower). Error bounds are always in float64."""
    return np.float64 if u > 2.0**-53 else np.longdouble


_POWER_ROUNDINGS = 2
"""How many unit roundoffs a library's power may lose (1 ULP). A power by repeated products loses exponent - 1."""


@dataclass(frozen=True)
class Bounded:
    """A value, and element by element how far the result of a machine with unit roundoff u may lie from it.

    Every operation adds u·|result| to the errors that its operands carry. __array_ufunc__ is None, so that
    NumPy does not take over the arithmetic.
    """

    value: Any
    error: Any
    u: float

    __array_ufunc__ = None

    @property
    def size(self) -> Any:
        """Absolute values in float64, for bounds."""
        return _size(self.value)

    def __add__(self, other: Any) -> Bounded:
        y = self._of(other)
        return self._rounded(self.value + y.value, self.error + y.error)

    def __sub__(self, other: Any) -> Bounded:
        y = self._of(other)
        return self._rounded(self.value - y.value, self.error + y.error)

    def __mul__(self, other: Any) -> Bounded:
        y = self._of(other)
        carried = _times(self.size, y.error) + _times(y.size, self.error) + _times(self.error, y.error)
        return self._rounded(self.value * y.value, carried)

    def __truediv__(self, other: Any) -> Bounded:
        y = self._of(other)
        with np.errstate(divide="ignore", invalid="ignore"):
            quotient = self.value / y.value
            least = y.size - y.error  # the least |divisor| that rounding may give
            moved = self.error + _times(_size(quotient), y.error)
            carried = np.where(least > 0, moved / np.where(least > 0, least, 1), np.inf)
        exact = (self.error == 0) & (y.error == 0)
        return self._rounded(quotient, np.where(exact, 0, carried))

    def __pow__(self, exponent: Any) -> Bounded:
        if not isinstance(exponent, (int, float)):
            raise TypeError("a power in a rule has a plain number as its exponent")
        power = self.value**exponent
        slope = abs(exponent) * self.size ** (exponent - 1)
        carried = _times(slope, self.error) + self.error ** max(exponent, 1)
        roundings = 1 if exponent in (1, 2) else max(_POWER_ROUNDINGS, abs(exponent) - 1)
        exact = exponent == 1
        return Bounded(power, carried + (0 if exact else roundings * self.u * _size(power)), self.u)

    def __rpow__(self, base: Any) -> Bounded:
        """A positive plain number to the power of this: the error of the exponent moves the
        result by ln(base) times its own size."""
        power = wide(self.u)(base) ** self.value
        carried = abs(np.log(base)) * _size(power) * self.error
        return Bounded(power, carried + _POWER_ROUNDINGS * self.u * _size(power), self.u)

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
        return Bounded(value, carried + self.u * _size(value), self.u)


def _size(value: Any) -> Any:
    """Absolute values in float64, for bounds."""
    return np.abs(value).astype(np.float64, copy=False)


def _times(size: Any, error: Any) -> Any:
    """The error that an operand contributes. Most operands are exact and contribute nothing."""
    return error if np.ndim(error) == 0 and error == 0 else size * error


def exactly(value: Any, u: float, error: Any = 0.0) -> Bounded:
    """A number or array that every machine holds exactly, or to within `error`."""
    return Bounded(np.asarray(value, dtype=wide(u)), np.asarray(error, dtype=np.float64), u)


def held(number: float, u: float) -> Bounded:
    """A hyper-parameter in the tested precision: its error is the loss of rounding it once, 0 if it is representable."""
    mantissa, exponent = np.frexp(np.longdouble(number))
    rounded = np.ldexp(np.rint(mantissa / u) * u, exponent)
    return exactly(number, u, abs(rounded - np.longdouble(number)))


def sqrt(x: Bounded) -> Bounded:
    """A correctly rounded square root. Near 0 the carried error is the greatest distance that the root can move."""
    root, value = np.sqrt(x.value), x.value.astype(np.float64, copy=False)
    above = _apart(np.sqrt(value + x.error), root, x.error)
    below = _apart(root, np.sqrt(np.maximum(value - x.error, 0)), np.minimum(x.error, value))
    return Bounded(root, np.maximum(above, below) + x.u * _size(root), x.u)


def _apart(root: Any, other: Any, difference: Any) -> Any:
    """The distance of two roots whose squares differ by `difference`. A subtraction of the roots would cancel."""
    total = (root + other).astype(np.float64, copy=False)
    return np.where(total > 0, difference / np.where(total > 0, total, 1), 0.0)


def absolute(x: Bounded) -> Bounded:
    return Bounded(abs(x.value), x.error, x.u)


def sign(x: Bounded) -> Bounded:
    """-1, 0 or 1, without error unless x may lie on the other side of 0."""
    doubted = (x.error > 0) & (abs(x.value) <= x.error)
    return Bounded(np.sign(x.value), np.where(doubted, 2.0, 0.0), x.u)


def norm(x: Bounded) -> Bounded:
    """The Euclidean norm of one tensor."""
    return root_of_squares([x], x.u)


def least(*terms: Any) -> Any:
    """The smallest term. If two terms are within their errors of each other, either may win. Plain numbers stay plain."""
    return _choose(np.less, terms) if any(isinstance(term, Bounded) for term in terms) else min(terms)


def greatest(*terms: Any) -> Any:
    """The largest term. If two terms are within their errors of each other, either may win. Plain numbers stay plain."""
    return _choose(np.greater, terms) if any(isinstance(term, Bounded) for term in terms) else max(terms)


def root_of_squares(arrays: Iterable[Bounded], u: float) -> Bounded:
    """√Σx² over all elements of all arrays. A sum of n terms of one sign typically loses √n·u; n·u is the upper bound."""
    total, carried, count = wide(u)(0), 0.0, 0
    for x in arrays:
        total = total + np.sum(x.value**2, dtype=wide(u))
        carried = carried + np.sum(2 * x.size * x.error + x.error**2)
        count += int(np.size(x.value))
    return sqrt(Bounded(total, carried + (1 + np.sqrt(count)) * u * _size(total), u))


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
"""Functions that a rule may call. No rule needs exp or log so far; a name that is missing here gives a FormulaError."""


def _choose(better: Callable[[Any, Any], Any], terms: tuple[Any, ...]) -> Bounded:
    bounded = next(term for term in terms if isinstance(term, Bounded))
    first, *rest = [term if isinstance(term, Bounded) else exactly(term, bounded.u) for term in terms]
    for term in rest:
        close = abs(first.value - term.value) <= first.error + term.error
        wins = better(term.value, first.value)
        error = np.where(close, np.maximum(first.error, term.error), np.where(wins, term.error, first.error))
        first = Bounded(np.where(wins, term.value, first.value), error, bounded.u)
    return first
