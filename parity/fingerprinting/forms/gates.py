"""Owns the closed forms of recurrent layers: the order of gates, the place of the reset, the meaning of the update gate.

It refuses to know which framework does what.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import permutations

import numpy as np

from parity.fingerprinting.forms.form import Array, Arrays, Form

UNITS = 3
NUMBERS = np.random.RandomState(11)
INPUTS: Arrays = {
    "x": NUMBERS.standard_normal((2, 5, 2)) * 2,
    "kernel": NUMBERS.standard_normal((4 * UNITS, 2)),
    "recurrent": NUMBERS.standard_normal((4 * UNITS, UNITS)),
    "bias": NUMBERS.standard_normal(4 * UNITS),
    "recurrent_bias": NUMBERS.standard_normal(4 * UNITS),
}
Squash = Callable[[Array], Array]
SQUASHES: Mapping[str, Squash] = {
    "": lambda z: 1 / (1 + np.exp(-z)),
    ", hard gates clip(x/6 + 1/2)": lambda z: np.clip(z / 6 + 0.5, 0, 1),
    ", hard gates clip(0.2·x + 1/2)": lambda z: np.clip(0.2 * z + 0.5, 0, 1),
}


def library(arrays: Arrays, inputs: Arrays = INPUTS) -> Mapping[str, list[Form]]:
    return {"goes on": list(forms(arrays, inputs))}


def forms(arrays: Arrays, inputs: Arrays = INPUTS) -> Iterator[Form]:
    """The forms of a layer with this many blocks (1: plain, 3: GRU, 4: LSTM) and biases."""
    blocks = int(arrays["run/blocks"])
    make = {1: _plain, 3: _grus, 4: _lstms}.get(blocks)
    for name, steps in make(int(arrays["run/biases"]), inputs["x"]) if make else ():
        yield Form(name, {"run/steps": steps})


ORDER = re.compile(r"gates (\w+(?:, (?:input|forget|cell|output|reset|update|new)\b)+)")


def in_order_of(name: str, other: str) -> str:
    """A form's name with the gates in the other form's order: an order of gates does not change the recurrence."""
    match = ORDER.search(other)
    return ORDER.sub(f"gates {match[1]}", name) if match else name


def _parts(biases: int, blocks: int) -> tuple[Array, Array, Array, Array]:
    rows = blocks * UNITS
    back = INPUTS["recurrent_bias"][:rows] if biases > 1 else np.zeros(rows)
    return INPUTS["kernel"][:rows], INPUTS["recurrent"][:rows], INPUTS["bias"][:rows], back


def _plain(biases: int, sequence: Array) -> Iterator[tuple[str, Array]]:
    kernel, recurrent, bias, back = _parts(biases, 1)
    squashes: Mapping[str, Squash] = {"tanh": np.tanh, "relu": lambda z: np.maximum(z, 0), "logistic": SQUASHES[""]}
    for name, squash in squashes.items():
        hidden, arrays = np.zeros((len(sequence), UNITS)), []
        for x in sequence.swapaxes(0, 1):
            hidden = np.asarray(squash(x @ kernel.T + bias + hidden @ recurrent.T + back))
            arrays.append(hidden)
        yield name, np.stack(arrays, 1)


def _lstms(biases: int, sequence: Array) -> Iterator[tuple[str, Array]]:
    for order in permutations(("input", "forget", "cell", "output")):
        for squashed, squash in SQUASHES.items():
            for extra in (0.0, 1.0):
                name = f"lstm, gates {', '.join(order)}{squashed}{', 1 added to the forget gate' if extra else ''}"
                yield name, _lstm(order, squash, extra, biases, sequence)


def _lstm(order: tuple[str, ...], squash: Squash, extra: float, biases: int, sequence: Array) -> Array:
    kernel, recurrent, bias, back = _parts(biases, 4)
    hidden, cell, outputs = np.zeros((len(sequence), UNITS)), np.zeros((len(sequence), UNITS)), []
    for x in sequence.swapaxes(0, 1):
        raw = dict(zip(order, np.split(x @ kernel.T + bias + hidden @ recurrent.T + back, 4, axis=1), strict=True))
        cell = squash(raw["forget"] + extra) * cell + squash(raw["input"]) * np.tanh(raw["cell"])
        hidden = squash(raw["output"]) * np.tanh(cell)
        outputs.append(hidden)
    return np.stack(outputs, 1)


def _grus(biases: int, sequence: Array) -> Iterator[tuple[str, Array]]:
    for order in permutations(("reset", "update", "new")):
        for squashed, squash in SQUASHES.items():
            for after in (True, False):
                for keeps in (True, False):
                    words = f"reset {'after' if after else 'before'} the product, update weighs the {'old' if keeps else 'new'}"
                    name = f"gru, gates {', '.join(order)}; {words} state{squashed}"
                    yield name, _gru(order, squash, after, keeps, biases, sequence)


def _gru(order: tuple[str, ...], squash: Squash, after: bool, keeps: bool, biases: int, sequence: Array) -> Array:
    kernel, recurrent, bias, back = _parts(biases, 3)
    at = order.index("new") * UNITS
    rows = slice(at, at + UNITS)
    hidden, outputs = np.zeros((len(sequence), UNITS)), []
    for x in sequence.swapaxes(0, 1):
        ahead = dict(zip(order, np.split(x @ kernel.T + bias, 3, axis=1), strict=True))
        behind = dict(zip(order, np.split(hidden @ recurrent.T + back, 3, axis=1), strict=True))
        reset, update = (squash(ahead[gate] + behind[gate]) for gate in ("reset", "update"))
        inner = reset * behind["new"] if after else (reset * hidden) @ recurrent[rows].T + back[rows]
        new = np.tanh(ahead["new"] + inner)
        hidden = update * hidden + (1 - update) * new if keeps else update * new + (1 - update) * hidden
        outputs.append(hidden)
    return np.stack(outputs, 1)
