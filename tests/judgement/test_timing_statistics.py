"""Step times: medians of medians, ratios, and intervals that hold what they promise."""

from __future__ import annotations

import numpy as np
import pytest

from parity.judgement import timing_statistics


def timed(seed: int, scale: float = 1.0, processes: int = 5, blocks: int = 20) -> list[list[float]]:
    """Processes differ by 3 %, blocks by 1 %."""
    numbers = np.random.RandomState(seed)
    levels = scale * np.exp(0.03 * numbers.standard_normal(processes))
    return [list(level * np.exp(0.01 * numbers.standard_normal(blocks))) for level in levels]


def test_median_of_medians_counts_processes_not_blocks() -> None:
    assert timing_statistics.median_of_medians([[1.0] * 100, [2.0], [3.0]]) == 2.0


def by_round(samples: list[list[float]]) -> dict[int, list[float]]:
    return dict(enumerate(samples))


def test_an_interval_is_the_same_every_time() -> None:
    one, other = by_round(timed(0)), by_round(timed(1))
    assert timing_statistics.paired_interval(one, other) == timing_statistics.paired_interval(one, other)


def test_an_interval_holds_the_true_ratio_about_as_often_as_it_says() -> None:
    """95 % nominally; a bootstrap over five processes is known to fall a little short."""
    held = 0
    for seed in range(100):
        interval = timing_statistics.paired_interval(by_round(timed(2 * seed, 1.3)), by_round(timed(2 * seed + 1)))
        assert interval is not None
        held += interval.low <= 1.3 <= interval.high
        assert interval.low <= interval.value <= interval.high
    assert 80 <= held <= 100


def test_processes_that_differ_widen_the_interval_more_than_blocks_that_differ() -> None:
    steady = [[1.0, 1.1, 0.9, 1.0, 1.0] for _ in range(5)]
    moody = [[level] * 5 for level in (0.9, 1.1, 1.0, 1.2, 0.8)]
    between = timing_statistics.median_interval(moody)
    within = timing_statistics.median_interval(steady)
    assert between.high - between.low > within.high - within.low


def together(seed: int, scale: float = 1.0) -> tuple[dict[int, list[float]], dict[int, list[float]]]:
    """Two cells whose rounds share 10 % of noise; the first takes `scale` times as long."""
    numbers = np.random.RandomState(seed)
    rounds = np.exp(0.1 * numbers.standard_normal(5))
    own = [np.exp(0.01 * numbers.standard_normal((5, 8))) for _ in range(2)]
    return tuple(
        by_round([list(level * times) for level, times in zip(rounds, one, strict=True)]) for one in (scale * own[0], own[1])
    )


def test_noise_that_a_round_shares_cancels_and_five_percent_show() -> None:
    """Resampled apart, as cells were before, 10 % of noise between rounds hides 5 %: the fake that fooled the old interval."""
    seen = 0
    for seed in range(20):
        one, other = together(seed, 1.05)
        found = timing_statistics.paired_interval(one, other)
        assert found is not None
        seen += found.low > 1.0
    assert seen == 20
    equal = [timing_statistics.paired_interval(*together(seed)) for seed in range(40)]
    assert sum(one is not None and one.low <= 1.0 <= one.high for one in equal) >= 34


def test_rounds_that_only_one_cell_has_do_not_count() -> None:
    one, other = together(1)
    spoiled = {**other, 0: [1e9]}
    del one[0]
    assert timing_statistics.paired_ratio(one, spoiled) == timing_statistics.paired_ratio(one, {key: other[key] for key in one})
    assert timing_statistics.paired_interval(one, spoiled) is None  # four rounds: the widest interval is no 95 % interval
    assert timing_statistics.paired_ratio({}, other) is None


def test_the_smallest_ratio_that_could_be_seen_is_the_further_bound() -> None:
    assert timing_statistics.least_seen(timing_statistics.Interval(1.0, 0.8, 1.1)) == 1.25
    assert timing_statistics.least_seen(timing_statistics.Interval(1.0, 0.95, 1.2)) == 1.2


def test_geometric_mean_of_ratios_and_of_their_reciprocals() -> None:
    ratios = [0.5, 3.0, 1.7]
    assert timing_statistics.geometric_mean(ratios) * timing_statistics.geometric_mean(
        [1 / one for one in ratios]
    ) == pytest.approx(1)
    with pytest.raises(ValueError, match="positive"):
        timing_statistics.geometric_mean([1.0, 0.0])


def test_spread() -> None:
    assert timing_statistics.spread([[1.0, 5.0, 1.0], [2.0]]) == 2.0


@pytest.mark.parametrize("samples", [[], [[1.0], []]], ids=["no-process", "no-block"])
def test_missing_samples_are_an_error(samples: list[list[float]]) -> None:
    with pytest.raises(ValueError, match="at least one block"):
        timing_statistics.median_of_medians(samples)
