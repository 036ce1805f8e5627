"""Owns the table of kinds of native objects: what goes into one, and who names what comes out. It refuses to drive anything."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from parity.judgement.natives import draws, gates, normalizations, reductions, resizing, windows
from parity.judgement.natives.form import Arrays, Facet, Form

Naming = Callable[[Arrays, str], list[Facet]]

KINDS: Mapping[str, tuple[Arrays, Naming]] = {
    "initializer": (draws.INPUTS, draws.named),
    "normalization": (normalizations.INPUTS, normalizations.named),
    "pooling": (windows.POOLED, windows.pooling),
    "convolution": (windows.CONVOLVED, windows.convolution),
    "recurrent": (gates.INPUTS, gates.named),
    "resizing": (resizing.INPUTS, resizing.named),
    "loss": (reductions.INPUTS, reductions.named),
}

FORMS: Mapping[str, Callable[[Arrays], Iterator[Form]]] = {
    "normalization": normalizations.forms,
    "pooling": windows.pools,
    "loss": lambda seen: reductions.forms(),
}
"""Kind -> the closed forms of an object that gave this, where they are arrays."""

WORDS: Mapping[str, str] = {
    "initializer": r"\.init(ializers?)?[.:]",
    "optimizer": r"optim",
    "normalization": r"norm\w*$",
    "pooling": r"pool\w*$",
    "convolution": r"conv\w*$",
    "recurrent": r"(lstm|gru|rnn)$",
    "resizing": r"(upsampl|resiz|interpolat)\w*$",
    "loss": r"(loss|error|entropy|hinge|huber|poisson|divergence|similarity|cosh)\w*$",
}
"""Kind -> what an import path of one looks like. The first that is found is meant; else it is an optimizer."""


def kind_of(path: str) -> str:
    """A guess that decides which driver runs, never what the object is found to do."""
    return next((kind for kind, words in WORDS.items() if re.search(words, path.lower())), "optimizer")
