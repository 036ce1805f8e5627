"""Reads the imports between modules from the package's source, without importing anything."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "parity"
Sources = Mapping[str, str]
"""Module name -> source. The name of a package stands for its __init__.py: `parity.spec` is parity/spec/__init__.py."""


def sources() -> dict[str, str]:
    found = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file.read_text()
    return found


def imports(name: str, every: Sources) -> set[str]:
    """The modules that a module imports anywhere in its source; `from parity.ops import TABLE` imports parity.ops."""
    found = set()
    for node in ast.walk(ast.parse(every[name])):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            if node.level or node.module is None:
                found.add("(relative)")
                continue
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (inner & set(every)) or {node.module}
    return found


def closure(name: str, every: Sources) -> set[str]:
    """All modules of the package that an import of this module loads, with their packages' __init__."""
    seen: set[str] = set()
    left = {name}
    while left:
        module = left.pop()
        seen.add(module)
        reached = {found for found in imports(module, every) if found in every}
        for found in list(reached):
            reached |= {found.rsplit(".", count)[0] for count in range(1, found.count(".") + 1)}
        left |= reached - seen
    return seen
