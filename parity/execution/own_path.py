"""Owns the place of the user's own modules in a worker's module path: behind the standard library and the installed packages.

It refuses to let a user's module called typing, or a folder called torch, shadow a module that a framework imports.
Standard library only.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from parity.execution.own_target import Mistyped, Target, near, parsed

VARIABLE = "PARITY_MODULES"
"""Directories of the user's modules, as PYTHONPATH has them."""
FOLDER = "PARITY_FOLDER"
"""Where the user's command runs: relative names of files in the user's code are meant from there."""
SOURCE = "src"
"""The folder of a project that holds its packages."""
NAMED = 8
"""Names of a module that are told where the one that is asked for is not among them."""


def of_caller() -> tuple[Path, ...]:
    """Where the shell's own Python would find modules: the working directory, its src/, PYTHONPATH."""
    here = Path.cwd()
    folders = [here / entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    return tuple(dict.fromkeys([here, *([here / SOURCE] if (here / SOURCE).is_dir() else []), *folders]))


def own() -> list[str]:
    """The user's directories."""
    return [entry for entry in os.environ.get(VARIABLE, "").split(os.pathsep) if entry]


def extend() -> None:
    """Appends the user's directories to the module path, and goes where the user's command runs."""
    sys.path += [entry for entry in own() if entry not in sys.path]
    if folder := os.environ.get(FOLDER):
        os.chdir(folder)


def located(file: Path) -> tuple[Path, str]:
    """The directory that must be on the module path for a file, and its module's name: packages around it are part of the name,
    and so are as many folders as its own relative imports go up."""
    parts, folder = [file.stem], file.parent
    levels = _levels(file)
    while (folder / "__init__.py").is_file() or len(parts) <= levels:
        if folder.parent == folder or not folder.name.isidentifier():
            break
        parts.insert(0, folder.name)
        folder = folder.parent
    name = parts[:-1] if file.stem == "__init__" and len(parts) > 1 else parts
    return folder, ".".join(name)


def _levels(file: Path) -> int:
    """How many folders above its own module a file's relative imports reach."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return 0
    return max((node.level for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)), default=0)


def module_of(target: Target) -> ModuleType:
    """The module that a target names, imported. Raises Mistyped where it is not there, and whatever its code raises."""
    return _of_file(target) if target.is_file else _of_name(target.place)


def find(text: str) -> Any:
    """What `package.module:name` or `path/to/model.py:name` names. Raises as `module_of`."""
    target = parsed(text)
    return attribute(module_of(target), target)


def attribute(module: ModuleType, target: Target) -> Any:
    """What the target takes from its module."""
    value: Any = module
    for part in target.name.split("."):
        offered = _offered(value)
        if part not in offered and part not in dir(value):
            close = near(part, list(offered)) or _some(offered)
            raise Mistyped(f"{_told(module, target)} has no `{part}`{close}{'' if target.is_file else _installed(module)}")
        value = getattr(value, part)
    return value


def _of_file(target: Target) -> ModuleType:
    file = Path(target.place).expanduser().absolute()
    if not file.is_file():
        raise Mistyped(no_file(target.place))
    root, name = located(file)
    _put_first(root, file.parent)
    head = name.partition(".")[0]
    mine = {(root / name).resolve() for name in (head, f"{head}.py", f"{head}/__init__.py")}
    places = _places(head)
    if mine & {place.resolve() for place in places}:
        return importlib.import_module(name)
    if "." in name:
        raise Mistyped(_taken(name, str(places[0]) if places else "built in"))
    return _under_another_name(file)


def _put_first(*folders: Path) -> None:
    """Before the user's other directories, as a script's folder is, and behind what is installed."""
    entries = [str(folder) for folder in dict.fromkeys(folders) if str(folder) not in sys.path or str(folder) in own()]
    sys.path[:] = [entry for entry in sys.path if entry not in entries]
    begin = next((place for place, entry in enumerate(sys.path) if entry in own()), len(sys.path))
    sys.path[begin:begin] = entries
    importlib.invalidate_caches()


def _places(name: str) -> list[Path]:
    """Where a module of this name would be imported from."""
    try:
        spec = importlib.util.find_spec(name)
    except ValueError:  # a module that tells nothing of itself, such as __main__
        return []
    if spec is None:
        return []
    return [Path(item) for item in (*([spec.origin] if spec.origin else []), *(spec.submodule_search_locations or ()))]


def _under_another_name(file: Path) -> ModuleType:
    """A file whose own name is taken by a module that comes first."""
    name = f"own_{file.stem}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise Mistyped(f"{file} is no module of Python")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _of_name(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise
        head = name.partition(".")[0]
        if head in sys.modules and (file := getattr(sys.modules[head], "__file__", None)) and not _is_own(str(file)):
            raise Mistyped(f"{error}: {_taken(name, str(file))}") from error
        before, _, last = error.name.rpartition(".")
        modules = sorted(
            {module for folder in own() for module in _modules(Path(folder, *before.split(".") if before else ()))}
        )
        close = near(last, modules).replace("`", f"`{before}." if before else "`", 1)
        looked = ", ".join(own()) or "no folder"
        raise Mistyped(f"there is no module `{error.name}`{close or '.'} Looked in {looked}: give a path, such as "
                       f"path/to/model.py:build, or put the module's folder on PYTHONPATH") from error  # fmt: skip


def _taken(name: str, file: str) -> str:
    head = name.partition(".")[0]
    return f"`{head}` is {file} here, which comes before modules of your own; give your module another name"


def _modules(folder: Path) -> Iterator[str]:
    """What can be imported from a folder."""
    if folder.is_dir():
        for path in folder.iterdir():
            if path.stem.isidentifier() and (path.suffix == ".py" or (path.is_dir() and any(path.glob("*.py")))):
                yield path.stem


def no_file(place: str) -> str:
    """The sentence on a file that is not there."""
    file = Path(place).expanduser()
    files = [str(path) for path in sorted(file.parent.glob("*.py"))] if file.parent.is_dir() else []
    if file.is_dir():
        return f"{place} is a folder: name a file in it, such as {file / 'model.py'}:build"
    here = "" if file.is_absolute() else f" in {Path.cwd()}"
    return f"there is no file `{place}`{here}{near(place, files)}"


def offered_by(file: Path) -> list[str]:
    """The functions and classes that a file defines, read and not run."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return []
    kinds = (ast.FunctionDef, ast.ClassDef)
    return [node.name for node in tree.body if isinstance(node, kinds) and not node.name.startswith("_")]


def _offered(module: Any) -> Mapping[str, Any]:
    """What can be called in a module or class; what a module defines itself comes first."""
    names = {name: getattr(module, name, None) for name in dir(module) if not name.startswith("_")}
    held = {name: item for name, item in names.items() if callable(item)}
    mine = {name: item for name, item in held.items() if getattr(item, "__module__", None) == getattr(module, "__name__", "")}
    return mine or held


def _some(offered: Mapping[str, Any]) -> str:
    return f"; it has {', '.join(list(offered)[:NAMED])}" if offered else ""


def _told(module: ModuleType, target: Target) -> str:
    return target.place if target.is_file else f"module `{module.__name__}`"


def _installed(module: ModuleType) -> str:
    """That a module is none of the user's, where it is none."""
    file = getattr(module, "__file__", None)
    named = "built in" if file is None and not getattr(module, "__path__", None) else file
    return f": it is {named}, which comes before modules of your own" if named and not _is_own(str(named)) else ""


def _is_own(file: str) -> bool:
    return any(file.startswith(entry) for entry in own())
