"""`parity compare spec=A spec=B`: the whole comparison without a framework, and a spec's own side of one with a model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from parity.cli import status
from parity.spec import specs as language
from parity.spec.expansion import expand
from parity.verbs.compare import compare
from parity.verbs.compare.printing import ComparedPair, lines
from parity.verbs.compare.spec_side import GraphAsModel

HEAD = "name: {name}\nsource: made for this test\nfamily: convolutional\ninputs: {{image: {{shape: [3, 9, 8]}}}}\nlayers:\n"
LAYERS = (
    "conv2d conv: {channels: 4, kernel: 3, stride: 2, padding: 1}",
    "batch_norm norm: {epsilon: 0.001, momentum: 0.875}",
    "leaky_relu: {slope: 0.125}",
    "average_pool2d: {kernel: 3, stride: 2, padding: 1, count_padding: true}",
    "flatten",
    "dense hidden: {units: 7}",
    "gelu",
    "dense out: {units: 5}",
    "softmax",
)
CHANGED = {
    "epsilon: 0.001": ("epsilon: 0.00001", "norm (batch_norm)", "epsilon: 0.001 in spec-1"),
    "momentum: 0.875": ("momentum: 0.75", "norm", "momentum: spec-1 norm (batch_norm) keeps 0.875"),
    "slope: 0.125": ("slope: 0.25", "leaky_relu", "slope: 0.125 in spec-1"),
    "count_padding: true": ("count_padding: false", "average_pool2d", "count_padding: True in spec-1"),
    "stride: 2, padding: 1}": ("stride: 2, padding: [[0, 2], [0, 2]]}", "conv (conv2d)", "padding: (1, "),
    "gelu": ("gelu: {form: tanh}", "gelu", "form: erf in spec-1"),
    "softmax": ("softplus", "output 0", "activation after out (dense): softmax over axis 1 in spec-1, softplus in spec-2"),
}


def written(place: Path, name: str, layers: Sequence[str]) -> str:
    path = place / f"{name}.yaml"
    path.write_text(HEAD.format(name=name) + "".join(f"  - {layer}\n" for layer in layers))
    return f"spec={path}"


def compared(place: Path, layers: Sequence[str]) -> ComparedPair:
    (found,) = compare([written(place, "first", LAYERS), written(place, "second", layers)], map_path=place / "map.yaml")
    return found


def test_a_spec_agrees_with_itself(tmp_path: Path) -> None:
    found = compared(tmp_path, LAYERS)
    assert found.verdict == "agrees", "\n".join(lines(found))
    assert {one.verdict for one in found.found if one.dtype == "float64"} == {"exact"}
    assert {one.quantity for one in found.found} >= {
        "forward",
        "activation",
        "gradient",
        "input_gradient",
        "statistic",
        "update",
    }


@pytest.mark.parametrize("before", CHANGED)
def test_a_setting_that_was_changed_is_named_with_its_layer(before: str, tmp_path: Path) -> None:
    after, layer, cause = CHANGED[before]
    found = compared(tmp_path, [one.replace(before, after, 1) for one in LAYERS])
    told = "\n".join(lines(found))
    assert found.verdict == "differs" and found.departure is not None, told
    assert found.departure.title.startswith(layer), told
    assert any(one.startswith(cause) for one in found.departure.causes), told


def test_the_spec_is_what_the_others_are_held_against() -> None:
    with pytest.raises(Exception, match="no_such_spec"):
        compare(["torch=nowhere:build", "spec=no_such_spec"])


@pytest.mark.parametrize("name", ["adam", "no_such_spec"])
def test_what_is_no_network_is_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert status(["compare", "spec=lenet", f"spec={name}"]) == 2


def test_a_layer_alone_gives_what_it_gave_and_moves_with_its_setting() -> None:
    spec = language.load("resnet18")
    assert isinstance(spec, language.Architecture)
    walked = GraphAsModel(expand(spec, "small"), "float64")
    image = np.random.RandomState(0).standard_normal((2, *walked.graph.inputs[0].shape))
    seen = walked.forward([image])
    place = next(place for place, node in enumerate(walked.graph.nodes) if node.op == "batch_norm")
    change = {"call": place, "training": False, "settings": {}}
    assert np.array_equal(walked.rerun(change, {})["out/0"], seen[f"out/{place}/0"])
    other = walked.rerun({**change, "settings": {"epsilon": 1.0}}, {})["out/0"]
    assert not np.array_equal(other, seen[f"out/{place}/0"])
