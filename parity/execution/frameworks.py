"""Owns the table of frameworks: name -> package and variants. One line per framework.

It refuses to import any of them (`implementations.py` does), and to guess names that the table does not hold.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

DEFAULTS, DRIVERS, FRAMEWORK = "defaults", "natives", "framework"
ANSWERS = ("answers", "edges", "windows", "calls", "steps", "arithmetic")
LOADED = (FRAMEWORK, DEFAULTS, *ANSWERS, DRIVERS)
"""Modules of an implementation that the worker imports by their names (`implementations.py`)."""

NAME = re.compile(r"(?P<framework>[a-z0-9_]+)(\[(?P<variant>[a-z0-9_]+)\])?")


@dataclass(frozen=True)
class Variant:
    """One way to have a framework. environment: variables that must be set before its import."""

    name: str
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """A framework: its implementation's package, and its variants, the first of which is meant where none is named.

    trains: False where it runs models forward and nothing else. Such a framework is asked by name alone, and judged by its
    forward passes in evaluation mode (parity.trials.networks.forward_only).
    """

    package: str
    variants: tuple[Variant, ...]
    trains: bool = True


TABLE = {
    "keras": Entry("parity.keras_impl", (Variant("tensorflow", {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2"}),)),
    "torch": Entry("parity.torch_impl", (Variant("torch"),)),
    "mxnet": Entry("parity.mxnet_impl", (Variant("mxnet"),)),
    "onnx": Entry("parity.onnx_impl", (Variant("onnxruntime"),), trains=False),
}


def find(name: str) -> tuple[str, Entry, Variant]:
    """`keras` or `keras[jax]` -> framework, its entry, the variant. Raises ValueError with the names there are."""
    match = NAME.fullmatch(name)
    if match and match["framework"] in TABLE:
        entry = TABLE[match["framework"]]
        wanted = match["variant"] or entry.variants[0].name
        for variant in entry.variants:
            if variant.name == wanted:
                return match["framework"], entry, variant
    raise ValueError(f"there is no framework {name!r}; there are {', '.join(names())}")


def names() -> tuple[str, ...]:
    """Every framework and, where it has several, every further variant."""
    found = []
    for name, entry in TABLE.items():
        found += [name, *(f"{name}[{variant.name}]" for variant in entry.variants[1:])]
    return tuple(found)


def training() -> tuple[str, ...]:
    """Those of them that train: the frameworks that are meant where none is named."""
    return tuple(name for name in names() if trains(name))


def trains(name: str) -> bool:
    """Whether a framework trains. A name that the table lacks is a realization of one's own, which does."""
    return name not in names() or find(name)[1].trains


def environment(name: str, realization: str | None = None) -> Mapping[str, str]:
    """Variables that must be set before the import. A realization of one's own may bear a name that the table lacks."""
    if realization is not None and name not in names():
        return {}
    return find(name)[2].environment
