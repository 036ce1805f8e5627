"""Owns the meaning of SPEC on the command line: a name, `all`, a kind, a family, or a path to the user's own YAML.

It refuses to expand anything: it returns parsed specs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from parity.errors import UsageError
from parity.spec import specs as language

KINDS = ("architectures", "initializers", "optimizers", "schedules")
OPS = ("layers", "activations", "losses")
SECOND = ("curvature", "newton")
"""Words for second derivatives; `curvature/lenet` asks for one network alone."""


@dataclass(frozen=True)
class Selection:
    """Specs by kind, each once, in the order asked for. ops: names of ops, whose own examples are judged.

    curved: networks for Hessian-vector products. convex: problems for Newton's method.
    """

    architectures: tuple[language.Architecture, ...] = ()
    initializers: tuple[language.Initializer, ...] = ()
    optimizers: tuple[language.Optimizer, ...] = ()
    schedules: tuple[language.Schedule, ...] = ()
    ops: tuple[str, ...] = ()
    curved: tuple[language.Architecture, ...] = ()
    convex: tuple[language.Architecture, ...] = ()

    def empty(self) -> bool:
        rules = (*self.initializers, *self.optimizers, *self.schedules)
        return not (self.architectures or rules or self.ops or self.curved or self.convex)


def select(wanted: Sequence[str]) -> Selection:
    """Reads and validates every spec that the words name. Raises SpecError (all errors of a file) or UsageError."""
    ops = _ops(wanted)
    specs = list({name: language.load(name) for name in _names(wanted)}.values())
    selection = Selection(
        architectures=tuple(spec for spec in specs if isinstance(spec, language.Architecture)),
        initializers=tuple(spec for spec in specs if isinstance(spec, language.Initializer)),
        optimizers=tuple(spec for spec in specs if isinstance(spec, language.Optimizer)),
        schedules=tuple(spec for spec in specs if isinstance(spec, language.Schedule)),
        ops=ops,
        curved=_second("curvature", wanted),
        convex=_second("newton", wanted),
    )
    if selection.empty():
        raise UsageError(f"nothing selected by {' '.join(wanted)}; `parity list` shows what there is", status=5)
    return selection


def files(wanted: Iterable[str]) -> dict[str, str]:
    """Name -> path, for each spec that is given by the path of the user's own YAML."""
    return {language.load(word).name: word for word in wanted if word.endswith((".yaml", ".yml"))}


def _names(wanted: Iterable[str]) -> list[str]:
    names: list[str] = []
    for word in wanted:
        if word == "all":
            names += [f"{kind}/{name}" for kind in KINDS for name in language.names(kind)]
        elif word in KINDS:
            names += [f"{word}/{name}" for name in language.names(word)]
        elif word not in (*OPS, *SECOND) and word.partition("/")[0] not in SECOND and not _op(word):
            names += language.family(word) or [word]
    return names


def _second(kind: str, wanted: Iterable[str]) -> tuple[language.Architecture, ...]:
    """The networks that `all`, `curvature` or `newton` stand for, and those given as `curvature/SPEC`."""
    from parity.trials.curvature import CURVED, NEWTON

    own = {"curvature": CURVED, "newton": tuple(NEWTON)}[kind]
    chosen: list[str] = []
    for word in wanted:
        chosen += own if word in ("all", kind) else [word.removeprefix(f"{kind}/")] if word.startswith(f"{kind}/") else []
    specs = [language.load(name) for name in dict.fromkeys(chosen)]
    for spec in specs:
        if not isinstance(spec, language.Architecture):
            raise UsageError(f"{kind} is asked of architectures; {spec.name} is none")
    return tuple(spec for spec in specs if isinstance(spec, language.Architecture))


def _ops(wanted: Iterable[str]) -> tuple[str, ...]:
    """All ops of a kind for `all`, `layers`, `activations`, `losses`, and single ops by name (`conv2d`, `layers/conv2d`)."""
    from parity.ops import TABLE, kind_of

    ops: list[str] = []
    for word in wanted:
        if word == "all" or word in OPS:
            ops += [op for op in TABLE if word in ("all", kind_of(op))]
        elif op := _op(word):
            ops.append(op)
    return tuple(dict.fromkeys(ops))


def _op(word: str) -> str:
    """The op that a word names, or an empty text. A spec of the same name goes first."""
    from parity.ops import TABLE, kind_of

    kind, _, name = word.rpartition("/")
    if name not in TABLE or kind not in ("", kind_of(name)):
        return ""
    return "" if not kind and any(name in language.names(kind) for kind in language.KINDS) else name


def initializer(name: str) -> language.Initializer:
    spec = language.load(f"initializers/{name}")
    assert isinstance(spec, language.Initializer)  # noqa: S101 - the folder holds nothing else
    return spec


def optimizer(name: str) -> language.Optimizer:
    spec = language.load(f"optimizers/{name}")
    assert isinstance(spec, language.Optimizer)  # noqa: S101 - the folder holds nothing else
    return spec
