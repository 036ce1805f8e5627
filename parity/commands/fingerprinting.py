"""Owns the command that names the formula of a framework's object. It refuses to find the formula: parity.verbs does."""

from __future__ import annotations

from typing import Any

import rich_click as click

from parity.commands import words
from parity.commands.options import DRIVING, FINGERPRINTED, JSON
from parity.verbs.pass_env import PASS_ENV


@click.command()
@click.argument("target", metavar="OBJECT")
@click.option(
    "--framework",
    "-f",
    default=None,
    type=words.FRAMEWORK,
    help=f"The framework of OBJECT, if the import path does not show it: {DRIVING}.",
)
@click.option(
    "--set", "settings", multiple=True, metavar="NAME=VALUE", help="Pass an argument to OBJECT: nesterov=true. May be repeated."
)
@click.option(
    "--as", "kind", type=click.Choice(FINGERPRINTED), default=None, help="The kind of OBJECT, if the name does not show it."
)
@JSON
@PASS_ENV
def fingerprint(**options: Any) -> int:
    """Find the formula that OBJECT follows: torch.optim.Adam, keras.layers.BatchNormalization, your own: torch=mine:Mine."""
    from parity.verbs import fingerprint as verb

    return int(verb.main(**options))
