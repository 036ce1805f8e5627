"""`parity compare` on models as people write them, faults planted: `pytest tests/conformance --framework torch`.

Pairs within one framework run wherever that framework does. Pairs of two frameworks need both interpreters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from parity.cli import status
from parity.comparing import code_causes
from parity.errors import UsageError
from parity.execution.launcher.environments import Unavailable, installed
from parity.judgement.verdicts import PASSING
from parity.verbs.compare import compare
from parity.verbs.compare.printing import ComparedPair, lines

MODELS = Path(__file__).parent / "compared"


@dataclass(frozen=True)
class Planted:
    """Two models and what `compare` must say: the first departing layer and its tested cause. No layer: they agree,
    or differ for a reason that no number shows."""

    ours: str
    theirs: str
    layer: str = ""
    cause: str = ""
    between: bool = False
    own_way: bool = False
    """They agree but for what a framework may hold in float32, which is named as its own way."""

    @property
    def id(self) -> str:
        return f"{self.ours}~{self.theirs}"


WITHIN: dict[str, tuple[Planted, ...]] = {
    "torch": (
        Planted("mlp:build", "mlp:sequential"),
        Planted("mlp:build", "mlp:dropping", "", "the rates in order are [] in torch-1 and [0.1] in torch-2"),
        Planted("mlp:build", "mlp:detached", "first bias", "no gradient reaches it in torch-2"),
        Planted("residual:build", "residual:sequential"),
        Planted("residual:build", "residual:ported", "layers.1.shortcut.1", "epsilon: 1e-05"),
        Planted("recurrent:build", "recurrent:ported", "lstm", "gate order"),
        Planted("transformer:build", "transformer:ported", "encoder.layers.0.self_attn", "mask meaning inverted"),
        Planted("transformer:written", "transformer:written_ported", "out", "mask meaning inverted", between=True),
        Planted("convolutional:build", "convolutional:ported", "conv2", "padding"),
        Planted("convolutional:ported", "convolutional:turned", "fc", "flatten order", between=True),
    ),
    "keras": (
        Planted("mlp:build", "mlp:functional"),
        Planted("mlp:build", "mlp:subclassed"),
        Planted("residual:build", "residual:ported", "batch_normalization_5", "epsilon: 1e-05"),
        Planted("residual:build", "residual:momentum", "batch_normalization_4", "momentum: "),
        Planted("recurrent:build", "recurrent:ported", "lstm", "gate order"),
        Planted("transformer:build", "transformer:ported", "multi_head_attention", "mask meaning inverted"),
        Planted("convolutional:build", "convolutional:ported", "conv2d_1", "padding"),
    ),
    "mxnet": (
        Planted("mlp:build", "mlp:written"),
        Planted("residual:build", "residual:ported", "4.shortcut.1", "epsilon: 1e-05"),
        Planted("recurrent:build", "recurrent:ported", "lstm", "gate order"),
        Planted("transformer:build", "transformer:ported", "out", "mask meaning inverted", between=True),
        Planted("convolutional:build", "convolutional:ported", "conv2", "padding"),
    ),
}


ACROSS: tuple[tuple[str, str, Planted], ...] = (
    ("torch", "keras", Planted("mlp:build", "mlp:build")),
    ("torch", "keras", Planted("residual:build", "residual:build")),
    ("torch", "keras", Planted("residual:build", "residual:ported", "layers.1.shortcut.1", "epsilon: 1e-05")),
    ("torch", "keras", Planted("recurrent:build", "recurrent:build")),
    ("torch", "keras", Planted("recurrent:ported", "recurrent:build", "lstm", "gate order")),
    ("torch", "keras", Planted("transformer:build", "transformer:build")),
    (
        "torch",
        "keras",
        Planted("transformer:build", "transformer:ported", "encoder.layers.0.self_attn", "mask meaning inverted"),
    ),
    ("torch", "keras", Planted("convolutional:ported", "convolutional:build", "conv2", "padding")),
    ("torch", "keras", Planted("convolutional:ported", "convolutional:ported")),
    ("mxnet", "torch", Planted("residual:build", "residual:build")),
    ("mxnet", "keras", Planted("convolutional:ported", "convolutional:ported")),
    ("torch", "keras", Planted("perceptron:leaky", "perceptron:leaky", own_way=True)),
    ("torch", "keras", Planted("perceptron:leaky_default", "perceptron:leaky", "hidden.1", "activation after", between=True)),
    ("torch", "keras", Planted("perceptron:soft_rows", "perceptron:leaky", "output 0", "activation after out", between=True)),
    ("torch", "keras", Planted("decoder:build", "decoder:build", own_way=True)),
    ("torch", "keras", Planted("decoder:behind", "decoder:build", "blocks.0.attention.qkv", "wiring: ", between=True)),
    (
        "torch",
        "keras",
        Planted("decoder:unscaled", "decoder:build", "blocks.0.attention.proj", "scale of attention: 1 in torch", between=True),
    ),
    ("torch", "keras", Planted("generator:build", "generator:build")),
    ("torch", "keras", Planted("generator:shifted", "generator:shifted", "up", "padding: of the whole transposed convolution")),
    ("torch", "keras", Planted("directions:both", "directions:both")),
    ("torch", "keras", Planted("directions:gru", "directions:gru_before", "recurrent", "reset_after: True in torch")),
    ("torch", "keras", Planted("mobile:build", "mobile:build")),
    ("torch", "keras", Planted("sequence:build", "sequence:build")),
    ("mxnet", "torch", Planted("recurrent:build", "recurrent:build")),
)


def of(framework: str, model: str) -> str:
    return f"{framework}={framework}_models.{model}"


def judge(compared: ComparedPair, planted: Planted) -> None:
    told = "\n".join(lines(compared))
    departure = compared.departure
    if not planted.layer:
        assert (compared.verdict in PASSING) == (not planted.cause), told
        assert departure is None or (planted.own_way and any(code_causes.HELD in cause for cause in departure.causes)), told
        assert not planted.cause or any(found.reason.startswith(planted.cause) for found in compared.found), told
        return
    assert compared.verdict == "differs", told
    assert departure is not None, told
    assert departure.title.startswith(planted.layer), told
    assert departure.between == planted.between, told
    assert any(cause.startswith(planted.cause) for cause in departure.causes), told


@pytest.mark.parametrize("number", range(max(map(len, WITHIN.values()))))
def test_a_pair_within_one_framework(framework: str, number: int, tmp_path: Path) -> None:
    pairs = WITHIN[framework]
    if number >= len(pairs):
        pytest.skip(f"{framework} has {len(pairs)} pairs")
    planted = pairs[number]
    sides = [of(framework, planted.ours), of(framework, planted.theirs)]
    (compared,) = compare(sides, python_path=[MODELS], map_path=tmp_path / "map.yaml")
    judge(compared, planted)


@pytest.mark.parametrize(("first", "second", "planted"), ACROSS, ids=lambda value: getattr(value, "id", value))
def test_a_pair_of_two_frameworks(
    first: str, second: str, planted: Planted, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    asked = pytestconfig.getoption("--framework")
    if asked and first not in asked:
        pytest.skip(f"runs once, with --framework {first}")
    for framework in (first, second):
        try:
            installed(framework)
        except Unavailable as error:
            pytest.skip(f"needs the interpreters of {first} and {second}: {error}")
    sides = [of(first, planted.ours), of(second, planted.theirs)]
    (compared,) = compare(sides, python_path=[MODELS], map_path=tmp_path / "map.yaml")
    judge(compared, planted)


def test_mxnets_approximate_logarithm_is_its_own_way(framework: str, tmp_path: Path) -> None:
    """A right pair, and a draw in which oneDNN's log_softmax alone errs by eight times what torch's does."""
    if framework != "mxnet":
        pytest.skip("MXNet's own way, asked of torch's model beside it")
    try:
        installed("torch")
    except Unavailable as error:
        pytest.skip(f"needs the interpreters of mxnet and torch: {error}")
    sides = [of("mxnet", "mlp:classes"), of("torch", "mlp:classes")]
    (compared,) = compare(sides, python_path=[MODELS], seed=1, map_path=tmp_path / "map.yaml")
    told = "\n".join(lines(compared))
    own_way = [one for one in compared.found if one.verdict == "documented_difference"]
    assert compared.verdict == "documented_difference" and compared.departure is None, told
    assert {one.quantity for one in own_way} == {"forward", "forward_training"}, told
    assert all("oneDNN approximates the logarithm" in one.reason for one in own_way), told


@pytest.fixture(scope="session")
def perceptrons(framework: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], Path]:
    """Two sides that agree, and the map that `compare` wrote of them."""
    path = tmp_path_factory.mktemp("map") / "map.yaml"
    sides = [of(framework, planted) for planted in (WITHIN[framework][0].ours, WITHIN[framework][0].theirs)]
    compare(sides, python_path=[MODELS], map_path=path)
    return sides, path


def test_the_map_that_was_written_can_be_passed_back(perceptrons: tuple[list[str], Path]) -> None:
    sides, path = perceptrons
    (compared,) = compare(sides, python_path=[MODELS], weights_map=path)
    assert compared.verdict in PASSING


def test_a_wrong_map_is_one_clear_message(perceptrons: tuple[list[str], Path], tmp_path: Path) -> None:
    sides, path = perceptrons
    wrong = tmp_path / "wrong.yaml"
    written = path.read_text()
    right = next(one for one in ('"o i -> o i"', '"i o -> o i"') if one in written)
    wrong.write_text(written.replace(right, '"o i -> i o"' if right == '"o i -> o i"' else '"i o -> i o"', 1))
    with pytest.raises(UsageError, match="the neutral shapes differ"):
        compare(sides, python_path=[MODELS], weights_map=wrong)


def test_a_shape_that_cannot_be_mapped_is_one_clear_message(framework: str, tmp_path: Path) -> None:
    sides = [of(framework, "mlp:build"), of(framework, "recurrent:build")]
    with pytest.raises(UsageError, match="no counterpart of the same shape") as raised:
        compare(sides, python_path=[MODELS], map_path=tmp_path / "map.yaml")
    assert raised.value.status == 2
    assert "(11, 13)" in str(raised.value)
    assert "--weights-map" in str(raised.value)


def test_a_name_that_is_not_there_is_a_mistake(framework: str) -> None:
    with pytest.raises(UsageError, match=r"has no `biuld`; did you mean `build`\?") as raised:
        compare([of(framework, "mlp:biuld"), of(framework, "mlp:build")], python_path=[MODELS])
    assert raised.value.status == 2


def test_what_is_no_model_is_said(framework: str) -> None:
    with pytest.raises(UsageError, match=r"`nothing` gives NoneType where a model \(\w+'s \w+\) is needed"):
        compare([of(framework, "mlp:nothing"), of(framework, "mlp:build")], python_path=[MODELS])


def test_a_corrected_map_mends_the_gate_order(framework: str, tmp_path: Path) -> None:
    """What the message says, done: the layer of the user's own reads its blocks in another order, and the map says so."""
    path = tmp_path / "map.yaml"
    sides = [of(framework, "recurrent:build"), of(framework, "recurrent:ported")]
    compare(sides, python_path=[MODELS], map_path=path)
    own = f"        {framework}-2: "
    lines_of_map = [
        line.replace("i f g o", "i f o g") if line.startswith(own) else line for line in path.read_text().split("\n")
    ]
    path.write_text("\n".join(lines_of_map))
    (compared,) = compare(sides, python_path=[MODELS], weights_map=path)
    assert compared.verdict in PASSING, "\n".join(lines(compared))


@pytest.mark.parametrize(
    ("model", "status_of_it", "told"),
    [("build", 0, r": agrees"), ("rectified", 1, r"cause: .*sigmoid.* in spec, relu.* in \w+ \(tested")],
)
def test_a_model_as_people_write_it_is_checked_against_a_spec(
    framework: str,
    model: str,
    status_of_it: int,
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """What it takes is the spec's to say; a subclassed Keras model gets its image channels last."""
    for package in MODELS.iterdir():
        (tmp_path / package.name).symlink_to(package)
    monkeypatch.chdir(tmp_path)
    assert status(["check", "lenet", "--realization", of(framework, f"lenet:{model}")]) == status_of_it
    out = capfd.readouterr().out
    assert f"{of(framework, f'lenet:{model}')} against spec=lenet" in out
    assert re.search(told, out), out


def test_what_would_not_be_read_is_refused_with_a_model_of_ones_own(
    framework: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(MODELS)
    for words in (["--dtype", "float64"], ["--case", "lenet"], ["--mode", "eager"], ["--no-nodes"]):
        assert status(["check", "lenet", "--realization", of(framework, "lenet:build"), *words]) == 2
        assert f"compared in both precisions, without {words[0]}" in capfd.readouterr().err
