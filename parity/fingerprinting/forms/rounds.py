"""Owns the further rounds that test the name of a native object: large and small numbers, other signs, other shapes.

It refuses to tell forms apart: the first round does, at inputs that separate them. A change of behaviour outside of these
rounds cannot be seen; the inputs that they cover are shown beside the name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from parity.execution.names import FURTHER, KNOWN, lies_under, put_under, under
from parity.fingerprinting.coverage import RoundCoverage, of_round
from parity.fingerprinting.forms import (
    alignments,
    attention,
    convolutions,
    gates,
    normalizations,
    reductions,
    resizing,
    transposed,
    windows,
)
from parity.fingerprinting.forms.form import Array, Arrays, Facet, Form, explains, known_everywhere

Library = Callable[[Arrays, Arrays], Mapping[str, Sequence[Form]]]

SINGLE, NUDGED = "in float32", "nudged"
NUDGE = 2.0**-28
"""Relative change of inputs, rounded to float32, in the round `nudged`: a 16th of float32's spacing."""
BLIND = 0.5
"""The least share of non-zero results that a nudge leaves equal bit for bit, for an object that computes in float32."""

LARGE, SMALL = 2.0**17, 2.0**-17
"""Factors of inputs: they make a cut at 1e4 or 1e5 visible. They are powers of two, so that no product rounds."""


def scaled(inputs: Arrays, names: Sequence[str], factor: float) -> dict[str, Array]:
    return {name: inputs[name] * factor for name in names}


def nudged(inputs: Arrays, names: Sequence[str]) -> dict[str, dict[str, Array]]:
    """Inputs rounded to float32, and the same inputs moved up and down in turn."""
    single = {name: inputs[name].astype(np.float32).astype(np.float64) for name in names}
    turns = {
        name: np.where(np.arange(array.size).reshape(array.shape) % 2, 1 + NUDGE, 1 - NUDGE) for name, array in single.items()
    }
    return {SINGLE: single, NUDGED: {name: array * turns[name] for name, array in single.items()}}


NUMBERS = np.random.RandomState(31)
_NORM, _LOSS = normalizations.INPUTS, reductions.INPUTS
_ROWS = {kind: tuple(name for name in inputs if name not in ("kernel", "block", "grouped", "depthwise"))
         for kind, inputs in (("pooling", windows.POOLED), ("convolution", convolutions.INPUTS),
                              ("transposed_convolution", transposed.INPUTS), ("resizing", resizing.INPUTS))}  # fmt: skip
MOVED: Mapping[str, tuple[Arrays, tuple[str, ...]]] = {
    "normalization": (_NORM, ("x",)),
    "pooling": (windows.POOLED, _ROWS["pooling"]),
    "convolution": (convolutions.INPUTS, _ROWS["convolution"]),
    "transposed_convolution": (transposed.INPUTS, _ROWS["transposed_convolution"]),
    "recurrent": (gates.INPUTS, ("x",)),
    "resizing": (resizing.INPUTS, _ROWS["resizing"]),
    "attention": (attention.INPUTS, ("query", "key", "value")),
    "ctc": (alignments.INPUTS, ("scores",)),
    "loss": (_LOSS, ("prediction",)),
}
"""Kind -> its inputs, and the names of the inputs that are data."""


def _placed(places: tuple[int, ...], examples: int = 6) -> dict[str, Array]:
    shape = (examples, 4, *places)
    return {"x": NUMBERS.standard_normal(shape) * normalizations.CHANNELS[:, None, None] + 0.5}


def _shares(spread: float) -> Array:
    """Probabilities of 3 examples, some of them small."""
    numbers = np.exp(NUMBERS.uniform(-spread, spread, (3, 4)))
    return np.asarray(numbers / numbers.sum(1, keepdims=True))


ROUNDS: Mapping[str, Mapping[str, Arrays]] = {
    "normalization": {
        "large": scaled(_NORM, ("x", "gamma", "beta"), LARGE),
        "small": scaled(_NORM, ("x", "beta"), SMALL),
        "negative": {"x": -np.abs(_NORM["x"]) - 1},
        "one place": _placed((1, 1)),
        "one row": _placed((1, 5), 3),
        "many places": _placed((17, 13), 2),
    },
    **{kind: {"large": scaled(MOVED[kind][0], _ROWS[kind], LARGE), "small": scaled(MOVED[kind][0], _ROWS[kind], SMALL)}
       for kind in _ROWS},
    "recurrent": {
        "large": scaled(gates.INPUTS, ("x",), LARGE),
        "small": scaled(gates.INPUTS, ("x",), SMALL),
        "one step of one sequence": {"x": gates.INPUTS["x"][:1, :1]},
        "many steps": {"x": NUMBERS.standard_normal((3, 41, 2))},
    },
    "attention": {
        "large scores": scaled(attention.INPUTS, ("query",), LARGE),
        "large values": scaled(attention.INPUTS, ("value",), LARGE),
        "small": scaled(attention.INPUTS, ("query", "value"), SMALL),
    },
    "ctc": {"large": {"scores": alignments.INPUTS["scores"] * 2.0**8}},
    "loss": {
        "both signs": {"prediction": NUMBERS.standard_normal((3, 4)) * 4},
        "large": {"prediction": NUMBERS.standard_normal((3, 4)) * LARGE, "real": NUMBERS.standard_normal((3, 4)) * 3 * LARGE},
        "small": {"prediction": _shares(6.0), "real": _LOSS["real"] * SMALL},
        "four axes": {"prediction": NUMBERS.uniform(0.05, 0.95, (2, 3, 1, 5)), "real": NUMBERS.standard_normal((2, 3, 1, 5)),
                      "binary": np.asarray(NUMBERS.uniform(size=(2, 3, 1, 5)) < 0.5, np.float64),
                      "distribution": NUMBERS.uniform(0.05, 0.95, (2, 3, 1, 5)),
            "signed": np.where(NUMBERS.uniform(size=(2, 3, 1, 5)) < 0.5, -1.0, 1.0)},
    },
}  # fmt: skip
"""Kind -> round -> the inputs that differ from the first round's."""


def round_inputs(kind: str) -> dict[str, Array]:
    """The inputs of the first round, and, under `further/<round>`, the inputs of each round that differ."""
    inputs, moved = MOVED[kind]
    every = {**nudged(inputs, moved), **ROUNDS[kind]}
    arrays = dict(inputs)
    for name, otherwise in every.items():
        arrays |= put_under(dict(otherwise), FURTHER, name)
    return arrays


FIRST = "values that separate"


def driven(kind: str, facets: Sequence[Facet]) -> list[RoundCoverage]:
    """The coverage of the rounds that tested the named facets, the first round first; empty for initializers."""
    if kind not in MOVED:
        return []
    inputs, moved = MOVED[kind]
    coverages = [of_round(FIRST, {name: inputs[name] for name in moved}, {})]
    for name, otherwise in ROUNDS[kind].items():
        data = {key: otherwise.get(key, inputs[key]) for key in dict.fromkeys((*moved, *otherwise))}
        coverages.append(of_round(name, data, {facet.about: facet.rounds[name] for facet in facets if name in facet.rounds}))
    return coverages


def seen_in(arrays: Arrays, name: str) -> dict[str, Array]:
    """The results of a further round under the names of the first round, and the known numbers."""
    inputs = {key: array for key, array in arrays.items() if lies_under(key, KNOWN)}
    return inputs | under(arrays, FURTHER, name)


def blind(arrays: Arrays, forms: Sequence[Form]) -> bool:
    """Whether an object gave the same bits for inputs that are equal in float32, in the results that these forms predict."""
    entry, other = under(arrays, FURTHER, SINGLE), under(arrays, FURTHER, NUDGED)
    names = {name for form in forms for name in form.expected if name in entry and name in other}
    pairs = [(np.asarray(entry[name]), np.asarray(other[name])) for name in names]
    moving = sum(int(np.sum(first != 0)) for first, _ in pairs)
    same = sum(int(np.sum((first == second) & (first != 0))) for first, second in pairs if first.shape == second.shape)
    return moving > 0 and same >= BLIND * moving


def held(kind: str, facet: Facet, arrays: Arrays, library: Library, tolerance: float) -> Facet:
    """A facet with the names that also explain every further round; a form without a number for a round is not judged there.

    The outcomes tell which rounds the object refused, and for which rounds no form of the facet has a number."""
    kept, departed, outcomes = list(facet.names), {}, {}
    for name, otherwise in ROUNDS[kind].items():
        came = seen_in(arrays, name)
        if not under(arrays, FURTHER, name):
            outcomes[name] = "refused"
            continue
        with np.errstate(all="ignore"):
            every = library({**came, **_counts(arrays, came)}, {**MOVED[kind][0], **otherwise}).get(facet.about, [])
        judged = 0
        for form in (form for form in every if form.name in kept and form.note == facet.note):
            if not any(key in came for key in form.expected) or not known_everywhere(form, came):
                continue
            judged += 1
            if not explains(form, came, tolerance):
                kept.remove(form.name)
                departed[form.name] = name
                outcomes[name] = "departs"
        outcomes.setdefault(name, "held" if judged else "not judged, the formula has no number there")
    return Facet(facet.about, tuple(kept), facet.precision if kept else "", facet.note, departed, outcomes)


def _counts(arrays: Arrays, came: Arrays) -> dict[str, Array]:
    """The numbers of gains, shifts, blocks and biases, taken from the first round."""
    return {
        key: arrays[key] for key in ("run/gains", "run/shifts", "run/blocks", "run/biases") if key in arrays and key not in came
    }
