"""Owns what is asked of a comparison beside its models: with which weights they run, and from which files.

It refuses to open a file of weights: the framework's own process does, in its safe mode.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from parity.errors import UsageError
from parity.execution.own_target import near
from parity.spec.mistakes import short
from parity.verbs import native_files
from parity.verbs.compare import spec_side
from parity.verbs.compare.printing import WEIGHTS

NONE = "-"
"""In the place of a file: this model keeps what it begins with."""


def checkpoints_of(named: Sequence[tuple[str, str]], files: Sequence[Path]) -> list[Path | None]:
    """The file of each side, in their order; a spec has none. Raises UsageError where they do not fit one another."""
    models = [place for place, (framework, _) in enumerate(named) if framework != spec_side.SPEC]
    checkpoints: list[Path | None] = [None] * len(named)
    if files and len(files) != len(models):
        raise UsageError(
            f"{len(files)} files of weights for {len(models)} models: give --checkpoint once for each, `-` for none"
        )
    for place, file in zip(models, files, strict=False):
        if str(file) == NONE:
            continue
        path = Path(file).expanduser()
        if not path.is_file():
            raise UsageError(f"--checkpoint {short(str(file))}: there is no such file; `-` stands for a model without one")
        native_files.verified(named[place][0], path)
        checkpoints[place] = path
    return checkpoints


def weights_of(named: Sequence[tuple[str, str]], stated: str | None, files: Sequence[Path | None]) -> str:
    """`own` or `drawn`. Raises UsageError for another word, and where what is asked cannot be."""
    if stated is not None and stated not in WEIGHTS:
        raise UsageError(f"there are no weights `{short(stated)}`; there are {', '.join(WEIGHTS)}{near(stated, WEIGHTS)}")
    loaded = any(file is not None for file in files)
    if loaded and stated == "drawn":
        raise UsageError(
            "--weights drawn puts numbers of parity's in the place of what --checkpoint loads: leave one of them out"
        )
    chosen = stated or ("own" if loaded else "drawn")
    if chosen == "own" and any(framework == spec_side.SPEC for framework, _ in named):
        raise UsageError("a spec has no weights of its own: name two models, or leave --weights own and --checkpoint out")
    return chosen
