"""Formulas: what they may say, what they are worth, and where they are refused."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parity.formulas.formula import Formula
from parity.formulas.syntax import FormulaError

EXACT = {
    "kernel/2": Fraction(7, 2),
    "(kernel - 1)/2": Fraction(3),
    "kernel//2 + kernel % 2": Fraction(4),
    "-kernel**2": Fraction(-49),
    "2**-3": Fraction(1, 8),
    "0.1*10": Fraction(1),
    "1.0e-4": Fraction(1, 10_000),
    "sqrt(kernel + 2)": Fraction(3),
    "sqrt(1/4)": Fraction(1, 2),
    "min(kernel, 5) + max(1, 2, kernel)": Fraction(12),
    "abs(-kernel)*sign(-2)": Fraction(-7),
    "x.channels/kernel": Fraction(2),
    "  kernel": Fraction(7),
}


@pytest.mark.parametrize("text", EXACT)
def test_numbers_are_exact_fractions(text: str) -> None:
    assert Formula(text).exact({"kernel": 7, "x.channels": Fraction(14)}) == EXACT[text]


@pytest.mark.parametrize(
    ("text", "column", "sentence"),
    [
        ("", 0, "a formula is missing here"),
        ("kernel +", 7, "`kernel +` ends too early"),
        ("1 + (2", 4, "`1 + (2` does not close every bracket"),
        ("1 + 2)", 5, "`1 + 2)` is not a formula"),
        ("2 * / 3", 4, "`2 * / 3` is not a formula"),
        ("2*3a", 3, "a name in a formula starts with a letter, and a number holds digits only"),
        ("1_000", 1, "`_` has no meaning in a formula"),
        ("0x1F", 1, "a name in a formula starts with a letter, and a number holds digits only"),
        ("a if b else c", 2, "`if` cannot be used in a formula"),
        ("lambda", 0, "`lambda` cannot be used in a formula"),
        ("a < b", 2, "`<` has no meaning in a formula"),
        ("a[0]", 1, "`[` has no meaning in a formula"),
        ("'a'", 0, "`'` has no meaning in a formula"),
        ("__import__('os')", 0, "`_` has no meaning in a formula"),
        (
            "1 + floor(2)",
            4,
            "no function `floor`; there are sqrt, exp, log, abs, sign, sigmoid, tanh, maximum, minimum, min, max, norm, cos, "
            "rms, row_means, column_means, newton_schulz",
        ),
        ("sqrt(1, 2)", 0, "`sqrt` takes 1 argument, not 2"),
        ("min(1)", 0, "`min` takes 2 or more arguments, not 1"),
        ("(1).real", 0, "a dot joins names only"),
        ("f.g(1)", 0, "a formula is made of numbers, names, + - * / // % ** and whitelisted functions"),
        ("1, 2", 0, "a formula is made of numbers, names, + - * / // % ** and whitelisted functions"),
        ("+1", 0, "a formula is made of numbers, names, + - * / // % ** and whitelisted functions"),
        ("sqrt(*a)", 5, "a formula is made of numbers, names, + - * / // % ** and whitelisted functions"),
        ("1e999", 0, "`1e999` is too large"),
        ("-" * 200 + "1", 101, "a formula is nested at most 100 deep"),
        ("1 + " * 300 + "1", 0, "a formula has at most 1000 characters, this one has 1201"),
    ],
)
def test_what_is_no_formula_is_refused_at_its_column(text: str, column: int, sentence: str) -> None:
    with pytest.raises(FormulaError) as caught:
        Formula(text)
    assert (caught.value.column, caught.value.message) == (column, sentence)


def test_deep_brackets_end_in_one_sentence() -> None:
    with pytest.raises(FormulaError, match=r"is not a formula|nested too deeply"):
        Formula("(" * 400 + "1" + ")" * 400)


@pytest.mark.parametrize(
    ("text", "column", "sentence"),
    [
        ("1 + kernel/0", 4, "division by zero"),
        ("kernel % 0", 0, "division by zero"),
        ("1 + sqrt(2)", 4, "`sqrt(2)` is not an exact number"),
        ("exp(1)", 0, "`exp(1)` is not an exact number"),
        ("2**0.5", 0, "a power with a fraction as exponent is not exact; use sqrt"),
        ("9**9**9", 0, "the power is too large"),
        ("1 + 10**5000", 4, "the power is too large"),
        ("1e300*1e300*1e300*1e300*1e300", 0, "the number is too large"),
        ("1 + missing", 4, "no value `missing`"),
    ],
)
def test_what_has_no_exact_value_is_refused_at_its_column(text: str, column: int, sentence: str) -> None:
    with pytest.raises(FormulaError) as caught:
        Formula(text).exact({"kernel": 7})
    assert (caught.value.column, caught.value.message) == (column, sentence)


@pytest.mark.parametrize("text", ["9**9**9", "9.0**9.0**9.0", "1/0", "(-8)**(1/3)"])
def test_evaluation_of_plain_numbers_is_bounded_too(text: str) -> None:
    with pytest.raises(FormulaError):
        Formula(text).evaluate({}, {})


def test_evaluation_keeps_the_dtype_of_arrays() -> None:
    values = {"m": np.arange(3, dtype=np.float32), "beta": 0.9, "t": 2}
    result = Formula("beta*m/(1 - beta**t) + sqrt(m)").evaluate(values, {"sqrt": np.sqrt})
    assert result.dtype == np.float32
    m = values["m"].astype(np.float64)
    assert np.allclose(result, 0.9 * m / (1 - 0.9**2) + np.sqrt(m), rtol=1e-6)


def test_a_function_that_the_table_lacks_is_an_error() -> None:
    with pytest.raises(FormulaError, match="function `sqrt` is not available here"):
        Formula("sqrt(w)").evaluate({"w": 1.0}, {})


def test_names_and_their_columns() -> None:
    formula = Formula(" a*(x.channels - a) + max(b, image_features.stage4.conv2)")
    assert formula.names == {"a", "b", "x.channels", "image_features.stage4.conv2"}
    assert formula.name_columns() == {"a": 1, "x.channels": 4, "b": 26, "image_features.stage4.conv2": 29}


def test_equal_texts_are_equal_formulas_and_frozen() -> None:
    assert Formula("a + 1") == Formula("a + 1") != Formula("a+1")
    assert len({Formula("a + 1"), Formula("a + 1")}) == 1
    with pytest.raises(AttributeError):
        Formula("a").text = "b"


_NUMBERS = st.integers(-50, 50) | st.fractions(min_value=-9, max_value=9, max_denominator=9)


@given(_NUMBERS, _NUMBERS, _NUMBERS.filter(bool), st.sampled_from(["+", "-", "*"]))
def test_exact_arithmetic_is_that_of_fractions(a: Fraction, b: Fraction, c: Fraction, sign: str) -> None:
    left = Fraction(a) + b if sign == "+" else Fraction(a) - b if sign == "-" else Fraction(a) * b
    assert Formula(f"(a {sign} b)/c").exact({"a": a, "b": b, "c": c}) == left / c


@given(st.text(alphabet="ab1.e+-*/%(), _[]'\n", max_size=40))
def test_any_text_is_a_formula_or_a_formula_error(text: str) -> None:
    try:
        formula = Formula(text)
    except FormulaError as error:
        assert 0 <= error.column <= len(text)
    else:
        assert formula.names <= set(formula.name_columns())
