"""Owns what `parity doctor` knows: for each framework its interpreter and what the framework says of itself there.

It refuses to mend anything; it names the command that does. The framework is asked in a worker's process, never imported.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parity.execution import frameworks
from parity.execution.endings import of_process
from parity.execution.launcher import isolation
from parity.execution.launcher.environments import Environment, Unavailable, installed, override_variable

SECONDS = 300.0


@dataclass(frozen=True)
class Diagnosis:
    """description: the fields of protocol.Description, empty where there is none; reason, mend: then why, and a command."""

    framework: str
    interpreter: str = ""
    description: Mapping[str, Any] | None = None
    reason: str = ""
    mend: str = ""


def diagnose(names: Iterable[str] = ()) -> list[Diagnosis]:
    """One diagnosis a framework; of all of the table where none is named."""
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
    """What the framework says of itself, in a process of its own. Raises Unavailable where it cannot."""
    with tempfile.TemporaryDirectory(prefix="parity-") as place:
        directory = Path(place)
        own = frameworks.environment(environment.framework)
        command = [str(environment.interpreter), "-m", "parity.execution.worker", "--describe", environment.framework]
        try:
            done = subprocess.run(  # noqa: S603  no shell
                command,
                env=isolation.variables(directory, own),
                cwd=isolation.working_directory(directory),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Unavailable(f"{environment.framework} does not answer: {error}") from error
    if done.returncode:
        raise Unavailable(f"{environment.framework}: {of_process(done.returncode, done.stderr)[1]}")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found
