"""How a model is handed its inputs: its signature says, and where it does not the ways are tried in order."""

from __future__ import annotations

from typing import Any

import pytest

from parity.execution.own_model import calling
from parity.execution.own_model.calling import LIST, NAMES, POSITIONS, TABLE, Accepted, Calling


def two(ids: Any, mask: Any = None) -> None: ...
def one(batch: Any) -> None: ...
def optional(input_ids: Any = None, attention_mask: Any = None, return_dict: bool = True) -> None: ...
def open_ended(x: Any, **more: Any) -> None: ...
def named_alone(x: Any, *, state: Any = None) -> None: ...


TWO, ONE, OPTIONAL, OPEN, ALONE = map(calling.accepted, (two, one, optional, open_ended, named_alone))


@pytest.mark.parametrize(
    ("names", "count", "taken", "ways"),
    [
        ((), 2, TWO, [POSITIONS]),
        ((), 2, calling.accepted(one, listed=True), [LIST]),
        ((), 1, calling.accepted(one, listed=True), [POSITIONS]),
        ((), 2, calling.accepted(two, listed=True), [POSITIONS]),
        (("ids", "mask"), 2, TWO, [NAMES]),
        (("mask", "ids"), 2, TWO, [NAMES]),
        (("user", "item"), 2, ONE, [TABLE, POSITIONS]),
        (("image",), 1, ONE, [POSITIONS, TABLE]),
        (("batch.ids", "batch.mask"), 2, ONE, [NAMES]),
        (("x", "y"), 2, OPEN, [NAMES, TABLE, POSITIONS]),
        (("x", "state.0", "state.1"), 3, ALONE, [NAMES]),
        (("anything", "else"), 2, Accepted(known=("a", "b")), [LIST]),
        (("a", "b"), 2, Accepted(known=("a", "b"), table=True), [TABLE]),
    ],
)
def test_the_ways_follow_from_names_and_signature(names: tuple[str, ...], count: int, taken: Accepted, ways: list[str]) -> None:
    assert calling.ways(names, count, taken) == ways


@pytest.mark.parametrize(
    ("names", "taken", "told"),
    [
        (("ids", "msak"), TWO, "the model takes no input `msak`; did you mean `mask`? It takes ids, mask"),
        (("ids", "zzz"), TWO, "the model takes no input `zzz`. It takes ids, mask"),
        (("ids", "mask"), TWO, ""),
        (("user", "item"), TWO, ""),
        (("user", "item"), ONE, ""),
        (("x", "anything"), OPEN, ""),
        (("b", "aa"), Accepted(known=("a", "b")), "the model takes no input `aa`; did you mean `a`? It takes a, b"),
    ],
)
def test_a_name_that_is_nearly_another_one_is_a_mistake(names: tuple[str, ...], taken: Accepted, told: str) -> None:
    assert calling.mistyped(names, taken) == told


@pytest.mark.parametrize("key", ["keep", "around\n\n\x1b[1mkeep\x1b[0m\n", "around \x1b[1m'keep'\x1b[0m"])
def test_what_a_model_looks_for_in_its_table_is_told(key: str) -> None:
    told = calling.sought(KeyError(key), ("x", "batch.kep"))
    assert told == "the model looks for `keep` among its inputs, which are x, batch.kep; did you mean `kep`?"
    assert calling.sought(KeyError("weights"), ("x", "kep")) == "" == calling.sought(KeyError(3), ("x",))


@pytest.mark.parametrize(
    ("asked", "values", "taken", "placed", "named"),
    [
        (Calling(), [1, 2], TWO, [1, 2], {}),
        (Calling(("mask", "ids"), NAMES), [1, 2], TWO, [2, 1], {}),
        (Calling(("attention_mask",), NAMES), [1], OPTIONAL, [], {"attention_mask": 1}),
        (Calling(("", "more"), NAMES), [1, 2], OPEN, [1], {"more": 2}),
        (Calling(("x", "state.0", "state.1"), NAMES), [1, 2, 3], ALONE, [1], {"state": (2, 3)}),
        (Calling(("user", "item"), TABLE), [1, 2], ONE, [{"user": 1, "item": 2}], {}),
        (Calling(("user", "item"), LIST), [1, 2], ONE, [[1, 2]], {}),
        (Calling(("batch.ids.user", "batch.known"), NAMES), [1, 2], ONE, [{"ids": {"user": 1}, "known": 2}], {}),
        (Calling(("batch.0", "batch.1"), NAMES), [1, 2], ONE, [(1, 2)], {}),
        (Calling(("b", "a"), LIST), [1, 2], Accepted(known=("a", "b")), [[2, 1]], {}),
        (Calling(("x", "y"), LIST), [1, 2], Accepted(known=("a", "b")), [[1, 2]], {}),
        (Calling((), TABLE), [1, 2], Accepted(known=("a", "b"), table=True), [{"a": 1, "b": 2}], {}),
    ],
)
def test_inputs_are_arranged(
    asked: Calling, values: list[int], taken: Accepted, placed: list[Any], named: dict[str, Any]
) -> None:
    assert calling.arguments(asked, values, taken) == (placed, named)
