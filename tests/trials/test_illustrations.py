"""What illustrates a spec is what its formula says: hand-computed steps, a histogram that meets its claim, sizes by depth."""

from __future__ import annotations

import pytest

from parity.errors import UsageError
from parity.spec import specs
from parity.spec.expansion import expand
from parity.spec.specs import Architecture, Initializer, Optimizer
from parity.trials import illustrations


def optimizer(name: str) -> Optimizer:
    found = specs.load(name)
    assert isinstance(found, Optimizer)
    return found


def initializer(name: str) -> Initializer:
    found = specs.load(name)
    assert isinstance(found, Initializer)
    return found


def test_a_path_of_sgd_is_the_one_by_hand() -> None:
    path = illustrations.trajectory(optimizer("sgd"), rate=0.01, steps=2)
    assert [x for x, _ in path.points] == pytest.approx([-2.0, -1.98, -1.9602])
    assert [y for _, y in path.points] == pytest.approx([1.0, 0.8, 0.64])
    assert path.values[0] == pytest.approx((4 + 20) / 2) and path.values[1] == pytest.approx((1.98**2 + 20 * 0.64) / 2)


def test_the_first_step_of_adam_is_the_rate_in_each_direction() -> None:
    path = illustrations.trajectory(optimizer("adam"), rate=0.05, steps=1)
    assert path.points[1] == pytest.approx((-1.95, 0.95), abs=1e-6)


@pytest.mark.parametrize("name", specs.names("optimizers"))
def test_every_optimizer_has_a_path(name: str) -> None:
    path = illustrations.trajectory(optimizer(name), steps=30)
    assert path.points[1] != path.points[0]
    assert len(path.points) == 31 or name == "adam_then_sgd"  # its second rate is its own, and too great for this valley


def test_a_path_that_runs_away_ends_there() -> None:
    assert 1 < len(illustrations.trajectory(optimizer("sgd"), rate=1.0, steps=100).points) < 20


@pytest.mark.parametrize(("rate", "steps"), [(0.0, 5), (0.1, 0), (0.1, 10**6), (float("nan"), 5)])
def test_a_path_without_a_meaning_is_refused(rate: float, steps: int) -> None:
    with pytest.raises(UsageError, match="a rate above 0"):
        illustrations.trajectory(optimizer("sgd"), rate, steps)


@pytest.mark.parametrize("name", ["glorot_uniform", "he_normal", "truncated_normal", "uniform"])
def test_draws_meet_their_claim_and_both_are_densities(name: str) -> None:
    found = illustrations.distribution(initializer(name))
    width = found.middles[1] - found.middles[0]
    assert sum(found.drawn) * width == pytest.approx(1, abs=1e-3) and sum(found.claimed) * width == pytest.approx(1, abs=1e-3)
    assert found.standard_deviation == pytest.approx(found.claimed_deviation, rel=0.03)
    assert sum(abs(a - b) for a, b in zip(found.drawn, found.claimed, strict=True)) * width < 0.1


def test_another_distribution_would_show() -> None:
    one, other = (illustrations.distribution(initializer(name)) for name in ("he_normal", "he_uniform"))
    assert one.claimed_deviation == pytest.approx(other.claimed_deviation)
    far = max(abs(a - b) for a, b in zip(one.claimed, other.claimed, strict=True))
    assert far > 0.3 * max(one.claimed)


@pytest.mark.parametrize("name", ["orthogonal", "zeros", "identity"])
def test_what_claims_no_distribution_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="claims no distribution"):
        illustrations.distribution(initializer(name))


def test_he_keeps_the_size_of_activations_where_a_small_normal_loses_it() -> None:
    spec = specs.load("vgg16")
    assert isinstance(spec, Architecture)
    graph = expand(spec, "small")
    he, small = (illustrations.by_depth(graph, initializer(name)) for name in ("he_normal", "normal"))
    assert len(he.layers) == len(he.activations) == len(he.gradients) > 20
    assert he.activations[-1] > 0.1 * he.activations[0] and small.activations[-1] < 1e-6 * small.activations[0]
