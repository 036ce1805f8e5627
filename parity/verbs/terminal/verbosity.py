"""Owns how much a command says: `--quiet`, `--verbose`, or neither; and what was typed. It refuses to say anything.

A command runs alone in its process, so its volume is the process's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import rich_click as click

COMMAND = "parity.command"
"""Where click keeps the command line of this run."""


@dataclass
class Volume:
    """quiet: what passes is not told; verbose: every case is told as it ends."""

    quiet: bool = False
    verbose: bool = False


NOW = Volume()
Command = TypeVar("Command", bound=Callable[..., Any])


def begin() -> None:
    """A command begins: neither quiet nor verbose until an option says so."""
    NOW.quiet = NOW.verbose = False


def typed() -> str:
    """The command line as it was typed, for results; empty where Python called."""
    context = click.get_current_context(silent=True)
    return str(context.find_root().meta.get(COMMAND, "")) if context else ""


def _quiet(_: click.Context, __: click.Parameter, value: bool) -> None:
    NOW.quiet = value or NOW.quiet


def _verbose(_: click.Context, __: click.Parameter, value: bool) -> None:
    NOW.verbose = value or NOW.verbose


def options(command: Command) -> Command:
    """Adds --quiet and --verbose to a command."""
    quiet = click.option(
        "--quiet", "-q", is_flag=True, expose_value=False, callback=_quiet, help="Say only what does not pass; no progress."
    )
    verbose = click.option(
        "--verbose",
        "-v",
        is_flag=True,
        expose_value=False,
        callback=_verbose,
        help="Say each case as it ends, with its seconds.",
    )
    return quiet(verbose(command))
