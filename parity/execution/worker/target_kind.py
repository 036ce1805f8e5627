"""Owns what a name on the command line builds: an implementation of the protocol, or a model of the user's own.

    python -m parity.execution.worker.target_kind PACKAGE.MODULE:NAME

It runs in the framework's interpreter, and refuses to build: it looks at the name alone, and prints one word.
"""

from __future__ import annotations

import inspect
import json
import os
import sys
from collections.abc import Sequence
from typing import Any

from parity.execution import own_path

PROTOCOL, MODEL = "protocol", "model"


def form(target: Any) -> str:
    """A class that realizes cases, or a function that takes one, is the protocol's; what takes nothing gives a model."""
    if isinstance(target, type):
        return PROTOCOL if "realize" in dir(target) else MODEL
    needed = [parameter for parameter in inspect.signature(target).parameters.values() if parameter.default is parameter.empty]
    return (
        PROTOCOL
        if any(parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD) for parameter in needed)
        else MODEL
    )


def main(arguments: Sequence[str]) -> int:
    """Prints the word as JSON. What cannot be imported is nobody's model: whoever runs it will say why."""
    own_path.extend()
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    try:
        found = form(own_path.find(arguments[0]))
    except Exception:
        found = PROTOCOL
    answers.write(json.dumps(found))
    answers.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
