"""Owns the arithmetic that specs may contain: a formula, evaluated on arrays, or exactly on fractions.

It refuses text that syntax.py has not checked. Standard library only, since workers import it.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from parity.formulas import rounding
from parity.formulas.syntax import FormulaError, dotted, names, number_text, parse

WIDEST = 4_096
"""The greatest size in bits of an exact number, intermediate results included."""

_OPERATORS: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}


SCALARS: Mapping[str, Callable[..., Any]] = {
    "sqrt": math.sqrt,
    "exp": rounding.exp,
    "log": rounding.log,
    "abs": abs,
    "sign": lambda x: (x > 0) - (x < 0),
    "sigmoid": lambda x: 0.5 * (1 + rounding.tanh(x / 2)),
    "tanh": rounding.tanh,
    "maximum": max,
    "minimum": min,
    "min": min,
    "max": max,
    "cos": rounding.cos,
}
"""Functions for formulas of plain numbers: the factor of a schedule, the spread of an initializer."""


class Formula:
    """The checked text of a formula. Equal texts are equal formulas. `names`: the names
    that it reads (`x.channels` is one name)."""

    __slots__ = ("names", "text", "tree")

    text: str
    tree: ast.expr
    names: frozenset[str]

    def __init__(self, text: str) -> None:
        tree = parse(text)
        object.__setattr__(self, "text", text)
        object.__setattr__(self, "tree", tree)
        object.__setattr__(self, "names", frozenset(names(tree)))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a formula is frozen: {name}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Formula) and self.text == other.text

    def __hash__(self) -> int:
        return hash((Formula, self.text))

    def __repr__(self) -> str:
        return f"Formula({self.text!r})"

    def __reduce__(self) -> tuple[type[Formula], tuple[str]]:
        return Formula, (self.text,)

    def evaluate(self, values: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]]) -> Any:
        """The formula's value on arrays or numbers: Python's operators on these values, and functions from the table.

        Literals stay Python ints and floats, so that they never widen a narrow array. Raises FormulaError if a name or a
        function is missing, or if a division of plain numbers is by zero.
        """
        return _evaluate(self.tree, values, functions)

    def exact(self, values: Mapping[str, int | Fraction]) -> Fraction:
        """The formula's exact value. Raises FormulaError if it has none: 1/0, sqrt(2), exp(1), or more than 4,096 bits."""
        return _exact(self.tree, values)

    def calls(self) -> dict[str, int]:
        """The functions that it calls, and the column where each appears first, counting from 0."""
        calls = [(node.col_offset, dotted(node.func)) for node in ast.walk(self.tree) if isinstance(node, ast.Call)]
        return {name: column for column, name in sorted(calls, reverse=True)}

    def name_columns(self) -> dict[str, int]:
        """The column where each name appears first, counting from 0."""
        columns: dict[str, int] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, (ast.Name, ast.Attribute)) and (name := dotted(node)) in self.names:
                columns[name] = min(node.col_offset, columns.get(name, node.col_offset))
        return columns


def _evaluate(node: ast.expr, values: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]]) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.UnaryOp):
        return -_evaluate(node.operand, values, functions)
    if isinstance(node, ast.BinOp):
        left, right = _evaluate(node.left, values, functions), _evaluate(node.right, values, functions)
        return _apply(node, left, right)
    if isinstance(node, ast.Call):
        name = dotted(node.func)
        if name not in functions:
            raise FormulaError(f"function `{name}` is not available here", node.col_offset)
        return _call(node, functions[name], [_evaluate(argument, values, functions) for argument in node.args])
    return _lookup(node, values)


def _call(node: ast.Call, function: Callable[..., Any], arguments: list[Any]) -> Any:
    """Calls a function. On plain numbers it may have no value: sqrt(-1), log(0), exp(1000)."""
    plain = all(isinstance(argument, (int, float)) for argument in arguments)
    try:
        return function(*arguments)
    except FormulaError as error:
        raise FormulaError(error.message, node.col_offset) from None
    except (ValueError, OverflowError):
        if not plain:
            raise
        arguments_text = ", ".join(number_text(argument) for argument in arguments)
        raise FormulaError(f"`{dotted(node.func)}({arguments_text})` has no value", node.col_offset) from None


def _lookup(node: ast.expr, values: Mapping[str, Any]) -> Any:
    name = dotted(node)
    if name not in values:
        raise FormulaError(f"no value `{name}`", node.col_offset)
    return values[name]


def _apply(node: ast.BinOp, left: Any, right: Any) -> Any:
    plain = isinstance(left, (int, float, Fraction)) and isinstance(right, (int, float, Fraction))
    if plain and isinstance(node.op, ast.Pow):
        _check_power(node, left, right)
    apply = rounding.power if _is_power_of_doubles(node, left, right) else _OPERATORS[type(node.op)]
    try:
        return apply(left, right)
    except ZeroDivisionError:
        raise FormulaError("division by zero", node.col_offset) from None
    except OverflowError:
        raise FormulaError("the number is too large", node.col_offset) from None
    except ValueError:
        raise FormulaError("there is no such number", node.col_offset) from None


def _is_power_of_doubles(node: ast.BinOp, left: Any, right: Any) -> bool:
    """Whether this is a power of plain numbers with a float as its result: Python would call the C library for it. NumPy
    scalars keep NumPy's power, since their precision is meant."""
    kinds = {type(left), type(right)}
    return isinstance(node.op, ast.Pow) and (kinds in ({float}, {float, int}) or (kinds == {int} and right < 0))


def _check_power(node: ast.BinOp, base: Any, exponent: Any) -> None:
    """Refuses powers that would run for hours (9**9**9), and fractional powers of negative numbers, which are not real."""
    if isinstance(base, float) or isinstance(exponent, float):
        if base < 0 and not (math.isfinite(exponent) and exponent == int(exponent)):
            raise FormulaError("a fractional power of a negative number", node.col_offset)
        return
    bits = max(Fraction(base).numerator.bit_length(), Fraction(base).denominator.bit_length())
    if abs(exponent) * bits > WIDEST:
        raise FormulaError("the power is too large", node.col_offset)


def _exact(node: ast.expr, values: Mapping[str, int | Fraction]) -> Fraction:
    if isinstance(node, ast.Constant):
        assert isinstance(node.value, (int, float))  # noqa: S101 - _check admits nothing else
        return Fraction(repr(node.value))
    if isinstance(node, ast.UnaryOp):
        return -_exact(node.operand, values)
    if isinstance(node, ast.Call):
        return _exact_call(node, [_exact(argument, values) for argument in node.args])
    if not isinstance(node, ast.BinOp):
        return Fraction(_lookup(node, values))
    left, right = _exact(node.left, values), _exact(node.right, values)
    if isinstance(node.op, ast.Pow) and right.denominator != 1:
        raise FormulaError("a power with a fraction as exponent is not exact; use sqrt", node.col_offset)
    result = Fraction(_apply(node, left, right))
    if max(result.numerator.bit_length(), result.denominator.bit_length()) > WIDEST:
        raise FormulaError("the number is too large", node.col_offset)
    return result


def _exact_call(node: ast.Call, arguments: list[Fraction]) -> Fraction:
    name, first = dotted(node.func), arguments[0]
    if name in ("min", "minimum"):
        return min(arguments)
    if name in ("max", "maximum"):
        return max(arguments)
    if name == "abs":
        return abs(first)
    if name == "sign":
        return Fraction((first > 0) - (first < 0))
    if name == "sqrt" and first >= 0:
        root = Fraction(math.isqrt(first.numerator), math.isqrt(first.denominator))
        if root * root == first:
            return root
    raise FormulaError(
        f"`{name}({', '.join(str(argument) for argument in arguments)})` is not an exact number", node.col_offset
    )
