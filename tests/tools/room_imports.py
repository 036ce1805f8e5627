"""Reads the imports between rooms of the package from the source, and prints the lines of the table in docs/design.md.

python tests/tools/room_imports.py
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

from package_imports import imports, sources

PROCESSES = ("worker", "launcher", "own_model")


def room(module: str) -> str:
    """The room of a module: `parity.execution.worker.tasks` -> `execution/worker`; `parity.torch_impl.layers` -> `NAME_impl`; a
    file outside of any folder is its own room."""
    parts = [*module.split(".")[1:], ""]
    if parts[0] == "execution" and parts[1] in PROCESSES:
        return f"execution/{parts[1]}"
    if parts[0].endswith("_impl") and parts[0] != "reference_impl":
        return "NAME_impl"
    return parts[0] or "__init__"


def imported() -> Mapping[str, tuple[str, ...]]:
    """Room -> sorted names of the other rooms that its modules import anywhere."""
    every = sources()
    found: dict[str, set[str]] = {}
    for module in every:
        own = found.setdefault(room(module), set())
        own |= {room(name) for name in imports(module, every) if name in every} - {room(module), "__init__"}
    return {name: tuple(sorted(rooms)) for name, rooms in sorted(found.items()) if name != "__init__"}


def lines() -> list[str]:
    """The rows of the table."""
    return [
        f"| `{name}` | {', '.join(f'`{one}`' for one in rooms) or 'nothing of the package'} |"
        for name, rooms in imported().items()
    ]


if __name__ == "__main__":
    sys.stdout.write("\n".join(lines()) + "\n")
