"""The parts of a file around its layers: training, updates, carried state, decoding, sizes, and what is unused."""

from __future__ import annotations

from pathlib import Path

import pytest

from parity.spec import specs
from parity.spec.architectures import Architecture
from parity.spec.expansion import expand, expand_with_warnings
from parity.spec.graph import isolate
from parity.spec.graph_facts import with_bodies
from parity.spec.networks import network_graph, network_nodes

EXAMPLES = Path(__file__).parents[1] / "language-examples"
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.yaml"))


def example(name: str) -> Architecture:
    spec = specs.load(str(EXAMPLES / f"{name}.yaml"))
    assert isinstance(spec, Architecture)
    return spec


def architecture(text: str, head: str = "inputs: {image: {shape: [3, 8, 9]}}") -> Architecture:
    spec = specs.parse(f"name: user\nsource: test\n{head}\n{text}")
    assert isinstance(spec, Architecture)
    return spec


def test_phases_of_alternating_training() -> None:
    graph = expand(example("dcgan"), "small")
    first, second = graph.phases
    assert (first.name, first.loss, second.loss) == ("training1", "training1.formula", "training2.binary_cross_entropy")
    assert all(name.startswith("discriminator.") for name in first.updates)
    assert all(name.startswith("generator.") for name in second.updates)
    assert first.optimizer == {"name": "adam", "hyperparameters": {"learning_rate": 2e-4, "beta_1": 0.5}}
    assert graph.node("training1.fake.image").parameters == graph.node("training2.fake.image").parameters
    assert [given.name for given in graph.training_inputs] == ["real", "noise"]
    assert graph.nodes == ()


def test_updates_and_evaluate_of_fine_tuning() -> None:
    graph = expand(example("fine_tuning"), "small")
    updates = graph.phases[0].updates
    assert updates["base.stage3.block1.main.conv1.conv.kernel"] == 0.1
    assert updates["head.kernel"] == 1.0
    assert not any(name.startswith(("base.stem", "base.stage1", "base.stage2")) for name in updates)
    evaluated = {node.name for node in graph.nodes if node.evaluate}
    assert {"features.stem.norm", "features.stage2.block2.main.conv1.norm"} <= evaluated
    assert "features.stage3.block1.main.conv1.norm" not in evaluated


def test_the_longest_prefix_decides() -> None:
    text = "layers: [flatten, dense a: {units: 2}, dense b: {units: 1}]\ntraining: {updates: {a: 0.5, a.bias: 2}, loss: [mean]}"
    assert expand(architecture(text)).phases[0].updates == {"a.kernel": 0.5, "a.bias": 2.0}


def test_an_image_may_be_trained() -> None:
    assert expand(example("style_transfer"), "small").phases[0].updates == {"image.value": 1.0}
    graph = expand(architecture("layers: [relu]\ntraining: {updates: [image], loss: [mean]}"))
    assert graph.phases[0].updates == {"image": 1.0}
    assert graph.inputs[0].trainable


def test_carried_state_and_decoding() -> None:
    language_model = expand(example("lstm_language_model"), "small")
    assert [(state.name, state.shape, state.next) for state in language_model.carried] == [
        ("state", (2, 13), "lstm.state"),
        ("cell", (2, 13), "lstm.cell"),
    ]
    translation = expand(example("seq2seq_attention"), "small")
    assert translation.decoding == {"feed": "target", "from": "logits", "begin": 1, "end": 2, "steps": 7}


def test_shared_parameters_count_once() -> None:
    graph = expand(example("transformer"), "small")
    tied = [node for node in graph.nodes if "embedding.table" in node.parameters.values()]
    assert [node.name for node in tied] == ["embedding", "target_embedding", "logits"]
    assert sum(parameter.name == "embedding.table" for parameter in graph.parameters) == 1


def test_roles_and_fans_of_parameters() -> None:
    graph = expand(example("lstm_language_model"), "small")
    roles = {parameter.name: (parameter.role, parameter.fan_in) for parameter in graph.parameters}
    assert roles["lstm.layer1.recurrent_kernel"] == ("recurrent_kernel", 13)
    assert roles["embedding.table"][0] == "table"


def test_an_unknown_size_is_a_mistake() -> None:
    with pytest.raises(specs.SpecError, match="no size `large`; there are full, small"):
        expand(example("transformer"), "large")


def test_what_is_unused_is_a_warning() -> None:
    text = """
constants: {unused: 3}
blocks:
  never: {layers: [relu]}
  wasteful: {inputs: [input, more], arguments: {idle: 1}, layers: [relu]}
layers:
  - wasteful a: {more: image}
  - tanh dead: {from: image}
  - relu live: {from: a}
"""
    _, warnings = expand_with_warnings(architecture(text, head="inputs: {image: {shape: [3]}, spare: {shape: [2]}}"))
    assert [str(warning).partition(": ")[2] for warning in warnings] == [
        "the input `spare` is never used",
        "the constant `unused` is never used",
        "the block `never` is never used",
        "the input `more` of `wasteful` is never used",
        "the argument `idle` of `wasteful` is never used",
        "the value `dead` is never used",
    ]


@pytest.mark.parametrize("name", NAMES)
def test_no_example_has_anything_unused(name: str) -> None:
    for size in example(name).size_names():
        assert expand_with_warnings(example(name), size)[1] == ()


def test_places_stay_out_of_the_digest() -> None:
    text = "layers: [relu]"
    moved = expand(architecture("\n\n" + text))
    assert moved.node("relu").place != expand(architecture(text)).node("relu").place
    assert moved.digest() == expand(architecture(text)).digest()


def test_groups_tell_what_is_frozen_and_how_fast_the_rest_learns() -> None:
    groups = {one.name: one.group for one in expand(example("fine_tuning"), "small").parameters}
    assert groups["base.stem.conv.kernel"] == groups["base.stage2.block1.main.conv1.conv.kernel"] == "frozen"
    assert groups["base.stage3.block1.main.conv1.conv.kernel"] == "main*0.1"
    assert groups["head.kernel"] == "default"
    assert {one.group for one in expand(example("lenet")).parameters} == {"default"}
    networks = {(one.name.partition(".")[0], one.group) for one in expand(example("dcgan"), "small").parameters}
    assert networks == {("discriminator", "training1*1"), ("generator", "training2*1")}


def test_a_network_by_itself_costs_what_one_call_costs() -> None:
    whole, alone = expand(example("dcgan")), network_nodes(example("dcgan"))
    later = whole.phases[1].nodes
    calls = {name: [node for node in later if node.name.startswith(f"training2.{call}.")] for name, call in CALLS}
    for name, nodes in calls.items():
        assert sum(node.flops for node in alone[name]) == sum(node.flops for node in nodes) > 2e8
    held = {name for nodes in alone.values() for node in nodes for name in node.parameters.values()}
    assert held == {parameter.name for parameter in whole.parameters}


NESTED = """
networks:
  net:
    inputs: {rows: {shape: [2, 3, 5]}}
    layers:
      - scan outer:
          from: rows
          layers:
            - scan inner: {layers: [dense f: {units: 7}, batch_norm norm, relu]}
layers:
  - net loop: {from: image}
"""


def test_a_network_keeps_what_a_scan_in_a_scan_holds() -> None:
    """Parameters and statistics lie two bodies deep."""
    written = architecture(NESTED, "inputs: {image: {shape: [2, 3, 5]}}")
    whole, by_itself = expand(written), network_graph(written, "net")
    names = {array.name for array in (*whole.parameters, *whole.statistics)}
    assert len(names) == 6
    for graph in (by_itself, isolate(whole, whole.nodes[0].name)):
        assert {array.name for array in (*graph.parameters, *graph.statistics)} == names
    (scan,) = network_nodes(written)["net"]
    held = [node for node in with_bodies([scan]) if node.body is None]
    assert {name for node in held for kind in (node.parameters, node.statistics) for name in kind.values()} == names


CALLS = (("generator", "fake"), ("discriminator", "on_fake"))
