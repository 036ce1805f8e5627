"""Owns the commands of `parity env`. It refuses to compute: every command hands its options to parity.verbs."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from parity.commands import words
from parity.verbs.pass_env import PASS_ENV


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


@env.command("add")
@click.argument("framework")
@click.argument("packages", nargs=-1, required=True, metavar="PACKAGE…")
@PASS_ENV
def env_add(framework: str, packages: tuple[str, ...]) -> int:
    """Install packages that your models need beside FRAMEWORK, and keep its pinned versions: timm, transformers, ./mylib."""
    from parity.verbs import environments

    return environments.add(framework, packages)


@env.command("list")
def env_list() -> int:
    """List the environments and their paths."""
    from parity.verbs import environments

    return environments.show()


@env.command("measure")
@click.argument("frameworks", nargs=-1, required=True)
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("reports/data/installs.json"),
    show_default=True,
    help="The record; what it holds of other frameworks stays.",
)
def env_measure(frameworks: tuple[str, ...], output: Path) -> int:
    """Records what each built environment takes: size, packages, Python's range, import time."""
    from parity.verbs import environments

    return environments.measure(frameworks, output)


@env.command("remove")
@click.argument("framework", type=words.FRAMEWORK)
def env_remove(framework: str) -> int:
    """Remove the environments of FRAMEWORK."""
    from parity.verbs import environments

    return environments.remove(framework)
