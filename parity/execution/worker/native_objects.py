"""Owns the runs of a native object that is no optimizer, as a black box: its settings, and the spellings of its arguments.

It refuses to know a formula and to import a framework; the framework's own driver of the kind makes the call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from parity.execution.names import FURTHER, KNOWN, group_of, lies_under, put_under, under
from parity.execution.protocol import Array, ProbeRequest, Unsupported
from parity.execution.worker import native_optimizers
from parity.spec.cases import Case

Drivers = Mapping[str, Callable[[ProbeRequest], Mapping[str, Array]]]

SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "epsilon": ("epsilon", "eps"),
    "momentum": ("momentum",),
    "features": ("num_features", "num_channels"),
    "shape": ("normalized_shape",),
    "groups": ("groups", "num_groups"),
    "kernel": ("pool_size", "kernel_size"),
    "stride": ("stride", "strides"),
    "padding": ("padding",),
    "ceil": ("ceil_mode",),
    "filters": ("filters", "channels", "out_channels"),
    "channels": ("in_channels",),
    "dilation": ("dilation", "dilation_rate"),
    "output_padding": ("output_padding",),
    "multiplier": ("depth_multiplier",),
    "bias": ("use_bias", "bias"),
    "units": ("units", "hidden_size"),
    "inputs": ("input_size",),
    "mode": ("mode", "interpolation", "sample_type"),
}
"""Our name of an argument -> the names that classes use. The first of these that a class has is taken."""

WINDOW = {"kernel": (1, 3), "stride": (1, 2)}
KERNEL = {"filters": 1, "channels": 1, "kernel": (1, 3), "bias": False}
GROUPED = {"filters": 6, "channels": 4, "kernel": (1, 3), "bias": False, "groups": 2}
LENGTHS = {"nearest": (12, 3, 4, 18), "bilinear": (12, 3, 4), "bicubic": (12, 3, 4)}

SETTINGS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "initializer": {"draw": {}, "matrix": {}},
    "normalization": {"run": {"epsilon": 0.25, "momentum": 0.25, "features": 4, "shape": (4,), "groups": 2}},
    "pooling": {
        "plain": WINDOW,
        "padded": {**WINDOW, "padding": (0, 1)},
        "same": {**WINDOW, "padding": "same"},
        "ceil": {**WINDOW, "ceil": True},
        "padded and ceil": {**WINDOW, "padding": (0, 1), "ceil": True},
    },
    "convolution": {
        "plain": {**KERNEL, "stride": (1, 1)},
        "strided": {**KERNEL, "stride": (1, 2)},
        "padded": {**KERNEL, "stride": (1, 2), "padding": (0, 1)},
        "same": {**KERNEL, "stride": (1, 1), "padding": "same"},
        "same, even kernel": {**KERNEL, "kernel": (1, 4), "stride": (1, 1), "padding": "same"},
        "same, strided": {**KERNEL, "stride": (1, 2), "padding": "same"},
        "several axes": {**KERNEL, "kernel": (2, 3, 2)},
        "dilated": {**KERNEL, "dilation": (1, 2)},
        "dilated, same": {**KERNEL, "dilation": (1, 2), "padding": "same"},
        "grouped": GROUPED,
        "depthwise": {"kernel": (1, 3), "bias": False, "multiplier": 2},
    },
    "transposed_convolution": {
        "plain": {**KERNEL, "stride": (1, 1)},
        "strided": {**KERNEL, "stride": (1, 2)},
        "short kernel": {**KERNEL, "kernel": (1, 2), "stride": (1, 3)},
        "several axes": {**KERNEL, "kernel": (2, 3, 2)},
        "padded": {**KERNEL, "stride": (1, 2), "padding": (0, 1)},
        "extended": {**KERNEL, "stride": (1, 2), "output_padding": (0, 1)},
        "padded and extended": {**KERNEL, "stride": (1, 2), "padding": (0, 1), "output_padding": (0, 1)},
        "same": {**KERNEL, "stride": (1, 2), "padding": "same"},
        "same, even kernel": {**KERNEL, "kernel": (1, 4), "stride": (1, 2), "padding": "same"},
        "same, short kernel": {**KERNEL, "kernel": (1, 2), "stride": (1, 3), "padding": "same"},
        "same, extended": {**KERNEL, "stride": (1, 2), "padding": "same", "output_padding": (0, 1)},
        "dilated": {**KERNEL, "dilation": (1, 2)},
        "grouped": GROUPED,
    },
    "recurrent": {"run": {"units": 3, "inputs": 2}},
    "resizing": {
        f"{mode} {length}": {"mode": mode, "length": length} for mode, lengths in LENGTHS.items() for length in lengths
    },
    "attention": {
        "plain": {},
        "two heads": {},
        "boolean mask": {},
        "key mask": {},
        "float mask": {},
        "bias": {},
        "causal": {},
    },
    "ctc": {"plain": {}, "frames": {}},
    "loss": {"real": {}, "binary": {}, "signed": {}, "classes": {}, "distribution": {}},
}
"""Kind -> setting -> values of arguments. A setting that the object refuses is left out; it must accept at least one."""

DEFAULTS = "defaults"
"""Hyper-parameter of a case in which the object keeps its own default numbers."""
NUMBERS = ("epsilon", "momentum")

TELLING = {
    "ceil": "ceil",
    "dilation": "dilated",
    "output_padding": "extended",
    "groups": "grouped",
    "multiplier": "depthwise",
}
"""Argument that makes a setting differ from the default -> the word that it adds to the setting's name."""


def probe(case: Case, drivers: Drivers, inputs_given: Mapping[str, Array]) -> dict[str, Array]:
    """Runs the object in every setting that it accepts. Gives `<setting>/<result>`, the same behind `further/<round>/` for
    further inputs, and `known/<argument>` for the numbers that it was given.

    case.optimizer: the object's import path; case.initializer: its kind; case.arguments: values by the object's own names.
    """
    make, kind = native_optimizers.resolve(case.optimizer), case.initializer
    if kind not in drivers:
        raise Unsupported(f"nothing of the kind {kind} can be driven in this framework")
    names = dict(native_optimizers.arguments(make))
    for name in case.arguments:
        if names and name not in names:
            raise Unsupported(f"`{case.optimizer}` has no argument `{name}`; it has {', '.join(names)}")
    arrays: dict[str, Array] = {}
    failures: list[Exception] = []
    inputs = {name: array for name, array in inputs_given.items() if not lies_under(name, FURTHER)}
    defaults = numbers(names) if DEFAULTS in case.hyperparameters else {}
    for setting, every in SETTINGS[kind].items():
        wanted = {name: value for name, value in every.items() if name not in defaults}
        if any(word in setting and not _spelled(argument, names) for argument, word in TELLING.items()):
            continue
        keywords, hyperparameters = chosen(wanted, frozenset(names), case.arguments)
        request = ProbeRequest(make, setting, keywords, wanted, frozenset(names), inputs, case.dtype)
        try:
            observed = drivers[kind](request)
        except Exception as error:  # an object may raise anything if it refuses a setting
            failures.append(error)
            continue
        arrays |= put_under({name: np.asarray(array) for name, array in observed.items()}, setting)
        arrays |= _further(drivers[kind], request, inputs_given)
        arrays |= put_under({name: np.asarray(value) for name, value in {**defaults, **hyperparameters}.items()}, KNOWN)
    if not arrays:
        raise failures[0]
    return arrays


def _further(
    driver: Callable[[ProbeRequest], Mapping[str, Array]], request: ProbeRequest, inputs: Mapping[str, Array]
) -> dict[str, Array]:
    """The results of the same setting in every further round; a round that the object refuses is left out."""
    arrays: dict[str, Array] = {}
    for name in dict.fromkeys(map(group_of, under(inputs, FURTHER))):
        otherwise = replace(request, arrays={**request.arrays, **under(inputs, FURTHER, name)})
        try:
            observed = driver(otherwise)
        except Exception:  # noqa: S112  an object may raise anything if it refuses inputs; the gap is reported
            continue
        arrays |= put_under({key: np.asarray(array) for key, array in observed.items()}, FURTHER, name, request.setting)
    return arrays


def numbers(names: Mapping[str, Any]) -> dict[str, float]:
    """The default values of those arguments that formulas read as numbers."""
    defaults = {
        argument: names[spelling].default for argument in NUMBERS if (spelling := _spelled(argument, names)) is not None
    }
    return {name: float(value) for name, value in defaults.items() if isinstance(value, (int, float))}


def chosen(
    wanted: Mapping[str, Any], names: frozenset[str], own: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, float | bool]]:
    """The object's arguments by its own names, and the numbers among them by ours."""
    keywords: dict[str, Any] = {}
    hyperparameters: dict[str, float | bool] = {}
    for argument, value in wanted.items():
        spelling = _spelled(argument, names)
        if spelling is None:
            continue
        keywords[spelling] = own.get(spelling, value)
        if isinstance(keywords[spelling], (bool, int, float)):
            hyperparameters[argument] = keywords[spelling]
    return {**keywords, **own}, hyperparameters


def _spelled(argument: str, names: Any) -> str | None:
    return next((spelling for spelling in SPELLINGS.get(argument, ()) if spelling in names), None)
