"""Owns the commands that keep house: clean, schema. It refuses to remove and to describe: parity.verbs does."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from parity.commands.options import STORE


@click.command()
@STORE
@click.option("--yes", is_flag=True, help="Delete the store. Without this option nothing is deleted.")
def clean(store: Path | None, yes: bool) -> int:
    """Show the path and the size of the store; --yes deletes it."""
    from parity.verbs import clean as verb

    return verb.main(store, yes)


@click.command()
def schema() -> int:
    """Print the JSON schema of the files that --json and --format json write."""
    from parity.verbs import schema as verb

    return verb.main()
