"""A map of weights that somebody corrected, or that a disk damaged: every mistake is told in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from parity.comparing import layer_mapping, mapfile
from tests.comparing.test_comparing import dense, model

KERNEL = {"a": {"native": "one.kernel"}, "b": {"native": "x.kernel", "layout": "i o -> o i"}}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layer": "one"}, "`layer` names one layer of each model"),
        ({"layer": {"a": ["one"], "b": "x"}}, "a has no layer"),
        ({"weights": [1]}, "`weights` is a table"),
        ({"weights": {"kernel": 5}}, "is a table of models"),
        ({"weights": {"kernel": {"a": "one.kernel"}}}, "is a table with `native`"),
        ({"weights": {"kernel": {"a": {"native": {"x": 1}}}}}, "has no weight"),
        ({"weights": {"kernel": {"a": {"native": "one.kernel", "rows": [5, 900]}}}}, "has no rows"),
        ({"weights": {"kernel": {"a": {"native": "one.kernel", "rows": [0]}}}}, "has no rows"),
        ({"weights": {"kernel": {"a": {"native": "one.kernel", "rows": 3}}}}, "is a list of whole numbers"),
        ({"weights": {"kernel": {"a": {"native": "one.kernel", "layout": 3}}}}, "`layout` is a text"),
        ({"weights": {"kernel": {"a": {"native": "one.kernel", "image": [2, 2, 2]}}}}, "does not give axis 1"),
        ({"weights": {"kernel": {"a": {"native": "one.kernel", "gates": "i i"}}}}, "names a gate twice"),
        ({"weights": {"kernel": {"a": {"native": "one.kernel", "gate": "i f"}}}}, "there is no key 'gate'"),
        ({"wieghts": {}}, "there is no key 'wieghts'"),
    ],
)
def test_what_cannot_be_in_a_map_is_named(change: Mapping[str, Any], message: str) -> None:
    models = [model("a", dense("one", 5, 7)), model("b", dense("x", 5, 7, True))]
    with pytest.raises(ValueError, match=message):
        mapfile.parsed({"layers": [{"layer": {"a": "one", "b": "x"}, **change}]}, models)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"layers": 5}, "`layers` is a list"),
        ({"layers": [5]}, "is a table with `layer` and `weights`"),
        ({"layers": [], "channels": ["a"]}, "`channels` is a table"),
        ({"layers": [], "channels": {"a": "middle"}}, "`first` or `last`"),
        ({"layers": [], "channels": {"c": "first"}}, "`first` or `last`"),
        ({"layers": [{"layer": {"a": "one", "b": "x"}, "weights": {"kernel": KERNEL}}] * 2}, "is mapped twice"),
        ({"layers": [{"layer": {"a": "one", "b": "x"}}], "count": 2}, "`count` says 2 layers, and 1 are here"),
    ],
)
def test_a_map_that_is_not_whole_is_named(table: Mapping[str, Any], message: str) -> None:
    models = [model("a", dense("one", 5, 7)), model("b", dense("x", 5, 7, True))]
    with pytest.raises(ValueError, match=message):
        mapfile.parsed(table, models)


def test_what_parity_writes_says_how_many_layers_there_are() -> None:
    models = [model("a", dense("one", 5, 7)), model("b", dense("x", 5, 7, True))]
    assert "\ncount: 1\n" in mapfile.text(layer_mapping.automatic(models), {"a": "torch=m:build", "b": "keras=m:build"})
