"""Owns the questions about calls of recurrent layers and attention: inputs, outputs, the effect of masks.

It computes each form in float64 from the definition, and refuses to know which framework does what.
"""

from __future__ import annotations

import numpy as np

from parity.atlas.question import Question, form

QUESTIONS = (
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
    Question(
        "multi_head_attention.second_argument",
        "attention",
        "multi-head attention, called with three arrays: the second is",
        {"second": np.array([1.0, 5.0]), "third": np.array([2.0, 9.0])},
        {"the keys": form(5.5), "the values": form(3.0)},
        "torch: (query, key, value); Keras: (query, value, key): pass them by name, key=second, value=third",
    ),
    Question(
        "multi_head_attention.returns",
        "attention",
        "multi-head attention returns by default",
        {"x": np.zeros((1, 3, 8))},
        {"its output": form(1), "its output and its weights": form(2)},
        "torch: need_weights=False (faster, and None comes second); Keras: return_attention_scores=True",
    ),
    Question(
        "multi_head_attention.weights",
        "attention",
        "multi-head attention, 2 heads, 3 queries, one sequence: shape of the weights that are asked for",
        {"x": np.zeros((1, 3, 8))},
        {"1, 3, 3: the mean over heads": form([1, 3, 3]), "1, 2, 3, 3: each head's": form([1, 2, 3, 3])},
        "torch: average_attn_weights=False; Keras: ops.mean(weights, axis=1)",
    ),
    Question(
        "attention.causal",
        "attention",
        "causal attention (function) of 1 query and the values 1, 3: the query stands beside",
        {"values": np.array([1.0, 3.0])},
        {"the first key: 1": form(1.0), "the last key: the mean of both, 2": form(2.0)},
    ),
    Question(
        "attention.dropout_mode",
        "attention",
        "dot-product attention (torch: the function), dropout 0.75, without a word about training",
        {"x": np.ones((1, 50, 1))},
        {"drops": form(1.0), "lets everything through": form(0.0)},
        "torch: F.scaled_dot_product_attention(dropout_p=p if training else 0.0)",
    ),
    Question(
        "attention.number_mask",
        "attention",
        "dot-product attention (function), values 1 and 3, a mask of numbers 0 and ln 3",
        {"values": np.array([1.0, 3.0]), "mask": np.array([0.0, np.log(3.0)])},
        {
            "is added to the scores: 2.5": form(2.5),
            "is read as False and True: 3": form(3.0),
            "is not read: 2": form(2.0),
        },
        "Keras: bias=… of ops.dot_product_attention; its mask is boolean, torch's attn_mask is either",
    ),
)
