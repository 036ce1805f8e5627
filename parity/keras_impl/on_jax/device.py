"""Owns JAX's part of the contact with the machine: threads, devices, versions, precision, waiting.

It refuses to pick a precision or a mode.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

import jax
import jax.numpy as jnp
import jaxlib

from parity.keras_impl import widths

if THREADS := int(os.environ.get("PARITY_THREADS", "0")):
    os.environ["NPROC"] = str(THREADS)  # XLA's CPU client reads it once, when the first array is made
jax.config.update("jax_default_matmul_precision", "highest")
"""On a GPU or TPU, JAX's own products of float32 have fewer digits."""


def versions() -> dict[str, str]:
    return {"jax": jax.__version__, "jaxlib": jaxlib.__version__}


def devices() -> tuple[str, ...]:
    found = {device.platform for device in jax.devices()}
    return ("cpu", *(kind for kind in ("gpu", "tpu") if kind in found))


def settings() -> Mapping[str, str]:
    return {
        "threads": os.environ.get("NPROC", "default"),
        "xla_flags": os.environ.get("XLA_FLAGS", ""),
        "matmul_precision": str(jax.config.jax_default_matmul_precision),
        "random_numbers": str(jax.config.jax_default_prng_impl),
    }


def choose_precision(dtype: str) -> None:
    """Allows float64 for a float64 case only. JAX forbids it by default, and Keras's floatx does not ask it to."""
    jax.config.update("jax_enable_x64", dtype == "float64")
    widths.keep_float64(dtype == "float64")


def tensor_float_32() -> bool:
    """JAX has no such switch of its own: TF32 is a precision of products, and parity asks for the highest."""
    return str(jax.config.jax_default_matmul_precision) not in ("highest", "float32")


def without_tensor_float_32() -> bool:
    return tensor_float_32()


def synchronize() -> None:
    (jnp.zeros(()) + 0).block_until_ready()


def place(kind: str) -> AbstractContextManager[Any]:
    found: AbstractContextManager[Any] = jax.default_device(jax.devices(kind)[0])
    return found
