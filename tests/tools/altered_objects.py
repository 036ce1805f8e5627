"""Norms, poolings, convolutions, recurrences, attention and losses in NumPy with one alteration each, as objects of a fake
framework. A fingerprint must not name them.

It refuses to share code with the closed forms.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from parity.execution.protocol import ProbeRequest
from parity.execution.worker import native_objects
from parity.fingerprinting.forms.form import Facet
from parity.fingerprinting.forms.kinds import KINDS
from parity.spec.cases import Case

Array = np.ndarray
Base = Callable[[Mapping[str, Array], ProbeRequest], dict[str, Any]]
"""Function from (inputs, request) to results."""


def _norm(axes: tuple[int, ...]) -> Base:
    def norm(given: Mapping[str, Array], asked: ProbeRequest) -> dict[str, Any]:
        x = given["x"]
        centred = x - x.mean(axes, keepdims=True)
        out = centred / np.sqrt((centred**2).mean(axes, keepdims=True) + asked.keywords["eps"])
        out = out * given["gamma"][:, None, None] + given["beta"][:, None, None]
        return {"training": out, "evaluation": out, "gains": 4.0, "shifts": 4.0}

    return norm


def _pool(reduce: Callable[[Array], Any]) -> Base:
    def pool(given: Mapping[str, Array], asked: ProbeRequest) -> dict[str, Any]:
        _only(asked, "plain")
        return {name: np.array([reduce(row[i : i + 3]) for i in range(0, len(row) - 2, 2)]) for name, row in given.items()}

    return pool


def _conv(given: Mapping[str, Array], asked: ProbeRequest) -> dict[str, Any]:
    _only(asked, "plain")
    kernel = given["kernel"][:3]
    rows = {name: row for name, row in given.items() if name in ("seven", "eight")}
    return {name: np.array([row[i : i + 3] @ kernel for i in range(len(row) - 2)]) for name, row in rows.items()}


def _resize(given: Mapping[str, Array], asked: ProbeRequest) -> dict[str, Any]:
    if asked.wanted["mode"] != "bilinear":
        raise ValueError("it has one mode")
    row, length = given["x"], int(asked.wanted["length"])
    places = (np.arange(length) + 0.5) * len(row) / length - 0.5
    return {"row": np.interp(places, np.arange(len(row)), row)}


def _rnn(given: Mapping[str, Array], asked: ProbeRequest) -> dict[str, Any]:
    hidden, steps = np.zeros((len(given["x"]), 3)), []
    for x in given["x"].swapaxes(0, 1):
        hidden = np.tanh(x @ given["kernel"][:3].T + hidden @ given["recurrent"][:3].T + given["bias"][:3])
        steps.append(hidden)
    return {"steps": np.stack(steps, 1), "blocks": 1.0, "biases": 1.0}


def _attention(given: Mapping[str, Array], asked: ProbeRequest) -> dict[str, Any]:
    _only(asked, "plain")
    scores = given["query"] @ given["key"].swapaxes(1, 2) / 2.0
    weights = np.exp(scores - scores.max(2, keepdims=True))
    return {"out": weights / weights.sum(2, keepdims=True) @ given["value"]}


def _loss(each: Callable[[Array, Array], Array], *targets: str) -> Base:
    def loss(given: Mapping[str, Array], asked: ProbeRequest) -> dict[str, Any]:
        _only(asked, *targets)
        return {"loss": each(given["prediction"], given[asked.setting]).mean()}

    return loss


def _only(asked: ProbeRequest, *settings: str) -> None:
    if asked.setting not in settings:
        raise ValueError(f"it takes no {asked.setting}")


def _huber(p: Array, t: Array) -> Array:
    d = abs(p - t)
    return np.asarray(np.where(d < 1, d * d / 2, d - 0.5))


def _softplus(p: Array, t: Array) -> Array:
    return np.asarray(np.maximum(p, 0) - p * t + np.log1p(np.exp(-abs(p))))


def _entropy(p: Array, t: Array) -> Array:
    top = p.max(-1, keepdims=True)
    return np.asarray(-(t * (p - top - np.log(np.exp(p - top).sum(-1, keepdims=True)))).sum(-1))


BASES: Mapping[str, tuple[str, Base, tuple[str, ...]]] = {
    "layer norm": ("normalization", _norm((1,)), ("x",)),
    "instance norm": ("normalization", _norm((2, 3)), ("x",)),
    "norm of examples": ("normalization", _norm((1, 2, 3)), ("x",)),
    "mean pooling": ("pooling", _pool(np.mean), ("seven", "eight")),
    "maximum pooling": ("pooling", _pool(np.max), ("seven", "eight")),
    "convolution": ("convolution", _conv, ("seven", "eight")),
    "resizing": ("resizing", _resize, ("x",)),
    "recurrence": ("recurrent", _rnn, ("x",)),
    "attention": ("attention", _attention, ("query", "value")),
    "squared error": ("loss", _loss(lambda p, t: (p - t) ** 2, "real", "binary", "signed", "distribution"), ("prediction",)),
    "absolute error": ("loss", _loss(lambda p, t: abs(p - t), "real", "binary", "signed", "distribution"), ("prediction",)),
    "Huber": ("loss", _loss(_huber, "real", "binary", "signed", "distribution"), ("prediction",)),
    "binary cross-entropy": ("loss", _loss(_softplus, "binary", "distribution"), ("prediction",)),
    "cross-entropy": ("loss", _loss(_entropy, "distribution"), ("prediction",)),
}
"""Object -> its kind, its function, and the names of the inputs that an alteration changes."""
Change = Callable[[Array], Array]


@dataclass(frozen=True)
class Altered:
    """An alteration. before: change of each input. after: change of each result, which also gets the first input. bases: the
    objects in which the alteration can be seen."""

    bases: tuple[str, ...]
    before: Change = lambda x: x
    after: Callable[[Array, Array], Array] = lambda y, x: y


NORMS, LOSSES = tuple(BASES)[:3], tuple(BASES)[9:]
LINEAR = ("mean pooling", "maximum pooling", "convolution", "resizing")
WIDE = ("squared error", "absolute error", "Huber", "binary cross-entropy")
ALTERATIONS: Mapping[str, Altered] = {
    "1.00005 times": Altered(tuple(BASES), after=lambda y, x: y * 1.00005),
    "a hundred-millionth more": Altered(tuple(BASES), after=lambda y, x: y * (1 + 1e-8)),
    "1.00005 times, in float32": Altered(tuple(BASES), after=lambda y, x: np.float64(np.float32(y) * np.float32(1.00005))),
    "inputs cut at 1e4": Altered((*NORMS, *LINEAR, *LOSSES, "attention"), before=lambda x: np.clip(x, -1e4, 1e4)),
    "inputs above 1e4 halved": Altered((*NORMS, *LINEAR, *LOSSES), before=lambda x: np.where(abs(x) > 1e4, x / 2, x)),
    "results cut at 1e4": Altered((*NORMS, *LINEAR, *WIDE, "attention"), after=lambda y, x: np.clip(y, -1e4, 1e4)),
    "inputs below 1e-5 are 0": Altered((*NORMS, *LINEAR, "recurrence"), before=lambda x: np.where(abs(x) < 1e-5, 0, x)),
    "negative inputs alone are read as positive": Altered(NORMS[::2], before=lambda x: abs(x) if (x < 0).all() else x),
    "inputs below -5 are read as -5": Altered((*WIDE, "cross-entropy"), before=lambda x: np.maximum(x, -5)),
    "one place left alone": Altered(NORMS, after=lambda y, x: x if x.shape[2:] == (1, 1) else y),
    "one row halved": Altered(NORMS, after=lambda y, x: y / 2 if x.shape[2] == 1 and x.shape[3] > 1 else y),
    "more than 100 places halved": Altered(NORMS, after=lambda y, x: y / (1 + (x[0, 0].size > 100))),
    "one step doubled": Altered(("recurrence",), after=lambda y, x: y * (1 + (y.ndim == 3 and y.shape[1] == 1))),
    "forgets after 20 steps": Altered(("recurrence",), after=lambda y, x: y * (np.arange(y.shape[1]) < 20)[:, None]),
    "four axes summed": Altered(WIDE, after=lambda y, x: y * (x.size if x.ndim == 4 else 1)),
}  # fmt: skip


@dataclass(frozen=True)
class NumPyObject:
    """A callable of the fake framework: it is made with its arguments, and `drive` drives it."""

    name: str
    altered: Altered

    @property
    def __signature__(self) -> inspect.Signature:
        epsilon = ["eps"] if BASES[self.name][0] == "normalization" else []
        return inspect.Signature([inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=0.5) for name in epsilon])

    def __call__(self) -> None:
        """Does nothing: `drive` uses the attributes, and does not call the object."""


def drive(asked: ProbeRequest) -> dict[str, Array]:
    made: Any = asked.make
    _, base, moved = BASES[made.name]
    given = {name: made.altered.before(x) if name in moved else x for name, x in asked.arrays.items()}
    first = asked.arrays[moved[0]]
    out = base(given, asked)
    counts = ("gains", "shifts", "blocks", "biases")
    return {name: np.asarray(y if name in counts else made.altered.after(np.asarray(y), first)) for name, y in out.items()}


def facets(name: str, altered: Altered) -> list[Facet]:
    """The facets that a fingerprint gives for the object, through the worker's code."""
    kind = BASES[name][0]
    globals()["MADE"] = NumPyObject(name, altered)
    case = Case(name, "native", "float64", initializer=kind, optimizer=f"{__name__}:MADE")
    inputs, named = KINDS[kind]
    return named(native_objects.probe(case, {kind: drive}, inputs), "float64")


def foreign() -> Iterator[tuple[str, str, Altered]]:
    for what, altered in ALTERATIONS.items():
        for base in altered.bases:
            yield f"{base}, {what}", base, altered
