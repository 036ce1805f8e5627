"""Every attribute of every op can be seen: another legal value changes a shape, an output, a statistic or a gradient.

The same for the defaults (each attribute is tried away from its default) and for the optional inputs.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import permutations
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from op_examples import arrays_of, complete, draw, expand, input_shapes

from parity.ops import TABLE
from parity.ops.definition import Example, Rules, Run, Shape, ShapeError

VISIBLE = 1000 * 2.0**-24


@dataclass(frozen=True)
class Change:
    """Another value of an attribute. slot: which part of the attribute it touches; each part must show by itself."""

    slot: str
    value: Any


def _moved_by_one(value: Any, path: tuple[int, ...] = ()) -> Iterator[Change]:
    """Each number inside one more and one less."""
    if isinstance(value, int):
        yield from (Change(str(list(path)), value + step) for step in (-1, 1))
        return
    for place, inner in enumerate(value):
        for change in _moved_by_one(inner, (*path, place)):
            yield Change(change.slot, (*value[:place], change.value, *value[place + 1 :]))


def _numbers_of_text(text: str) -> Iterator[Change]:
    """Each number of a formula changed, and each operator turned into another."""
    swaps: dict[type[ast.operator], ast.operator] = {
        ast.Add: ast.Sub(),
        ast.Sub: ast.Add(),
        ast.Mult: ast.Div(),
        ast.Div: ast.Mult(),
        ast.Pow: ast.Mult(),
    }
    count = len(list(ast.walk(ast.parse(text, mode="eval"))))
    for place in range(count):
        tree = ast.parse(text, mode="eval")
        node = list(ast.walk(tree))[place]
        if isinstance(node, ast.Constant):
            node.value = node.value + (1 if isinstance(node.value, int) else 0.5)
        elif isinstance(node, ast.BinOp):
            node.op = swaps[type(node.op)]
        else:
            continue
        yield Change(ast.unparse(tree), ast.unparse(tree))


def changes(op: ModuleType, kind: str, name: str, value: Any, rank: int) -> list[Change]:
    """Other values by the attribute's type; those that the signature refuses are left out later."""
    by_kind: dict[str, Callable[[], Iterator[Change]]] = {
        "Count": lambda: (Change("", one) for one in (value - 2, value - 1, value + 1, value + 2, 2 * value)),
        "Whole": lambda: _moved_by_one(value),
        "Real": lambda: iter([Change("", 1.25 * value if value else 0.25)]),
        "Rate": lambda: iter([Change("", 0.0)] if value else []),
        "Flag": lambda: iter([Change("", not value)]),
        "Word": lambda: (Change(word, word) for word in op.WORDS[name] if word != value),
        "Axis": lambda: (Change("", axis) for axis in range(rank) if axis != value % rank),
        "Pair": lambda: _moved_by_one(tuple(value)),
        "Padding": lambda: _moved_by_one(tuple(map(tuple, value))),
        "Triple": lambda: _moved_by_one(tuple(value)),
        "Ends": lambda: _moved_by_one(tuple(value)),
        "Borders": lambda: _moved_by_one(tuple(map(tuple, value))),
        "Sizes": lambda: (Change("", order) for order in permutations(value) if order != tuple(value)),
        "Text": lambda: _numbers_of_text(value),
    }
    return list(by_kind[kind]())


def is_legal(op: ModuleType, example: Example) -> bool:
    attributes = complete(op, example)
    for name, value in attributes.items():
        kind = op.signature.__annotations__[name]
        if (kind == "Count" and value < 1) or (kind in ("Pair", "Triple") and min(value) < 1):
            return False
    try:
        expand(op, input_shapes(op, example), attributes)
    except ShapeError:
        return False
    return True


def everything(op: ModuleType, example: Example) -> list[Any]:
    """Rules of parameters, shapes of outputs and of masks."""
    shapes, attributes = input_shapes(op, example), complete(op, example)
    return [*expand(op, shapes, attributes), op.masks(shapes, **attributes) if hasattr(op, "masks") else {}]


def shows(op: ModuleType, example: Example, changed: Example) -> bool:
    """Whether the change moves a shape of an output or a parameter, or any number by more than 1,000 u of float32."""
    if everything(op, example) != everything(op, changed):
        return True
    drawn = draw(op, example)
    weights = drawn.weights()
    found = []
    for one in (drawn, replace(drawn, attributes=complete(op, changed))):
        run = Run()
        with np.errstate(all="ignore"):  # a changed formula may take the root of a negative number: NaN shows too
            values, saved = one.forward(run)
            found.append([*arrays_of(values), *arrays_of(one.vjp(run, saved, weights))])
    return not all(np.max(np.abs(a - b), initial=0) <= VISIBLE for a, b in zip(*found, strict=True))


def attributes_of(op: ModuleType) -> list[inspect.Parameter]:
    return [kind for kind in inspect.signature(op.signature).parameters.values() if kind.kind is kind.KEYWORD_ONLY]


ATTRIBUTES = [pytest.param(op, kind, id=f"{name}-{kind.name}") for name, op in TABLE.items() for kind in attributes_of(op)]


def unseen(op: ModuleType, attribute: inspect.Parameter) -> set[str]:
    """The parts of an attribute of which no example shows every legal change."""
    slots: dict[str, bool] = {}
    for example in op.EXAMPLES:
        value = complete(op, example)[attribute.name]
        rank = len(input_shapes(op, example).get("x", next(iter(example.shapes.get("branches", ((),))))))
        by_slot: dict[str, list[bool]] = {}
        for change in changes(op, attribute.annotation, attribute.name, value, rank):
            slots.setdefault(change.slot, False)
            changed = replace(example, attributes={**example.attributes, attribute.name: change.value})
            if is_legal(op, changed):
                by_slot.setdefault(change.slot, []).append(shows(op, example, changed))
        slots |= {slot: True for slot, seen in by_slot.items() if all(seen)}
    return {slot for slot, seen in slots.items() if not seen} if slots else {"no other value was tried"}


FIXED_BY_THE_STATE = {("gru_cell", "units"), ("gru_cell", "layers")}
"""Attributes that a required input's shape repeats: no other value is legal."""


@pytest.mark.parametrize(("op", "attribute"), ATTRIBUTES)
def test_every_attribute_shows(op: ModuleType, attribute: inspect.Parameter) -> None:
    if (op.__name__.rsplit(".", 1)[1], attribute.name) not in FIXED_BY_THE_STATE:
        assert unseen(op, attribute) == set()
        return
    for example in op.EXAMPLES:
        for change in changes(op, attribute.annotation, attribute.name, complete(op, example)[attribute.name], 0):
            assert not is_legal(op, replace(example, attributes={**example.attributes, attribute.name: change.value}))


@pytest.mark.parametrize(("op", "attribute"), ATTRIBUTES)
def test_every_attribute_is_tried_away_from_its_default(op: ModuleType, attribute: inspect.Parameter) -> None:
    if attribute.default is attribute.empty:
        assert all(attribute.name in example.attributes for example in op.EXAMPLES)
    else:
        assert any(example.attributes.get(attribute.name, attribute.default) != attribute.default for example in op.EXAMPLES)


@pytest.mark.parametrize("name", TABLE)
def test_every_input_stands_in_an_example(name: str) -> None:
    kinds = inspect.signature(TABLE[name].signature).parameters.values()
    for kind in (kind for kind in kinds if kind.kind is kind.POSITIONAL_OR_KEYWORD):
        used = [kind.name in example.shapes for example in TABLE[name].EXAMPLES]
        assert any(used) if kind.default is not kind.empty else all(used), kind.name


def test_an_attribute_without_effect_is_found() -> None:
    """The check itself must fail where it should: an op that ignores one of its attributes, and a rule that hides one."""
    blind = ModuleType("blind")

    def signature(x: Shape, *, gain: float, power: float) -> Rules:
        yield from ()
        return x

    signature.__annotations__ |= {"gain": "Real", "power": "Real"}
    members = {
        "signature": signature,
        "forward": lambda run, x, *, gain, **_: (x * gain, gain),
        "vjp": lambda run, saved, dy: {"x": dy * saved},
        "EXAMPLES": (Example({"x": (3,)}, {"gain": 2.0, "power": 3.0}),),
    }
    for member, value in members.items():
        setattr(blind, member, value)
    gain, power = (kind.replace(annotation="Real") for kind in attributes_of(blind))
    assert unseen(blind, gain) == set()
    assert unseen(blind, power) == {""}
