"""One word, one thing: no class of the package bears the name of another one."""

from __future__ import annotations

import ast
from collections import defaultdict

import pytest
from package_imports import Sources, sources

from parity.execution.frameworks import TABLE

IMPLEMENTATIONS = tuple(entry.package for entry in TABLE.values())

DEMANDED = {
    "Realization": "the protocol, and the class by which each implementation keeps it",
    "Site": "where a node is written: each implementation's layers are functions of it, in the file that fits the framework",
    "Term": "a value in a formula, in the file where an implementation writes formulas",
}
"""Names that stand for one thing in several files -> for which."""


def classes(every: Sources) -> dict[str, list[str]]:
    """Name of a class -> the modules that define it."""
    found: dict[str, list[str]] = defaultdict(list)
    for module, source in every.items():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ClassDef):
                found[node.name].append(module)
    return found


def inside(module: str) -> str | None:
    """A module's name inside of its implementation, if it belongs to one."""
    return next((module.removeprefix(one) for one in IMPLEMENTATIONS if module.startswith(f"{one}.")), None)


def doubled(every: Sources) -> dict[str, list[str]]:
    """Names that stand for two things. The same file of several implementations may have the same class."""
    return {
        name: modules
        for name, modules in classes(every).items()
        if name not in DEMANDED
        and len(modules) > 1
        and (len(set(modules)) < len(modules) or len({inside(module) for module in modules}) > 1 or not inside(modules[0]))
    }


def test_no_class_name_stands_for_two_classes() -> None:
    assert doubled(sources()) == {}


def test_every_exception_is_still_needed() -> None:
    found = classes(sources())
    assert all(len(found[name]) > 1 for name in DEMANDED)


@pytest.mark.parametrize(
    "places",
    [
        ("parity.spec.one", "parity.ops.two"),
        ("parity.spec.one", "parity.spec.one"),
        ("parity.torch_impl.model", "parity.judgement.one"),
        ("parity.torch_impl.model", "parity.keras_impl.layers"),
        ("parity.torch_impl.model", "parity.torch_impl.layers"),
    ],
)
def test_a_doubled_name_is_seen(places: tuple[str, str]) -> None:
    source = "class Thing:\n    pass\n"
    every = {places[0]: source * 2} if places[0] == places[1] else dict.fromkeys(places, source)
    assert list(doubled(every)) == ["Thing"]


def test_implementations_may_share_a_name_at_the_same_place() -> None:
    assert doubled(dict.fromkeys(("parity.torch_impl.wiring", "parity.keras_impl.wiring"), "class Layer: ...")) == {}
