"""Owns the questions about the fans that native initializers count on grouped, depthwise and transposed kernels; the spread
of a large draw gives each answer.

It refuses to know which framework counts what.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from math import sqrt

from parity.atlas.distributions import Array, Distribution, fits, normal, uniform
from parity.atlas.initializers import CUT_DEVIATION
from parity.atlas.question import Question

SIZE = 9
"""Positions in a kernel of 3 by 3."""


def _ends(inputs: Mapping[str, int], outputs: Mapping[str, int]) -> Callable[[bool], dict[str, float]]:
    """The possible fans: one end of the kernel, or the mean of two ends."""

    def fans(both: bool) -> dict[str, float]:
        if not both:
            return {f"{name} × 9": float(count * SIZE) for name, count in {**inputs, **outputs}.items()}
        return {f"({into} + {out}) × 9 / 2": (inputs[into] + outputs[out]) * SIZE / 2 for into in inputs for out in outputs}

    return fans


_GROUPED = _ends(
    {"29 inputs of a group": 29, "145 inputs of all": 145}, {"61 outputs of a group": 61, "305 outputs of all": 305}
)
_DEPTHWISE = _ends(
    {"1 input of a group": 1, "503 inputs of all": 503}, {"2 outputs of a group": 2, "1006 outputs of all": 1006}
)
_TRANSPOSED = _ends({"11 inputs": 11}, {"101 outputs": 101})
KERNELS: Mapping[str, tuple[str, Callable[[bool], dict[str, float]]]] = {
    "grouped": ("a grouped kernel (145 to 305 channels, 5 groups, 3×3)", _GROUPED),
    "depthwise": ("a depthwise kernel (503 channels, 2 results each, 3×3)", _DEPTHWISE),
    "transposed": ("a transposed convolution's kernel (11 to 101 channels, 3×3)", _TRANSPOSED),
    "grouped_transposed": ("a grouped transposed convolution's kernel (145 to 305 channels, 5 groups, 3×3)", _GROUPED),
}
"""Aspect -> the kernel in words, and its possible fans."""

VARIANCES: Mapping[str, tuple[float, bool]] = {"he_normal": (2.0, False), "glorot_uniform": (1.0, True)}
"""Initializer -> its variance times the fan, and whether this fan is the mean of both ends."""


def candidates(name: str) -> dict[str, tuple[Distribution, ...]]:
    """Fan -> the distributions with its spread. Another question asks which of these distributions it is."""
    item, _, aspect = name.partition(".")
    variance, both = VARIANCES[item]
    return {fan: _spread(sqrt(variance / count)) for fan, count in KERNELS[aspect.removesuffix("_fan")][1](both).items()}


def _spread(deviation: float) -> tuple[Distribution, ...]:
    return uniform(deviation * sqrt(3)), normal(deviation), normal(deviation / CUT_DEVIATION, 2.0)


def named(draw: Array, name: str) -> str:
    """The only fan that explains the draw."""
    fans = [fan for fan, every in candidates(name).items() if any(fits(draw, item) for item in every)]
    return fans[0] if len(fans) == 1 else f"no known form: standard deviation {draw.std():.3g}"


DEPTHWISE = "the spec counts one group, and what goes into an output; Keras: multiply the draw by √(its fan / the others')"


def _questions() -> Iterator[Question]:
    for item, (_variance, both) in VARIANCES.items():
        for aspect, (kernel, _) in KERNELS.items():
            yield Question(
                f"{item}.{aspect}_fan",
                "initializers",
                f"{item} on {kernel}: {'the mean fan is' if both else 'fan_in is'}",
                advice=DEPTHWISE if aspect == "depthwise" else "",
            )


QUESTIONS = tuple(_questions())
NAMES = frozenset(question.name for question in QUESTIONS)
