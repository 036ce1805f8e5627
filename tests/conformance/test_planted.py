"""A few planted faults of planted_check.py, each of a kind that once had no cause or a wrong one, and a right pair.

All of them: `python tests/conformance/planted_check.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

import planted_check
import pytest
from planted_table import DOUBLE, FAULTS, RIGHT, Pair
from shared_processes import shared

from parity.execution.launcher.environments import Unavailable, installed
from parity.verbs import compare as verb

WORDS = (
    *("relu6=true", "pad_before=true", "dilation=2", "unmoved=true", "norm_behind=true ~ torch", "concatenated=true ~ torch"),
    *("over_queries=true ~ keras", "pad_behind=true ~ keras"),
)
"""A part of the line of each fault that is planted here."""
SAME = ("images:squeezed ~ keras", "sequences:waves ~ keras", "sequences:decoder ~ keras")


@pytest.fixture(scope="module", autouse=True)
def processes() -> Iterator[None]:
    with shared(verb):
        yield


def chosen(pairs: list[Pair], word: str, framework: str) -> Pair:
    """The only pair with this word. It is skipped where a framework of it does not stand."""
    if framework != "torch":
        pytest.skip("runs once, with --framework torch")
    (pair,) = [each for each in pairs if word in str(each)]
    for side in pair.sides:
        try:
            installed(side.partition("=")[0])
        except Unavailable as error:
            pytest.skip(f"needs the interpreters of both sides: {error}")
    return pair


@pytest.mark.parametrize("word", WORDS)
def test_a_planted_fault_is_named_and_nothing_else(framework: str, word: str) -> None:
    outcome = planted_check.judged(chosen(list(FAULTS), word, framework))  # type: ignore[arg-type]
    assert outcome.what == planted_check.NAMED, outcome.told


@pytest.mark.parametrize("word", ["eps=0.001&no_skip=true", "unscaled=true&relu=true"])
def test_two_planted_faults_are_named_in_one_run(framework: str, word: str) -> None:
    outcome = planted_check.judged_twice(chosen(list(DOUBLE), word, framework))  # type: ignore[arg-type]
    assert outcome.what == planted_check.NAMED, outcome.told


@pytest.mark.parametrize("word", SAME)
def test_a_right_pair_agrees(framework: str, word: str) -> None:
    outcome = planted_check.agreeing(chosen(RIGHT, word, framework))
    assert outcome.what == "agrees", outcome.told
