"""Owns exp, log, tanh, cos and powers of plain numbers, rounded correctly: the last digit is the same on every machine.

It refuses arrays. The functions of a C library may differ in the last digit from processor to processor. A
number that enters a graph, a key or a page must not differ. Python's `decimal` computes exp and ln to any
number of digits (General Decimal Arithmetic).
"""

from __future__ import annotations

import math
from decimal import Context, Decimal
from fractions import Fraction
from functools import lru_cache

DIGITS = 60
"""How many digits are computed. A double has 17; the next 43 digits should always tell which double is nearer."""

_CONTEXT = Context(prec=DIGITS)
_GREATEST, _LEAST = 710, -746
"""exp overflows above the first, and is 0 below the second."""

_EXACT_POWER = 64
"""Powers with integer exponents up to this size are computed as fractions. Powers with greater exponents
never lie halfway between two doubles."""


def exp(x: float) -> float:
    """e**x. Raises OverflowError if a double cannot hold it."""
    if math.isnan(x) or x > _GREATEST:
        return math.exp(x)  # gives nan or inf, or raises OverflowError
    return 0.0 if x < _LEAST else _double(_CONTEXT.exp(Decimal(x)))


def log(x: float) -> float:
    """ln x. Raises ValueError if x is not positive."""
    return float(_CONTEXT.ln(Decimal(x))) if 0 < x < math.inf else math.log(x)


def tanh(x: float) -> float:
    """(e**2x - 1)/(e**2x + 1). Below 1e-9 the result is x, since the next term, x**3/3, is
    less than half a unit in the last place."""
    if not 1e-9 < abs(x) < 20:
        return math.copysign(1.0, x) if abs(x) >= 20 else x
    power = _CONTEXT.exp(Decimal(2 * x))
    return float(_CONTEXT.divide(_CONTEXT.subtract(power, 1), _CONTEXT.add(power, 1)))


def cos(x: float) -> float:
    """cos x, with x in radians. Raises ValueError if x is infinite."""
    if not math.isfinite(x):
        return math.cos(x)
    context = Context(prec=DIGITS + max(0, Decimal(x).adjusted()))
    turn = context.multiply(2, pi(context.prec + 5))
    square = context.power(context.remainder(Decimal(x), turn), 2)
    term = total = Decimal(1)
    count = 0
    while term and term.adjusted() > -DIGITS:
        count += 2
        term = context.divide(context.multiply(term, square.copy_negate()), count * (count - 1))
        total = context.add(total, term)
    return float(total)


@lru_cache(maxsize=64)
def pi(digits: int) -> Decimal:
    """π, by Machin's formula: 16 arctan(1/5) - 4 arctan(1/239)."""
    unit = 10 ** (digits + 10)

    def arctan(inverse: int) -> int:
        power, total, count = unit // inverse, 0, 1
        while power:
            total += power // count if count % 4 == 1 else -(power // count)
            power //= inverse * inverse
            count += 2
        return total

    return Context(prec=digits).divide(Decimal(16 * arctan(5) - 4 * arctan(239)), Decimal(unit))


def power(base: float, exponent: float) -> float:
    """base**exponent, with Python's errors for floats: ZeroDivisionError for a negative power
    of 0, OverflowError if it is too large."""
    if not (math.isfinite(base) and math.isfinite(exponent)) or base == 0 or exponent == 0:
        return math.pow(base, exponent) if base or exponent >= 0 else 0.0**exponent
    if exponent == int(exponent) and abs(exponent) <= _EXACT_POWER:
        exact: Fraction = Fraction(base) ** int(exponent)
        try:
            return float(exact)
        except OverflowError:
            raise OverflowError("the number is too large") from None
    size = exponent * math.log(abs(base))
    if not _LEAST - 1 < size < _GREATEST + 1:
        return math.pow(base, exponent)
    value = _double(_CONTEXT.exp(_CONTEXT.multiply(Decimal(exponent), _CONTEXT.ln(Decimal(abs(base))))))
    return -value if base < 0 and int(exponent) % 2 else value


def _double(value: Decimal) -> float:
    """The nearest double. Raises OverflowError if it is infinite."""
    if math.isinf(double := float(value)):
        raise OverflowError("the number is too large")
    return double
