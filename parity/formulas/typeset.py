"""Owns how a formula is shown as mathematics: MathML, which a browser sets without a font or a script of ours.

It refuses what syntax.py has not checked: names and numbers are the only text that it writes. Standard library only.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

from parity.formulas.syntax import dotted, parse

GREEK: Mapping[str, str] = {
    "alpha": "α",
    "beta": "β",
    "gamma": "γ",
    "delta": "δ",
    "epsilon": "ε",
    "mu": "μ",
    "rho": "ρ",
    "learning_rate": "η",
    "weight_decay": "λ",
}
"""Names that papers write as a letter. Every other name is written out."""

BINDING: Mapping[type[ast.operator], int] = {
    ast.Add: 1,
    ast.Sub: 1,
    ast.Mult: 2,
    ast.FloorDiv: 2,
    ast.Mod: 2,
    ast.Div: 2,
    ast.Pow: 4,
}
"""How tightly an operator binds; a part that binds less tightly than its surroundings stands in brackets."""

SIGNS: Mapping[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "−", ast.Mult: "·", ast.Mod: "mod"}
FENCES: Mapping[str, tuple[str, str]] = {"abs": ("|", "|"), "norm": ("‖", "‖")}
NEGATIVE = 3
"""How tightly a sign before a part binds."""


def mathml(text: str) -> str:
    """The formula as the inside of a `<math>` element. FormulaError where it is none."""
    return _set(parse(text), 0)


def equation(name: str, text: str) -> str:
    """`name = formula`, as one `<math>` element."""
    return f'<math displaystyle="true"><mrow>{symbol(name)}<mo>=</mo>{mathml(text)}</mrow></math>'


def symbol(name: str) -> str:
    """A name as a letter with an index, or written out: `beta_1` is β with the index 1."""
    base, _, index = name.rpartition("_") if name.rpartition("_")[2].isdigit() else (name, "", "")
    letter = GREEK.get(base, base)
    upright = ' mathvariant="normal"' if len(letter) > 1 else ""
    inner = f"<mi{upright}>{letter.replace('_', ' ')}</mi>"
    return f"<msub>{inner}<mn>{index}</mn></msub>" if index else inner


def _set(node: ast.expr, outer: int) -> str:
    if isinstance(node, ast.Constant):
        return f"<mn>{float(repr(node.value)):g}</mn>"
    if isinstance(node, ast.UnaryOp):
        inside = f"<mo>−</mo>{_set(node.operand, NEGATIVE)}"
        return _bracketed(inside) if outer > 1 else f"<mrow>{inside}</mrow>"
    if isinstance(node, ast.Call):
        return _called(dotted(node.func), [_set(argument, 0) for argument in node.args])
    if isinstance(node, ast.BinOp):
        return _operation(node, outer)
    return symbol(dotted(node))


def _operation(node: ast.BinOp, outer: int) -> str:
    binding = BINDING[type(node.op)]
    if isinstance(node.op, ast.Div):
        return f"<mfrac><mrow>{_set(node.left, 0)}</mrow><mrow>{_set(node.right, 0)}</mrow></mfrac>"
    if isinstance(node.op, ast.FloorDiv):
        inside = f"<mfrac><mrow>{_set(node.left, 0)}</mrow><mrow>{_set(node.right, 0)}</mrow></mfrac>"
        return f"<mrow><mo>⌊</mo>{inside}<mo>⌋</mo></mrow>"
    if isinstance(node.op, ast.Pow):
        return f"<msup>{_base(node.left)}<mrow>{_set(node.right, 0)}</mrow></msup>"
    inside = f"{_set(node.left, binding)}<mo>{SIGNS[type(node.op)]}</mo>{_set(node.right, binding + 1)}"
    return _bracketed(inside) if binding < outer else f"<mrow>{inside}</mrow>"


def _base(node: ast.expr) -> str:
    """What is raised to a power: a name or a number bare, everything else in brackets."""
    bare = isinstance(node, (ast.Name, ast.Attribute, ast.Constant))
    return _set(node, 0) if bare else _bracketed(_set(node, 0))


def _called(name: str, arguments: list[str]) -> str:
    if name == "sqrt":
        return f"<msqrt>{arguments[0]}</msqrt>"
    if name == "exp":
        return f'<msup><mi mathvariant="normal">e</mi><mrow>{arguments[0]}</mrow></msup>'
    if name in FENCES:
        before, behind = FENCES[name]
        return f"<mrow><mo>{before}</mo>{arguments[0]}<mo>{behind}</mo></mrow>"
    word = {"maximum": "max", "minimum": "min", "log": "ln"}.get(name, name).replace("_", " ")
    return f'<mrow><mi mathvariant="normal">{word}</mi>{_bracketed("<mo>,</mo>".join(arguments))}</mrow>'


def _bracketed(inside: str) -> str:
    return f"<mrow><mo>(</mo>{inside}<mo>)</mo></mrow>"
