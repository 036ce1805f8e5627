"""A pipe hears from a command that works: a line every half minute, and none after its end."""

from __future__ import annotations

import io
import sys
from itertools import pairwise

import pytest

from parity.verbs.terminal import progress_lines


class Hours:
    """A clock that only waiting moves. Work ends after so many seconds."""

    def __init__(self, end: float) -> None:
        self.now, self.end = 0.0, end

    def wait(self, seconds: float) -> bool:
        self.now += min(seconds, max(self.end - self.now, 0.0))
        return self.now >= self.end


def told(hours: Hours) -> list[tuple[float, str]]:
    said: list[tuple[float, str]] = []
    progress_lines.beat(hours.wait, lambda text: said.append((hours.now, text)), lambda: hours.now)
    return said


def test_no_silence_is_longer_than_thirty_five_seconds() -> None:
    moments = [0.0, *(moment for moment, _ in told(Hours(1_000.0))), 1_000.0]
    assert max(later - earlier for earlier, later in pairwise(moments)) <= 35


def test_a_short_command_says_nothing() -> None:
    assert told(Hours(29.0)) == []


def test_a_line_says_how_long_and_how_far() -> None:
    progress_lines.begin("running", 56)
    progress_lines.advance("keras lenet")
    assert told(Hours(95.0))[-1] == (90.0, "parity: 1:30: running: 1 of 56 done, last keras lenet")


def test_a_piece_of_work_forgets_the_one_before() -> None:
    progress_lines.begin("running", 56)
    progress_lines.advance("keras lenet")
    progress_lines.begin("references on cpu", None)
    assert told(Hours(31.0)) == [(30.0, "parity: 0:30: references on cpu")]


def test_a_reader_that_went_away_ends_it() -> None:
    def closed(_: str) -> None:
        raise BrokenPipeError

    hours = Hours(1_000.0)
    progress_lines.beat(hours.wait, closed, lambda: hours.now)
    assert hours.now == progress_lines.EVERY


@pytest.mark.parametrize("terminal", [False, True])
def test_a_terminal_has_a_bar_instead(terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stream(io.StringIO):
        def isatty(self) -> bool:
            return terminal

    stream = Stream()
    monkeypatch.setattr(sys, "stderr", stream)
    waits = iter([False, True])
    monkeypatch.setattr(progress_lines, "Event", type("Ended", (), {"wait": lambda _, __: next(waits), "set": lambda _: None}))
    with progress_lines.beating():
        pass
    assert (stream.getvalue() == "") == terminal
