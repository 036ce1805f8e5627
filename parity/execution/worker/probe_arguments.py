"""Owns the arguments and inputs that the drivers of all frameworks derive from a probe: sizes per axis, rows, volumes, masks.

It refuses to call the object, and to import a framework.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from parity.execution.protocol import Array, ProbeRequest


def axes_of(request: ProbeRequest) -> int:
    """How many spatial axes a layer works on, by its name (`1d`, `3d`); 2 if the name does not tell."""
    return next((axes for axes in (1, 3) if f"{axes}d" in request.word.lower()), 2)


def sized(request: ProbeRequest) -> dict[str, Any]:
    """The arguments, with tuples fitted to the layer's axes. A tuple of two numbers is (every axis but the last, the last
    axis); a tuple of three numbers has one for each axis."""
    axes = axes_of(request)

    def fitted(value: Any) -> Any:
        if not isinstance(value, tuple):
            return value
        every = value[-axes:] if len(value) == 3 else (value[0],) * (axes - 1) + (value[1],)
        return every[0] if axes == 1 else every

    return {name: fitted(value) for name, value in request.keywords.items()}


def shapes(request: ProbeRequest) -> dict[str, Array]:
    """The arrays that an initializer shall fill: all of them in the setting `draw`, otherwise only matrices, which some
    need."""
    return {name: shape for name, shape in request.arrays.items() if request.setting == "draw" or len(shape) == 2}


def rows(request: ProbeRequest) -> dict[str, Array]:
    """The rows of one channel over which a window moves."""
    return {name: array for name, array in request.arrays.items() if name != "kernel" and array.ndim == 1}


def box(request: ProbeRequest) -> tuple[Array, Array]:
    """A volume or an image, and a kernel for it. Raises ValueError for a layer of one axis, which takes neither."""
    axes = axes_of(request)
    if axes == 1:
        raise ValueError("it goes along one axis")
    volume, block = request.arrays["volume"], request.arrays["block"]
    return (volume, block) if axes == 3 else (volume[0], block[0])


MODES = ("nearest", "bilinear", "bicubic")


def check_mode(request: ProbeRequest) -> None:
    """Refuses another mode than the one in the object's name, if the object has no argument `mode`."""
    named = [mode for mode in MODES if mode in request.word.lower()]
    if "mode" not in request.names and named and request.wanted["mode"] not in named:
        raise ValueError(f"its one mode is {named[0]}")


MASKS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "boolean mask": ("kept", ("attn_mask", "attention_mask", "mask")),
    "key mask": ("keys_kept", ("key_padding_mask", "key_mask", "value_mask")),
    "float mask": ("bias", ("attn_mask", "attention_mask", "mask")),
    "bias": ("bias", ("bias",)),
}
"""Setting of attention -> the array that goes in, and the names that callables use for this argument."""
CAUSAL = ("is_causal", "use_causal_mask", "causal")


def masked(request: ProbeRequest, names: Any) -> tuple[str, Array] | None:
    """The name of the mask's argument in this callable, and the mask; None if the setting has no mask. names: of the callable's
    arguments; a built-in function does not tell them, so the first spelling is tried."""
    if request.setting not in MASKS:
        return None
    array, spellings = MASKS[request.setting]
    name = next((spelling for spelling in spellings if spelling in names or not names), None)
    if name is None:
        raise ValueError(f"it takes no {request.setting}")
    mask = request.arrays[array]
    return name, mask if array == "bias" else mask != 0


def caused(request: ProbeRequest, names: Any) -> dict[str, bool]:
    """The argument that makes attention causal, in the setting `causal`; {} in any other."""
    if request.setting != "causal":
        return {}
    name = next((name for name in CAUSAL if name in names or not names), None)
    if name is None:
        raise ValueError("it is not made causal by an argument")
    return {name: True}
