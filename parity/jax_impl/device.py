"""Owns the contact with the machine: precisions, threads, devices, versions, waiting, copies to and from the device.

It refuses to pick a precision or a mode for a case, and refuses weights that would have to be cast or completed.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping
from typing import Any

import flax
import jax
import jax.numpy as jnp
import jaxlib
import numpy as np
import optax
from flax import serialization

from parity.execution.protocol import Array, Held, check_native

DTYPES: Mapping[str, Any] = {"float64": jnp.float64, "float32": jnp.float32}


def prepare() -> None:
    """Sets the request's number of threads, and keeps float32 products in float32: on a GPU or TPU, JAX's have fewer digits.

    XLA's CPU client reads the size of its thread pool from NPROC once, when the first array is made.
    """
    if threads := int(os.environ.get("PARITY_THREADS", "0")):
        os.environ["NPROC"] = str(threads)
    jax.config.update("jax_default_matmul_precision", "highest")


def choose_precision(dtype: str) -> None:
    """Allows float64 arrays for a float64 case only. JAX forbids them by default, and users of float32 keep the default."""
    jax.config.update("jax_enable_x64", dtype == "float64")


def eager(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function run op by op, loops included: otherwise JAX compiles a loop at every call."""

    def called(*arrays: Any) -> Any:
        with jax.disable_jit():
            return function(*arrays)

    return called


def devices() -> tuple[str, ...]:
    """Every kind of device that JAX finds on this machine."""
    platforms = {device.platform for device in jax.devices()}
    return ("cpu", *(kind for kind in ("gpu", "tpu") if kind in platforms))


def versions() -> dict[str, str]:
    packages = {"jax": jax.__version__, "jaxlib": jaxlib.__version__, "flax": flax.__version__, "optax": optax.__version__}
    return {**packages, "numpy": np.__version__, "python": platform.python_version()}


def settings() -> dict[str, str]:
    """Settings outside of the spec that can change a number or a time."""
    return {
        "threads": os.environ.get("NPROC", "default"),
        "xla_flags": os.environ.get("XLA_FLAGS", ""),
        "matmul_precision": str(jax.config.jax_default_matmul_precision),
        "random_numbers": str(jax.config.jax_default_prng_impl),
    }


def place(array: Array, kind: str, dtype: Any) -> jax.Array:
    """The array on a device of this kind, in memory of its own: on a CPU JAX would share NumPy's memory."""
    return jax.device_put(np.array(array, dtype), jax.devices(kind)[0], may_alias=False)


def array(tensor: Any) -> Array:
    """A copy as a NumPy array."""
    return np.array(tensor)


def written(weights: Mapping[str, jax.Array]) -> bytes:
    """A dictionary of arrays in Flax's own format, msgpack."""
    content: bytes = serialization.msgpack_serialize({name: np.asarray(tensor) for name, tensor in weights.items()})
    return content


def read(name: str, content: bytes, own: Mapping[str, jax.Array]) -> dict[str, Array]:
    """The arrays in a file. Raises ValueError unless their names, shapes and types are those of the model.

    Flax's reader creates only numbers, strings, lists, dictionaries and arrays.
    """
    try:
        arrays = serialization.msgpack_restore(content)
    except Exception as error:  # msgpack and NumPy raise many kinds for a damaged file
        raise ValueError(f"{name} is no msgpack file of Flax: {error}") from error
    check_native(name, _held(arrays if isinstance(arrays, dict) else {}), _held(own))
    return dict(arrays)


def _held(weights: Mapping[str, Any]) -> Held:
    arrays = {name: weight for name, weight in weights.items() if isinstance(weight, (np.ndarray, jax.Array))}
    return {name: (tuple(item.shape), str(item.dtype)) for name, item in arrays.items()}
