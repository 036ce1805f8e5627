"""Owns the questions about recurrent layers and attention: gate orders, forms, counts, the meaning of masks.

It computes each form in float64 for one unit, and refuses to know which framework does what.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import permutations

import numpy as np

from parity.atlas.question import Array, Question, form

STEPS = np.array([0.5, -1.0, 0.75])
LSTM_KERNEL, LSTM_RECURRENT = np.array([0.3, -1.1, 1.7, 0.8]), np.array([0.9, 0.4, -0.6, 1.3])
GRU_KERNEL, GRU_RECURRENT, GRU_BIAS = np.array([0.7, -0.9, 1.6]), np.array([1.2, 0.5, -0.8]), np.array([0.4, -0.3, 0.9])
VALUES = np.array([1.0, 3.0])


def _logistic(x: float) -> float:
    return float(1 / (1 + np.exp(-x)))


def _lstm(order: Sequence[str]) -> Array:
    """The outputs of one unit without biases, with the blocks of the kernels in this order."""
    place = {gate: order.index(gate) for gate in order}
    hidden = cell = 0.0
    seen = []
    for x in STEPS:
        raw = {gate: LSTM_KERNEL[at] * x + LSTM_RECURRENT[at] * hidden for gate, at in place.items()}
        cell = _logistic(raw["forget"]) * cell + _logistic(raw["input"]) * float(np.tanh(raw["cell"]))
        hidden = _logistic(raw["output"]) * float(np.tanh(cell))
        seen.append(hidden)
    return np.array(seen)


def _gru(order: Sequence[str], after: bool, keeps: bool) -> Array:
    """One unit with recurrent biases. after: the reset multiplies the product. keeps: the update gate weighs the old state."""
    place = {gate: order.index(gate) for gate in order}
    hidden, seen = 0.0, []
    for x in STEPS:
        ahead = {gate: GRU_KERNEL[at] * x for gate, at in place.items()}
        back = {gate: GRU_RECURRENT[at] * hidden + GRU_BIAS[at] for gate, at in place.items()}
        reset, update = (_logistic(ahead[gate] + back[gate]) for gate in ("reset", "update"))
        at = place["new"]
        inner = reset * back["new"] if after else GRU_RECURRENT[at] * reset * hidden + GRU_BIAS[at]
        new = float(np.tanh(ahead["new"] + inner))
        hidden = update * hidden + (1 - update) * new if keeps else update * new + (1 - update) * hidden
        seen.append(hidden)
    return np.array(seen)


def _gru_forms() -> Mapping[str, list[Array]]:
    found = {}
    for order in permutations(("reset", "update", "new")):
        for after in (True, False):
            for keeps in (True, False):
                words = (
                    f"reset {'after' if after else 'before'} the product, update weighs the {'old' if keeps else 'new'} state"
                )
                found[f"{', '.join(order)}; {words}"] = form(_gru(order, after, keeps))
    return found


_WEIGHTS = np.exp([1.0, 0.0]) / np.exp([1.0, 0.0]).sum()
_UNSCALED = np.exp([2.0, 0.0]) / np.exp([2.0, 0.0]).sum()

QUESTIONS = (
    Question(
        "lstm.gate_order",
        "recurrent",
        "lstm: order of the gates in the kernels",
        {"x": STEPS, "kernel": LSTM_KERNEL, "recurrent": LSTM_RECURRENT},
        {", ".join(order): form(_lstm(order)) for order in permutations(("input", "forget", "cell", "output"))},
    ),
    Question(
        "gru.form",
        "recurrent",
        "gru: order of the gates in the kernels, and the form",
        {"x": STEPS, "kernel": GRU_KERNEL, "recurrent": GRU_RECURRENT, "bias": GRU_BIAS},
        _gru_forms(),
        "swap the first two of three blocks in kernels and biases; Keras: reset_after=True, or no weights give "
        "the same numbers",
    ),
    Question(
        "lstm.count",
        "recurrent",
        "lstm of 5 units on 3 features: number of parameters",
        advice="add the two biases up for Keras; elsewhere leave one at zero",
    ),
    Question("gru.count", "recurrent", "gru of 5 units on 3 features: number of parameters"),
    Question(
        "rnn.count",
        "recurrent",
        "rnn of 5 units on 3 features: number of parameters",
        advice="add the two biases up for Keras; elsewhere leave one at zero",
    ),
    Question(
        "lstm.outputs",
        "recurrent",
        "lstm gives by default",
        {},
        {"the last step": form(2), "every step": form(3)},
        "Keras: return_sequences=True",
    ),
    Question(
        "lstm.time_axis",
        "recurrent",
        "lstm: order of the axes by default",
        {},
        {"(batch, time, features)": form(3), "(time, batch, features)": form(2)},
        "torch: batch_first=True; MXNet: layout='NTC'",
    ),
    Question("lstm.bidirectional_width", "recurrent", "bidirectional lstm of 5 units: features of the result"),
    Question(
        "attention.mask_true",
        "attention",
        "dot-product attention (function): True in a boolean mask",
        {"values": VALUES, "mask": np.array([[True, False]])},
        {"takes part": form([1.0]), "is masked": form([3.0])},
    ),
    Question(
        "multi_head_attention.mask_true",
        "attention",
        "multi-head attention (layer): True in a boolean mask",
        {"values": VALUES, "mask": np.array([[True, False]])},
        {"takes part": form([1.0]), "is masked": form([3.0])},
        "invert the mask: torch: attn_mask=~mask[None] is Keras's attention_mask, and back",
    ),
    Question(
        "attention.fully_masked",
        "attention",
        "dot-product attention (function), every key masked: mean of 1 and 3 is 2",
        {"values": VALUES, "mask": np.array([[False, False]])},
        None,
        "set such rows by hand: torch.where(mask.any(-1), out, 0); Keras: ops.where(ops.any(mask, -1), out, 0)",
    ),
    Question(
        "attention.scale",
        "attention",
        "attention (the plain layer or function): logits are divided by",
        {"q": np.array([[2.0, 0, 0, 0]]), "k": np.eye(4)[:2], "v": np.eye(4)[:2]},
        {
            "the root of the features": form([[*_WEIGHTS, 0, 0]], [*_WEIGHTS, 0, 0], [[[*_WEIGHTS, 0, 0]]]),
            "nothing": form([[[*_UNSCALED, 0, 0]]]),
        },
        "torch: scaled_dot_product_attention(scale=1.0) is Keras's; Keras: pass q / features**0.5 to the layer",
    ),
)
