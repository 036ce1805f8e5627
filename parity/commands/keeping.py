"""Owns the commands that keep house: clean, schema. It refuses to remove and to describe: parity.verbs does."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from parity.commands.options import STORE


@click.command()
@STORE
@click.option("--yes", is_flag=True, help="Remove it. Without it: only say what lies there.")
def clean(store: Path | None, yes: bool) -> int:
    """Show where the store lies and what it takes; --yes removes it."""
    from parity.verbs import clean as verb

    return verb.main(store, yes)


@click.command()
def schema() -> int:
    """Print the JSON schema of the files that --json and --format json write."""
    from parity.verbs import schema as verb

    return verb.main()
