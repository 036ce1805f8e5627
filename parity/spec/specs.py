"""Owns the frozen specs and how they are found: by name among the package's specs, or by path to the user's own file.

It refuses to hand out a spec with a mistake: SpecError carries all mistakes of the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from parity.spec.architectures import Architecture
from parity.spec.mistakes import Mistake, Place, SpecError, did_you_mean, short
from parity.spec.models import NAME, build
from parity.spec.rules import Initializer, Optimizer, Schedule, mistakes_beside
from parity.spec.source import Document, read_file, read_text
from parity.spec.suites import Suite

__all__ = [
    "KINDS",
    "Architecture",
    "Initializer",
    "Optimizer",
    "Schedule",
    "Spec",
    "SpecError",
    "Suite",
    "families",
    "family",
    "load",
    "names",
    "parse",
]

Spec = Architecture | Initializer | Optimizer | Schedule | Suite

KINDS: Mapping[str, type[Spec]] = {
    "architectures": Architecture,
    "initializers": Initializer,
    "optimizers": Optimizer,
    "schedules": Schedule,
    "losses": Architecture,
    "suites": Suite,
}
"""Folder -> model. A loss is an architecture with a `training` part alone."""


def folder() -> Path:
    """The folder of the package's specs: beside the modules in a wheel, at the root of a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_specs"
    return installed if installed.is_dir() else package.parent / "specs"


def names(kind: str) -> tuple[str, ...]:
    """The names of the package's specs of one kind, sorted."""
    if kind not in KINDS:
        raise KeyError(f"no kind {kind!r}; there are {', '.join(KINDS)}")
    return tuple(sorted(path.stem for path in (folder() / kind).glob("*.yaml")))


def family(word: str) -> tuple[str, ...]:
    """The architectures of a family (`family: residual` in their files), or none. The name of a spec is never a family."""
    if "/" in word or "." in word or any(word in names(kind) for kind in KINDS):
        return ()
    return families().get(word, ())


def families() -> dict[str, tuple[str, ...]]:
    """Every family with its architectures, both sorted. An architecture whose file names no family is in none."""
    files = [folder() / "architectures" / f"{name}.yaml" for name in names("architectures")]
    return dict(_families(tuple((str(path), path.stat().st_mtime_ns) for path in files)))


@lru_cache(maxsize=2)
def _families(stamps: tuple[tuple[str, int], ...]) -> Mapping[str, tuple[str, ...]]:
    """The families, read again only if a file has changed. stamps: every file and the time of its last change."""
    by_family: dict[str, tuple[str, ...]] = {}
    for name in (Path(file).stem for file, _ in stamps):
        spec = load(f"architectures/{name}")
        if isinstance(spec, Architecture) and spec.family:
            by_family[spec.family] = (*by_family.get(spec.family, ()), name)
    return dict(sorted(by_family.items()))


def load(reference: str) -> Spec:
    """A spec by its name (`lenet`), kind and name (`initializers/constant`), or path (`./mine.yaml`)."""
    path, kind = _find(reference)
    spec = _parse(read_file(path), kind)
    if kind is not None and spec.name != path.stem:
        raise SpecError([Mistake(spec.place("name"), f"the file is called {path.stem}, the spec `{spec.name}`")])
    return spec


def parse(text: str, file: str = "spec.yaml") -> Spec:
    """A spec from its text."""
    return _parse(read_text(text, file), None)


def _find(reference: str) -> tuple[Path, str | None]:
    """The file of a spec, and its kind if it is one of the package's."""
    if reference.endswith((".yaml", ".yml")):
        return Path(reference), None
    kind, _, name = reference.rpartition("/")
    where = [kind] if kind in KINDS else list(KINDS) if not kind else []
    for word in where:
        if NAME.fullmatch(name) and (folder() / word / f"{name}.yaml").is_file():
            return folder() / word / f"{name}.yaml", word
    references = [f"{name}/{other}" if kind else other for name in KINDS for other in names(name)]
    close = did_you_mean(reference, references) or "; `parity list` shows what there is, and a file of your own ends in .yaml"
    raise SpecError([Mistake(Place(""), f"no spec is called `{short(reference)}`{close}")])


def _kind_of(document: Document) -> type[Spec]:
    """The kind of a user's own file, found by the key that only this kind has."""
    table = document.table
    if "update" in table:
        return Optimizer
    if "factor" in table:
        return Schedule
    if "distribution" in table:
        return Initializer
    return Suite if "entries" in table else Architecture


def _parse(document: Document, kind: str | None) -> Spec:
    model = KINDS[kind] if kind is not None else _kind_of(document)
    spec, mistakes, left_out = build(model, document)
    if isinstance(spec, Architecture):
        spec._left_out = left_out
    if spec is not None:
        mistakes += spec.mistakes()
    elif model is Initializer:
        mistakes += mistakes_beside(document.table, document.table.places)
    if not mistakes and spec is not None:
        return spec
    if isinstance(spec, Architecture):
        from parity.spec.expansion import find_mistakes

        mistakes += find_mistakes(spec)
    raise SpecError(mistakes)
