"""From YAML to gradients: specs as users write them, expanded, with dropout masks as inputs, against finite differences."""

from __future__ import annotations

import numpy as np
import pytest
from hand_built import Array, draw

from parity.ops.definition import Run
from parity.reference_impl import walk
from parity.reference_impl.observation import observe
from parity.spec.expansion import expand
from parity.spec.graph import Graph, isolate
from parity.spec.masks import with_masks
from parity.spec.specs import Architecture, load, names, parse

TRANSLATOR = """
name: translator
source: Bahdanau et al. 2015, made small
inputs:
  source: {shape: [5], dtype: integer, below: 11}
  source_length: {shape: [], dtype: integer, range: [1, 5]}
  target: {shape: [7], dtype: integer, below: 13}
layers:
  - embedding source_embedding: {from: source, size: 11, units: 3}
  - gru encoder: {units: 4, layers: 2, dropout: 0.5, lengths: source_length}
  - embedding target_embedding: {from: target, size: 13, units: 3}
  - scan decoder:
      state: {state: encoder.state}
      next: {state: cell.state}
      layers:
        - select query: {from: state, index: -1}
        - additive_attention context: {keys: encoder, lengths: source_length, units: 4, dropout: 0.5}
        - concat: [context, input]
        - gru_cell cell: {state: state, units: 4, layers: 2, dropout: 0.5}
  - dense logits: {units: 13}
training:
  inputs:
    target_length: {shape: [], dtype: integer, range: [1, 7]}
    labels: {shape: [7], dtype: integer, below: 13}
  loss:
    - softmax_cross_entropy: {from: logits, labels: labels, lengths: target_length, mean: sequences, smoothing: 0.125}
"""

ENCODER = """
name: encoder
source: Vaswani et al. 2017 with a class token, made small
inputs:
  tokens: {shape: [5], dtype: integer, below: 11}
  length: {shape: [], dtype: integer, range: [1, 6]}
blocks:
  layer:
    inputs: [input, lengths]
    layers:
      - add: [x, [multi_head_attention attention: {heads: 2, lengths: lengths, dropout: 0.5}, dropout: {rate: 0.25}]]
      - layer_norm norm1
      - add: [x, [dense inner: {units: 5}, gelu, dense outer: {units: 4}]]
      - layer_norm norm2
layers:
  - embedding embedding: {from: tokens, size: 11, units: 4}
  - formula scaled: x*sqrt(4)
  - concat joined: [parameter token: {shape: [1, 4]}, scaled]
  - sinusoidal_positions
  - layer layer: {repeat: 2, lengths: length}
  - dense logits: {units: 11, share: {kernel: embedding.table}}
training:
  inputs: {labels: {shape: [6], dtype: integer, below: 11}}
  loss:
    - softmax_cross_entropy: {from: logits, labels: labels}
"""

ADVERSARIAL = """
name: adversarial
source: Radford et al. 2016, made small
networks:
  generator:
    inputs: {noise: {shape: [3, 1, 1]}}
    layers:
      - conv_transpose2d conv: {channels: 2, kernel: 3, bias: false}
      - batch_norm norm
      - tanh
  critic:
    inputs: {image: {shape: [2, 3, 3]}}
    layers:
      - conv2d conv: {channels: 3, kernel: 2}
      - batch_norm norm
      - gelu
      - flatten
      - dense score: {units: 1}
training:
  inputs: {real: {shape: [2, 3, 3]}, noise: {shape: [3, 1, 1]}}
  steps:
    - updates: [critic]
      loss:
        - generator fake: {from: noise}
        - critic on_real: {from: real}
        - critic on_fake: {from: fake}
        - binary_cross_entropy real_loss: {from: on_real, label: 1}
        - binary_cross_entropy fake_loss: {from: on_fake, label: 0}
        - formula: real_loss + fake_loss
    - updates: [generator]
      loss:
        - generator fake: {from: noise}
        - critic on_fake: {from: fake}
        - binary_cross_entropy: {from: on_fake, label: 1}
"""

SPECS = {"translator": TRANSLATOR, "encoder": ENCODER, "adversarial": ADVERSARIAL}
PHASES = [("translator", 0), ("encoder", 0), ("adversarial", 0), ("adversarial", 1)]


@pytest.mark.parametrize("name", names("architectures"))
def test_architectures_have_gradients_everywhere(name: str) -> None:
    spec = load(name)
    assert isinstance(spec, Architecture)
    graph = with_masks(expand(spec, "small"))
    seen = observe(graph, draw(graph))
    assert set(seen.gradients) == set(graph.phases[0].updates)
    assert all(np.isfinite(gradient).all() for gradient in seen.gradients.values())
    assert np.isfinite(np.asarray(seen.loss))


def graph_of(name: str) -> Graph:
    spec = parse(SPECS[name])
    assert isinstance(spec, Architecture)
    return with_masks(expand(spec))


def slope(graph: Graph, values: dict[str, Array], phase: int, name: str, direction: Array) -> float:
    """Fourth-order central difference of the loss along a direction."""
    program = graph.phases[phase]

    def loss(step: float) -> float:
        moved = {**values, name: values[name] + step * direction}
        return float(walk.forward(graph, moved, Run(), program).values[program.loss])

    h = 2e-4
    return (8 * (loss(h) - loss(-h)) - (loss(2 * h) - loss(-2 * h))) / (12 * h)


@pytest.mark.parametrize("name,phase", PHASES)
def test_gradients_are_the_slopes_of_the_loss(name: str, phase: int) -> None:
    graph = graph_of(name)
    values = draw(graph)
    seen = observe(graph, values, phase=phase)
    random = np.random.RandomState(1)
    for tensor, gradient in {**seen.gradients, **seen.input_gradients}.items():
        direction = random.standard_normal(gradient.shape) / np.sqrt(gradient.size)
        expected = slope(graph, values, phase, tensor, direction)
        assert np.sum(gradient * direction) == pytest.approx(expected, rel=1e-7, abs=1e-10), tensor


IDLE = {
    "translator": set(),
    "encoder": {"layer1.attention.key.bias", "layer2.attention.key.bias"},  # the same for every key of a softmax
    "adversarial": {"critic.conv.bias"},  # taken away by the batch norm after it
}
"""Parameters whose exact gradient is zero."""


@pytest.mark.parametrize("name,phase", PHASES)
def test_every_gradient_is_there_and_shows(name: str, phase: int) -> None:
    graph = graph_of(name)
    seen = observe(graph, draw(graph), phase=phase)
    assert set(seen.gradients) == set(graph.phases[phase].updates)
    idle = {tensor for tensor, gradient in seen.gradients.items() if np.abs(gradient).max() < 1e-12}
    assert idle == IDLE[name] & set(seen.gradients)


def test_masks_are_draws_and_have_no_gradient() -> None:
    graph = graph_of("translator")
    masks = {given.name for given in graph.batch_inputs() if given.name.endswith("mask")}
    assert masks == {"encoder.mask", "decoder.context.mask", "decoder.cell.mask"}
    values = draw(graph)
    seen = observe(graph, values)
    assert not masks & set(seen.input_gradients)
    for name in masks:
        changed = observe(graph, {**values, name: 2.0 - values[name]})
        assert float(np.asarray(changed.loss)) != float(np.asarray(seen.loss)), name


@pytest.mark.parametrize("name", ["translator", "encoder"])
def test_every_node_can_be_isolated(name: str) -> None:
    graph = graph_of(name)
    values = draw(graph)
    seen = observe(graph, values, cotangents=True)
    for node in graph.nodes:
        alone = isolate(graph, node.name)
        weights = {node.value(suffix): seen.cotangents[node.value(suffix)] for suffix in node.outputs}
        fed = {name.replace(node.name, "weights", 1): array for name, array in weights.items()}
        part = observe(alone, {**values, **seen.values, **fed})
        np.testing.assert_array_equal(part.values[node.name], seen.values[node.name])


def test_unbatched_values_meet_the_batch() -> None:
    graph = graph_of("encoder")
    seen = observe(graph, draw(graph, batch=5), cotangents=True)
    assert seen.values["token"].shape == (1, 4)
    assert seen.values["joined"].shape == (5, 6, 4)
    np.testing.assert_array_equal(seen.values["joined"][:, 0], np.broadcast_to(seen.values["token"], (5, 4)))
    np.testing.assert_allclose(seen.gradients["token.value"], seen.cotangents["token"])
