"""Owns the group of all commands, which remembers what was typed. It refuses to know the commands."""

from __future__ import annotations

import shlex
from typing import Any

import rich_click as click

from parity.verbs.terminal import verbosity


class Root(click.RichGroup):
    """The commands; remembers what was typed, which results tell."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        typed = shlex.join([info_name or "parity", *args])
        context = super().make_context(info_name, args, parent, **extra)
        context.meta[verbosity.COMMAND] = typed
        return context
