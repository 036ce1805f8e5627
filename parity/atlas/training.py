"""Owns the questions about training: modes, gradients, batches.

Each form is worked out here in float64 from its definition. It refuses to know which framework does what.
"""

from __future__ import annotations

import numpy as np

from parity.atlas.inputs import MEAN, MOMENTUM, NORMALIZED_WITH, X
from parity.atlas.question import Question, form

SHUFFLED = (np.arange(64.0) * 27 + 5) % 64
"""Each number once; over all windows of 2 by 2, the greatest number takes every position in a window."""


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
    Question(
        "gradient.accumulated",
        "training",
        "gradients 2 and 4 of two batches gathered by the framework, then one step of rate 1",
        {"x": np.array([2.0, 4.0])},
        {"moves by 6: their sum": form(6.0), "moves by 3: their mean": form(3.0)},
        "torch, MXNet (there grad_req='add'): divide each loss by the number of batches, loss / 2; Keras's accumulation does",
    ),
    Question(
        "gradient.of_vector",
        "training",
        "gradient of a vector x² at 1, 2 that nobody summed up",
        {"x": np.array([1.0, 2.0])},
        {"that of its sum: 2, 4": form([2.0, 4.0])},
        "torch: (x**2).sum().backward(), or the mean where the others' losses are means",
    ),
    Question(
        "gradient.second_dense",
        "training",
        "second derivative of (1·k)² + … + (4·k)² by k, through a dense layer",
        {"x": np.arange(1.0, 5.0)},
        {"60": form(60.0), "0, and nothing is said": form(0.0)},
        "MXNet 1.9: build the layer of nd.batch_dot(x, w) and nd.square(y), which have right second derivatives",
    ),
    Question(
        "gradient.second_convolution",
        "training",
        "second derivative of (1·k)² + … + (4·k)² by k, through a convolution",
        {"x": np.arange(1.0, 5.0)},
        {"60": form(60.0), "0, and nothing is said": form(0.0)},
        "MXNet 1.9 has none: take differences of gradients (of a square they are exact)",
    ),
    Question(
        "max_pool2d.behind_reshape",
        "training",
        "gradient of max_pool2d right behind a reshape, and behind a copy of the reshaped image",
        {"x": SHUFFLED},
        {"the same": form(1.0), "another: the first is wrong": form(0.0)},
        "MXNet on CPU, float32: pool.hybridize(), or x.reshape(…).copy(): its eager kernel reads another array",
    ),
    Question(
        "model.list",
        "training",
        "a model that keeps two dense layers in a Python list trains",
        {},
        {"all four arrays": form(4.0), "none of them": form(0.0)},
        "torch: nn.ModuleList(layers); MXNet: self.register_child(part) for each, or nn.Sequential",
    ),
    Question(
        "view.writes",
        "training",
        "writing into a slice x[0:1] changes x",
        {"x": np.array([1.0, 2.0])},
        {"yes": form(7.0), "no": form(1.0)},
        "torch: x[0:1].clone(); MXNet: x[0:1].copy(); Keras: ops.slice_update(x, (0,), …) gives another tensor",
    ),
    Question(
        "batches.size",
        "training",
        "70 examples, no batch size named: sizes of the first and the last batch",
        {"x": np.arange(70.0)},
        None,
        "name it, batch_size=32: Keras: in fit; torch, MXNet: DataLoader",
    ),
    Question(
        "batches.shuffled",
        "training",
        "70 examples in one pass of training: their order by default (torch, MXNet: DataLoader, Keras: fit)",
        {"x": np.arange(70.0)},
        {"as given": form(1.0), "shuffled": form(0.0)},
        "of a DataLoader torch, MXNet: shuffle=True; Keras: fit's shuffle=False for the given order",
    ),
    Question(
        "batches.last_dropped",
        "training",
        "70 examples in batches of 32: the last 6",
        {"x": np.arange(70.0)},
        {"are a batch": form(3.0), "are dropped": form(2.0)},
    ),
)
