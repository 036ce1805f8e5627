"""Owns the closed forms of convolutions: the direction of the kernel, the place of dilation's gaps, the channels of a group.

It refuses to know which framework does what.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

import numpy as np

from parity.fingerprinting.forms.form import Array, Arrays, Form
from parity.fingerprinting.forms.windows import SIDES, padding, same_was_seen, sided

NUMBERS = np.random.RandomState(17)
INPUTS: Arrays = {
    "kernel": np.array([1.0, 10.0, 100.0, 1000.0]),
    "seven": np.array([2.0, -3.0, 5.0, 7.0, -1.0, 4.0, 6.0]),
    "eight": np.array([3.0, 7.0, -2.0, 5.0, 8.0, 1.0, -4.0, 6.0]),
    "volume": NUMBERS.standard_normal((3, 4, 5)),
    "block": NUMBERS.standard_normal((2, 3, 2)),
    "channels": NUMBERS.standard_normal((4, 5)),
    "grouped": NUMBERS.standard_normal((6, 2, 3)),
    "depthwise": NUMBERS.standard_normal((4, 2, 3)),
}
"""Rows of one channel and their kernel; a volume, or its first image, and its kernel; a row of 4 channels with a kernel to 6
channels in 2 groups (out, in of a group, taps), or from each channel to 2 (in, which, taps)."""

SETTINGS: Mapping[str, tuple[int, int]] = {
    "plain": (3, 1),
    "strided": (3, 2),
    "padded": (3, 2),
    "same": (3, 1),
    "same, even kernel": (4, 1),
    "same, strided": (3, 2),
}
"""Setting -> size of the kernel, and stride."""

TURNS: Mapping[str, int] = {"cross-correlation": 1, "convolution, the kernel flipped": -1}
TURNED: Mapping[str, int] = {"": 1, ", the kernel flipped": -1}


def library(arrays: Arrays) -> Mapping[str, list[Form]]:
    """The forms of each facet that was driven."""
    facets = {"computes": plain(arrays), "dilates": dilated(arrays), "groups": grouped(), "multiplies channels": depthwise()}
    prefixes = {"computes": "", "dilates": "dilated/", "groups": "grouped/", "multiplies channels": "depthwise/"}
    return {about: list(forms) for about, forms in facets.items() if any(name.startswith(prefixes[about]) for name in arrays)}


def along(x: Array, kernel: Array, stride: int = 1, gap: int = 1) -> Array:
    """Cross-correlation of a row with taps that are `gap` apart."""
    reach = (len(kernel) - 1) * gap + 1
    starts = range(0, len(x) - reach + 1, stride)
    return np.array([x[start : start + reach : gap] @ kernel for start in starts])


def plain(arrays: Arrays) -> Iterator[Form]:
    for name, turn in TURNS.items():
        for side in SIDES if same_was_seen(arrays) else SIDES[:1]:
            expected = {}
            for setting, (size, stride) in SETTINGS.items():
                for row in ("seven", "eight"):
                    x = np.pad(INPUTS[row], padding(len(INPUTS[row]), size, stride, setting, side))
                    expected[f"{setting}/{row}"] = along(x, INPUTS["kernel"][:size][::turn], stride)
            expected |= {f"several axes/{axes}": _over(axes, turn) for axes in (2, 3)}
            yield Form(name + sided(arrays, side), expected)


def _over(axes: int, turn: int) -> Array:
    """The result for the volume, or for its first image."""
    x, kernel = (INPUTS["volume"], INPUTS["block"]) if axes == 3 else (INPUTS["volume"][0], INPUTS["block"][0])
    views = np.lib.stride_tricks.sliding_window_view(x, kernel.shape)
    return np.asarray((views * np.flip(kernel) if turn < 0 else views * kernel).sum(tuple(range(axes, 2 * axes))))


GAPS: Mapping[str, int] = {"taps lie as far apart as it says": 2, "as many elements as it says are left out between taps": 3}
REACHES: Mapping[str, int] = {"the dilated kernel": 2, "the kernel as if it were not dilated": 1}


def dilated(arrays: Arrays) -> Iterator[Form]:
    """Forms of dilation by 2. `dilated, same` pads for the dilated kernel."""
    is_dilated = "dilated, same/eight" in arrays
    for (words, gap), (turned, turn) in product(GAPS.items(), TURNED.items()):
        kernel = INPUTS["kernel"][:3][::turn]
        for reach, wide in REACHES.items() if is_dilated else [("", 1)]:
            expected = {}
            for row in ("seven", "eight"):
                around = gap if wide == 2 else 1
                expected[f"dilated/{row}"] = along(INPUTS[row], kernel, 1, gap)
                expected[f"dilated, same/{row}"] = along(np.pad(INPUTS[row], around), kernel, 1, gap)
            yield Form(f"{words}{turned}{f'; `same` pads for {reach}' if is_dilated else ''}", expected)


def grouped() -> Iterator[Form]:
    """Forms of 4 channels to 6, in 2 groups."""
    into = {"neighbours": np.arange(4).reshape(2, 2), "dealt out in turn": np.arange(4).reshape(2, 2).T}
    out = {"neighbours": np.arange(6) // 3, "dealt out in turn": np.arange(6) % 2}
    for (name, groups), (other, group_of), (turned, turn) in product(into.items(), out.items(), TURNED.items()):
        rows = [
            sum(along(INPUTS["channels"][channel], INPUTS["grouped"][o, i][::turn]) for i, channel in enumerate(groups[group]))
            for o, group in enumerate(group_of)
        ]
        yield Form(f"inputs of a group: {name}; its outputs: {other}{turned}", {"grouped/rows": np.array(rows)})


def depthwise() -> Iterator[Form]:
    """Forms of 4 channels, each to 2."""
    orders = {"those of one channel side by side": (0, 1), "the first of every channel, then the second": (1, 0)}
    for (name, order), (turned, turn) in product(orders.items(), TURNED.items()):
        rows = np.array(
            [[along(row, INPUTS["depthwise"][c, m][::turn]) for m in range(2)] for c, row in enumerate(INPUTS["channels"])]
        )
        yield Form(f"{name}{turned}", {"depthwise/rows": rows.transpose(*order, 2).reshape(8, -1)})
