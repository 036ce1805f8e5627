"""Owns `parity list`: what there is, by kind. It refuses to load more than the kind asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rich.console import Console

from parity.verbs.errors import UsageError


def _specs(kind: str) -> Callable[[], list[str]]:
    def names() -> list[str]:
        from parity.spec import specs

        return list(specs.names(kind))

    return names


def _ops() -> list[str]:
    from parity.ops import TABLE

    return sorted(TABLE)


def _frameworks() -> list[str]:
    from parity.execution.frameworks import names

    return list(names())


def _datasets() -> list[str]:
    from parity.execution.datasets import DATASETS

    return sorted(DATASETS)


KINDS: Mapping[str, Callable[[], list[str]]] = {
    "architectures": _specs("architectures"),
    "initializers": _specs("initializers"),
    "optimizers": _specs("optimizers"),
    "losses": _specs("losses"),
    "suites": _specs("suites"),
    "ops": _ops,
    "datasets": _datasets,
    "frameworks": _frameworks,
}


def show_list(kind: str | None) -> None:
    """Prints the names of one kind, one a line, or all kinds with theirs."""
    if kind is not None and kind not in KINDS:
        raise UsageError(f"no kind `{kind}`; there are: {', '.join(KINDS)}")
    console = Console()
    if kind is not None:
        for name in KINDS[kind]():
            console.print(name, highlight=False, markup=False)
        return
    for name, find in KINDS.items():
        console.print(f"[bold]{name}[/]  {'  '.join(find())}", highlight=False)
