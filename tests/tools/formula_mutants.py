"""Makes mutants of formulas mechanically: one change each to every operator, constant, function, sign and term.

It refuses to judge them, and to leave a mutant out because it looks harmless.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

from parity.formulas.formula import Formula

OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
    ast.FloorDiv: ast.Div,
}
FUNCTIONS = {"min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum"}


def mutants(text: str) -> Iterator[str]:
    """Every formula that differs from `text` in one place."""
    tree = Formula(text).tree
    places = list(ast.walk(tree))
    for number, node in enumerate(places):
        for changed in _changed(node):
            copied = copy.deepcopy(tree)
            found = list(ast.walk(copied))[number]
            yield ast.unparse(_replaced(copied, found, changed))


def _changed(node: ast.AST) -> Iterator[ast.expr]:
    """The replacements for a node."""
    if isinstance(node, ast.BinOp):
        yield ast.BinOp(node.left, OPERATORS[type(node.op)](), node.right)
        yield node.left
        yield node.right
    elif isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        yield ast.Constant(node.value + 1)
        if node.value:
            yield ast.Constant(node.value / 2)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        yield from node.args
        if node.func.id in FUNCTIONS:
            yield ast.Call(ast.Name(FUNCTIONS[node.func.id]), node.args, [])
    elif isinstance(node, ast.UnaryOp):
        yield node.operand


def _replaced(tree: ast.expr, old: ast.AST, new: ast.expr) -> ast.expr:
    class Replacing(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            return copy.deepcopy(new) if node is old else super().visit(node)

    made = Replacing().visit(tree)
    assert isinstance(made, ast.expr)
    return ast.fix_missing_locations(made)
