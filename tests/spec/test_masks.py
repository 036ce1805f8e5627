"""Dropout masks as inputs: every node that drops out reads one, of the shape that its op asks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from parity.spec import specs
from parity.spec.expansion import expand
from parity.spec.graph import Graph
from parity.spec.masks import dropouts, with_masks

EXAMPLES = Path(__file__).parents[1] / "language-examples"


def small(name: str) -> Graph:
    spec = specs.load(str(EXAMPLES / f"{name}.yaml"))
    assert isinstance(spec, specs.Architecture)
    return expand(spec, "small")


MASKS = {
    "lenet": {},
    "lstm_language_model": {"dropout.mask": (7, 13), "lstm.mask": (1, 7, 13), "dropout_2.mask": (7, 13)},
    "seq2seq_attention": {"encoder.mask": (1, 5, 13), "decoder.context.mask": (7, 5), "decoder.cell.mask": (7, 1, 13)},
    "gpt2_small": {
        "dropout.mask": (7, 12),
        "layer1.attention.mask": (3, 7, 7),
        "layer1.dropout.mask": (7, 12),
        "layer1.dropout_2.mask": (7, 12),
        "layer2.attention.mask": (3, 7, 7),
        "layer2.dropout.mask": (7, 12),
        "layer2.dropout_2.mask": (7, 12),
    },
}


@pytest.mark.parametrize("name", MASKS)
def test_masks_become_inputs(name: str) -> None:
    graph = small(name)
    masked = with_masks(graph)
    added = {given.name: given.shape for given in masked.inputs if given not in graph.inputs}
    assert added == MASKS[name]
    assert set(dropouts(graph)) == set(added) == set(dropouts(masked))
    assert masked.parameters == graph.parameters
    assert (masked == graph) == (not added)


def test_a_node_reads_its_mask_and_the_rate_is_told() -> None:
    graph = with_masks(small("lstm_language_model"))
    assert graph.node("lstm").inputs["mask"] == "lstm.mask"
    assert dropouts(graph) == {"dropout.mask": 0.5, "lstm.mask": 0.5, "dropout_2.mask": 0.5}


def test_a_scan_slices_the_masks_of_its_nodes() -> None:
    body = with_masks(small("seq2seq_attention")).node("decoder").body
    assert body is not None
    assert body.sequences == {
        "input": "target_embedding",
        "context.mask": "decoder.context.mask",
        "cell.mask": "decoder.cell.mask",
    }
    inner = {node.name: node.inputs.get("mask") for node in body.nodes}
    assert inner == {"query": None, "context": "context.mask", "concat": None, "cell": "cell.mask"}


def test_two_calls_of_a_network_have_two_masks_and_frozen_ones_none() -> None:
    text = """
name: user
source: test
inputs: {image: {shape: [4]}}
networks: {tower: {inputs: {v: {shape: [4]}}, layers: [dropout: {rate: 0.25}, dense code: {units: 3}]}}
layers: [tower one: {from: image}, tower two: {from: image}, add: [one, two]]
training: {evaluate: [two], loss: [tower again: {from: image}, mean]}
"""
    spec = specs.parse(text)
    assert isinstance(spec, specs.Architecture)
    graph = with_masks(expand(spec))
    assert dropouts(graph) == {"one.dropout.mask": 0.25, "training.again.dropout.mask": 0.25}
    assert [given.name for given in graph.training_inputs] == ["training.again.dropout.mask"]
    assert "mask" not in graph.node("two.dropout").inputs


def test_a_rate_of_zero_drops_nothing() -> None:
    spec = specs.parse("name: user\nsource: test\ninputs: {v: {shape: [4]}}\nlayers: [dropout: {rate: 0}]")
    assert isinstance(spec, specs.Architecture)
    assert dropouts(expand(spec)) == {}
