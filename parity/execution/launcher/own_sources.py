"""Owns which files a module is made of: its own, and those of all that it imports from beside it, read and not run.

A user's realization, the worker, the judgement: the digest of these files goes into keys, so that an edit of any of them makes
what was recorded before void. It refuses to follow imports out of the given directories: what is installed there belongs to
the environment's versions.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import parity

PACKAGE: Path = Path(parity.__file__).resolve().parent.parent
"""The directory that holds the package `parity` itself."""


def of(target: str, python_path: Sequence[Path]) -> list[Path]:
    """The files of `package.module:name`, in a stable order. Empty where no directory holds the module."""
    return list(closure([target.partition(":")[0]], python_path).values())


def digest(modules: Iterable[str], root: Path = PACKAGE) -> str:
    """sha256 over the files of these modules of parity: the name and the content of each. root: the directory of `parity/`."""
    total = sha256()
    for name, file in closure(modules, [root]).items():
        total.update(f"{name} {sha256(file.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()


def closure(modules: Iterable[str], python_path: Sequence[Path]) -> dict[str, Path]:
    """Module -> file, by name, of these modules and of everything that they import from these directories, in functions too."""
    found: dict[str, Path] = {}
    waiting = [name for module in modules for name in _and_packages(module)]
    while waiting:
        name = waiting.pop()
        file = None if name in found else _file(name, python_path)
        if file is not None:
            found[name] = file
            waiting += _imported(file.read_bytes(), name if file.name == "__init__.py" else name.rpartition(".")[0])
    return {name: found[name] for name in sorted(found)}


def _file(name: str, python_path: Sequence[Path]) -> Path | None:
    place = Path(*name.split("."))
    for directory in python_path:
        for file in (directory / place / "__init__.py", (directory / place).with_suffix(".py")):
            if file.is_file():
                return file
    return None


@lru_cache(maxsize=1024)
def _imported(source: bytes, package: str) -> tuple[str, ...]:
    """Every module that the file may import, by its full name; of a file that is no Python none: it fails where it runs."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return ()
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [item.name for item in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found += [f"{base}.{item.name}" if base else item.name for item in node.names]
    return tuple(dict.fromkeys(part for name in found for part in _and_packages(name)))


def _and_packages(name: str) -> Iterator[str]:
    """`a.b.c`, and `a` and `a.b`, whose __init__.py runs before it."""
    parts = [part for part in name.split(".") if part]
    for count in range(1, len(parts) + 1):
        yield ".".join(parts[:count])
