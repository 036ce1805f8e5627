"""What a name of the user's own says: values typed without being computed, arguments held against a signature."""

from __future__ import annotations

from typing import Any

import pytest

from parity.execution import own_target
from parity.execution.own_target import Mistyped, Target, parsed


class Net:
    def __init__(self, hidden: int, bidirectional: bool = False, *, act: str = "relu") -> None:
        self.given = hidden, bidirectional, act


def open_ended(**sizes: Any) -> dict[str, Any]:
    return sizes


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("20", 20), ("-3", -3), ("1e-3", 1e-3), ("true", True), ("False", False), ("null", None), ("None", None)),
        *(("[3, 5]", [3, 5]), ("(3,)", (3,)), ("[1,[true,null]]", [1, [True, None]]), ("{'a': -1}", {"a": -1})),
        *(("relu", "relu"), ("'true'", "true"), ('"a b"', "a b"), ("resnet-18", "resnet-18"), ("3x3", "3x3"), ("a.b", "a.b")),
        *(("[small, large]", ["small", "large"]), ("", ""), ("1+1", "1+1"), ("f(3)", "f(3)"), ("007", "007")),
    ],
)
def test_a_value_is_a_literal_or_a_text(text: str, value: Any) -> None:
    found = own_target.value_of(text)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("text", ["[3", "(1+1)", "[f(3)]", "'open", "[" * 3000, "{1: f()}"])
def test_what_is_no_value_is_refused(text: str) -> None:
    with pytest.raises(Mistyped, match="is no value"):
        own_target.value_of(text)


@pytest.mark.parametrize(
    ("text", "target", "file"),
    [
        ("a.b:build", Target("a.b", "build"), False),
        ("path/to/m.py:Net", Target("path/to/m.py", "Net"), True),
        ("m:A.small?x=1&y='a&b'&z=[1,2]", Target("m", "A.small", {"x": 1, "y": "a&b", "z": [1, 2]}), False),
        ("m:A?x=a=b", Target("m", "A", {"x": "a=b"}), False),
    ],
)
def test_a_target_has_a_place_a_name_and_arguments(text: str, target: Target, file: bool) -> None:
    assert parsed(text) == target
    assert parsed(text).is_file is file


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("m", "does not say what to build"),
        ("m:a b", "does not say what to build"),
        ("m:A?hidden", "`hidden` is no argument"),
        ("m:A?x=1&x=2", "`x` stands twice"),
        ("m:A?" + "a" * 3000, "3000 signs"),
    ],
)
def test_a_target_that_says_nothing_is_a_mistake(text: str, told: str) -> None:
    with pytest.raises(Mistyped, match=told):
        parsed(text)


def test_arguments_are_handed_over() -> None:
    assert own_target.called(parsed("m:Net?hidden=3&act=tanh"), Net).given == (3, False, "tanh")
    assert own_target.called(parsed("m:open_ended?a=1"), open_ended) == {"a": 1}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "m:Net?hiden=3",
            r"`Net` takes no argument `hiden`; did you mean `hidden`\? Its signature is Net\(hidden, bidirectional=False",
        ),
        ("m:Net?act=relu", r"`Net` needs `hidden`: write Net\?hidden=…"),
    ],
)
def test_an_argument_that_does_not_fit_is_told_with_the_signature(text: str, told: str) -> None:
    with pytest.raises(Mistyped, match=told):
        own_target.called(parsed(text), Net)
