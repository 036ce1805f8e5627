"""Runs a framework on a graph as a check does, in this process, and judges the record.

It refuses to choose fakes and to assert; the worker's own task runs the case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from hand_built import Array, Builder

from parity.execution.protocol import Framework
from parity.execution.worker.tasks import agreement as observed
from parity.judgement import agreement, kinks
from parity.judgement.comparison import Comparison
from parity.spec.cases import Case
from parity.spec.expansion import expand
from parity.spec.graph import Graph
from parity.spec.specs import Architecture, Initializer, Optimizer, load, parse
from parity.trials.draws import Draws, draw
from parity.trials.probes import optimizer_draws, optimizer_probe

REDRAWS = 50


@dataclass(frozen=True)
class Trial:
    """A case, its arrays and its references, ready for any framework."""

    case: Case
    optimizer: Optimizer | None
    draws: Draws
    references: agreement.References

    def record(self, framework: Framework) -> dict[str, Array]:
        return observed(framework.realize(self.case), self.case, self.draws.arrays)

    def judge(self, arrays: Mapping[str, Array]) -> list[Comparison]:
        return agreement.judge(self.case, self.optimizer, self.draws, self.references)(arrays)

    def comparisons(self, framework: Framework) -> list[Comparison]:
        return self.judge(self.record(framework))


def trial(name: str, graph: Graph, dtype: str = "float64", optimizer: str = "adam", *, seed: int = 0, steps: int = 3) -> Trial:
    """The trial of a graph with its optimizer, drawn away from kinks except in float64. Inputs named `…mask` are masks."""
    rule, initializer = load(f"optimizers/{optimizer}"), load("initializers/glorot_uniform")
    assert isinstance(rule, Optimizer) and isinstance(initializer, Initializer)
    graph = replace(graph, name=name)
    rates = {given.name: 0.5 for given in graph.batch_inputs() if given.name.endswith("mask")}
    for attempt in range(REDRAWS):
        draws = draw(graph, initializer, dtype, seed=seed, attempt=attempt, batches=max(steps, 1), rates=rates)
        references = agreement.references(graph, draws.values(), dtype)
        if dtype == "float64" or not kinks.near(references):
            break
    case = Case(
        spec=name,
        task="agreement",
        dtype=dtype,
        initializer=initializer.name,
        optimizer=rule.name,
        hyperparameters=rule.probe_values(),
        graph=graph,
        seed=seed,
        steps=steps,
    )
    return Trial(case, rule, draws, references)


def optimizer_trial(name: str, dtype: str = "float64", *, seed: int = 0, steps: int = 20) -> Trial:
    """The trial of an optimizer alone: the batch contains the gradient."""
    rule = load(f"optimizers/{name}")
    assert isinstance(rule, Optimizer)
    graph = optimizer_probe(rule.axes)
    draws = optimizer_draws(graph, dtype, seed, steps)
    more: dict[str, Any] = {"optimizer": name, "hyperparameters": rule.probe_values(), "batch_size": 1}
    case = Case(spec=name, task="agreement", dtype=dtype, graph=graph, steps=steps, seed=seed, **more)
    return Trial(case, rule, draws, agreement.references(graph, draws.values(), dtype))


def classifier() -> Graph:
    """Images: convolution, batch norm, relu, max pooling, dropout, two dense layers, one of them square, and a frozen scale."""
    build = Builder()
    build.input("image", (2, 7, 7))
    build.input("dropout.mask", (5,))
    build.input("label", (), dtype="integer", below=3)
    build.node("conv2d", "conv", {"x": "image"}, channels=3, kernel=(3, 3), padding=((1, 1), (1, 1)), stride=(1, 1))
    build.node("batch_norm", "norm", {"x": "conv"})
    build.node("relu", "relu", {"x": "norm"})
    build.node("max_pool2d", "pool", {"x": "relu"}, kernel=(2, 2), stride=(2, 2))
    build.node("flatten", "flat", {"x": "pool"})
    build.node("dense", "hidden", {"x": "flat"}, units=5)
    build.node("dropout", "dropout", {"x": "hidden", "mask": "dropout.mask"}, rate=0.5)
    build.node("dense", "square", {"x": "dropout"}, units=5)
    build.node("tanh", "tanh", {"x": "square"})
    build.node("dense", "logits", {"x": "tanh"}, units=3)
    build.node("softmax_cross_entropy", "loss", {"x": "logits", "labels": "label"}, smoothing=0.125)
    build.phase(1, {name: 1.0 for name in build.parameters if name != "norm.scale"})
    return build.graph(("logits",))


def tagger() -> Graph:
    """Sequences: a stacked lstm with lengths, and a cross entropy over valid positions."""
    build = Builder()
    build.input("x", (5, 3))
    build.input("length", (), dtype="integer", range=(1, 5))
    build.input("label", (5,), dtype="integer", below=3)
    build.node("lstm", "lstm", {"x": "x", "lengths": "length"}, units=7, layers=2)
    build.node("layer_norm", "norm", {"x": "lstm"}, axis=-1)
    build.node("dense", "logits", {"x": "norm"}, units=3)
    build.node("softmax_cross_entropy", "loss", {"x": "logits", "labels": "label", "lengths": "length"})
    build.phase(1)
    return build.graph(("logits",))


TOWERS = """
name: towers
source: Hadsell et al. 2006, in small
inputs: {left: {shape: [5]}, right: {shape: [5]}}
networks:
  tower: {inputs: {x1: {shape: [5]}}, layers: [dense hidden: {units: 7}, tanh, dense code: {units: 3}]}
layers:
  - tower left_code: {from: left}
  - tower right_code: {from: right}
  - formula: (left_code - right_code)**2
  - sum distance: {axis: features}
training:
  loss: [mean]
"""


def towers() -> Graph:
    """One network on two inputs. The bias of its code cancels in the distance, so the exact gradient of this bias is zero."""
    return expanded(TOWERS)


def expanded(text: str) -> Graph:
    """The graph of an architecture's text."""
    spec = parse(text)
    assert isinstance(spec, Architecture)
    return expand(spec)


GAN = """
name: gan
source: Goodfellow et al. 2014, in small, with a norm in the generator
networks:
  generator:
    inputs: {noise: {shape: [3]}}
    layers: [dense hidden: {units: 5}, batch_norm norm, tanh, dense image: {units: 7}]
  discriminator:
    inputs: {image: {shape: [7]}}
    layers: [dense hidden: {units: 5}, tanh, dense score: {units: 1}]
training:
  inputs: {real: {shape: [7]}, noise: {shape: [3]}}
  steps:
    - updates: [discriminator]
      loss:
        - generator fake: {from: noise}
        - discriminator on_real: {from: real}
        - discriminator on_fake: {from: fake}
        - binary_cross_entropy real_loss: {from: on_real, label: 1}
        - binary_cross_entropy fake_loss: {from: on_fake, label: 0}
        - formula: real_loss + fake_loss
    - updates: [generator]
      loss:
        - generator fake: {from: noise}
        - discriminator on_fake: {from: fake}
        - binary_cross_entropy: {from: on_fake, label: 1}
"""


def gan() -> Graph:
    """Two networks that train in turn."""
    return expanded(GAN)


def generator_alone() -> Graph:
    """The second phase of `gan` alone: the discriminator is frozen, bit for bit."""
    return replace(gan(), phases=gan().phases[1:])


WRITER = """
name: writer
source: Cho et al. 2014, in small
inputs: {tokens: {shape: [7], dtype: integer, below: 11}}
layers: [embedding embedding: {size: 11, units: 5}, gru gru: {units: 5}, dense logits: {units: 11}]
training:
  inputs: {next_tokens: {shape: [7], dtype: integer, below: 11}}
  loss: [softmax_cross_entropy: {from: logits, labels: next_tokens}]
decoding: {feed: tokens, from: logits, begin: 1, end: 2, steps: 7}
"""


def writer() -> Graph:
    """A language model that decodes."""
    return expanded(WRITER)
