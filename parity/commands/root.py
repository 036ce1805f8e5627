"""Owns the group of all commands, which remembers what was typed. It refuses to know the commands."""

from __future__ import annotations

import shlex
from difflib import get_close_matches
from typing import Any

import rich_click as click

from parity.verbs.terminal import verbosity

ELSEWHERE = {
    "test": "check",
    "verify": "check",
    "judge": "check",
    "diff": "compare",
    "install": "env",
    "build": "env",
    "time": "bench",
}
"""Words that people type -> the command that does it."""


class Root(click.RichGroup):
    """The commands; remembers what was typed, which results tell."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        typed = shlex.join([info_name or "parity", *args])
        context = super().make_context(info_name, args, parent, **extra)
        context.meta[verbosity.COMMAND] = typed
        return context

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is typed. Raises UsageError, with the command that is probably meant, for a word that is none."""
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            near = get_close_matches(ELSEWHERE.get(name.lower(), name.lower()), self.list_commands(ctx), 1)
            close = f"; did you mean `parity {near[0]}`?" if near else ""
            ctx.fail(f"there is no command `{name[:60]}`{close}")
        return super().resolve_command(ctx, args)
