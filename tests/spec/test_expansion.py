"""From a file to its graph: names, shapes, counts, structure; the examples of the language expand to their figures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from parity.spec import specs
from parity.spec.architectures import Architecture
from parity.spec.expansion import expand
from parity.spec.graph import Graph
from parity.spec.models import build
from parity.spec.source import Rows, Table, read_file

EXAMPLES = Path(__file__).parents[1] / "language-examples"

# example: parameters at full size, nodes without the loss, parameters at small size
FIGURES = {
    "bert_base": (109_482_240, 129, 2_902),
    "cyclegan": (2 * 11_378_179 + 2 * 2_764_737, 0, 28_778),
    "dcgan": (3_576_704 + 2_765_568, 0, 14_862),
    "densenet121": (7_978_856, 426, 120_122),
    "fine_tuning": (11_177_538, 68, 176_842),
    "googlenet": (13_378_280, 157, 13_378_280),
    "googlenet_batch_norm": (6_624_904, 196, 6_624_904),
    "gpt2_small": (124_439_808, 125, 4_272),
    "inception_v3": (27_161_264, 322, 27_161_264),
    "lenet": (61_706, 12, 61_706),
    "lstm_language_model": (13_275_200, 5, 3_214),
    "mobilenet_v2": (3_504_872, 152, 47_208),
    "resnet50": (25_557_032, 174, 376_722),
    "seq2seq_attention": (9_596_944, 5, 6_048),
    "siamese": (15_404, 19, 15_404),
    "style_transfer": (12_944_960 + 405_000, 91, 33_306),
    "transformer": (63_082_496, 153, 6_080),
    "vit_b_16": (86_567_656, 105, 4_904),
}


def example(name: str) -> Architecture:
    spec = specs.load(str(EXAMPLES / f"{name}.yaml"))
    assert isinstance(spec, Architecture)
    return spec


def architecture(text: str, head: str = "inputs: {image: {shape: [3, 8, 9]}}") -> Architecture:
    spec = specs.parse(f"name: user\nsource: test\n{head}\n{text}")
    assert isinstance(spec, Architecture)
    return spec


def names(graph: Graph) -> list[str]:
    return [node.name for node in graph.all_nodes()]


def test_every_example_has_its_figures() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.yaml")} == set(FIGURES)


@pytest.mark.parametrize("name", sorted(FIGURES))
def test_an_example_expands_to_its_figures(name: str) -> None:
    full, small = expand(example(name), "full"), expand(example(name), "small")
    assert (full.parameter_count(), len(full.nodes), small.parameter_count()) == FIGURES[name]
    for graph in (full, small):
        assert len(set(names(graph))) == len(names(graph))
        assert {node.op for node in graph.all_nodes()} == {node.op for node in full.all_nodes()}
        back = Graph.from_json(json.loads(json.dumps(graph.to_json())))
        assert back == graph
        assert back.digest() == graph.digest()
        assert all(node.flops >= 0 for node in graph.all_nodes())


ACTIVATIONS = {"relu", "relu6", "leaky_relu", "sigmoid", "tanh", "gelu"}


def with_tanh(value: object) -> int:
    """Adds a step `tanh` after every activation of a file, in place; says how many."""
    added = 0
    if isinstance(value, Table):
        added += sum(with_tanh(inner) for inner in value.values())
    if isinstance(value, Rows):
        for place in reversed(range(len(value))):
            added += with_tanh(value[place])
            words = next(iter(value[place])) if isinstance(value[place], Table) else value[place]
            if isinstance(words, str) and words.split(" ")[0] in ACTIVATIONS:
                value.insert(place + 1, "tanh")
                value.places.insert(place + 1, value.places[place])
                added += 1
    return added


@pytest.mark.parametrize("name", sorted(FIGURES))
def test_a_step_more_moves_no_parameter_name(name: str) -> None:
    document = read_file(EXAMPLES / f"{name}.yaml")
    added = with_tanh(document.table)
    changed, mistakes, _ = build(Architecture, document)
    assert mistakes == []
    assert changed is not None
    before, after = expand(example(name), "full"), expand(changed, "full")
    assert [parameter.name for parameter in after.parameters] == [parameter.name for parameter in before.parameters]
    more = sum(node.op == "tanh" for node in after.all_nodes()) - sum(node.op == "tanh" for node in before.all_nodes())
    assert more >= added > 0 or not any(node.op in ACTIVATIONS for node in before.all_nodes())


# --- names, values, structure


def test_names_of_steps() -> None:
    steps = "[relu, tanh, relu, relu last, flatten, dense: {units: 5}, tanh, dense logits: {units: 2}]"
    graph = expand(architecture(f"layers: {steps}"))
    assert names(graph) == ["relu", "tanh", "relu_2", "last", "flatten", "dense", "tanh_2", "logits"]
    assert [parameter.name for parameter in graph.parameters] == ["dense.kernel", "dense.bias", "logits.kernel", "logits.bias"]
    assert graph.node("relu_2").inputs == {"x": "tanh"}
    assert graph.outputs == ("logits",)


@pytest.mark.parametrize("second", ["dense: {units: 4}", "b", "n"], ids=["op", "block", "network"])
def test_a_second_unnamed_step_with_parameters_is_a_mistake(second: str) -> None:
    """But for a network, whose parameters bear its own name wherever it is called."""
    text = f"""
blocks: {{b: {{layers: [dense d: {{units: 4}}]}}}}
networks: {{n: {{inputs: {{v: {{shape: [4]}}}}, layers: [dense d: {{units: 4}}]}}}}
layers:
  - dense: {{units: 4}}
  - b
  - n
  - {second}
"""
    if second == "n":
        assert names(expand(architecture(text, "inputs: {image: {shape: [4]}}")))[-1] == "n_2.d"
        return
    with pytest.raises(specs.SpecError, match=r"11:5: this is the second unnamed `(dense|b)` here: name it"):
        expand(architecture(text, "inputs: {image: {shape: [4]}}"))


def test_defaults_are_written_out_as_lists() -> None:
    graph = expand(architecture("layers: [conv2d conv: {channels: 2, kernel: [3, 5], padding: [[0, 1], [2, 0]]}]"))
    node = graph.node("conv")
    assert node.attributes == {
        "channels": 2,
        "kernel": [3, 5],
        "stride": [1, 1],
        "padding": [[0, 1], [2, 0]],
        "dilation": [1, 1],
        "groups": 1,
        "bias": True,
    }
    assert node.outputs == {"": (2, 7, 7)}
    assert node.flops == 2 * 7 * 7 * (2 * 3 * 3 * 5 + 1)


def test_a_join_starts_every_branch_from_x_and_opens_no_scope() -> None:
    joins = "add: [x, image, {tanh: {}}, [sigmoid, tanh inner]], concat: {axis: width, branches: [x, inner]}"
    graph = expand(architecture(f"layers: [relu, {joins}]"))
    assert names(graph) == ["relu", "tanh", "sigmoid", "inner", "add", "concat"]
    assert graph.node("add").inputs == {"branches": ("relu", "image", "tanh", "inner")}
    assert graph.node("sigmoid").inputs == {"x": "relu"}
    assert graph.node("concat").attributes == {"axis": 2}
    assert graph.node("concat").outputs == {"": (3, 8, 18)}


def test_a_joins_name_is_reserved_before_its_branches_run() -> None:
    graph = expand(architecture("layers: [concat: [x, [concat: [x, x]]]]"))
    assert names(graph) == ["concat_2", "concat"]


def test_a_block_is_a_template_and_a_network_an_instance() -> None:
    text = """
blocks:
  scaled:
    inputs: [input, other]
    arguments: {units: , half: units/2}
    layers: [dense a: {units: units}, dense b: {units: half, from: other}]
networks:
  tower: {inputs: {v: {shape: [4]}}, layers: [dense code: {units: 3}, formula: x*v.features]}
layers:
  - scaled one: {units: 6, other: image}
  - scaled two: {units: 4, other: image, half: 1}
  - tower left: {from: image}
  - tower right: {from: image}
"""
    graph = expand(architecture(text, head="inputs: {image: {shape: [4]}}"))
    assert {parameter.name: parameter.shape for parameter in graph.parameters if parameter.role == "kernel"} == {
        "one.a.kernel": (6, 4),
        "one.b.kernel": (3, 4),
        "two.a.kernel": (4, 3),
        "two.b.kernel": (1, 4),
        "tower.code.kernel": (3, 4),
    }
    assert graph.node("left.code").parameters == graph.node("right.code").parameters
    assert graph.node("right.formula").attributes == {"text": "x*4"}
    assert graph.networks == {"tower": ("tower",)}
    assert graph.outputs == ("right.formula",)


def test_inside_a_block_the_outside_is_not_seen() -> None:
    with pytest.raises(specs.SpecError, match="no value `image` here"):
        expand(architecture("blocks: {b: {layers: [add: [x, image]]}}\nlayers: [b]"))


def test_a_path_looks_into_a_block_from_outside() -> None:
    graph = expand(architecture("blocks: {b: {layers: [relu first, tanh]}}\nlayers: [b one, add: [one.first, one]]"))
    assert graph.node("add").inputs == {"branches": ("one.first", "one.tanh")}


def test_a_repeated_step_takes_from_only_once() -> None:
    graph = expand(architecture("layers: [relu, tanh t: {repeat: 3, first: 2, from: image}, add: [t, t2]]"))
    assert [graph.node(name).inputs["x"] for name in ("t2", "t3", "t4")] == ["image", "t2", "t3"]
    assert graph.node("add").inputs == {"branches": ("t4", "t2")}


def test_no_round_at_all_hands_the_value_on() -> None:
    graph = expand(architecture("layers: [relu, tanh t: {repeat: 0}, repeat r: {times: 0, layers: [tanh]}, sigmoid]"))
    assert graph.node("sigmoid").inputs == {"x": "relu"}


def test_a_table_gives_numbers_and_names_rounds() -> None:
    repeat = "repeat s: {first: 2, index: k, table: [{n: 5}, {n: 7}], layers: [dense d: {units: n*k}]}"
    text = f"layers: [flatten, {repeat}, dense last: {{units: 1}}]"
    graph = expand(architecture(text))
    assert [(node.name, node.outputs[""]) for node in graph.nodes[1:]] == [("s2.d", (10,)), ("s3.d", (21,)), ("last", (1,))]


def test_a_formula_holds_numbers_and_reads_values() -> None:
    text = "constants: {a: 1/3, b: 0.1, c: -2, d: 512}\nlayers: [relu r, formula: 'a*x + b*r**c - sqrt(d)*image/x.height']"
    node = expand(architecture(text)).node("formula")
    assert node.attributes == {"text": "(1/3)*x + 0.1*r**(-2) - sqrt(512)*image/8"}
    assert node.inputs == {"x": "r", "r": "r", "image": "image"}


def test_numbers_are_exact_and_reals_need_not_be() -> None:
    graph = expand(architecture("layers: [leaky_relu: {slope: 1/sqrt(2)}, dropout: {rate: 0.1*3}]"))
    assert graph.node("leaky_relu").attributes == {"slope": 1 / 2**0.5}
    assert graph.node("dropout").attributes == {"rate": 0.3}  # 0.1*3 is 0.30000000000000004 in floats


def test_flags_go_through_arguments() -> None:
    block = "{arguments: {bias: true}, layers: [flatten, dense d: {units: 2, bias: bias}]}"
    text = f"blocks: {{b: {block}}}\nlayers: [b one: {{bias: false}}, b two]"
    graph = expand(architecture(text))
    assert [parameter.name for parameter in graph.parameters] == ["one.d.kernel", "two.d.kernel", "two.d.bias"]


def test_what_has_no_batch() -> None:
    text = "layers: [parameter p: {shape: [3, 8, 9]}, formula: x**2, add: [x, image]]\ntraining: {loss: [mean]}"
    graph = expand(architecture(text))
    assert [node.batched for node in graph.all_nodes()] == [False, False, True, False]


def test_a_scan_has_a_body() -> None:
    graph = expand(example("seq2seq_attention"), "small")
    scan = graph.node("decoder")
    body = scan.body
    assert body is not None
    assert [node.name for node in body.nodes] == ["query", "context", "concat", "cell"]
    assert body.sequences == {"input": "target_embedding"}
    assert (body.state, body.next, body.output) == ({"state": "encoder.state"}, {"state": "cell.state"}, "cell")
    assert set(body.captured) == {"encoder", "source_length"}
    assert scan.outputs == {"": (7, 13)}
    assert scan.flops == 7 * sum(node.flops for node in body.nodes)
    assert body.nodes[3].parameters["layer0.kernel"] == "decoder.cell.layer0.kernel"


def test_a_scan_in_a_scan_hands_outer_values_through() -> None:
    text = """
layers:
  - dense f: {from: side, units: 36}
  - relu g
  - reshape rows: {from: image, shape: [2, 3, 36]}
  - scan outer:
      layers:
        - scan inner: {state: {s: f}, next: {s: sum}, layers: [add sum: [s, input, g]]}
"""
    outer = expand(architecture(text, "inputs: {side: {shape: [5]}, image: {shape: [3, 8, 9]}}")).node("outer")
    assert outer.body is not None
    inner = outer.body.nodes[0]
    assert inner.body is not None
    assert (outer.body.sequences, inner.body.sequences) == ({"input": "rows"}, {"input": "input"})
    assert set(outer.body.captured) == {"f", "g"}
    assert inner.body.captured == ("g",)
    assert outer.outputs == {"": (2, 3, 36)}
