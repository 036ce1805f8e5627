"""Initializers: what specs claim, that right draws never alarm, and that every departure of a real framework is seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import sqrt

import numpy as np
import pytest
from initializer_false_alarms import FACTORS, count, told_apart
from reference_framework import Implementation

from parity.execution.worker.tasks import sampling as sampled
from parity.judgement import sampling
from parity.judgement.comparison import Comparison
from parity.judgement.verdicts import GREEN, worst
from parity.reference_impl.distributions import Claim, claim
from parity.spec.cases import Case, Sampling
from parity.spec.specs import Initializer, load, names
from parity.trials.rules import initializer_trials, samplings
from parity.trials.trial import Options

DENSE = Sampling((61, 53), "kernel", fan_in=53, fan_out=61, count=4)
CONV = Sampling((29, 13, 5, 3), "kernel", fan_in=13 * 15, fan_out=29 * 15, count=2)
SCALED = ("he_uniform_fan_out", "he_normal_fan_out", "lecun_uniform", "lecun_normal", "variance_scaling")
INDEPENDENT = ("normal", "uniform", "glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "truncated_normal", *SCALED)


def spec(name: str) -> Initializer:
    found = load(f"initializers/{name}")
    assert isinstance(found, Initializer)
    return found


def case(name: str, asked: Sampling = DENSE, seed: int = 0, dtype: str = "float32") -> Case:
    arguments = dict(spec(name).arguments)
    return Case(
        spec=name, task="sampling", dtype=dtype, initializer=name, arguments=arguments, sampling=asked, seed=seed, graph=None
    )


def judged(framework: Implementation, asked: Case) -> list[Comparison]:
    return sampling.judge(asked, spec(asked.initializer))(sampled(framework, asked))


@pytest.mark.parametrize(
    ("name", "kind", "scale"),
    [
        ("zeros", "constant", 0.0),
        ("constant", "constant", 0.25),
        ("normal", "normal", 0.01),
        ("uniform", "uniform", 0.0625),
        ("glorot_uniform", "uniform", sqrt(6 / 114)),
        ("glorot_normal", "normal", sqrt(2 / 114)),
        ("he_uniform", "uniform", sqrt(6 / 53)),
        ("he_normal", "normal", sqrt(2 / 53)),
        ("he_uniform_fan_out", "uniform", sqrt(6 / 61)),
        ("he_normal_fan_out", "normal", sqrt(2 / 61)),
        ("lecun_uniform", "uniform", sqrt(3 / 53)),
        ("lecun_normal", "normal", sqrt(1 / 53)),
        ("ones", "constant", 1.0),
        ("truncated_normal", "truncated_normal", 0.02),
        ("orthogonal", "orthogonal", 1.0),
        ("identity", "identity", 1.0),
        ("variance_scaling", "normal", sqrt(2 / 114)),
    ],
)
def test_claims(name: str, kind: str, scale: float) -> None:
    found = claim(spec(name), spec(name).arguments, DENSE)
    assert (found.kind, found.scale) == (kind, pytest.approx(scale, rel=1e-15))


def test_every_spec_is_tested() -> None:
    assert set(names("initializers")) == {"zeros", "ones", "constant", "orthogonal", "identity", *INDEPENDENT}


def test_distribution_functions() -> None:
    normal, uniform = Claim("normal", 2.0), Claim("uniform", 2.0)
    assert normal.below(np.array([0.0, 2.0, -2.0])) == pytest.approx([0.5, 0.8413447460685429, 0.15865525393145707])
    assert uniform.below(np.array([-3.0, -2.0, 0.0, 1.0, 3.0])).tolist() == [0, 0, 0.5, 0.75, 1]
    assert uniform.standard_deviation == pytest.approx(2 / sqrt(3))
    assert (normal.within(2.0), uniform.within(1.0), uniform.within(3.0)) == (pytest.approx(0.6826894921), 0.5, 1.0)


def test_a_truncated_normal_by_numbers() -> None:
    """Against sums over a fine grid."""
    cut, grid = Claim("truncated_normal", 0.5), np.linspace(-1, 1, 200_001)
    density = np.exp(-((grid / 0.5) ** 2) / 2)
    density /= density.sum()
    assert cut.standard_deviation == pytest.approx(np.sqrt(np.sum(grid**2 * density)), rel=1e-4)
    assert cut.kurtosis == pytest.approx(np.sum(grid**4 * density) / cut.standard_deviation**4, rel=1e-4)
    assert cut.below(grid[::20_000]) == pytest.approx(np.cumsum(density)[::20_000], abs=1e-4)
    assert (cut.edge, cut.within(1.0), cut.within(2.0)) == (1.0, 1.0, 1.0)
    assert cut.within(0.3) == pytest.approx(np.sum(density[np.abs(grid) <= 0.3]), abs=1e-4)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    ("name", "asked"),
    [(name, asked) for name in names("initializers") for asked in (DENSE, CONV) if asked is DENSE or name != "identity"],
    ids=lambda value: value if isinstance(value, str) else f"{len(value.shape)}d",
)
def test_right_draws_agree(name: str, asked: Sampling, dtype: str) -> None:
    for seed in range(0, 20, 4):
        found = judged(Implementation(), case(name, asked, seed, dtype))
        assert found
        assert worst(one.verdict for one in found) in GREEN, [one for one in found if one.verdict not in GREEN]


class Scaled(Implementation):
    """A limit or standard deviation that is wrong."""

    factor = 1.05

    def drawn(self, kind: str, scale: float, shape: tuple[int, ...], numbers: np.random.RandomState) -> np.ndarray:
        return super().drawn(kind, scale * self.factor, shape, numbers)


class Smaller(Scaled):
    factor = 0.95


@pytest.mark.parametrize("fake", [Scaled, Smaller])
@pytest.mark.parametrize("name", [*INDEPENDENT, "orthogonal", "constant", "identity"])
def test_five_percent_are_seen_every_time(name: str, fake: type[Implementation]) -> None:
    for seed in range(0, 32, 4):
        assert worst(one.verdict for one in judged(fake(), case(name, seed=seed))) == "differs"


class OneSeed(Implementation):
    def seed(self, case: Case) -> int:
        return 0


class NoSeed(Implementation):
    def __init__(self) -> None:
        self.calls = 0

    def seed(self, case: Case) -> int:
        self.calls += 1
        return self.calls


class OtherFan(Implementation):
    """Fan-in and fan-out exchanged."""

    def asked(self, case: Case) -> Case:
        assert case.sampling is not None
        return replace(case, sampling=replace(case.sampling, fan_in=case.sampling.fan_out, fan_out=case.sampling.fan_in))


class Truncated(Implementation):
    """Cut at two standard deviations and widened to the right variance: Keras' own normal forms."""

    def drawn(self, kind: str, scale: float, shape: tuple[int, ...], numbers: np.random.RandomState) -> np.ndarray:
        drawn = numbers.standard_normal((8, *shape))
        first = np.argmax(np.abs(drawn) <= 2, axis=0)
        return scale / 0.87962566 * np.take_along_axis(drawn, first[None], axis=0)[0]


class OtherForm(Implementation):
    """A uniform distribution of the right variance where a normal one was asked for, and the other way round."""

    def drawn(self, kind: str, scale: float, shape: tuple[int, ...], numbers: np.random.RandomState) -> np.ndarray:
        if kind == "normal":
            return scale * sqrt(3) * numbers.uniform(-1, 1, shape)
        return scale / sqrt(3) * numbers.standard_normal(shape)


class Repeated(Implementation):
    """One row over and over."""

    def drawn(self, kind: str, scale: float, shape: tuple[int, ...], numbers: np.random.RandomState) -> np.ndarray:
        row = super().drawn(kind, scale, (1, *shape[1:]), numbers)
        return np.broadcast_to(row, shape).copy()


class Shifted(Implementation):
    def drawn(self, kind: str, scale: float, shape: tuple[int, ...], numbers: np.random.RandomState) -> np.ndarray:
        return super().drawn(kind, scale, shape, numbers) + 0.1 * scale


class Independent(Implementation):
    """Normal numbers of the size that an orthogonal matrix has."""

    def drawn(self, kind: str, scale: float, shape: tuple[int, ...], numbers: np.random.RandomState) -> np.ndarray:
        return scale * numbers.standard_normal(shape) / sqrt(max(shape[0], int(np.prod(shape[1:]))))


class Transposed(Implementation):
    def drawn(self, kind: str, scale: float, shape: tuple[int, ...], numbers: np.random.RandomState) -> np.ndarray:
        return super().drawn(kind, scale, shape, numbers).T


class Reversed(Implementation):
    """Ones on the other diagonal."""

    def drawn(self, kind: str, scale: float, shape: tuple[int, ...], numbers: np.random.RandomState) -> np.ndarray:
        return super().drawn(kind, scale, shape, numbers)[:, ::-1].copy()


class WithNan(Implementation):
    def drawn(self, kind: str, scale: float, shape: tuple[int, ...], numbers: np.random.RandomState) -> np.ndarray:
        drawn = super().drawn(kind, scale, shape, numbers)
        drawn[1, 2] = np.nan
        return drawn


@pytest.mark.parametrize(
    ("fake", "name", "verdict", "tensor"),
    [
        (OneSeed, "glorot_uniform", "differs", "other seed"),
        (OneSeed, "orthogonal", "differs", "other seed"),
        (NoSeed, "normal", "nondeterministic", "same seed"),
        (OtherFan, "he_uniform", "differs", "variance"),
        (OtherFan, "he_normal", "differs", "variance"),
        (Truncated, "glorot_normal", "differs", "greatest"),
        (Truncated, "normal", "differs", "greatest"),
        (Truncated, "truncated_normal", "differs", "greatest"),
        (OtherForm, "truncated_normal", "differs", "greatest"),
        (OtherForm, "he_normal", "differs", "distribution"),
        (OtherForm, "he_uniform", "differs", "greatest"),
        (Repeated, "uniform", "differs", "neighbours 53"),
        (Shifted, "normal", "differs", "mean"),
        (Independent, "orthogonal", "differs", "draw 0"),
        (Transposed, "normal", "differs", "draw 0"),
        (WithNan, "normal", "nonfinite", "draw 0"),
        (Transposed, "identity", "differs", "draw 0"),
        (Reversed, "identity", "differs", "draw 0"),
        (Shifted, "zeros", "agrees", None),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else None,
)
def test_fakes(fake: Callable[[], Implementation], name: str, verdict: str, tensor: str | None) -> None:
    found = judged(fake(), case(name))
    caught = {one.tensor: one.verdict for one in found if one.verdict not in GREEN}
    if tensor is None:  # 0.1 of a scale of nothing is nothing
        assert not caught
    else:
        assert caught[tensor] == verdict


def test_a_constant_is_rounded_once_and_no_more() -> None:
    asked = replace(case("constant"), arguments={"value": 0.1})
    assert worst(one.verdict for one in judged(Implementation(), asked)) == "exact"
    arrays = {f"sample/{i}": np.full(DENSE.shape, np.nextafter(np.float32(0.1), np.float32(1))) for i in range(DENSE.count)}
    assert worst(one.verdict for one in sampling.judge(asked, spec("constant"))(arrays)) == "differs"


class WholeFan(Implementation):
    """fan_out counts the channels of all groups, as every framework counts them by itself; elsewhere as it should be."""

    def asked(self, case: Case) -> Case:
        assert case.sampling is not None
        return replace(case, sampling=replace(case.sampling, fan_out=case.sampling.fan_out * case.sampling.groups))


@pytest.mark.parametrize("fake", [OtherFan, WholeFan])
@pytest.mark.parametrize("name", [name for name in names("initializers") if spec(name).reads_fans()])
def test_fans_that_are_counted_otherwise_are_seen(name: str, fake: type[Implementation]) -> None:
    """On every shape where that makes another number: the mean of both fans does not tell which is which."""
    for shape, asked in samplings(spec(name)).items():
        wrong = fake().asked(case(name, asked)).sampling
        assert wrong is not None
        same = claim(spec(name), spec(name).arguments, wrong).scale == claim(spec(name), spec(name).arguments, asked).scale
        verdicts = {one.verdict for one in judged(fake(), case(name, asked))}
        assert ("differs" in verdicts) is not same, shape


def test_groups_and_transpositions_are_told_to_what_reads_fans_alone() -> None:
    assert samplings(spec("he_normal"))["grouped"].groups == 2
    assert samplings(spec("he_normal"))["conv_transpose2d"].transposed
    assert all(asked.groups == 1 and not asked.transposed for asked in samplings(spec("orthogonal")).values())
    assert set(samplings(spec("identity"))) == {"dense"}


def test_an_argument_is_asked_for_at_two_values() -> None:
    made = {trial.case.spec: trial.case for trial in initializer_trials(spec("identity"), Options(dtypes=("float32",)))}
    assert [dict(one.arguments) for one in made.values()] == [{"gain": 1.0}, {"gain": 1.5}]
    ignoring = replace(made["identity:dense[arguments]"], arguments={"gain": 1.0})
    asked = replace(ignoring, arguments={"gain": 1.5})
    found = sampling.judge(asked, spec("identity"))(sampled(Implementation(), ignoring))
    assert worst(one.verdict for one in found) == "differs"


@pytest.mark.parametrize("name", names("initializers"))
def test_the_count_of_alarms_is_0_of_right_draws_and_all_of_wrong_ones(name: str) -> None:
    right = count(name, range(7), "float32")
    assert (right.cases, right.alarmed, right.alarms) == (7, 0, ())
    assert 0.95 in FACTORS
    if name not in ("zeros", "ones"):
        assert count(name, range(3), "float32", factor=0.95).alarmed == 3
    if told_apart(name):
        assert count(name, range(3), "float32", exchanged=True, shape="dense").alarmed == 3


def test_a_sampling_case_without_a_sampling_is_refused() -> None:
    with pytest.raises(ValueError, match="says not what"):
        sampling.judge(replace(case("normal"), sampling=None), spec("normal"))
