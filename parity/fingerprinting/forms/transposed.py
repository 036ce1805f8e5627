"""Owns the closed forms of transposed convolutions: the kernel's direction, the size of the result, the cut and added borders.

It refuses to know which framework does what.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import product

import numpy as np

from parity.fingerprinting.forms.convolutions import GAPS, TURNED
from parity.fingerprinting.forms.form import Array, Arrays, Form

NUMBERS = np.random.RandomState(19)
INPUTS: Arrays = {
    "kernel": np.array([1.0, 10.0, 100.0, 1000.0]),
    "four": np.array([2.0, -3.0, 5.0, 7.0]),
    "five": np.array([3.0, 7.0, -2.0, 5.0, 8.0]),
    "volume": NUMBERS.standard_normal((2, 3, 4)),
    "block": NUMBERS.standard_normal((2, 3, 2)),
    "channels": NUMBERS.standard_normal((4, 5)),
    "grouped": NUMBERS.standard_normal((4, 3, 3)),
}
"""Rows of one channel and their kernel; a volume, or its first image, and its kernel; a row of 4 channels with a kernel to 6
channels in 2 groups (in, out of a group, taps)."""

ROWS = ("four", "five")


def library(arrays: Arrays) -> Mapping[str, list[Form]]:
    """The forms of each facet that was driven."""
    facets: Mapping[str, tuple[str, Callable[[], Iterator[Form]]]] = {
        "computes": ("", plain),
        "`padding`": ("padded/", padded),
        "`output_padding`": ("extended/", lambda: extended("padded and extended", "extended")),
        "`output_padding` with `same`": ("same, extended/", lambda: extended("same, extended", "")),
        "`same`": ("same/", same),
        "dilates": ("dilated/", dilated),
        "groups": ("grouped/", grouped),
    }
    return {about: list(forms()) for about, (start, forms) in facets.items() if any(start in name for name in arrays)}


def spread(x: Array, kernel: Array, stride: int = 1, gap: int = 1) -> Array:
    """The sum of every element of a row times the kernel at its position: (n - 1)·stride + (kernel - 1)·gap + 1 elements."""
    output = np.zeros((len(x) - 1) * stride + (len(kernel) - 1) * gap + 1)
    for place, value in enumerate(x):
        output[place * stride : place * stride + (len(kernel) - 1) * gap + 1 : gap] += value * kernel
    return output


def cut(full: Array, before: int, after: int) -> Array:
    """The row without so many elements at its ends; a negative number adds zeros."""
    longer = np.pad(full, (max(-before, 0), max(-after, 0)))
    return longer[max(before, 0) : len(longer) - max(after, 0)]


SIZES: Mapping[str, Callable[[int, int], tuple[int, int]]] = {
    "(n - 1)·stride + kernel": lambda kernel, stride: (0, 0),
    "n·stride + max(kernel - stride, 0), zeros at the end": lambda kernel, stride: (0, min(kernel - stride, 0)),
    "n·stride + max(kernel - stride, 0), zeros at the start": lambda kernel, stride: (min(kernel - stride, 0), 0),
    "n·stride, the end cut": lambda kernel, stride: (0, kernel - stride),
    "n·stride, the start cut": lambda kernel, stride: (kernel - stride, 0),
}
"""Name of the result's size for n elements -> elements cut off both ends of the full result."""


def plain() -> Iterator[Form]:
    for (size, ends), (turned, turn) in product(SIZES.items(), TURNED.items()):
        expected = {}
        for setting, (taps, stride) in {"plain": (3, 1), "strided": (3, 2), "short kernel": (2, 3)}.items():
            for row in ROWS:
                full = spread(INPUTS[row], INPUTS["kernel"][:taps][::turn], stride)
                expected[f"{setting}/{row}"] = cut(full, *ends(taps, stride))
        if ends(3, 1) == (0, 0):
            expected |= {f"several axes/{axes}": _over(axes, turn) for axes in (2, 3)}
        yield Form(f"spreads the kernel{turned or ' as it stands'}; size {size}", expected)


def _over(axes: int, turn: int) -> Array:
    """The result for the volume, or for its first image."""
    x, kernel = (INPUTS["volume"], INPUTS["block"]) if axes == 3 else (INPUTS["volume"][0], INPUTS["block"][0])
    kernel = np.flip(kernel) if turn < 0 else kernel
    output = np.zeros([size + taps - 1 for size, taps in zip(x.shape, kernel.shape, strict=True)])
    for place in np.ndindex(*x.shape):
        output[tuple(slice(at, at + taps) for at, taps in zip(place, kernel.shape, strict=True))] += x[place] * kernel
    return output


PADDINGS: Mapping[str, tuple[int, int]] = {
    "cut off both ends": (1, 1),
    "cut off the start": (1, 0),
    "cut off the end": (0, 1),
    "added to the row before": (-2, -2),
    "ignored": (0, 0),
}
"""Name -> cuts at a stride of 2; zeros that are added before the convolution are spread as well."""


def padded() -> Iterator[Form]:
    """Forms of a padding of 1: kernel 3, stride 2."""
    for (name, (before, after)), (turned, turn) in product(PADDINGS.items(), TURNED.items()):
        expected = {f"padded/{row}": cut(_strided(row, turn), before, after) for row in ROWS}
        yield Form(f"{name}{turned}", expected)


def _strided(row: str, turn: int) -> Array:
    return spread(INPUTS[row], INPUTS["kernel"][:3][::turn], 2)


EXTENSIONS: Mapping[str, tuple[int, int, bool]] = {
    "one more is kept at the end": (0, 1, True),
    "one more is kept at the start": (1, 0, True),
    "a zero is added at the end": (0, 1, False),
    "a zero is added at the start": (1, 0, False),
    "ignored": (0, 0, False),
}


def extended(setting: str, alone: str) -> Iterator[Form]:
    """Forms of an extension by 1: kernel 3, stride 2, 1 cut off both ends, or (`alone`) nothing: added elements are then 0."""
    for (name, (before, after, kept)), (turned, turn) in product(EXTENSIONS.items(), TURNED.items()):
        expected: dict[str, Array] = {}
        for row in ROWS:
            full = _strided(row, turn)
            inner = cut(full, 1 - before, 1 - after) if kept else cut(cut(full, 1, 1), -before, -after)
            expected |= {f"{setting}/{row}": inner} | ({f"{alone}/{row}": cut(full, -before, -after)} if alone else {})
        yield Form(f"{name}{turned}", expected)


def same() -> Iterator[Form]:
    """Forms with n·stride elements: an odd surplus is cut off one side; missing elements are zeros."""
    settings = {"same": (3, 2), "same, even kernel": (4, 2), "same, short kernel": (2, 3)}
    for side, zeros, (turned, turn) in product(("end", "start"), ("end", "start"), TURNED.items()):
        expected = {}
        for setting, (taps, stride) in settings.items():
            over = max(taps - stride, 0)
            fewer, more = over // 2, over - over // 2
            before, after = (fewer, more) if side == "end" else (more, fewer)
            missing = min(taps - stride, 0)
            before, after = (before, after + missing) if zeros == "end" else (before + missing, after)
            for row in ROWS:
                full = spread(INPUTS[row], INPUTS["kernel"][:taps][::turn], stride)
                expected[f"{setting}/{row}"] = cut(full, before, after)
        yield Form(f"size n·stride, the odd one cut off the {side}, zeros at the {zeros}{turned}", expected)


def dilated() -> Iterator[Form]:
    """Forms of dilation by 2."""
    for (words, gap), (turned, turn) in product(GAPS.items(), TURNED.items()):
        expected = {f"dilated/{row}": spread(INPUTS[row], INPUTS["kernel"][:3][::turn], 1, gap) for row in ROWS}
        yield Form(f"{words}{turned}", expected)


def grouped() -> Iterator[Form]:
    """Forms of 4 channels to 6, in 2 groups."""
    group_of = {"neighbours": np.arange(4) // 2, "dealt out in turn": np.arange(4) % 2}
    place_of = {"neighbours": lambda group, o: 3 * group + o, "dealt out in turn": lambda group, o: 2 * o + group}
    for (name, groups), (other, place), (turned, turn) in product(group_of.items(), place_of.items(), TURNED.items()):
        rows = np.zeros((6, 7))
        for channel, group in enumerate(groups):
            for o in range(3):
                rows[place(group, o)] += spread(INPUTS["channels"][channel], INPUTS["grouped"][channel, o][::turn])
        yield Form(f"inputs of a group: {name}; its outputs: {other}{turned}", {"grouped/rows": rows})
