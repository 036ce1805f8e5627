"""Tensors in tables, tuples, named tuples, dataclasses and outputs in the style of transformers, with their paths."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from parity.execution.own_model.nesting import Slot, paths, put_together, taken_apart, tensors_of

Pair = namedtuple("Pair", ["first", "second"])


@dataclass
class Output:
    logits: float
    hidden: list[float] = field(default_factory=list)
    note: str = ""


class Table(OrderedDict[str, Any]):
    pass


def is_tensor(value: Any) -> bool:
    return isinstance(value, float)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (1.0, [""]),
        ((1.0, 2.0), ["0", "1"]),
        ({"b": 1.0, "a": [2.0, None]}, ["b", "a.0"]),
        (Pair(1.0, (2.0, 3.0)), ["first", "second.0", "second.1"]),
        (Output(1.0, [2.0, 3.0], "x"), ["logits", "hidden.0", "hidden.1"]),
        (Table(logits=1.0, loss=2.0), ["logits", "loss"]),
        (SimpleNamespace(x=1.0), ["x"]),
        ("text", []),
    ],
)
def test_each_tensor_has_its_path(value: Any, told: list[str]) -> None:
    assert [path for path, _ in paths(value, is_tensor)] == told
    tensors: list[Any] = []
    skeleton = taken_apart(value, is_tensor, tensors)
    assert tensors == tensors_of(value, is_tensor)
    assert put_together(skeleton, tensors) == value


def test_what_is_put_together_is_of_its_own_class() -> None:
    tensors: list[Any] = []
    skeleton = taken_apart((Pair(1.0, 2.0), Output(3.0)), is_tensor, tensors)
    pair, output = put_together(skeleton, [10.0, 20.0, 30.0])
    assert (type(pair), pair.second, output.logits) == (Pair, 20.0, 30.0)


def test_an_object_without_tensors_stays_itself() -> None:
    config = Output("none")  # type: ignore[arg-type]
    assert taken_apart({"config": config, "x": 1.0}, is_tensor, []) == {"config": config, "x": Slot(0)}
