"""Owns the step `formula`: element-wise arithmetic. Names of numbers are replaced in its text by the numbers, and names of
values become its inputs.

It refuses a word that could mean both.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from fractions import Fraction

from parity.formulas.formula import Formula
from parity.formulas.syntax import RULES_ONLY, FormulaError, dotted
from parity.spec.ledger import BrokenSpec, SpecValue
from parity.spec.mistakes import Place, did_you_mean, short
from parity.spec.models import describe, is_number
from parity.spec.nodes import build
from parity.spec.scopes import SIZE_WORDS, Scope
from parity.spec.signatures import signature_of
from parity.spec.wiring import WrittenStep


def formula_step(scope: Scope, step: WrittenStep, name: str) -> SpecValue:
    if not is_number(step.settings):
        raise scope.refuse(step.at, f"a formula is a text: `formula: 4*sigmoid(x) - 2`, not {describe(step.settings)}")
    try:
        formula = Formula(str(step.settings))
    except FormulaError as error:
        raise scope.refuse(step.at.within(error.column), error.message) from None
    for function, column in formula.calls().items():
        if function in RULES_ONLY:
            raise scope.refuse(step.at.within(column), f"`{function}` is for update rules and schedules alone")
    values: dict[str, SpecValue] = {}
    numbers: dict[str, Fraction] = {}
    for word, column in formula.name_columns().items():
        try:
            meaning = _meaning(scope, word, step.at.within(column))
        except BrokenSpec:
            meaning = scope.broken()
        if isinstance(meaning, SpecValue):
            values[word] = meaning
        else:
            numbers[word] = meaning
    if any(value.shape is None for value in values.values()):
        raise BrokenSpec
    text = with_numbers(formula, numbers)
    return build(scope, step.place, name, signature_of("formula"), values, {"text": text}, {})


def _meaning(scope: Scope, word: str, place: Place) -> SpecValue | Fraction:
    value, number = scope.find(word), scope.known(word)
    if value is not None and number is not None:
        raise scope.refuse(place, f"`{word}` is a value and a number here; give one of them another name")
    if word in ("text", "branch"):
        raise scope.refuse(place, f"a formula cannot read a value called `{word}`; give it another name")
    if value is not None:
        if value.dtype != "float" and value.shape is not None:
            raise scope.refuse(place, f"a formula takes floats; `{word}` holds integers")
        return value
    holder, _, last = word.rpartition(".")
    if number is not None or (last in SIZE_WORDS and scope.find(holder) is not None):
        return scope.number_named(word, place)
    scope.forgive(word)
    close = did_you_mean(word, [*scope.value_names(), *scope.number_names()])
    raise scope.refuse(place, f"no value or number `{short(word)}` here{close}")


def with_numbers(formula: Formula, numbers: Mapping[str, Fraction]) -> str:
    """The text of the formula, with these names replaced by their numbers."""
    text = " ".join(formula.text.splitlines())
    for start, end, name in sorted(_spans(formula.tree), reverse=True):
        if name in numbers:
            text = text[:start] + literal(numbers[name]) + text[end:]
    return text.strip()


def _spans(node: ast.AST) -> Iterator[tuple[int, int, str]]:
    """For each name, where it begins and ends, and the name."""
    if isinstance(node, (ast.Name, ast.Attribute)):
        yield node.col_offset, node.end_col_offset or 0, dotted(node)
        return
    parts = node.args if isinstance(node, ast.Call) else ast.iter_child_nodes(node)
    for part in parts:
        yield from _spans(part)


def literal(number: Fraction) -> str:
    """A number exactly as a formula writes it: 512, 0.1, (1/3), (-2)."""
    if number < 0:
        return f"(-{literal(-number)})"
    if number.denominator == 1:
        return str(number)
    decimal = repr(float(number))
    return decimal if Fraction(decimal) == number else f"({number.numerator}/{number.denominator})"
