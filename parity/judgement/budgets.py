"""Owns the one table of budgets and thresholds: how much error rounding alone explains. Each number has its derivation.

It refuses to be tuned to a framework: an error above its budget is a finding, not a reason to raise the budget.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import log, sqrt
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

UNIT_ROUNDOFF: Mapping[str, float] = {"float64": 2.0**-53, "float32": 2.0**-24, "float16": 2.0**-11, "bfloat16": 2.0**-8}
"""u: the greatest relative error of rounding to nearest. The significand of float32 has 24 bits, of bfloat16 8."""

SHADOWS = 24
"""The number of shadows: walks of the reference in the tested precision, each with other summation orders; every other walk
also starts from draws moved by 1 u.

All shadows of a tensor with one element may lie near the reference by luck. With normally distributed errors and factor 4, a
right result exceeds four shadows with probability 4e-3, eight with 1e-4, twelve with 1e-5, before the floor u·norm is counted.
Gradients through a softmax cancel: one order in thirty loses six times as much as the median order. Twelve orders contain such
an order once in three cases, and a right transformer in MXNet on AVX2 came out at 1.01 of the budget; 24 orders give 0.71.
"""

STAGES = (2, 8, SHADOWS)
"""How many shadows are walked, in stages. A budget is the greatest over its shadows, so a tensor that agrees with some shadows
also agrees with all. More are walked only while a verdict is not green; the verdict with all of them is final. Right code pays
for two. At full size a shadow of ResNet-152 takes a minute."""

SHADOW = 4.0
"""K, for tensors judged by shadows, in max-norm and in RMS: error <= K·max(greatest error of a shadow, u·norm of y64).

The error of a shadow is a sample of the errors of other, equally right orders of computation. K was validated on seeds that the
tests do not use: `python -m tests.tools.false_alarms` prints the greatest share of the budget that was used.
"""

UPDATE = 4.0
"""K, for updates: |Δw - Δw64| <= K·E + 2·u·max(|w before|, |w after|), with E the running
error bound of the formula (error_bounds.py).

E follows one order of evaluation. Others are as right: learning_rate·sqrt(1 - b2^t)/(1 - b1^t), m + (1 - b1)·(g - m), a rate
multiplied into the velocity. Each has at most twice the roundings at the same magnitudes, and may keep a scalar in the tested
precision where the formula needs none: 2·2. Storing w rounds once; a rule that decays w first (adamw) rounds it twice.
"""

STORE = 2.0

KINK = 4.0
"""A branch is in doubt where the distance to the kink is at most K times the error of the value that decides it."""

FALSE_ALARM = 1e-6
"""Level of one statistical test: 1,000 seeds of 17 initializers with 6 tests each give 0.1 false alarms in all."""

HALVED = 10.0
"""A hyper-parameter is judged only if halving it moves some update by at least this many budgets."""

REDUCED_LEAST = 2.0**-10
"""An error has the size of float32 rounding from this share of the float32 budget on. A smaller error is another difference."""

CURVATURE_SHARE = 1 / HALVED
"""A step of Newton's method is judged only if its budget is below this share of the step: a greater budget could hide a fault
of a tenth. The first step must meet this."""

DROPOUT_ROUNDINGS = 3.0
"""Roundings between x and x/(1 - rate): 1 - rate, its reciprocal, and the product; each at most u."""

COMPARED = 1e-9
"""Two models in float64: an error above this share of a tensor's greatest number, times
the number of layers before it, is a fault.

A sum of n products errs by at most n·u = n·1.1e-16 of Σ|a||b|, so 1e-9 is beyond rounding for any reduction below nine million
terms. The least difference that anyone makes on purpose, a hyper-parameter rounded to float32 (6e-8), lies sixty times above
it. Layers hand errors on, hence the factor of the layers.
"""

COMPARED_DRAWS = 4
"""How many draws must show a difference of two models in float32. With normally distributed errors, a right model exceeds the
budget in all four with probability 4e-3 (SHADOWS)."""

ANSWER = 1e-4
"""The atlas: how near an answer must come to a closed form, relative to the form's greatest number. Questions are asked in
float32. Their few operations round by less than 1e-5. The forms of one question lie further apart than 1e-3 (tested)."""

ADVICE = 4e-6
"""The atlas: how near the float32 numbers of two frameworks must come once advice is followed, relative to the greatest number.
This is 67 u; the few operations of a question stay below it. Advice that was nearly right was off by 2e-3 and more."""

LARGE_CONSEQUENCE = 1e-2
"""The atlas: the share of the greatest number beyond which a difference that nobody is told of is called large. The rows of the
committed atlas leave a gap around it: three sizes lie between half and twice of it (tests/atlas/test_consequences.py)."""

FORM_ROUNDINGS = 256.0
"""Fingerprints: an object follows a closed form if each of its numbers is within this many unit roundoffs of the
driven precision, relative to the greatest number of its array. The known native objects need 30 at most. Two
forms lie ten times as far apart (tested)."""

FOREIGN, STEAL = 0.05, 0.03
"""A timed block is quiet while other programs took at most so much of the CPU time that the worker could have used, and the
hypervisor or a quota so much. Under one busy neighbour a step took 46 times as long in one framework and 1.2 times in another,
so that a disturbed block says nothing; the share is of the worker's own CPUs, since a neighbour that takes one of them takes
half of two and a sixty-fourth of sixty-four. /proc/stat counts in hundredths of a second: of 0.2 s on two CPUs 5 % are two
counts."""

LEAST_ROUNDS = 5
"""A ratio of two cells has an interval from so many rounds on in which both were quiet. The widest interval that resampled
medians can give is from the least to the greatest: it covers the median with probability 1 - 2^(1 - n), 0.75 for three and 0.94
for five."""

PEAK = 1.1
"""No step computes faster than this many times the fastest product of matrices of the run. The product itself is measured with
a tenth of error: the update and the loss around a dense layer take 2 to 5 %, and frameworks' products differ by a third, of
which the fastest counts."""

TWIN_LOSS, TWIN_MOVED = 1e-4, 0.2
"""A hand-written step is a realization's twin if from the same float32 weights its first loss is the same (wrong padding, norm
or activation moves it by percents), and if the next two steps on the batch move the loss as far, to a fifth: a second bias of a
recurrent layer, which a user has and the spec has not, moves it by some percents; another rate or optimizer by half or more."""

SEGMENT = 0.05
"""Two stretches of a warm-up are of one speed if their medians differ by at most this share (Barrett et al. 2017 ask 0.001 s or
the stretches' variances)."""

UNSTABLE_FAULTS = 10.0
"""A cell is unstable if one process has so many times the page faults a step of another, of which one more is counted: where
the allocator has two ways, one has none and the other thousands."""

PRECISION_RATIO = UNIT_ROUNDOFF["float32"] / UNIT_ROUNDOFF["float64"]
"""Budgets are proportional to u, so a float64 budget times this is the float32 budget of the same computation."""


@dataclass(frozen=True)
class Budget:
    """The greatest error that a tensor may have, in max-norm and in RMS. Both must hold."""

    maximum: float
    rms: float


@dataclass(frozen=True)
class Spread:
    """How far the shadows of one tensor lie from the reference: the greatest error, and the greatest RMS of errors. size: the
    greatest number in any of them. The judgement needs no more, so the shadows themselves are not kept."""

    maximum: float = 0.0
    rms: float = 0.0
    size: float = 0.0

    def joined(self, other: Spread) -> Spread:
        """The spread of the shadows of both."""
        return Spread(max(self.maximum, other.maximum), max(self.rms, other.rms), max(self.size, other.size))

    def __add__(self, other: Spread) -> Spread:
        """The spread of shadows that lie as far off as both together."""
        return Spread(self.maximum + other.maximum, self.rms + other.rms, max(self.size, other.size))


def roundoff(dtype: str) -> float:
    return UNIT_ROUNDOFF[dtype]


def rms(x: Array) -> float:
    """Root mean square; 0 for an empty array. The array is scaled first, so that neither
    1e-200 nor 1e200 is lost in the square."""
    return _rms(x, greatest(x))


def _rms(x: Array, size: float) -> float:
    """size: the greatest absolute value of x."""
    if size == 0 or not np.isfinite(size):
        return size
    share = np.asarray(np.divide(x, size, dtype=np.float64))
    return size * float(np.sqrt(np.mean(np.square(share, out=share))))


def greatest(x: Array) -> float:
    return float(abs(max(np.max(x), -np.min(x)))) if x.size else 0.0


def spread(reference: Array, shadows: Iterable[Array]) -> Spread:
    """The spread of several shadows, taken one after the other. Elements at which the reference is not finite are left out."""
    finite, widest = np.isfinite(reference), Spread()
    for shadow in shadows:
        error = np.subtract(shadow, reference, out=np.zeros(reference.shape), where=finite)
        size = greatest(error)
        widest = widest.joined(Spread(size, _rms(error, size), greatest(shadow)))
    return widest


def shadowed(reference: Array, beside: Spread, u: float) -> Budget:
    """The budget of a tensor, from the spread of its shadows. u: unit roundoff of the tested precision."""
    return Budget(
        maximum=SHADOW * max(u * greatest(reference), beside.maximum),
        rms=SHADOW * max(u * rms(reference), beside.rms),
    )


def updated(error: Array, size: Array, u: float, stored: float | None = None) -> Array:
    """The budget of an update, per element, from its running error and the size of the parameter. stored: the unit roundoff of
    the precision that parameters are kept in, if it differs from that of the update."""
    return np.asarray(UPDATE * error + STORE * (u if stored is None else stored) * size)


def scheduled(rates: Array, u: float) -> Array:
    """Budget of each step's learning rate: (2·t + 8)·u·max|rate|.

    A framework computes the rate in either of two ways: by the formula, with at most 8 operations on values no greater than the
    greatest rate; or by a recurrence from the rate before, with one quotient and one product per step (torch), which makes 2·t
    roundings of values no greater than that.
    """
    return np.asarray((2 * np.arange(len(rates)) + 8) * u * greatest(rates))


def reordered(dtype: str) -> float:
    """Two compared models: how near the sorted numbers of two tensors must come to count as the same numbers in another order,
    relative to the greatest."""
    return max(COMPARED, FORM_ROUNDINGS * UNIT_ROUNDOFF.get(dtype, 0.0))


def deviations(tests: int = 1) -> float:
    """How many standard deviations a two-sided normal test allows, if `tests` tests share the level FALSE_ALARM."""
    return -NormalDist().inv_cdf(FALSE_ALARM / tests / 2)


def distribution_distance(count: int) -> float:
    """The greatest Kolmogorov-Smirnov distance allowed: P(D > x) <= 2·exp(-2·n·x²) for every n
    (Dvoretzky-Kiefer-Wolfowitz with Massart's constant)."""
    return sqrt(log(2 / FALSE_ALARM) / (2 * count))


def orthogonality(shape: tuple[int, int], gain: float, u: float) -> float:
    """Bound of |QᵀQ - gain²·I|: Householder QR loses at most c·m·n·u·√n (Higham 2002,
    theorem 19.4); with √ for sums, 4·√(m·n)·u."""
    return 4.0 * sqrt(shape[0] * shape[1]) * u * max(gain * gain, 1e-300)
