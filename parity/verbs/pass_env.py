"""Owns `--pass-env NAME`: further environment variables that a user's code and its framework may see.

It refuses to read their values: parity.execution.launcher.isolation hands them on.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence

import rich_click as click

from parity.errors import UsageError
from parity.execution.launcher.isolation import PASS

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def passing(names: Sequence[str]) -> Callable[[], None]:
    """Passes these variables to every process that is started from now on. Gives a function that undoes this. Raises UsageError
    for a text that is no variable's name."""
    for name in names:
        if not NAME.fullmatch(name):
            raise UsageError(f"`--pass-env {name[:40]}` is no name of a variable: write the name alone, without its value")
    before = os.environ.get(PASS)

    def back() -> None:
        if before is None:
            os.environ.pop(PASS, None)
        else:
            os.environ[PASS] = before

    os.environ[PASS] = ",".join([*filter(None, [before]), *names])
    return back


def _pass(context: click.Context, _: click.Parameter, names: tuple[str, ...]) -> None:
    if names:
        context.call_on_close(passing(names))


PASS_ENV = click.option(
    "--pass-env",
    multiple=True,
    expose_value=False,
    callback=_pass,
    metavar="NAME",
    help="Pass an environment variable, such as HF_TOKEN, to the processes of the frameworks.",
)
