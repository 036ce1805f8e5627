"""Owns the source files of a module: its own file, and the files of all modules that it imports from given directories. Files
are read and not run.

The digest of these files (of a user's realization, the worker, the judgement) goes into keys, so that an edit of any file makes
earlier records void. It refuses to follow imports out of the given directories: installed packages belong to the environment's
versions.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import parity
from parity.execution import own_path, own_target

PACKAGE: Path = Path(parity.__file__).resolve().parent.parent
"""The directory that holds the package `parity` itself."""


def of(target: str, python_path: Sequence[Path]) -> list[Path]:
    """The files of `package.module:name`, or of `path/to/module.py:name`, in a stable order. Empty where it is nowhere."""
    own = own_target.parsed(target)
    if own.is_file:
        root, name = own_path.located(Path(own.place).expanduser().absolute())
        return list(closure([name], [root, *python_path]).values())
    return list(closure([own.place], python_path).values())


def digest(modules: Iterable[str], root: Path = PACKAGE) -> str:
    """sha256 over the names and contents of the files of these parity modules. root: the directory that holds `parity/`."""
    total = sha256()
    for name, file in closure(modules, [root]).items():
        total.update(f"{name} {sha256(file.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()


def closure(modules: Iterable[str], python_path: Sequence[Path]) -> dict[str, Path]:
    """Module -> file, sorted by name, for these modules and all that they import from these directories, in functions too."""
    paths: dict[str, Path] = {}
    waiting = [name for module in modules for name in _and_packages(module)]
    while waiting:
        name = waiting.pop()
        file = None if name in paths else _file(name, python_path)
        if file is not None:
            paths[name] = file
            waiting += _imported(file.read_bytes(), name if file.name == "__init__.py" else name.rpartition(".")[0])
    return {name: paths[name] for name in sorted(paths)}


def _file(name: str, python_path: Sequence[Path]) -> Path | None:
    place = Path(*name.split("."))
    for directory in python_path:
        for file in (directory / place / "__init__.py", (directory / place).with_suffix(".py")):
            if file.is_file():
                return file
    return None


@lru_cache(maxsize=1024)
def _imported(source: bytes, package: str) -> tuple[str, ...]:
    """The full names of all modules that the file may import. None for a file that is no Python: it will fail when it runs."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return ()
    modules: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules += [item.name for item in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            modules += [f"{base}.{item.name}" if base else item.name for item in node.names]
    return tuple(dict.fromkeys(part for name in modules for part in _and_packages(name)))


def _and_packages(name: str) -> Iterator[str]:
    """`a.b.c`, and `a` and `a.b`, whose __init__.py runs before it."""
    parts = [part for part in name.split(".") if part]
    for count in range(1, len(parts) + 1):
        yield ".".join(parts[:count])
