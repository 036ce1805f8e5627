"""Owns the syntax of formulas: the checked tree of a text, and the place where a text is wrong.

It refuses Python beyond arithmetic: no eval, no attribute access, no call outside of the whitelist, nothing that could grow or
run without bound. Standard library only, since workers import it.
"""

from __future__ import annotations

import ast
import keyword
import math
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

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
"""Functions that a formula may call, with the least and greatest number of arguments."""

RULES_ONLY = frozenset({"norm", "cos", "rms", "row_means", "column_means", "newton_schulz"})
"""Functions of update rules (norm: the Euclidean norm of a whole tensor; the last four: reference_impl/matrices.py) and of
schedules; architectures refuse them."""

LONGEST, DEEPEST = 1_000, 100
"""The greatest number of characters of a formula, and the greatest depth of its tree."""

MOST_ITERATIONS = 100
"""The greatest number of iterations of newton_schulz: Muon takes five, and after a hundred nothing moves any more."""

OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow)

_TOKENS = re.compile(
    r"(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z][A-Za-z0-9_]*)|(?P<rest>\*\*|//|[-+*/%(),.]|\s+)"
)


class FormulaError(Exception):
    """A text that is not a formula, or a formula without a value. `column` counts from 0 within the formula's text."""

    def __init__(self, message: str, column: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.column = column


def dotted(node: ast.expr) -> str:
    """`a.b.c`, from a Name or a chain of Attributes."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    assert isinstance(node, ast.Name)  # noqa: S101 - _check admits nothing else
    return node.id


@lru_cache(maxsize=4096)
def parse(text: str) -> ast.expr:
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
    """Allows only numbers, names and the whitelisted signs; an error names the column."""
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
    if isinstance(node, ast.BinOp) and isinstance(node.op, OPERATORS):
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


def names(node: ast.expr) -> Iterator[str]:
    if isinstance(node, (ast.Name, ast.Attribute)):
        yield dotted(node)
    elif isinstance(node, ast.Call):
        for argument in node.args:
            yield from names(argument)
    elif isinstance(node, ast.BinOp):
        yield from names(node.left)
        yield from names(node.right)
    elif isinstance(node, ast.UnaryOp):
        yield from names(node.operand)


def iterations(count: float) -> int:
    """The number of iterations of newton_schulz. Raises FormulaError unless it is a whole number from 0 to MOST_ITERATIONS."""
    if not 0 <= count <= MOST_ITERATIONS or count != int(count):
        wanted = f"`newton_schulz` takes a whole number of steps, {MOST_ITERATIONS} at most"
        raise FormulaError(f"{wanted}: {number_text(count)} is no number of steps")
    return int(count)


def number_text(number: float) -> str:
    """A number as text for a sentence, however large it is."""
    try:
        return f"{number:g}"
    except OverflowError:
        return f"a number of {number.bit_length() * 0.30103:.0f} digits" if isinstance(number, int) else "a number too large"


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}…"
