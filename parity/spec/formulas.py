"""Owns the arithmetic that specs may contain: a whitelisted formula, evaluated on arrays or exactly on fractions.

It refuses Python: no eval, no attribute access, no call outside the whitelist, nothing that could grow or run without bound.
Standard library only, since workers import it.
"""

from __future__ import annotations

import ast
import keyword
import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

FUNCTIONS: Mapping[str, tuple[int, int]] = {
    "sqrt": (1, 1),
    "exp": (1, 1),
    "log": (1, 1),
    "abs": (1, 1),
    "sign": (1, 1),
    "sigmoid": (1, 1),
    "tanh": (1, 1),
    "maximum": (2, 2),
    "minimum": (2, 2),
    "min": (2, 16),
    "max": (2, 16),
    "norm": (1, 1),
    "cos": (1, 1),
    "rms": (1, 1),
    "row_means": (1, 1),
    "column_means": (1, 1),
    "newton_schulz": (5, 5),
}
"""What a formula may call, and with how many arguments at least and at most."""

RULES_ONLY = frozenset({"norm", "cos", "rms", "row_means", "column_means", "newton_schulz"})
"""Functions of update rules (norm: the Euclidean norm of a whole tensor; the last four: reference_impl/matrices.py) and of
schedules; architectures refuse them."""

LONGEST, DEEPEST, WIDEST = 1_000, 100, 4_096
"""Characters of a formula; depth of its tree; bits of an exact number on the way to its result."""

_TOKENS = re.compile(
    r"(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z][A-Za-z0-9_]*)|(?P<rest>\*\*|//|[-+*/%(),.]|\s+)"
)
_OPERATORS: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}


class FormulaError(Exception):
    """A formula that is none, or that has no value. `column` counts from 0 within the formula's text."""

    def __init__(self, message: str, column: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.column = column


class Formula:
    """A formula's text, checked. Equal texts are equal formulas; `names` are what it reads (`x.channels` is one name)."""

    __slots__ = ("names", "text", "tree")

    text: str
    tree: ast.expr
    names: frozenset[str]

    def __init__(self, text: str) -> None:
        tree = _parse(text)
        object.__setattr__(self, "text", text)
        object.__setattr__(self, "tree", tree)
        object.__setattr__(self, "names", frozenset(_names(tree)))

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
        """The formula on arrays or numbers: Python's operators on whatever the values are, functions from the table.

        Literals stay Python ints and floats, so that they never widen a narrow array. FormulaError where a name or a function
        is missing, or a division of plain numbers is by zero.
        """
        return _evaluate(self.tree, values, functions)

    def exact(self, values: Mapping[str, int | Fraction]) -> Fraction:
        """The formula's exact value. FormulaError where it has none: 1/0, sqrt(2), exp(1), or more than 4,096 bits."""
        return _exact(self.tree, values)

    def calls(self) -> dict[str, int]:
        """The functions it calls, and where each stands first, counting from 0."""
        found = [(node.col_offset, dotted(node.func)) for node in ast.walk(self.tree) if isinstance(node, ast.Call)]
        return {name: column for column, name in sorted(found, reverse=True)}

    def name_columns(self) -> dict[str, int]:
        """Where each name stands first, counting from 0."""
        columns: dict[str, int] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, (ast.Name, ast.Attribute)) and (name := dotted(node)) in self.names:
                columns[name] = min(node.col_offset, columns.get(name, node.col_offset))
        return columns


def dotted(node: ast.expr) -> str:
    """`a.b.c` of a Name or a chain of Attributes."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    assert isinstance(node, ast.Name)  # noqa: S101 - _check admits nothing else
    return node.id


@lru_cache(maxsize=4096)
def _parse(text: str) -> ast.expr:
    if len(text) > LONGEST:
        raise FormulaError(f"a formula has at most {LONGEST} characters, this one has {len(text)}")
    _check_tokens(text)
    stripped = text.lstrip()
    shift = len(text) - len(stripped)
    try:
        tree = ast.parse(" ".join(stripped.splitlines()), mode="eval").body
    except SyntaxError as error:
        column = (error.offset or len(stripped)) - 1 + shift
        unclosed = text.count("(") > text.count(")")
        problem = "does not close every bracket" if unclosed else "is not a formula" if error.offset else "ends too early"
        raise FormulaError(f"`{_short(text)}` {problem}", min(column, len(text) - 1)) from None
    except (MemoryError, RecursionError, ValueError):
        raise FormulaError(f"`{_short(text)}` is nested too deeply", shift) from None
    for node in ast.walk(tree):
        if shift and isinstance(node, ast.expr):
            node.col_offset += shift
            node.end_col_offset = (node.end_col_offset or 0) + shift
    _check(tree, 0)
    return tree


def _check_tokens(text: str) -> None:
    """Only numbers, names and the whitelisted signs; every refusal at its column."""
    if not text.strip():
        raise FormulaError("a formula is missing here")
    place, before = 0, ""
    while place < len(text):
        match = _TOKENS.match(text, place)
        if match is None:
            raise FormulaError(f"`{text[place]}` has no meaning in a formula", place)
        kind = str(match.lastgroup)
        if kind != "rest" and before in ("number", "name"):
            raise FormulaError("a name in a formula starts with a letter, and a number holds digits only", place)
        if kind == "name" and keyword.iskeyword(match.group()):
            raise FormulaError(f"`{match.group()}` cannot be used in a formula", place)
        if kind == "number" and math.isinf(float(match.group())):
            raise FormulaError(f"`{match.group()}` is too large", place)
        place, before = match.end(), kind


def _check(node: ast.expr, depth: int) -> None:
    if depth > DEEPEST:
        raise FormulaError(f"a formula is nested at most {DEEPEST} deep", node.col_offset)
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        _check(node.left, depth + 1)
        _check(node.right, depth + 1)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        _check(node.operand, depth + 1)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        _check_call(node, depth)
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return
    elif isinstance(node, ast.Attribute):
        _check_chain(node)
    elif not isinstance(node, ast.Name):
        raise FormulaError("a formula is made of numbers, names, + - * / // % ** and whitelisted functions", node.col_offset)


def _check_call(node: ast.Call, depth: int) -> None:
    name = dotted(node.func)
    if name not in FUNCTIONS:
        raise FormulaError(f"no function `{name}`; there are {', '.join(FUNCTIONS)}", node.col_offset)
    least, most = FUNCTIONS[name]
    if not least <= len(node.args) <= most:
        wanted = str(least) if least == most else f"{least} or more"
        raise FormulaError(f"`{name}` takes {wanted} argument{'s' if most > 1 else ''}, not {len(node.args)}", node.col_offset)
    for argument in node.args:
        _check(argument, depth + 1)


def _check_chain(node: ast.Attribute) -> None:
    inner: ast.expr = node
    while isinstance(inner, ast.Attribute):
        inner = inner.value
    if not isinstance(inner, ast.Name):
        raise FormulaError("a dot joins names only", node.col_offset)


def _names(node: ast.expr) -> Iterator[str]:
    if isinstance(node, (ast.Name, ast.Attribute)):
        yield dotted(node)
    elif isinstance(node, ast.Call):
        for argument in node.args:
            yield from _names(argument)
    elif isinstance(node, ast.BinOp):
        yield from _names(node.left)
        yield from _names(node.right)
    elif isinstance(node, ast.UnaryOp):
        yield from _names(node.operand)


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
        return functions[name](*(_evaluate(argument, values, functions) for argument in node.args))
    return _lookup(node, values)


def _lookup(node: ast.expr, values: Mapping[str, Any]) -> Any:
    name = dotted(node)
    if name not in values:
        raise FormulaError(f"no value `{name}`", node.col_offset)
    return values[name]


def _apply(node: ast.BinOp, left: Any, right: Any) -> Any:
    plain = isinstance(left, (int, float, Fraction)) and isinstance(right, (int, float, Fraction))
    if plain and isinstance(node.op, ast.Pow):
        _check_power(node, left, right)
    try:
        return _OPERATORS[type(node.op)](left, right)
    except ZeroDivisionError:
        raise FormulaError("division by zero", node.col_offset) from None
    except OverflowError:
        raise FormulaError("the number is too large", node.col_offset) from None


def _check_power(node: ast.BinOp, base: Any, exponent: Any) -> None:
    """9**9**9 would run for hours, and a fractional power of a negative number is not real."""
    if isinstance(base, float) or isinstance(exponent, float):
        if base < 0 and exponent != int(exponent):
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


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}…"
