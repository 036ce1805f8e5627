"""Owns `parity list`: the names of all that parity has, by kind, and the architectures of a family.

It refuses to load more than the user asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from parity.documents.tables import DataTable
from parity.errors import UsageError
from parity.spec.mistakes import did_you_mean, short
from parity.trials.options import DEVICES, DTYPES, MODES, SIZES
from parity.verbs import terminal
from parity.verbs.terminal import columns, tables

if TYPE_CHECKING:
    from parity.documents.table_results import Tabled


def _specs(kind: str) -> Callable[[], list[str]]:
    def names() -> list[str]:
        from parity.spec import specs

        return list(specs.names(kind))

    return names


def _ops(*kinds: str) -> Callable[[], list[str]]:
    def names() -> list[str]:
        from parity.ops import TABLE, kind_of

        return sorted(op for op in TABLE if kind_of(op) in kinds)

    return names


def _frameworks() -> list[str]:
    from parity.execution.frameworks import names

    return list(names())


def _datasets() -> list[str]:
    from parity.trials.datasets import DATASETS

    return sorted(DATASETS)


def _families() -> list[str]:
    from parity.spec import specs

    return list(specs.families())


def _members(family: str) -> list[str]:
    from parity.spec import specs

    return list(specs.family(family))


def _second(kind: str) -> Callable[[], list[str]]:
    def names() -> list[str]:
        from parity.trials.curvature import CURVED, NEWTON

        return list({"curvature": CURVED, "newton": tuple(NEWTON)}[kind])

    return names


WORDS: Mapping[str, tuple[str, ...]] = {"dtype": DTYPES, "device": DEVICES, "mode": MODES, "size": SIZES}
"""Option -> the words that it may have; a spec may name further sizes."""

KINDS: Mapping[str, Callable[[], list[str]]] = {
    "architectures": _specs("architectures"),
    "initializers": _specs("initializers"),
    "optimizers": _specs("optimizers"),
    "schedules": _specs("schedules"),
    "curvature": _second("curvature"),
    "newton": _second("newton"),
    "layers": _ops("layers"),
    "activations": _ops("activations"),
    "losses": _ops("losses"),
    "suites": _specs("suites"),
    "ops": _ops("layers", "activations", "losses"),
    "datasets": _datasets,
    "frameworks": _frameworks,
}

FAMILIES = "families"
"""A kind that is listed only by name, since every architecture must be read to find its family."""


def listed(kind: str | None = None) -> Tabled:
    """The names of one kind or family, or of all kinds: a row a name. Raises UsageError for a word that is neither."""
    from parity.documents.table_results import Tabled

    kinds = KINDS if kind is None else {kind: lambda: _names(kind)}
    rows = tuple((name, member) for name, find in kinds.items() for member in find())
    return Tabled(f"{len(rows)} names of {'all kinds' if kind is None else kind}", DataTable(("kind", "name"), rows))


def _names(kind: str) -> list[str]:
    specs = KINDS[kind]() if kind in KINDS else _families() if kind == FAMILIES else _members(kind)
    if not specs and kind not in KINDS:
        words = (*KINDS, FAMILIES, *_families())
        raise UsageError(f"no kind or family `{short(kind)}`{did_you_mean(kind, words)}; there are: {', '.join(words)}")
    return specs


def show_list(kind: str | None, how: str = "table") -> None:
    """Prints the names of one kind or family, one a line, or all kinds with theirs."""
    if how != "table":
        tables.write(listed(kind).table, how, "list")
        return
    if kind is not None:
        terminal.say("\n".join(_names(kind)))
        return
    for name, find in KINDS.items():
        line = columns.hanging(f"{name}  {'  '.join(find())}", columns.GAP, columns.width())
        terminal.write(terminal.styled(name, bold=True) + terminal.styled(line.removeprefix(name)))
