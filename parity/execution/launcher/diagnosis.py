"""Owns the findings of `parity doctor`: each framework's interpreter, and the framework's description of itself in it.

It refuses to mend anything; it names the command that does. The framework is asked in a worker's process, never imported.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from parity.execution import frameworks
from parity.execution.launcher import isolation, supervisor_client
from parity.execution.launcher.environments import Environment, Unavailable, installed, override_variable
from parity.execution.launcher.supervisor_client import NoAnswer, Surroundings
from parity.execution.outcomes import of_process

SECONDS = 120.0
"""Seconds that a framework may take to be imported and to describe itself."""
MOST_BYTES, LONGEST_WORD = 1 << 22, 200


@dataclass(frozen=True)
class Diagnosis:
    """What was found for one framework. description: the fields of protocol.Description, empty if there is none; reason, mend:
    in that case, why, and the command that helps."""

    framework: str
    interpreter: str = ""
    description: Mapping[str, Any] | None = None
    reason: str = ""
    mend: str = ""


def diagnose(names: Iterable[str] = ()) -> list[Diagnosis]:
    """One diagnosis per named framework; of every framework of the table if none is named."""
    return [_diagnosis(name) for name in (tuple(names) or frameworks.names())]


def _diagnosis(name: str) -> Diagnosis:
    variable = override_variable(name)
    overridden = f"unset {variable}" if os.environ.get(variable) else ""
    try:
        environment = installed(name)
    except Unavailable as error:
        return Diagnosis(name, reason=str(error), mend=overridden or f"parity env build {name}")
    try:
        return Diagnosis(name, str(environment.interpreter), describe(environment))
    except Unavailable as error:
        mend = overridden or f"parity env remove {name} && parity env build {name}"
        return Diagnosis(name, str(environment.interpreter), reason=str(error), mend=mend)


def describe(environment: Environment) -> dict[str, Any]:
    """The framework's description of itself, from a process of its own. Raises Unavailable if it gives none."""
    name = environment.framework
    with supervisor_client.folder("parity-describe-") as place:
        variables = isolation.variables(place, frameworks.environment(name))
        surroundings = Surroundings(variables, isolation.working_directory(place), place / "worker.log", grace=0.0)
        command = [str(environment.interpreter.absolute()), "-m", "parity.execution.worker", "--describe", name]
        try:
            returncode, said = supervisor_client.ask(command, surroundings, SECONDS, MOST_BYTES)
        except NoAnswer as error:
            raise Unavailable(f"{name} does not answer: {error}") from error
        log = supervisor_client.tail_of(place / "worker.log")
    if returncode:
        raise Unavailable(f"{name}: {of_process(returncode, log)[1]}")
    try:
        return _description(supervisor_client.table(b"".join(said.strip().splitlines()[-1:])))
    except NoAnswer as error:
        raise Unavailable(f"{name} does not describe itself: {error}") from error


def _description(description: dict[str, Any]) -> dict[str, Any]:
    """The fields of protocol.Description. Raises NoAnswer if one is missing, or is no text of one line."""
    texts = {key: description.get(key) for key in ("name", "version", "default_mode")}
    lists = {key: description.get(key) for key in ("devices", "dtypes", "modes")}
    for key, value in lists.items():
        if not isinstance(value, list):
            raise NoAnswer(f"`{key}` is no list")
        texts |= {f"{key}[{place}]": item for place, item in enumerate(value)}
    for key, value in texts.items():
        if not isinstance(value, str) or not value.isprintable() or len(value) > LONGEST_WORD:
            raise NoAnswer(f"`{key}` is no word of at most {LONGEST_WORD} signs")
    return description
