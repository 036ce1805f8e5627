"""Makes mutants of op files mechanically: one change in a place that forward or vjp reaches, named by the changed statement.

It refuses to judge them, to change code that only checks arguments (an `if` that only raises, `strict=True`), and to leave out
a change because it looks harmless.
"""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

OPS = Path(__file__).resolve().parents[2] / "parity" / "ops"

UNREACHED = frozenset({"signature", "flops", "masks", "kinks", "taken", "margin", "without", "bends"})
"""Functions that neither forward nor vjp reaches; other tests cover them."""
CHECKS = ("check", "needed_mask", "parameters", "step_flops")

OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
}
COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.GtE, ast.LtE),
    ast.LtE: (ast.Gt, ast.Lt),
    ast.Gt: (ast.LtE, ast.GtE),
    ast.GtE: (ast.Lt, ast.Gt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
METHODS = {
    "sum": "mean",
    "mean": "sum",
    "maximum": "minimum",
    "minimum": "maximum",
    "argmax": "argmin",
    "argmin": "argmax",
    "max": "min",
    "min": "max",
    "zeros": "ones",
    "ones": "zeros",
    "zeros_like": "ones_like",
}
IDENTITIES = frozenset({"exp", "log", "sqrt", "tanh", "abs", "sign", "cos", "sin", "logistic", "reversed", "erf"})
"""Functions of one argument that a mutant replaces by their argument."""

Place = tuple[ast.FunctionDef, ast.stmt, ast.AST | None]
"""Function, statement and parent of a node."""


@dataclass(frozen=True)
class Mutant:
    """A mutant. Its name, `module.function: the changed statement`, stays while the line stays; repeated names are numbered."""

    module: str
    name: str
    tree: ast.Module


def mutants(module: str) -> Iterator[Mutant]:
    """Every mutant of one file of parity/ops."""
    tree = ast.parse((OPS / f"{module}.py").read_text(encoding="utf-8"))
    nodes = list(ast.walk(tree))
    numbers = {id(node): number for number, node in enumerate(nodes)}
    reached = _reached(tree)
    counted: Counter[str] = Counter()
    for number, node in enumerate(nodes):
        if id(node) not in reached:
            continue
        function, statement, parent = reached[id(node)]
        for changed in _changed(node, parent, function):
            made, text = _replaced(tree, number, numbers[id(statement)], changed)
            name = f"{module}.{function.name}: {text}"
            counted[name] += 1
            yield Mutant(module, f"{name} #{counted[name]}" if counted[name] > 1 else name, made)


def _reached(tree: ast.Module) -> dict[int, Place]:
    """The nodes that forward and vjp reach, without annotations, docstrings and checks of arguments."""
    found: dict[int, Place] = {}
    for function in [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]:
        if function.name in UNREACHED or function.name.startswith(CHECKS):
            continue
        for default in [*function.args.defaults, *[one for one in function.args.kw_defaults if one]]:
            found |= {id(node): (function, function, parent) for node, _, parent in _below(default, function, None)}
        for statement in function.body:
            found |= {id(node): (function, inside, parent) for node, inside, parent in _below(statement, statement, None)}
    return found


def _below(node: ast.AST, statement: ast.stmt, parent: ast.AST | None) -> Iterator[tuple[ast.AST, ast.stmt, ast.AST | None]]:
    if isinstance(node, (ast.Raise, ast.FunctionDef)) or (isinstance(node, ast.If) and _only_raises(node)):
        return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):  # a docstring
        return
    if isinstance(node, ast.keyword) and node.arg == "strict":
        return
    if isinstance(node, ast.Expr) and ast.unparse(node).startswith("check"):
        return
    inside = node if isinstance(node, ast.stmt) else statement
    yield node, inside, parent
    for field, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and field != "annotation":
                yield from _below(child, inside, node)


def _only_raises(node: ast.If) -> bool:
    return not node.orelse and all(isinstance(statement, ast.Raise) for statement in node.body)


def _changed(node: ast.AST, parent: ast.AST | None, function: ast.FunctionDef) -> Iterator[ast.AST | None]:
    """The replacements for a node; None removes a statement."""
    if isinstance(node, ast.Constant):
        yield from _constants(node, isinstance(parent, ast.UnaryOp))
    elif isinstance(node, ast.BinOp):
        if type(node.op) in OPERATORS:
            yield ast.BinOp(node.left, OPERATORS[type(node.op)](), node.right)
        yield from (node.left, node.right)
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        yield from (ast.Compare(node.left, [other()], node.comparators) for other in COMPARISONS[type(node.ops[0])])
    elif isinstance(node, ast.BoolOp):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield ast.BoolOp(other, node.values)
        yield from node.values
    elif isinstance(node, ast.IfExp):
        yield from (node.body, node.orelse)
    elif isinstance(node, ast.Call):
        yield from _calls(node)
    elif isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield from _attributes(node, function)
    elif isinstance(node, ast.AugAssign):
        yield ast.Assign([node.target], node.value)
    elif isinstance(node, ast.If) and not isinstance(node.test, (ast.Compare, ast.BoolOp, ast.UnaryOp)):
        yield ast.If(ast.UnaryOp(ast.Not(), node.test), node.body, node.orelse)
    elif isinstance(node, ast.Expr) or (isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript)):
        yield None


def _constants(node: ast.Constant, negative: bool) -> Iterator[ast.AST]:
    """The constant plus 1; -1 becomes 0, since NumPy reads any negative size as the size to infer."""
    if isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node.value, int):
        yield ast.Constant(node.value - 1 if negative else node.value + 1)
    elif isinstance(node.value, float):
        yield ast.Constant(node.value * 2 if node.value else 1.0)


def _calls(node: ast.Call) -> Iterator[ast.AST]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name in METHODS:
        other = METHODS[name]
        if isinstance(node.func, ast.Attribute):
            yield ast.Call(ast.Attribute(node.func.value, other, ast.Load()), node.args, node.keywords)
        else:
            yield ast.Call(ast.Name(other, ast.Load()), node.args, node.keywords)
    if name in IDENTITIES and len(node.args) == 1:
        yield node.args[0]
    if name == "where" and len(node.args) == 3:
        yield ast.Call(node.func, [node.args[0], node.args[2], node.args[1]], [])
    if name in ("transpose", "reshape", "matmul", "swapaxes") and len(node.args) >= 2:
        yield ast.Call(node.func, [node.args[1], node.args[0], *node.args[2:]], node.keywords)


def _attributes(node: ast.Name, function: ast.FunctionDef) -> Iterator[ast.AST]:
    """Other values for a use of an attribute of the op, by its annotated type."""
    kinds = {one.arg: ast.unparse(one.annotation) for one in function.args.kwonlyargs if one.annotation}
    kind = kinds.get(node.id, "")
    if kind == "bool":
        yield ast.UnaryOp(ast.Not(), node)
    elif kind == "int":
        yield ast.BinOp(node, ast.Add(), ast.Constant(1))
    elif kind == "float":
        yield ast.BinOp(node, ast.Mult(), ast.Constant(2))
    elif kind.startswith("Sequence["):
        yield ast.Subscript(node, ast.Slice(step=ast.UnaryOp(ast.USub(), ast.Constant(1))), ast.Load())


def _replaced(tree: ast.Module, number: int, statement: int, new: ast.AST | None) -> tuple[ast.Module, str]:
    """A copy of the module with the node of this number in the walk replaced, and the first line of the changed statement."""
    copied = copy.deepcopy(tree)
    nodes = list(ast.walk(copied))
    old, around = nodes[number], nodes[statement]
    put = ast.Pass() if new is None else copy.deepcopy(new)

    class Replacing(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            return put if node is old else super().visit(node)

    dropped = ast.unparse(old)
    made: ast.Module = ast.fix_missing_locations(Replacing().visit(copied))
    if new is None:
        return made, f"without {dropped}"
    return made, ast.unparse(put if around is old else around).splitlines()[0]
