"""Reads the advice's code without running it: the key of each remedy, its framework, and the source that it uses."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from parity.execution.frameworks import TABLE, find

PACKAGE = Path(__file__).parents[2] / "parity"
FRAMEWORKS = tuple(name for name in ("keras", "torch", "mxnet") if name in TABLE)


@dataclass(frozen=True)
class Remedy:
    """One entry of an implementation's remedies. code: its expression, and everything that it uses from its file, from what
    remedies and answers share (remedies/building.py, asking.py), or from the implementation's device.py."""

    framework: str
    key: str
    code: tuple[ast.AST, ...]


def remedies() -> Iterator[Remedy]:
    """The remedies of every framework, read from the dict literals in `<framework>_impl/atlas/remedies/`."""
    for framework in FRAMEWORKS:
        folder = PACKAGE / f"{framework}_impl"
        own = folder / f"on_{find(framework)[2].name}" / "device.py"  # of the variant that the advice speaks of
        shared = [folder / "device.py", folder / "atlas" / "asking.py", folder / "atlas" / "remedies" / "building.py"]
        shared += [own] if own.exists() else []
        common = {name: node for file in shared for name, node in _defined(ast.parse(file.read_text(encoding="utf-8"))).items()}
        for file in sorted((folder / "atlas" / "remedies").glob("*.py")):
            tree = ast.parse(file.read_text(encoding="utf-8"))
            named = {**common, **_defined(tree)}
            for node in ast.walk(tree):
                if isinstance(node, ast.Dict):
                    for key, value in zip(node.keys, node.values, strict=True):
                        if isinstance(key, ast.Constant) and isinstance(key.value, str) and "@" in key.value:
                            yield Remedy(framework, key.value, tuple(_reached(value, named)))


def _defined(tree: ast.Module) -> dict[str, ast.stmt]:
    """Name -> definition in a file, without the table of remedies."""
    found: dict[str, ast.stmt] = {}
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found[node.name] = node
        elif isinstance(node, ast.Assign):
            found |= {one.id: node for target in node.targets for one in ast.walk(target) if isinstance(one, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and not isinstance(node.value, ast.Dict):
            found[node.target.id] = node
    return found


def _reached(value: ast.AST, named: Mapping[str, ast.stmt]) -> Iterator[ast.AST]:
    waiting, seen = [value], set[str]()
    while waiting:
        node = waiting.pop()
        yield node
        for one in ast.walk(node):
            name = one.id if isinstance(one, ast.Name) else one.attr if isinstance(one, ast.Attribute) else ""
            if name in named and name not in seen:
                seen.add(name)
                waiting.append(named[name])
