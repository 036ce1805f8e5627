"""Owns the axes of pictures: the place of a value on a linear or logarithmic scale, round ticks, and how a tick is written.

It refuses to draw.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import floor, log


@dataclass(frozen=True)
class Scale:
    """Value -> height in the picture."""

    low: float
    high: float
    logarithmic: bool
    bottom: float
    top: float
    ticks: Sequence[float]

    @staticmethod
    def of(values: Iterable[float], logarithmic: bool, bottom: float, top: float) -> Scale:
        known = sorted(values)
        low, high = known[0], known[-1]
        if logarithmic:
            high = high if high > low else low * 10
            ticks = [float(f"1e{power}") for power in range(power_of_ten(low), power_of_ten(high) + 2)]
            inside = [tick for tick in ticks if low <= tick <= high]
            if len(inside) < 2:
                inside = [tick for tick in nice_ticks(low, high) if low <= tick <= high]
            return Scale(low, high, True, bottom, top, inside)
        high = high if high > low else low + 1
        ticks = nice_ticks(low, high)
        return Scale(min(low, ticks[0]), max(high, ticks[-1]), False, bottom, top, ticks)

    def place(self, value: float) -> float:
        low, high, value = (log(number) if self.logarithmic else number for number in (self.low, self.high, value))
        return self.bottom - (self.bottom - self.top) * (value - low) / (high - low)


def nice_ticks(low: float, high: float) -> list[float]:
    """At most seven round numbers that hold the range."""
    span = (high - low) or 1.0
    step = float(f"1e{power_of_ten(span)}")
    for part in (0.1, 0.2, 0.5, 1, 2):
        if span / (step * part) <= 6:
            step *= part
            break
    first = floor(low / step)
    return [round((first + place) * step, 12) for place in range(9) if (first + place - 1) * step < high]


def power_of_ten(value: float) -> int:
    """The power of ten of a number's first digit."""
    return int(f"{value:e}".partition("e")[2])


def told(value: float) -> str:
    """A tick's number in at most three digits."""
    if value == 0:
        return "0"
    return f"{value:.3g}" if 1e-3 <= abs(value) < 1e5 else f"{value:.0e}"
