"""Functions of plain numbers: the double next to the exact value, and Python's errors where there is none."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Context, Decimal
from fractions import Fraction

import numpy as np
import pytest

from parity.formulas import rounding

NUMBERS = np.random.RandomState(2)
PAIRS = {
    "exp": (rounding.exp, math.exp, NUMBERS.uniform(-700, 700, 500)),
    "log": (rounding.log, math.log, 10 ** NUMBERS.uniform(-300, 300, 500)),
    "tanh": (rounding.tanh, math.tanh, NUMBERS.choice([-1, 1], 500) * 10 ** NUMBERS.uniform(-12, 2, 500)),
    "cos": (rounding.cos, math.cos, 10 ** NUMBERS.uniform(-3, 20, 500)),
}


@pytest.mark.parametrize("name", PAIRS)
def test_a_function_is_the_c_librarys_to_its_last_places(name: str) -> None:
    ours, theirs, numbers = PAIRS[name]
    for x in numbers.tolist():
        assert abs(ours(x) - theirs(x)) <= 3 * math.ulp(theirs(x)), x  # glibc's tanh is two off


@pytest.mark.parametrize(
    ("found", "digits"),
    [
        (rounding.exp(1.0), "2.71828182845904523536"),
        (rounding.log(10.0), "2.30258509299404568402"),
        (rounding.tanh(0.5), "0.46211715726000975850"),
        (rounding.cos(1.0), "0.54030230586813971740"),
        (rounding.cos(1e22), "0.52321478539513894549"),
        (rounding.power(2.0, 0.5), "1.41421356237309504880"),
        (float(rounding.pi(40)), "3.14159265358979323846"),
    ],
)
def test_twenty_digits_from_tables(found: float, digits: str) -> None:
    assert found == float(digits)


def test_a_power_is_the_double_next_to_the_exact_one() -> None:
    context = Context(prec=80)
    for base, exponent in zip(NUMBERS.uniform(0.5, 2, 300).tolist(), NUMBERS.randint(-300, 300, 300).tolist(), strict=True):
        assert rounding.power(base, exponent) == float(Fraction(base) ** exponent)
    for base, exponent in NUMBERS.uniform(0.1, 5, (300, 2)).tolist():
        assert rounding.power(base, exponent) == float(context.power(Decimal(base), Decimal(exponent)))
    assert rounding.power(-1.5, 101) == -rounding.power(1.5, 101) and rounding.power(-1.5, 100) > 0
    assert rounding.power(9.0, 0.5) == 3 and rounding.power(0.0, 2) == 0 and rounding.power(0.0, 0) == 1


@pytest.mark.parametrize(
    ("ask", "error"),
    [
        (lambda: rounding.exp(710.0), OverflowError),
        (lambda: rounding.log(0.0), ValueError),
        (lambda: rounding.log(-1.0), ValueError),
        (lambda: rounding.cos(math.inf), ValueError),
        (lambda: rounding.power(10.0, 309), OverflowError),
        (lambda: rounding.power(10.0, 308.5), OverflowError),
        (lambda: rounding.power(1e200, 2), OverflowError),
        (lambda: rounding.power(0.0, -1), ZeroDivisionError),
    ],
)
def test_what_has_no_value_is_an_error_as_in_python(ask: Callable[[], float], error: type[Exception]) -> None:
    with pytest.raises(error):
        ask()


def test_the_ends_of_the_range() -> None:
    assert rounding.exp(-745.1) == 5e-324 and rounding.exp(-746.0) == 0 and rounding.exp(-1e300) == 0
    assert rounding.exp(709.78) < math.inf and rounding.power(10.0, -400) == 0
    assert rounding.tanh(25.0) == 1 and math.copysign(1, rounding.tanh(-0.0)) == -1
    assert math.isnan(rounding.exp(math.nan)) and math.isnan(rounding.cos(math.nan)) and math.isnan(rounding.tanh(math.nan))
