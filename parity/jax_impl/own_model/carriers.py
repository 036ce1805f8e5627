"""Owns the interface of both kinds of Flax models: an NNX module, which holds its arrays (nnx_modules.py), and a Linen module,
which is handed them (linen_modules.py).

It refuses to keep what a run changes: each run begins with the arrays that it is given, and gives those behind it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import jax
import jax.numpy as jnp
from flax import nnx

from parity.execution.own_model.calling import Accepted, accepted

Tensors = dict[str, Any]
TRAINS, RESTS = ("train", "training", "is_training"), ("deterministic", "use_running_average")
KEYS = ("rngs", "rng", "key", "dropout_rng", "prng_key")
"""Parameters of a model's call that tell it whether it trains, that tell the opposite, and that take keys of random numbers."""


class Listener(Protocol):
    """Hears each call of a leaf: (path, layer, call without arguments bound, arguments, keywords) -> what the call gives."""

    def __call__(self, path: str, layer: Any, call: Callable[..., Any], args: Any, kwargs: Any) -> Any: ...


class Carrier(Protocol):
    """arrays: every array of floats by its path; trained: which of them learn; layers: path -> a leaf; settings: of each leaf;
    cells: path of a layer over time -> the paths of its cells, forward first; built: whether its arrays are known."""

    arrays: Tensors
    trained: list[str]
    layers: dict[str, Any]
    settings: dict[str, dict[str, Any]]
    cells: dict[str, list[str]]
    inner: dict[str, Any]
    built: bool

    def call(self) -> Callable[..., Any]:
        """The model's own call, whose signature tells what it takes."""

    def build(self, args: Any, kwargs: Any) -> None:
        """Learns the arrays and the leaves, from a first call."""

    def run(
        self, arrays: Tensors, args: Any, kwargs: Any, training: bool, step: int, listener: Listener
    ) -> tuple[Any, Tensors]:
        """The outputs, and the arrays behind the pass. step: the number of the pass, which decides the random numbers."""

    def held(self, layer: Any, path: str) -> Tensors:
        """The arrays of a layer in the middle of a run."""


def told(function: Callable[..., Any], training: bool, step: int, given: Sequence[str]) -> dict[str, Any]:
    """The keywords of a call that are no inputs: whether it trains, and keys. given: names that the user gave as inputs."""
    parameters = inspect.signature(function).parameters
    found: dict[str, Any] = {name: training for name in TRAINS if name in parameters and name not in given}
    found |= {name: not training for name in RESTS if name in parameters and name not in given}
    for name in KEYS:
        if name in parameters and name not in given and parameters[name].default in (parameters[name].empty, None):
            found[name] = nnx.Rngs(step + 1) if name == "rngs" else jax.random.key(step + 1)
    return found


def takes(function: Callable[..., Any], names: Sequence[str]) -> Accepted:
    """What a model's call takes as inputs."""
    return accepted(function, [name for name in (*TRAINS, *RESTS, *KEYS) if name not in names])


def floats(array: Any) -> bool:
    return bool(jnp.issubdtype(array.dtype, jnp.floating))
