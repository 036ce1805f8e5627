"""Owns the questions about training: unstated modes, the moment when statistics move, the use of a gradient in a step.

It computes each form in float64 from the definition, and refuses to know which framework does what.
"""

from __future__ import annotations

import numpy as np

from parity.atlas.layers import EPSILON, MEAN, MOMENTUM, NORMALIZED_WITH, X
from parity.atlas.question import Question, form

ROW = np.array([1.0, 2.0, 4.0])

QUESTIONS = (
    Question(
        "batch_norm.mode",
        "training",
        "a new batch_norm, called without a word about training, normalizes with",
        {"x": X},
        NORMALIZED_WITH,
        "torch: layer.eval() for the second; Keras: training=True for the first; MXNet: autograd.record() alone means training",
    ),
    Question(
        "dropout.mode",
        "training",
        "a new dropout (rate 0.75), called without a word about training",
        {"x": np.ones(1000)},
        {"drops": form(4.0), "lets everything through": form(1.0)},
        "say the mode: torch: layer.eval(); Keras: training=True; MXNet: autograd.record()",
    ),
    Question(
        "batch_norm.moves",
        "training",
        "batch_norm: after the forward pass, before the backward pass, the running mean",
        {"x": X},
        {
            "has moved": form(MOMENTUM * MEAN, (1 - MOMENTUM) * MEAN),
            "stands still": form(np.zeros_like(MEAN)),
        },
        "MXNet moves running statistics on the way back: total.backward() has to follow; a forward pass alone leaves them",
    ),
    Question(
        "batch_norm.one_example",
        "training",
        "batch_norm in training, on a batch of one example (2, 5)",
        {"x": np.array([[2.0, 5.0]])},
        None,
        "torch refuses: drop a last batch of one, or write (x - x.mean(0)) / torch.sqrt(x.var(0, correction=0) + 1e-5)",
    ),
    Question(
        "gradient.twice",
        "training",
        "gradient of x² at 3 after two backward passes",
        {"x": np.array(3.0)},
        {"is the last pass's": form(6.0), "is the sum of both": form(12.0)},
        "torch: optimizer.zero_grad() before each pass; MXNet: grad_req='add' for sums; in Keras add the gradients up",
    ),
    Question(
        "step.rescaling",
        "training",
        "a step on a gradient that is a sum over a batch: the gradient",
        {"w": np.array(1.0), "gradient": np.array(2.0), "rate": np.array(0.25), "batch": np.array(4)},
        {"is taken as it is": form(0.5), "is divided by the batch size": form(0.875)},
        "MXNet's Trainer.step(n) divides by n: MXNet: trainer.step(1) takes the gradient as it is",
    ),
    Question(
        "penalty.factor",
        "training",
        "an L2 penalty λ = 0.25 (regularizer, weight decay) adds to the gradient of a weight of 1",
        {"rate": np.array(0.5)},
        {"λ·w (the penalty is λ/2·w²)": form(0.25), "2·λ·w (the penalty is λ·w²)": form(0.5)},
        "halve λ when it moves from weight decay to a Keras regularizer: regularizers.L2(0.25 / 2)",
    ),
    Question(
        "clip_norm.over",
        "training",
        "clipping gradients (3) and (4) of two weights by a norm of 1",
        {"x": np.array([3.0, 4.0])},
        {"each weight by itself": form([1.0, 1.0]), "all weights together": form([0.6, 0.8])},
        "Keras: global_clipnorm=1.0 is all weights'; torch: clip_grad_norm_([w], 1.0) of each weight by itself "
        "is Keras's clipnorm",
    ),
    Question(
        "step_decay.rates",
        "training",
        "a rate of 1, halved every 2 updates: rates of updates 1 to 6",
        {},
        None,
    ),
    Question(
        "squared_error.shapes",
        "training",
        "squared error of predictions (1), (3) and labels 1, 3 without the last axis",
        {"x": np.array([[1.0], [3.0]]), "y": np.array([1.0, 3.0])},
        {
            "0: the axis of length 1 is dropped": form(0.0, [0.0, 0.0]),
            "2: every label meets every prediction": form(2.0),
        },
        "torch: nn.MSELoss()(x, y[:, None]): give labels the shape of predictions, or broadcasting makes the loss wrong",
    ),
    Question(
        "lstm.dropout_reaches",
        "training",
        "lstm of one layer with dropout 0.75 in training: of its inputs",
        {"x": np.ones((50, 3, 4))},
        {"some are dropped": form(1.0), "none is dropped": form(0.0)},
        "Keras drops each layer's inputs: dropout=0.0 drops none; torch, MXNet: nn.Dropout(0.75) before the "
        "layer drops as Keras",
    ),
    Question(
        "embedding.padding_gradient",
        "training",
        "embedding told that index 0 is padding: gradient of row 0",
        {"index": np.array([0, 1])},
        {"is 0": form(0.0), "is that of any row": form(1.0)},
        "torch: padding_idx freezes the row, nn.Embedding(3, 1) does not; Keras: multiply by (index != 0)[:, None]",
    ),
    Question(
        "batch_norm.function_scale",
        "normalization",
        "batch_norm (function): a gamma of 3",
        {"x": np.array([[2.0], [2.0]])},
        {"is used": form(6 / np.sqrt(1 + EPSILON)), "is read as 1": form(2 / np.sqrt(1 + EPSILON))},
        "MXNet: nd.BatchNorm(fix_gamma=False)",
    ),
    Question(
        "batch_norm.function_epsilon",
        "normalization",
        "batch_norm (function): epsilon in effect by default",
        {"x": np.array([[1.0], [1.0]])},
        None,
        "name it: Keras: epsilon=1e-5; torch: eps=1e-3; MXNet: eps=1e-5",
    ),
    Question(
        "rms_norm.epsilon_in_effect",
        "normalization",
        "rms_norm: epsilon in effect by default, in float32",
        {"x": np.array([[1e-6, 1e-6]])},
        None,
        "name it: Keras: RMSNormalization(epsilon=2**-23) is torch's; torch: RMSNorm(2, eps=1e-6) is Keras's",
    ),
    Question(
        "layer_norm.variance",
        "normalization",
        "layer_norm of (1, 2, 4), epsilon 0.25: divides by",
        {"x": ROW[None]},
        {
            "the root of the biased variance + ε": form((ROW - ROW.mean()) / np.sqrt(ROW.var() + 0.25)),
            "the root of the unbiased variance + ε": form((ROW - ROW.mean()) / np.sqrt(ROW.var(ddof=1) + 0.25)),
            "the deviation + ε": form((ROW - ROW.mean()) / (ROW.std() + 0.25)),
        },
    ),
    Question(
        "squared_error.empty",
        "training",
        "squared error of an empty batch",
        {"x": np.zeros((0, 2))},
        advice="leave empty batches out: for x in batches if len(x)",
    ),
    Question(
        "batch_norm.empty",
        "training",
        "running mean after batch_norm of an empty batch in training",
        {"x": np.zeros((0, 2))},
        advice="leave empty batches out: for x in batches if len(x); one makes Keras's running statistics NaN for good",
    ),
)
