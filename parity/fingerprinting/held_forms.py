"""Owns closed forms that keep a number in float32 beside arrays of float64, as some native optimizers do.

It refuses a wider tolerance: the number is rounded to float32 where the object rounds it, and everything else must agree in
float64. These forms are tried only if no form in pure float64 explains the object.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from parity.fingerprinting.published_rules import MOMENTS
from parity.fingerprinting.rules import ClosedForm, bases, varied

SINGLE_096 = repr(float(np.float32(0.96)))
"""0.96 as Keras passes it on, rounded to float32."""
RATE = "its learning rate, with the bias corrections in it, is held in float32"
PRODUCT = "its product of momenta is held in float32"
DECAY = "its constant 0.96 is held in float32"


def library() -> Iterator[ClosedForm]:
    """The forms, with every kind of weight decay and of clipping."""
    for base in _bases():
        yield from varied(base)


def _bases() -> Iterator[ClosedForm]:
    rate = "learning_rate*sqrt(1 - beta_2**t)/(1 - beta_1**t)"
    update = {**MOMENTS, "rate": rate, "w": "w - rate*m/(sqrt(v) + epsilon)"}
    state = {"m": "0", "v": "0", "rate": "0"}
    yield ClosedForm("adam_epsilon_inside", update, state, singles=("rate",), held=RATE)
    for base in bases():
        if not base.name.startswith("nadam") or "p" not in base.update:
            continue
        constant = {name: text.replace("0.96**", f"{SINGLE_096}**") for name, text in base.update.items()}
        if constant != base.update:
            yield replace(base, update=constant, held=DECAY)
            exact = {"p": base.update["p"].replace("mu", f"({base.update['mu']})")}
            yield replace(base, update={**constant, **exact}, held=f"{DECAY}, but for the product of momenta")
        product = {"single": "mu", "p": base.update["p"].replace("mu", "single")}
        moved = {
            word: text for name, old in base.update.items() for word, text in (product if name == "p" else {name: old}).items()
        }
        yield replace(base, update=moved, state={**base.state, "single": "0"}, singles=("single", "p"), held=PRODUCT)
