"""Owns the questions about attention.

Each form is worked out here in float64 from its definition. It refuses to know which framework does what.
"""

from __future__ import annotations

import numpy as np

from parity.atlas.question import Question, form

VALUES = np.array([1.0, 3.0])
_WEIGHTS = np.exp([1.0, 0.0]) / np.exp([1.0, 0.0]).sum()
_UNSCALED = np.exp([2.0, 0.0]) / np.exp([2.0, 0.0]).sum()


QUESTIONS = (
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
    Question(
        "multi_head_attention.size_means",
        "attention",
        "multi-head attention, 2 heads of `size` 8: features of all queries together",
        {},
        {"16: the size is each head's": form(16), "8: the size is all heads'": form(8)},
        "Keras: MultiHeadAttention(num_heads, key_dim=embed_dim // num_heads) is torch's embed_dim; torch: "
        "nn.MultiheadAttention(2 * 8, 2) Keras's 8",
    ),
    Question(
        "multi_head_attention.time_axis",
        "attention",
        "multi-head attention attends by default along axis",
        {"x": np.arange(12.0).reshape(2, 3, 2)},
        {"0": form([1.0, 0.0]), "1": form([0.0, 1.0])},
        "torch: batch_first=True",
    ),
    Question(
        "multi_head_attention.fully_masked",
        "attention",
        "multi-head attention (layer), every key masked: mean of 1 and 3 is 2",
        {"values": np.array([1.0, 3.0])},
        None,
        "set such rows by hand: torch.where(mask.any(-1), out, 0); Keras: ops.where(ops.any(mask, -1), out, 0)",
    ),
)
