"""Owns the table of kinds of native objects: their inputs, and the functions that name them. It refuses to drive anything."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from parity.fingerprinting.forms import (
    alignments,
    attention,
    convolutions,
    draws,
    gates,
    normalizations,
    reductions,
    resizing,
    rounds,
    transposed,
    windows,
)
from parity.fingerprinting.forms.form import TOLERANCES, Arrays, Facet, homogeneous, identify

Naming = Callable[[Arrays, str], list[Facet]]

LIBRARIES: Mapping[str, tuple[Arrays, rounds.Library]] = {
    "normalization": (normalizations.INPUTS, normalizations.library),
    "pooling": (windows.POOLED, homogeneous(windows.POOLED, windows.library)),
    "transposed_convolution": (transposed.INPUTS, homogeneous(transposed.INPUTS, transposed.library)),
    "convolution": (convolutions.INPUTS, homogeneous(convolutions.INPUTS, convolutions.library)),
    "recurrent": (gates.INPUTS, gates.library),
    "resizing": (resizing.INPUTS, homogeneous(resizing.INPUTS, resizing.library)),
    "attention": (attention.INPUTS, attention.library),
    "ctc": (alignments.INPUTS, alignments.library),
    "loss": (reductions.INPUTS, reductions.library),
}
"""Kind -> its inputs, and the function from results and inputs to the closed forms of each facet."""


def _naming(kind: str) -> Naming:
    inputs, library = LIBRARIES[kind]

    def named(arrays: Arrays, dtype: str) -> list[Facet]:
        facets = []
        for about, forms in library(arrays, inputs).items():
            facet = identify(about, forms, arrays, dtype, rounds.blind(arrays, forms))
            facets.append(rounds.held(kind, facet, arrays, library, TOLERANCES[facet.precision]) if facet.names else facet)
        return reductions.either(facets) if kind == "loss" else facets

    return named


KINDS: Mapping[str, tuple[Arrays, Naming]] = {
    "initializer": (draws.INPUTS, draws.named),
    **{kind: (rounds.round_inputs(kind), _naming(kind)) for kind in LIBRARIES},
}
"""Kind -> its inputs, and the function that names an object by its results."""

WORDS: Mapping[str, str] = {
    "initializer": r"\.init(ializers?)?[.:]",
    "optimizer": r"optim",
    "normalization": r"norm\w*$",
    "pooling": r"pool\w*$",
    "transposed_convolution": r"conv\w*transpose\w*$|transposed?_?conv\w*$",
    "convolution": r"conv\w*$",
    "recurrent": r"(lstm|gru|rnn)$",
    "resizing": r"(upsampl|resiz|interpolat)\w*$",
    "attention": r"attention\w*$|_qk$",
    "ctc": r"ctc\w*$",
    "loss": r"(loss|error|entropy|hinge|huber|poisson|divergence|similarity|cosh)\w*$",
}
"""Kind -> pattern of its import paths. The first pattern that fits decides; if none fits, the object is an optimizer."""


def kind_of(path: str) -> str:
    """The likely kind of an object. It decides which driver runs, never the name that the object gets."""
    return next((kind for kind, words in WORDS.items() if re.search(words, path.lower())), "optimizer")
