"""Owns exp, log, tanh, cos and powers of plain numbers, rounded correctly: the same last place on every machine.

It refuses arrays. A C library's functions may differ by a last place from processor to processor; a number that enters a
graph, a key or a page must not. Python's `decimal` computes exp and ln to any number of digits (General Decimal Arithmetic).
"""

from __future__ import annotations

import math
from decimal import Context, Decimal
from fractions import Fraction
from functools import lru_cache

DIGITS = 60
"""A double has 17. A value whose next 43 digits do not tell which double is nearer is not expected."""

_CONTEXT = Context(prec=DIGITS)
_GREATEST, _LEAST = 710, -746
"""exp is infinite above, and 0 below."""

_EXACT_POWER = 64
"""Integer exponents up to here are computed as fractions; above, nothing is a tie between two doubles."""


def exp(x: float) -> float:
    """e**x. OverflowError where a double cannot hold it."""
    if math.isnan(x) or x > _GREATEST:
        return math.exp(x)  # nan; or OverflowError, or inf of inf
    return 0.0 if x < _LEAST else _double(_CONTEXT.exp(Decimal(x)))


def log(x: float) -> float:
    """ln x. ValueError where x is not positive."""
    return float(_CONTEXT.ln(Decimal(x))) if 0 < x < math.inf else math.log(x)


def tanh(x: float) -> float:
    """(e**2x - 1)/(e**2x + 1). Below 1e-9 the next term, x**3/3, is less than half of a last place."""
    if not 1e-9 < abs(x) < 20:
        return math.copysign(1.0, x) if abs(x) >= 20 else x
    power = _CONTEXT.exp(Decimal(2 * x))
    return float(_CONTEXT.divide(_CONTEXT.subtract(power, 1), _CONTEXT.add(power, 1)))


def cos(x: float) -> float:
    """cos x, x in radians. ValueError where x is infinite."""
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
    item = 10 ** (digits + 10)

    def arctan(inverse: int) -> int:
        power, total, count = item // inverse, 0, 1
        while power:
            total += power // count if count % 4 == 1 else -(power // count)
            power //= inverse * inverse
            count += 2
        return total

    return Context(prec=digits).divide(Decimal(16 * arctan(5) - 4 * arctan(239)), Decimal(item))


def power(base: float, exponent: float) -> float:
    """base**exponent, as Python has it for floats: ZeroDivisionError of 0 to a negative power, OverflowError of too large."""
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
    found = _double(_CONTEXT.exp(_CONTEXT.multiply(Decimal(exponent), _CONTEXT.ln(Decimal(abs(base))))))
    return -found if base < 0 and int(exponent) % 2 else found


def _double(value: Decimal) -> float:
    """OverflowError where it is infinite."""
    if math.isinf(found := float(value)):
        raise OverflowError("the number is too large")
    return found
