"""What turns in one process say: generated samples whose truth is known, and twins that are none."""

from __future__ import annotations

import pytest
from generated_turns import LOSSES, process

from parity.judgement.alternation import apart, overhead


@pytest.mark.parametrize("slower", [0.95, 1.0, 1.01, 1.05, 1.2])
def test_a_known_overhead_is_found_with_its_interval(slower: float) -> None:
    found = overhead([process(seed, slower) for seed in range(5)])
    assert found.ratio is not None and found.control is not None and not found.why
    assert found.ratio.low <= slower <= found.ratio.high and found.ratio.high - found.ratio.low < 0.01
    assert found.control.low <= 1 <= found.control.high
    assert (found.processes, found.rounds) == (5, 1000) and 10 * slower < found.milliseconds < 13 * slower + 0.5


def test_intervals_of_equal_steps_hold_one() -> None:
    held = [overhead([process(100 * trial + seed) for seed in range(3)]).ratio for trial in range(40)]
    assert sum(ratio is not None and ratio.low <= 1 <= ratio.high for ratio in held) >= 36


def test_a_disturbed_block_says_nothing() -> None:
    found = overhead([process(0, foreign=[0.0, 0.5, 0.0, 0.5])])
    assert found.ratio is not None and abs(found.ratio.value - 1) < 0.01 and found.rounds == 40


def test_without_a_quiet_block_there_is_no_number() -> None:
    found = overhead([process(0, foreign=[0.5, 0.9])])
    assert (found.why, found.ratio) == ("no_quiet_samples", None)
    assert overhead([]).why == "not_compared"


@pytest.mark.parametrize(
    ("twin", "told"),
    [
        ([2.31, 2.21, 2.11], "from the same weights"),
        ([2.3, 2.3, 2.3], "2 steps move the loss by -0.2 here and by 0 in the twin"),
        ([2.3, 2.25, 2.2], "2 steps move the loss"),
        ([2.3, float("nan"), 2.1], "not finite"),
    ],
    ids=["another-network", "no-optimizer", "half-the-rate", "nan"],
)
def test_a_twin_that_computes_something_else_has_no_number(twin: list[float], told: str) -> None:
    found = overhead([process(0), process(1, losses={**LOSSES, "twin": twin})])
    assert found.why == "differs" and told in found.reason and found.ratio is None


def test_a_second_bias_and_rounding_are_no_difference() -> None:
    assert apart({**LOSSES, "twin": [2.30001, 2.195, 2.09]}) == ""
