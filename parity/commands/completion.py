"""Owns `parity completion`: the shell's script, shown or put where the shell looks for it. It refuses to edit other files."""

from __future__ import annotations

import rich_click as click

SHELLS = ("bash", "zsh", "fish")


@click.group()
def completion() -> None:
    """Complete commands, options, specs and frameworks in the shell."""


@completion.command("show")
@click.argument("shell", type=click.Choice(SHELLS))
def show(shell: str) -> int:
    """Print the script of a SHELL."""
    from parity.verbs import completion as verb

    return verb.show(_source(shell))


@completion.command("install")
@click.argument("shell", type=click.Choice(SHELLS), required=False)
def install(shell: str | None) -> int:
    """Install the script where SHELL looks for it; without SHELL, for the shell that the variable SHELL names."""
    from parity.verbs import completion as verb

    named = verb.shell(shell, SHELLS)
    return verb.install(named, _source(named))


def _source(shell: str) -> str:
    """The script as click makes it, from the commands themselves."""
    from click.shell_completion import get_completion_class

    from parity.commands import parity

    made = get_completion_class(shell)
    if made is None:
        raise click.UsageError(f"there is no completion for {shell}")
    completer = made(parity, {}, "parity", "_PARITY_COMPLETE")
    return completer.source_template % completer.source_vars()
