"""Owns the question whether a name on the command line is an implementation of the protocol or builds a user's own model.

    python -m parity.execution.worker.target_kind PACKAGE.MODULE:NAME

It runs in the framework's interpreter, and prints one word. It refuses to build: it looks only at the object and its signature.
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
    """PROTOCOL for a class with `realize` and for a function that needs an argument, such as a case; MODEL for anything
    else."""
    if isinstance(target, type):
        return PROTOCOL if "realize" in dir(target) else MODEL
    needed = [parameter for parameter in inspect.signature(target).parameters.values() if parameter.default is parameter.empty]
    return (
        PROTOCOL
        if any(parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD) for parameter in needed)
        else MODEL
    )


def main(arguments: Sequence[str]) -> int:
    """Prints the word as JSON. A name that cannot be imported counts as PROTOCOL; the process that runs it will say why."""
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
