"""`parity compare` on code between layers, with faults, in shared processes: `pytest tests/conformance --framework torch`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from shared_processes import shared

from parity.execution.launcher.environments import Unavailable, installed
from parity.judgement.verdicts import PASSING
from parity.verbs import compare as verb
from parity.verbs.compare.printing import lines

MODELS = Path(__file__).parent / "compared"
ROWS, IMAGES, STEPS, WORDS = ("3x7",), ("2x3x5x5",), ("2x4x6",), ("2x4:0..10",)

WITHIN = (
    ("drops", "drops", ROWS, ""),
    ("by_hand", "drops", ROWS, ""),
    ("drops", "always", ROWS, "torch-2 keeps dropout on in evaluation: 0.25 (element) at code.py"),
    ("drops", "other_rate", ROWS, "the rates in order are [0.25] in torch-1 and [0.5] in torch-2"),
    ("moving", "frozen", ROWS, "frozen: while the model trains, torch-2 norm"),
    ("skips", "straight", ROWS, "wiring: a sum (a residual path, or skip) left out"),
    ("gate_last", "gate_first", ROWS, "gate order, or the order of the parts of one split"),
    ("halves", "pairs", ROWS, "order: the parts are cut otherwise"),
    ("smooth", "smoother", ROWS, "softplus: beta 1.0 in torch-1, 2.0 in torch-2"),
    ("padded_behind", "padded_before", IMAGES, "pad: pad [0, 1, 0, 1] in torch-1, [1, 0, 1, 0] in torch-2"),
    ("counting", "not_counting", IMAGES, "avg_pool2d: count_include_pad True in torch-1, False in torch-2"),
    ("free", "aligned", IMAGES, "interpolate: align_corners False in torch-1, True in torch-2"),
    ("linear", "nearest", IMAGES, "interpolate: mode bilinear in torch-1, nearest in torch-2"),
    ("zeros", "mirrored", IMAGES, "pad: mode constant in torch-1, reflect in torch-2"),
    ("near", "wide", IMAGES, "dilation 1 in torch-1, 2 in torch-2"),
    ("interleaved", "concatenated", STEPS, "order: the same numbers interleaved in the one and concatenated in the other"),
    ("by_feature", "by_sequence", STEPS, "layer_norm: normalized_shape [8] in torch-1, [4, 8] in torch-2"),
    (
        "normed_last",
        "normed_first",
        STEPS,
        "order of functions: relu, then layer_norm in torch-1; layer_norm, then relu in torch-2",
    ),
    ("unbiased", "biased", STEPS, "std: unbiased True in torch-1, False in torch-2"),
    ("attending", "over_queries", STEPS, "softmax: dim -1 in torch-1, 1 in torch-2"),
    ("attending", "one_more", STEPS, "triu: diagonal 1 in torch-1, 2 in torch-2"),
    ("cell", "cell_swapped", STEPS, "gate order, or the order of the parts of one split"),
    ("embedded", "embedded_scaled", WORDS, "scale: what torch-2 out (Linear) takes is 2.82842712 times"),
    ("root", "root_narrow", ROWS, "gives float32 where float64 was asked for"),
    ("root_narrow", "root_narrow", ROWS, ""),
    ("root", "root_other", ROWS, "add: other 1e-06 in torch-1, 0.01 in torch-2"),
    ("twice", "thrice_wrong", ROWS, "departs further at layer (LayerNorm) ~ layer (LayerNorm): activation, of itself"),
    ("twice", "thrice_wrong", ROWS, "momentum: torch-1 batch (BatchNorm1d) keeps 0.9 of its statistics at each step"),
)
WRITTEN = (
    ("lazy", "plain", ""),
    ("weight_normed", "weight_normed", ""),
    ("fourier", "fourier", "frequencies: buffers that hold other numbers in torch-1 than in torch-2"),
)
RIGHT = ("held in float32", "gives float32")
"""What is told of a right pair."""
ACROSS = (
    ("drops", "drops", ROWS, ""),
    ("by_hand", "by_hand", ROWS, ""),
    ("by_hand", "drops", ROWS, ""),
    ("free", "free", IMAGES, "held in float32 in keras"),
    ("drops", "always", ROWS, "keras keeps dropout on in evaluation: 0.25 (element) at code.py"),
    ("skips", "straight", ROWS, "wiring: a sum (a residual path, or skip) left out"),
    ("gate_last", "gate_first", ROWS, "gate order, or the order of the parts of one split"),
    ("padded_behind", "padded_before", IMAGES, "function: padding (0, 1), (0, 1)"),
    ("counting", "not_counting", IMAGES, "that counts the padding in torch"),
    ("aligned", "free", IMAGES, "align_corners True in torch"),
)


@pytest.fixture(scope="module", autouse=True)
def processes() -> Iterator[None]:
    with shared(verb):
        yield


@pytest.mark.parametrize(("ours", "theirs", "cause"), WRITTEN, ids=lambda value: value if len(value) < 20 else None)
def test_parameters_that_are_not_a_layers_from_the_first(framework: str, ours: str, theirs: str, cause: str) -> None:
    if framework != "torch":
        pytest.skip("models of torch")
    judge([f"torch=torch_models.written:{ours}", f"torch=torch_models.written:{theirs}"], ROWS, cause)


def judge(sides: list[str], inputs: tuple[str, ...], cause: str) -> None:
    (compared,) = verb.compare(sides, inputs=inputs, python_path=[MODELS])
    told = "\n".join(lines(compared))
    right = not cause or cause.startswith(RIGHT)
    assert (compared.verdict in PASSING) == right, told
    assert cause in told, told


@pytest.mark.parametrize(
    ("ours", "theirs", "inputs", "cause"), WITHIN, ids=lambda value: value if isinstance(value, str) else None
)
def test_two_models_of_torch(framework: str, ours: str, theirs: str, inputs: tuple[str, ...], cause: str) -> None:
    if framework != "torch":
        pytest.skip("pairs of torch")
    judge([f"torch=torch_models.code:{ours}", f"torch=torch_models.code:{theirs}"], inputs, cause)


@pytest.mark.parametrize(
    ("ours", "theirs", "inputs", "cause"), ACROSS, ids=lambda value: value if isinstance(value, str) else None
)
def test_a_model_of_torch_and_one_of_keras(framework: str, ours: str, theirs: str, inputs: tuple[str, ...], cause: str) -> None:
    if framework != "torch":
        pytest.skip("runs once, with --framework torch")
    try:
        installed("keras")
    except Unavailable as error:
        pytest.skip(f"needs the interpreters of torch and keras: {error}")
    judge([f"torch=torch_models.code:{ours}", f"keras=keras_models.code:{theirs}"], inputs, cause)
