"""Owns the questions about recurrent layers.

Each form is worked out here in float64 from its definition. It refuses to know which framework does what.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import permutations

import numpy as np

from parity.atlas.question import Array, Question, form

STEPS = np.array([0.5, -1.0, 0.75])
LSTM_KERNEL, LSTM_RECURRENT = np.array([0.3, -1.1, 1.7, 0.8]), np.array([0.9, 0.4, -0.6, 1.3])
GRU_KERNEL, GRU_RECURRENT, GRU_BIAS = np.array([0.7, -0.9, 1.6]), np.array([1.2, 0.5, -0.8]), np.array([0.4, -0.3, 0.9])


def _logistic(x: float) -> float:
    return float(1 / (1 + np.exp(-x)))


def _lstm(order: Sequence[str]) -> Array:
    """The outputs of one unit without biases, with the blocks of the kernels in this order."""
    place = {gate: order.index(gate) for gate in order}
    hidden = cell = 0.0
    outputs = []
    for x in STEPS:
        raw = {gate: LSTM_KERNEL[at] * x + LSTM_RECURRENT[at] * hidden for gate, at in place.items()}
        cell = _logistic(raw["forget"]) * cell + _logistic(raw["input"]) * float(np.tanh(raw["cell"]))
        hidden = _logistic(raw["output"]) * float(np.tanh(cell))
        outputs.append(hidden)
    return np.array(outputs)


def _gru(order: Sequence[str], after: bool, keeps: bool) -> Array:
    """One unit with recurrent biases. after: the reset multiplies the product. keeps: the update gate weighs the old state."""
    place = {gate: order.index(gate) for gate in order}
    hidden, outputs = 0.0, []
    for x in STEPS:
        ahead = {gate: GRU_KERNEL[at] * x for gate, at in place.items()}
        back = {gate: GRU_RECURRENT[at] * hidden + GRU_BIAS[at] for gate, at in place.items()}
        reset, update = (_logistic(ahead[gate] + back[gate]) for gate in ("reset", "update"))
        at = place["new"]
        inner = reset * back["new"] if after else GRU_RECURRENT[at] * reset * hidden + GRU_BIAS[at]
        new = float(np.tanh(ahead["new"] + inner))
        hidden = update * hidden + (1 - update) * new if keeps else update * new + (1 - update) * hidden
        outputs.append(hidden)
    return np.array(outputs)


def _gru_forms() -> Mapping[str, list[Array]]:
    forms = {}
    for order in permutations(("reset", "update", "new")):
        for after in (True, False):
            for keeps in (True, False):
                words = (
                    f"reset {'after' if after else 'before'} the product, update weighs the {'old' if keeps else 'new'} state"
                )
                forms[f"{', '.join(order)}; {words}"] = form(_gru(order, after, keeps))
    return forms


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
        "rnn.activation",
        "recurrent",
        "rnn: default activation",
        {"x": np.array([2.0]), "kernel": np.array([1.0]), "recurrent": np.array([0.0])},
        {"tanh": form(np.tanh(2.0)), "relu": form(2.0)},
        "MXNet: rnn.RNN(activation='tanh'); for relu torch: nn.RNN(nonlinearity='relu'), Keras: SimpleRNN(activation='relu')",
    ),
    Question(
        "bidirectional.last",
        "recurrent",
        "bidirectional lstm: in the result's last row the backward half has seen",
        {"x": np.ones((1, 3, 4))},
        {"the whole sequence": form(1.0), "the last step alone": form(0.0)},
        "torch, MXNet: take out[:, -1, :units] and out[:, 0, units:], as Keras does where only the last step is returned",
    ),
    Question(
        "rnn.dropout_mask",
        "recurrent",
        "dropout of a recurrent layer in training: the mask of a sequence is drawn",
        {"x": np.ones((1, 8, 32))},
        {"once for all steps": form(1.0), "anew at each step": form(0.0), "never: dropout does nothing": form(2.0)},
        "MXNet on CPU ignores it: nn.Dropout(0.5) between layers is torch's, axes=(1,) Keras's one mask; torch: "
        "x * F.dropout(torch.ones_like(x[:, :1]))",
    ),
    Question(
        "lstm.padded_output",
        "recurrent",
        "lstm told that a sequence of 3 steps has 2: its output at the third step",
        {"x": np.ones((1, 3, 4))},
        {"is 0": form(0.0), "is the second step's": form(1.0), "is computed: the length is ignored": form(2.0)},
        "Keras: LSTM(zero_output_for_mask=True) gives 0; MXNet on CPU: unroll a cell: LSTMCell(5).unroll(3, x, valid_length=…)",
    ),
    Question(
        "lstm.returns",
        "recurrent",
        "lstm called on a sequence alone returns",
        {"x": np.zeros((3, 2, 4))},
        {"its output": form(1), "its output and its states": form(2)},
        "Keras: out, *states = LSTM(5, return_state=True)(x); MXNet: layer(x, layer.begin_state(batch_size=2)); "
        "torch: out, _ = layer(x)",
    ),
    Question(
        "lstm.unbatched",
        "recurrent",
        "lstm of 5 units on (3, 4), without a batch: shape of the result",
        {"x": np.zeros((3, 4))},
        None,
        "torch takes it for one sequence: add the axis of the batch, x[None], and name the layout: torch: "
        "batch_first=True; MXNet: layout='NTC'",
    ),
)
