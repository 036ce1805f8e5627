"""Owns the question whether a name on the command line is an implementation of the protocol or builds a user's own model.

    python -m parity.execution.worker.target_kind TARGET

It runs in the framework's interpreter, and refuses to build: it looks at the name alone, and prints one word, or the sentence
for whoever typed a name that is not there.
"""

from __future__ import annotations

import inspect
import json
import os
import sys
from collections.abc import Sequence
from typing import Any

from parity.execution import own_path, own_target
from parity.execution.own_target import Mistyped

PROTOCOL, MODEL = "protocol", "model"
FORM, REFUSED = "form", "refused"


def form(target: Any, has_arguments: bool = False) -> str:
    """A class that realizes cases, or a function that takes one, is the protocol's; what takes nothing, or several arguments,
    gives a model, and so does what is called with arguments (asked); what is neither is a model itself."""
    if isinstance(target, type):
        return PROTOCOL if "realize" in dir(target) else MODEL
    if has_arguments or not (inspect.isroutine(target) or type(target).__name__ == "partial"):
        return MODEL
    needed = [parameter for parameter in inspect.signature(target).parameters.values() if parameter.default is parameter.empty]
    count = sum(parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD) for parameter in needed)
    return PROTOCOL if count == 1 else MODEL


def main(arguments: Sequence[str]) -> int:
    """Prints the answer as JSON. What cannot be imported is nobody's model: whoever runs it will say why."""
    own_path.extend()
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    try:
        answer = {FORM: form(own_path.find(arguments[0]), bool(own_target.parsed(arguments[0]).arguments))}
    except Mistyped as error:
        answer = {REFUSED: str(error)}
    except Exception:
        answer = {FORM: PROTOCOL}
    answers.write(json.dumps(answer))
    answers.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
