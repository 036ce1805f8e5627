"""Owns what SPEC on the command line means: a name, `all`, a kind, a family, or a path to the user's own YAML.

It refuses to expand anything; it returns parsed specs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from parity.spec import specs as language
from parity.verbs.errors import UsageError

KINDS = ("architectures", "initializers", "optimizers")


@dataclass(frozen=True)
class Selection:
    """Specs by kind, each once, in the order asked for. `layers`: every op on its own."""

    architectures: tuple[language.Architecture, ...] = ()
    initializers: tuple[language.Initializer, ...] = ()
    optimizers: tuple[language.Optimizer, ...] = ()

    def empty(self) -> bool:
        return not (self.architectures or self.initializers or self.optimizers)


def select(wanted: Sequence[str]) -> Selection:
    """Reads and validates every spec that the words name. Raises SpecError (all errors of a file) or UsageError."""
    found: dict[str, dict[str, object]] = {kind: {} for kind in KINDS}
    for name in _names(wanted):
        spec = language.load(name)
        for kind, model in zip(KINDS, (language.Architecture, language.Initializer, language.Optimizer), strict=True):
            if isinstance(spec, model):
                found[kind][spec.name] = spec
    selection = Selection(**{kind: tuple(specs.values()) for kind, specs in found.items()})  # type: ignore[arg-type]
    if selection.empty():
        raise UsageError(f"nothing selected by {' '.join(wanted)}; `parity list` shows what there is", status=5)
    return selection


def _names(wanted: Iterable[str]) -> list[str]:
    names: list[str] = []
    for word in wanted:
        if word == "all":
            names += [f"{kind}/{name}" for kind in KINDS for name in language.names(kind)]
        elif word in KINDS:
            names += [f"{word}/{name}" for name in language.names(word)]
        else:
            names.append(word)
    return names
