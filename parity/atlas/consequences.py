"""Owns what happens to who moves and does not heed a row: how far the numbers go apart, worked out from two recorded answers.

Where an answer is a closed form, the two forms are compared; where it is numbers, these are. It refuses to guess: what the
answers cannot tell is `not_measured`, and what a default does to a computation is measured in `parity.verbs.atlas.row_effects`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from parity.atlas import defaults
from parity.atlas.question import Answer, Array, Question
from parity.judgement import budgets

KINDS: Mapping[str, str] = {
    "silent_large": "Silent and large: nothing is said, and the numbers go apart by more than 1 %.",
    "silent_small": "Silent and small: nothing is said, and the numbers go apart by 1 % at most.",
    "visible": "Shows itself: an error is raised, or an array has another shape.",
    "cosmetic": "Cosmetic: the same numbers, told in another way.",
    "not_measured": "Not measured: the recorded answers do not tell how far the numbers go apart.",
}
"""Kind -> what it means, the worst first."""

SHAPED = frozenset(
    (
        *("group_norm.gains", "layer_norm.two_axes", "batch_norm.axis", "batch_norm.saved", "prelu.count", "lstm.count"),
        *("rnn.count", "conv2d.kernel_layout", "dense.kernel_layout", "conv_transpose2d.kernel_layout", "conv2d.input_layout"),
        *("depthwise_conv2d.kernel_layout", "dense.vector", "dense.flattens", "conv2d.unbatched", "conv2d.empty"),
        *("conv2d.stride_and_dilation", "conv_transpose2d.gap", "max_pool2d.ceil_beyond", "max_pool2d.function_stride"),
        *("split.number_means", "flatten.keeps", "global_average_pool2d.shape", "concat.axis", "resize.size_order"),
        *("reshape.zero", "lstm.outputs", "lstm.returns", "lstm.unbatched", "lstm.time_axis", "multi_head_attention.returns"),
        *("multi_head_attention.weights", "multi_head_attention.size_means", "number.empty_batch", "number.scalar_axes"),
    )
)
"""Questions whose answer is a shape or a number of arrays."""

CODED = frozenset(
    (
        *(
            "batch_norm.half_statistics",
            "bidirectional.last",
            "rnn.dropout_mask",
            "lstm.padded_output",
            "attention.dropout_mode",
        ),
        *("initializer.twice", "lstm.dropout_reaches", "max_pool2d.behind_reshape", "model.list", "view.writes", "tf32.matmul"),
        *("batches.shuffled", "batches.size", "sgd.float64", "nadam.weights", "plateau.threshold", "plateau.patience_means"),
        *("batch_norm.function_epsilon", "rms_norm.epsilon_in_effect"),
    )
)
"""Questions whose answer is a word or a setting: their numbers stand for it, and are no result of a computation."""

NUMBERLESS = frozenset({"call.waits", "call.error"})
"""Questions about when something is said: no number depends on the answer."""

DEFAULTS = frozenset(question.name for question in defaults.QUESTIONS)
"""Questions whose answer is the default of an argument: a number there is no result."""

SPECIAL_CHAPTERS = ("kinks",)
SPECIAL = re.compile(
    r"nan|infinite|huge|tiny|beyond|negative|_zero|empty|fully_masked|all_ignored|impossible|everything|one_example|subnormal"
    r"|overflow|crossed|of_one|half_mean|tie$|far$"
)
"""Names of questions about inputs that ordinary data do not have."""

ROUNDOFF = {"float16": 2.0**-11, "bfloat16": 2.0**-8, "float32": 2.0**-24, "float64": 2.0**-53}
WHOLE = re.compile(r"u?int\d+")


@dataclass(frozen=True)
class Consequence:
    """What happens to who moves between two frameworks, in either direction, and leaves a row unheeded.

    kind: of KINDS. size: how far the numbers go apart, as a share of the greatest; infinite where one is no number. how:
    what was compared. ordinary: False where the question's input is one that ordinary data do not have.
    """

    kind: str
    size: float | None = None
    how: str = ""
    ordinary: bool = True

    @property
    def rank(self) -> tuple[int, bool, float]:
        """Worst first."""
        return list(KINDS).index(self.kind), not self.ordinary, -(self.size or 0.0)


def sized(size: float, how: str, ordinary: bool = True) -> Consequence:
    """What a measured distance means. size: a share; infinite where one of two is no number."""
    if size == 0:
        return Consequence("cosmetic", 0.0, how, ordinary)
    return Consequence("silent_large" if size > budgets.LARGE_CONSEQUENCE else "silent_small", size, how, ordinary)


def between(question: Question, here: Answer, there: Answer, default: Consequence | None = None) -> Consequence:
    """What two answers that differ tell. default: what was measured where the answers are defaults of an argument."""
    if not (here.measured and there.measured):
        return Consequence("not_measured", how="one of the two has nothing of the kind")
    special = question.chapter in SPECIAL_CHAPTERS or bool(SPECIAL.search(question.name.partition(".")[2]))
    if any(answer.meaning == "raises" for answer in (here, there)):
        return Consequence("visible", how="one of the two raises an error", ordinary=not special)
    if "required" in (here.text, there.text):
        return Consequence("visible", how="one of the two has no default: a call without the argument raises an error")
    if default is not None:
        return default
    if question.name in NUMBERLESS:
        return Consequence("cosmetic", 0.0, "no number depends on it")
    if question.name in SHAPED:
        return Consequence("visible", how="arrays of different shapes", ordinary=not special)
    if question.text.startswith("type of") or question.name.endswith("_type"):
        return _types(here.text, there.text)
    if question.name in CODED or question.name in DEFAULTS:
        return Consequence("not_measured", how="the answers are settings, not results")
    arrays = _results(question, here), _results(question, there)
    if not all(arrays):
        return Consequence("not_measured", how="no result is recorded for one of the two")
    fitting = [(array, other) for array in arrays[0] for other in arrays[1] if _comparable(array, other)]
    if not fitting:
        return Consequence("visible", how="arrays of different shapes", ordinary=not special)
    what = "the closed forms that the two follow" if question.forms else "the recorded results"
    size = min(apart(array, other) for array, other in fitting)
    return sized(size, f"{what}, at the question's input", not special)


def apart(here: Array, there: Array) -> float:
    """The greatest difference of two arrays, as a share of the greatest number; infinite where only one is a number.

    Arrays of different shapes are compared where one is stretched over the other; where they cannot, it is infinite."""
    if not _comparable(here, there):
        return float("inf")
    here, there = np.broadcast_arrays(np.squeeze(here), np.squeeze(there))
    if not np.array_equal(np.isfinite(here), np.isfinite(there)):
        return float("inf")
    finite = np.isfinite(here)
    if not np.array_equal(here[~finite], there[~finite], equal_nan=True):
        return float("inf")
    scale = float(max(np.max(np.abs(here[finite]), initial=0.0), np.max(np.abs(there[finite]), initial=0.0)))
    return float(np.max(np.abs(here[finite] - there[finite]), initial=0.0)) / scale if scale else 0.0


def _comparable(here: Array, there: Array) -> bool:
    """Whether one array has the other's shape, or is a single number that stretches over it."""
    here, there = np.squeeze(here), np.squeeze(there)
    return here.shape == there.shape or bool(here.size and there.size and min(here.size, there.size) == 1)


def _results(question: Question, answer: Answer) -> Sequence[Array]:
    """The arrays that an answer stands for: those of its closed form, or the numbers that were recorded."""
    if question.forms is not None:
        return [np.asarray(array, np.float64) for array in question.forms.get(answer.text, ())]
    words = answer.text.removesuffix(" (wrong)").removesuffix(" …").split(", ")
    try:
        return [np.array([float(word) for word in words])]
    except ValueError:
        return []


def _types(here: str, there: str) -> Consequence:
    if here in ROUNDOFF and there in ROUNDOFF:
        wide = max(ROUNDOFF[here], ROUNDOFF[there])
        return sized(wide, "one rounding of the narrower type")
    if WHOLE.fullmatch(here) and WHOLE.fullmatch(there):
        return Consequence("cosmetic", 0.0, "the same whole numbers, as long as the narrower type holds them")
    return Consequence("not_measured", how="the answers are types, not results")
