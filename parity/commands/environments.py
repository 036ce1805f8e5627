"""Owns the commands of `parity env`. It refuses to compute: every command hands its options to parity.verbs."""

from __future__ import annotations

import rich_click as click

from parity.commands import words
from parity.verbs.passing import PASS_ENV


@click.group()
def env() -> None:
    """Build, list and remove the environments of the frameworks."""


@env.command("build")
@click.argument("frameworks", nargs=-1, required=True, type=words.FRAMEWORK)
@PASS_ENV
def env_build(frameworks: tuple[str, ...]) -> int:
    """Build the environment of each FRAMEWORK from packages with pinned versions."""
    from parity.verbs import environments

    return environments.build(frameworks)


@env.command("list")
def env_list() -> int:
    """List the environments and their paths."""
    from parity.verbs import environments

    return environments.show()


@env.command("remove")
@click.argument("framework", type=words.FRAMEWORK)
def env_remove(framework: str) -> int:
    """Remove the environments of FRAMEWORK."""
    from parity.verbs import environments

    return environments.remove(framework)
