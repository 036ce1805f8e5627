"""Every framework built to be wrong gets its intended verdict on the intended quantity; the right one is green throughout."""

from __future__ import annotations

import inspect
from functools import cache

import alternating
import lowered
import numerical
import pytest
import updating
from judged import TOWERS, Trial, classifier, expanded, gan, generator_alone, optimizer_trial, tagger, towers, trial, writer
from reference_framework import Implementation

from parity.execution.worker.tasks import agreement as observed
from parity.judgement.comparison import Comparison
from parity.judgement.verdicts import GREEN, worst
from parity.trials import selection
from parity.trials.ops import op_trials
from parity.trials.trial import Options

# Fake -> what it is run on, in which precision, and the verdict and quantity that must catch it.
INTENDED: dict[str, tuple[str, str, str, str]] = {
    "OneStepLate": ("adam", "float32", "differs", "update"),
    "WrongEpsilon": ("adam", "float32", "differs", "update"),
    "EpsilonInside": ("adam", "float32", "differs", "update"),
    "CoupledDecay": ("adamw", "float32", "differs", "update"),
    "NormOfEach": ("sgd_clip_global_norm", "float32", "differs", "update"),
    "Float32Optimizer": ("adam", "float64", "reduced_precision", "update"),
    "TrainsFrozen": ("classifier", "float32", "differs", "update"),
    "StaleParameters": ("classifier", "float32", "differs", "update"),
    "StaleBatch": ("classifier", "float32", "differs", "gradient"),
    "SwappedAxes": ("classifier", "float32", "differs", "forward"),
    "TransposedKernel": ("classifier", "float32", "differs", "forward"),
    "FlippedKernel": ("classifier", "float32", "differs", "forward"),
    "HalfInside": ("classifier", "float32", "differs", "forward"),
    "Float32Inside": ("classifier", "float64", "reduced_precision", "gradient"),
    "ConvolutionInFloat32": ("classifier", "float64", "reduced_precision", "forward"),
    "TanhInFloat32": ("classifier", "float64", "reduced_precision", "forward"),
    "LossInFloat32": ("classifier", "float64", "reduced_precision", "loss"),
    "TanhBackwardInFloat32": ("classifier", "float64", "reduced_precision", "gradient"),
    "BatchNormInFloat32": ("classifier", "float64", "reduced_precision", "statistic"),
    "StatisticsInFloat32": ("classifier", "float64", "reduced_precision", "statistic"),
    "StateInFloat32": ("adam", "float64", "reduced_precision", "update"),
    "BiasedVariance": ("classifier", "float32", "differs", "statistic"),
    "OtherMomentum": ("classifier", "float32", "differs", "statistic"),
    "TrainsWhileEvaluating": ("classifier", "float32", "differs", "forward"),
    "WrongGateOrder": ("tagger", "float32", "differs", "forward"),
    "IgnoresLengths": ("tagger", "float32", "differs", "forward"),
    "SumsTheLoss": ("classifier", "float32", "differs", "loss"),
    "NoSmoothing": ("classifier", "float32", "differs", "loss"),
    "IgnoresMask": ("classifier", "float32", "differs", "activation"),
    "Nondeterministic": ("classifier", "float32", "nondeterministic", "gradient"),
    "ChangesState": ("classifier", "float32", "differs", "unchanged"),
    "ReturnsNothing": ("classifier", "float32", "differs", "forward"),
    "ReturnsZeros": ("classifier", "float32", "differs", "forward"),
    "ReturnsNan": ("classifier", "float32", "nonfinite", "forward"),
    "OneNan": ("classifier", "float32", "nonfinite", "gradient"),
    "AnotherSeed": ("classifier", "float32", "differs", "forward"),
    "FewerValues": ("classifier", "float32", "differs", "activation"),
    "TransposedGradient": ("classifier", "float32", "differs", "gradient"),
    "OtherNames": ("classifier", "float32", "differs", "gradient"),
    "NegatedGradient": ("classifier", "float32", "differs", "gradient"),
    "ForgetsSharing": ("towers", "float32", "differs", "gradient"),
    "TouchesTheOther": ("generator_alone", "float32", "differs", "update"),
    "OldDiscriminator": ("gan", "float32", "differs", "update"),
    "OneClock": ("gan", "float32", "differs", "update"),
    "StatisticsOnce": ("gan", "float32", "differs", "statistic"),
    "StopsAfterOne": ("gan", "float32", "differs", "update"),
    "OneTokenLate": ("writer", "float32", "differs", "decoding"),
    "ForgetsThePhase": ("gan", "float32", "differs", "loss"),
}

FAKES = {
    name: fake
    for module in (numerical, lowered, updating, alternating)
    for name, fake in inspect.getmembers(module, inspect.isclass)
    if issubclass(fake, Implementation) and fake.__module__ == module.__name__
}


GRAPHS = {
    "classifier": classifier,
    "tagger": tagger,
    "towers": towers,
    "gan": gan,
    "generator_alone": generator_alone,
    "writer": writer,
}


@cache
def on(what: str, dtype: str) -> Trial:
    return trial(what, GRAPHS[what](), dtype) if what in GRAPHS else optimizer_trial(what, dtype)


def verdicts(found: list[Comparison]) -> dict[str, str]:
    """Quantity -> its worst verdict."""
    quantities = dict.fromkeys(one.quantity for one in found)
    return {quantity: worst(one.verdict for one in found if one.quantity == quantity) for quantity in quantities}


def test_every_fake_has_an_intended_verdict() -> None:
    assert set(INTENDED) == set(FAKES) - {"Right"}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("what", [*GRAPHS, "adam", "adamw", "sgd_clip_global_norm"])
def test_the_right_framework_is_green(what: str, dtype: str) -> None:
    found = on(what, dtype).comparisons(numerical.Right())
    assert not [one for one in found if one.verdict not in GREEN]
    if what in ("classifier", "tagger"):
        assert {"forward", "activation", "loss", "input_gradient", "gradient", "unchanged", "update"} <= set(verdicts(found))


@pytest.mark.parametrize("name", INTENDED)
def test_a_fake_is_caught_by_its_verdict(name: str) -> None:
    what, dtype, verdict, quantity = INTENDED[name]
    found = on(what, dtype).comparisons(FAKES[name]())
    assert verdicts(found)[quantity] == verdict, [one for one in found if one.quantity == quantity]


@pytest.mark.parametrize("name", ["NegatedGradient", "StaleBatch"])
def test_a_wrong_gradient_does_not_blame_the_optimizer(name: str) -> None:
    what, dtype, _, _ = INTENDED[name]
    assert verdicts(on(what, dtype).comparisons(FAKES[name]()))["update"] in GREEN


@pytest.mark.parametrize("name", ["OneStepLate", "WrongEpsilon", "EpsilonInside", "CoupledDecay", "Float32Optimizer"])
def test_a_wrong_optimizer_does_not_blame_the_gradient(name: str) -> None:
    what, dtype, _, _ = INTENDED[name]
    found = verdicts(on(what, dtype).comparisons(FAKES[name]()))
    assert {quantity for quantity, verdict in found.items() if verdict not in GREEN} == {"update"}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_gradient_that_is_zero_by_mathematics_is_judged_and_told(dtype: str) -> None:
    found = on("towers", dtype).comparisons(numerical.Right())
    told = {(one.quantity, one.tensor) for one in found if "cancel" in one.reason}
    assert ("gradient", "tower.code.bias") in told


def test_a_gradient_that_nothing_reaches_stays_mistrusted() -> None:
    """The same zero without parts that cancel: nothing could have shown a fault."""
    text = TOWERS.replace("(left_code - right_code)**2", "0*left_code*right_code")
    found = trial("dead", expanded(text), "float32").comparisons(numerical.Right())
    assert {one.verdict for one in found if one.quantity == "gradient"} == {"mistrusted"}


def test_an_empty_record_was_not_compared() -> None:
    assert worst(one.verdict for one in on("classifier", "float32").judge({})) == "not_compared"


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("ConvolutionInFloat32", "conv (conv2d)"),
        ("TanhInFloat32", "tanh (tanh)"),
        ("LossInFloat32", "loss (softmax_cross_entropy)"),
        ("TanhBackwardInFloat32", "the backward pass of or behind square (dense)"),
        ("BatchNormInFloat32", "norm (batch_norm)"),
        ("StatisticsInFloat32", "the statistics of norm (batch_norm)"),
        ("StateInFloat32", "the rule adam"),
        ("Float32Optimizer", "the rule adam"),
    ],
)
def test_a_precision_that_is_lowered_silently_is_told_with_its_op(name: str, begins: str) -> None:
    """The case's verdict is reduced_precision, nothing of it differs otherwise, and the reason names where it begins."""
    what, dtype, _, _ = INTENDED[name]
    found = on(what, dtype).comparisons(FAKES[name]())
    assert worst(one.verdict for one in found) == "reduced_precision"
    assert {one.reason for one in found if one.verdict not in GREEN} == {
        f"right at float32 accuracy, though float64 was asked for: {begins}"
    }


@pytest.mark.parametrize("op", ["dense", "conv2d", "tanh", "layer_norm", "lstm", "softmax_cross_entropy"])
def test_a_single_op_in_float32_is_told(op: str) -> None:
    (one, *_) = op_trials(op, selection.initializer("glorot_uniform"), Options(dtypes=("float64",)))
    found = one.judge(observed(lowered.Narrowed(one.case, op, False), one.case, one.arrays))
    assert worst(each.verdict for each in found) == "reduced_precision"
    assert all(f"node ({op})" in each.reason for each in found if each.verdict not in GREEN)


def test_reduced_precision_is_said_of_a_precision_and_not_of_a_constant() -> None:
    """An epsilon 1 % off moves small gradients by far more than float32 rounding, though large ones by less."""

    class SlightlyWrong(Implementation):
        class realized(numerical.Realized):
            def hyperparameters(self) -> dict[str, float]:
                given = super().hyperparameters()
                return {**given, "epsilon": given["epsilon"] * 1.01}

    assert verdicts(on("adam", "float64").comparisons(SlightlyWrong()))["update"] == "differs"
