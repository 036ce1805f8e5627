"""Each module of the package is tested: by a file of its name, or through the files that tests/tested_through.yaml names."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import package_imports
from ruamel.yaml import YAML

from parity.execution import frameworks

TESTS = Path(__file__).parent
HELPERS = ("tools", "fakes", "conformance", "")
"""Folders whose files tests import by bare names (`pythonpath` in pyproject.toml)."""
TABLE: Mapping[str, Mapping[str, list[str]]] = YAML(typ="safe").load((TESTS / "tested_through.yaml").read_text())
SOURCES = package_imports.sources()
IMPLEMENTATIONS = {entry.package for entry in frameworks.TABLE.values()}
OWN = {file.stem.removeprefix("test_") for file in TESTS.rglob("test_*.py")}


def unnamed() -> list[str]:
    """Modules without a test file of their name, without `parity.`. A package is one if its __init__ defines something."""
    found = []
    for name, source in SOURCES.items():
        tree = ast.parse(source)
        defines = any(isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)) for node in tree.body)
        if name.rpartition(".")[2] not in OWN and (defines or name.endswith("__main__")) and name != "parity":
            found.append(name.removeprefix("parity."))
    return found


def row_of(module: str) -> tuple[str, str] | None:
    """The kind and the pattern of the first row that a module matches, processes first."""
    folder, _, rest = module.partition(".")
    told = f"NAME_impl.{rest}" if f"parity.{folder}" in IMPLEMENTATIONS else module
    for kind in ("in_processes", "imported"):
        for pattern in TABLE[kind]:
            if fnmatchcase(told, pattern):
                return kind, pattern
    return None


@cache
def edges() -> Mapping[str, frozenset[str]]:
    """Module -> what it imports of the package, packages' __init__ included."""
    found = {}
    for name in SOURCES:
        reached = {one for one in package_imports.imports(name, SOURCES) if one in SOURCES}
        found[name] = frozenset(
            reached | {one.rsplit(".", count)[0] for one in reached for count in range(1, one.count(".") + 1)}
        )
    return found


def reached(modules: Iterable[str]) -> set[str]:
    seen: set[str] = set()
    left = set(modules)
    while left:
        module = left.pop()
        seen.add(module)
        left |= edges()[module] - seen
    return seen


@cache
def imported(file: Path) -> frozenset[str]:
    """Modules of the package that a file of tests brings with it, through other files of tests as well."""
    found: set[str] = set()
    seen, left = set(), [file]
    while left:
        one = left.pop()
        seen.add(one)
        for node in ast.walk(ast.parse(one.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            found |= {name for name in names if name in SOURCES}
            helpers = [
                TESTS / folder / f"{name.removeprefix('tests.').replace('.', '/')}.py" for name in names for folder in HELPERS
            ]
            left += [helper for helper in helpers if helper.is_file() and helper not in seen]
    return frozenset(reached(found))


def test_every_module_has_a_test_file_or_a_row() -> None:
    assert [module for module in unnamed() if row_of(module) is None] == []


def test_every_row_is_needed() -> None:
    used = {row_of(module) for module in unnamed()}
    assert [pattern for kind, rows in TABLE.items() for pattern in rows if (kind, pattern) not in used] == []


def test_every_file_that_a_row_names_exists() -> None:
    named = {file for rows in TABLE.values() for files in rows.values() for file in files}
    assert [file for file in sorted(named) if not (TESTS / file).is_file()] == []


def test_what_a_row_names_reaches_its_modules() -> None:
    lost = []
    for module in unnamed():
        kind, pattern = row_of(module) or ("", "")
        files = TABLE[kind][pattern] if kind else []
        if kind == "imported" and not any(f"parity.{module}" in imported(TESTS / file) for file in files):
            lost.append(f"{module}: {', '.join(files)}")
    assert lost == []
