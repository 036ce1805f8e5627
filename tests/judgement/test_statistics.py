"""Step times: medians of medians, ratios, and intervals that hold what they promise."""

from __future__ import annotations

import numpy as np
import pytest

from parity.judgement import statistics


def timed(seed: int, scale: float = 1.0, processes: int = 5, blocks: int = 20) -> list[list[float]]:
    """Processes differ by 3 %, blocks by 1 %."""
    numbers = np.random.RandomState(seed)
    levels = scale * np.exp(0.03 * numbers.standard_normal(processes))
    return [list(level * np.exp(0.01 * numbers.standard_normal(blocks))) for level in levels]


def test_median_of_medians_counts_processes_not_blocks() -> None:
    assert statistics.median_of_medians([[1.0] * 100, [2.0], [3.0]]) == 2.0


def test_an_interval_is_the_same_every_time() -> None:
    assert statistics.ratio_interval(timed(0), timed(1)) == statistics.ratio_interval(timed(0), timed(1))


def test_an_interval_holds_the_true_ratio_about_as_often_as_it_says() -> None:
    """95 % nominally; a bootstrap over five processes is known to fall a little short."""
    held = 0
    for seed in range(100):
        interval = statistics.ratio_interval(timed(2 * seed, 1.3), timed(2 * seed + 1))
        held += interval.low <= 1.3 <= interval.high
        assert interval.low <= interval.value <= interval.high
    assert 80 <= held <= 100


def test_processes_that_differ_widen_the_interval_more_than_blocks_that_differ() -> None:
    steady = [[1.0, 1.1, 0.9, 1.0, 1.0] for _ in range(5)]
    moody = [[level] * 5 for level in (0.9, 1.1, 1.0, 1.2, 0.8)]
    between = statistics.median_interval(moody)
    within = statistics.median_interval(steady)
    assert between.high - between.low > within.high - within.low


def test_geometric_mean_of_ratios_and_of_their_reciprocals() -> None:
    ratios = [0.5, 3.0, 1.7]
    assert statistics.geometric_mean(ratios) * statistics.geometric_mean([1 / one for one in ratios]) == pytest.approx(1)
    with pytest.raises(ValueError, match="positive"):
        statistics.geometric_mean([1.0, 0.0])


def test_spread() -> None:
    assert statistics.spread([[1.0, 5.0, 1.0], [2.0]]) == 2.0


@pytest.mark.parametrize("samples", [[], [[1.0], []]], ids=["no-process", "no-block"])
def test_missing_samples_are_an_error(samples: list[list[float]]) -> None:
    with pytest.raises(ValueError, match="at least one block"):
        statistics.median_of_medians(samples)
