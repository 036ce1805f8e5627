"""Owns what the drivers of every framework read off a probe: sizes for so many axes, rows, volumes, the arguments of masks.

It refuses to call the object, and to import a framework.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from parity.execution.protocol import Array, ProbeRequest


def axes_of(request: ProbeRequest) -> int:
    """How many axes a layer goes along, by its name: two where it does not say."""
    return next((axes for axes in (1, 3) if f"{axes}d" in request.word.lower()), 2)


def sized(request: ProbeRequest) -> dict[str, Any]:
    """The arguments for so many axes. Two numbers stand for the last axis and for each one before it, three for each."""
    axes = axes_of(request)

    def fitted(value: Any) -> Any:
        if not isinstance(value, tuple):
            return value
        every = value[-axes:] if len(value) == 3 else (value[0],) * (axes - 1) + (value[1],)
        return every[0] if axes == 1 else every

    return {name: fitted(value) for name, value in request.keywords.items()}


def shapes(request: ProbeRequest) -> dict[str, Array]:
    """What an initializer is to fill: everything, or (matrix) matrices alone, as some ask for."""
    return {name: shape for name, shape in request.arrays.items() if request.setting == "draw" or len(shape) == 2}


def rows(request: ProbeRequest) -> dict[str, Array]:
    """The rows of one channel that a window goes along."""
    return {name: array for name, array in request.arrays.items() if name != "kernel" and array.ndim == 1}


def box(request: ProbeRequest) -> tuple[Array, Array]:
    """A volume or an image, and a kernel for it: what goes along one axis has none."""
    axes = axes_of(request)
    if axes == 1:
        raise ValueError("it goes along one axis")
    volume, block = request.arrays["volume"], request.arrays["block"]
    return (volume, block) if axes == 3 else (volume[0], block[0])


MODES = ("nearest", "bilinear", "bicubic")


def check_mode(request: ProbeRequest) -> None:
    """What bears a mode in its name has no other."""
    named = [mode for mode in MODES if mode in request.word.lower()]
    if "mode" not in request.names and named and request.wanted["mode"] not in named:
        raise ValueError(f"its one mode is {named[0]}")


MASKS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "boolean mask": ("kept", ("attn_mask", "attention_mask", "mask")),
    "key mask": ("keys_kept", ("key_padding_mask", "key_mask", "value_mask")),
    "float mask": ("bias", ("attn_mask", "attention_mask", "mask")),
    "bias": ("bias", ("bias",)),
}
"""Setting of attention -> what goes in, and what callables call that argument."""
CAUSAL = ("is_causal", "use_causal_mask", "causal")


def masked(request: ProbeRequest, names: Any) -> tuple[str, Array] | None:
    """The argument by its name in this callable, and what goes in; none where the setting has no mask. A built-in function does
    not say its names: the first spelling is tried."""
    if request.setting not in MASKS:
        return None
    array, spellings = MASKS[request.setting]
    name = next((spelling for spelling in spellings if spelling in names or not names), None)
    if name is None:
        raise ValueError(f"it takes no {request.setting}")
    mask = request.arrays[array]
    return name, mask if array == "bias" else mask != 0


def caused(request: ProbeRequest, names: Any) -> dict[str, bool]:
    """The argument that makes it causal, where that is asked for."""
    if request.setting != "causal":
        return {}
    name = next((name for name in CAUSAL if name in names or not names), None)
    if name is None:
        raise ValueError("it is not made causal by an argument")
    return {name: True}
