"""Prints the table of docs/questions.md: which command and which device works with which framework, from the declared features.

    python tests/tools/command_table.py

It refuses to list a framework by hand: commands follow from `parity/execution/frameworks.py`, devices from each `device.py`.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from parity.execution.frameworks import ATLAS, FINGERPRINTS, OWN_MODELS, find, names, offers, trains  # noqa: E402

FEATURES = {
    ("atlas",): ATLAS,
    ("fingerprint",): FINGERPRINTS,
    ("compare", "check --realization"): OWN_MODELS,
}
EVERY = ("check", "weights import", "weights export")
TRAINING = ("bisect", "bench", "run", "weights check")
WRITER = "onnx"
"""The framework of `parity export`, whatever the user's framework is."""
DEVICES = ("cpu", "gpu", "tpu")


def able(command: str, framework: str) -> bool:
    """Whether a command accepts a framework."""
    for commands, feature in FEATURES.items():
        if command in commands:
            return offers(framework, feature) and trains(framework)
    return command in EVERY or (command in TRAINING and trains(framework)) or (command == "export" and framework == WRITER)


def devices(framework: str) -> tuple[str, ...]:
    """The kinds of device that an implementation can find: the words in the function `devices` of its `device.py`.

    An implementation of several variants has this file in a folder for each: `on_VARIANT/`.
    """
    _, entry, variant = find(framework)
    folder = ROOT / "parity" / entry.package.rpartition(".")[2]
    own = folder / f"on_{variant.name}" / "device.py"
    tree = ast.parse((own if own.exists() else folder / "device.py").read_text(encoding="utf-8"))
    (function,) = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "devices"]
    body = function.body[1:] if ast.get_docstring(function) else function.body
    words = {str(node.value).lower() for line in body for node in ast.walk(line) if isinstance(node, ast.Constant)}
    return tuple(kind for kind in DEVICES if kind in words)


def table() -> str:
    """The table in Markdown."""
    commands = (*EVERY, *TRAINING, *(command for group in FEATURES for command in group), "export")
    rows = [("", *(f"`{name}`" for name in names())), ("---",) * (len(names()) + 1)]
    rows += [(f"`{command}`", *("yes" if able(command, name) else "–" for name in names())) for command in commands]
    rows += [(f"`--device {kind}`", *("yes" if kind in devices(name) else "–" for name in names())) for kind in DEVICES]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows).replace("|  |", "| |")


if __name__ == "__main__":
    sys.stdout.write(f"{table()}\n")
