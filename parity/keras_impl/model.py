"""Owns the choice of the backend's programs, and copies of tensors and variables: the same names whichever backend runs.

The programs stand in on_tensorflow/, on_jax/ and on_torch/. It refuses to know an op, an arrangement or a parameter's layout.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from parity.execution.protocol import Array
from parity.keras_impl import device
from parity.keras_impl.programs import BackendPrograms, PhaseModel, ProgramPass

__all__ = [
    "DEFAULT_MODE",
    "MODES",
    "PhaseModel",
    "ProgramPass",
    "Programs",
    "array",
    "restore",
    "slope",
    "slope_of",
    "snapshot",
]


def _chosen() -> tuple[Any, type[BackendPrograms]]:
    """The module `model` of the folder of Keras's own backend, and its programs; the others' packages are not installed."""
    if device.backend() == "jax":
        from parity.keras_impl.on_jax import model as on_jax

        return on_jax, on_jax.JaxPrograms
    if device.backend() == "torch":
        from parity.keras_impl.on_torch import model as on_torch

        return on_torch, on_torch.TorchPrograms
    from parity.keras_impl.on_tensorflow import model as on_tensorflow

    return on_tensorflow, on_tensorflow.TensorFlowPrograms


OWN, _PROGRAMS = _chosen()
MODES: tuple[str, ...] = OWN.MODES
DEFAULT_MODE: str = OWN.DEFAULT_MODE
Programs: type[BackendPrograms] = _PROGRAMS


def slope(function: Callable[[Any], Any], x: Array) -> Array:
    """The gradient of the sum of function(x); zeros where nothing depends on x."""
    return slope_of(lambda given: ops.sum(function(given)), x)


def slope_of(function: Callable[[Any], Any], x: Array) -> Array:
    """The gradient of function(x) as the backend gives it, whether function(x) is a scalar or not."""
    return array(OWN.slope_of(function, x))


def array(tensor: Any) -> Array:
    """A copy as a NumPy array; narrower floats are widened to float32."""
    copied = np.array(ops.convert_to_numpy(tensor.value if isinstance(tensor, keras.Variable) else tensor))
    return copied if copied.dtype.kind in "iub" or copied.dtype in (np.float32, np.float64) else copied.astype(np.float32)


def snapshot(variables: Sequence[keras.Variable]) -> list[tuple[keras.Variable, Array]]:
    return [(variable, np.array(ops.convert_to_numpy(variable.value))) for variable in variables]


def restore(kept: Sequence[tuple[keras.Variable, Array]]) -> None:
    for variable, value in kept:
        variable.assign(value)
