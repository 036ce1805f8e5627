"""Owns which files a user's own realization is made of: its module, and what that imports from beside it, read and not run.

It refuses to follow imports out of the given directories: what is installed there belongs to the environment's versions.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path


def of(target: str, python_path: Sequence[Path]) -> list[Path]:
    """The files of `package.module:name`, in a stable order. Empty where no directory holds the module."""
    found: dict[str, Path] = {}
    waiting = list(_and_packages(target.partition(":")[0]))
    while waiting:
        name = waiting.pop()
        file = None if name in found else _file(name, python_path)
        if file is not None:
            found[name] = file
            waiting += _imported(file, name if file.name == "__init__.py" else name.rpartition(".")[0])
    return [found[name] for name in sorted(found)]


def _file(name: str, python_path: Sequence[Path]) -> Path | None:
    place = Path(*name.split("."))
    for directory in python_path:
        for file in (directory / place / "__init__.py", (directory / place).with_suffix(".py")):
            if file.is_file():
                return file
    return None


def _imported(file: Path, package: str) -> Iterator[str]:
    """Every module that the file may import, by its full name; of a file that is no Python none: it fails where it runs."""
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for item in node.names:
                yield from _and_packages(item.name)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            for item in node.names:
                yield from _and_packages(f"{base}.{item.name}" if base else item.name)


def _and_packages(name: str) -> Iterator[str]:
    """`a.b.c`, and `a` and `a.b`, whose __init__.py runs before it."""
    parts = [part for part in name.split(".") if part]
    for count in range(1, len(parts) + 1):
        yield ".".join(parts[:count])
