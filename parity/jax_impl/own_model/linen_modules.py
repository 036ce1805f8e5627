"""Owns a user's module of flax.linen: its leaves and arrays, which a first run tells, and a run that hears each call of a leaf.

It refuses to keep what a run changes: each run is handed the arrays, and gives those behind it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen, traverse_util

from parity.jax_impl.own_model.carriers import Listener, Tensors, floats
from parity.jax_impl.own_model.kinds import BOTH_WAYS, CELLS, OVER_TIME, derived, kind_of, native, settings_of, without_dropout

PARAMS = "params"


class Linen:
    """A module of flax.linen. Its arrays and its leaves are known from a first run."""

    def __init__(self, module: linen.Module, dtype: Any) -> None:
        self.dtype, self.built = dtype, False
        bound = module.variables if module.scope is not None else None
        self.module = module.unbind()[0] if module.scope is not None else module
        self.others: dict[tuple[str, ...], Any] = {}
        self.paths: dict[str, tuple[str, ...]] = {}
        self.arrays: Tensors = {}
        self.trained = list[str]()
        self.layers, self.settings = dict[str, Any](), dict[str, dict[str, Any]]()
        self.cells, self.inner = dict[str, list[str]](), dict[str, Any]()
        if bound is not None:
            self._keep(bound)

    def call(self) -> Callable[..., Any]:
        return self.module.__call__  # type: ignore[no-any-return]

    def _keep(self, variables: Any) -> None:
        flat = traverse_util.flatten_dict(linen.meta.unbox(variables))
        for path, array in flat.items():
            name = ".".join(path[1:])
            name = ".".join(path) if name in self.paths and self.paths[name] != path else name
            if floats(array):
                self.paths[name], self.arrays[name] = path, jnp.asarray(array, self.dtype)
            else:
                self.others[path] = array
        self.trained = [name for name, path in self.paths.items() if path[0] == PARAMS]

    def build(self, args: Any, kwargs: Any) -> None:
        if not self.paths:
            self._keep(self.module.init(_keys(0), *args, **kwargs))
        if self.built:
            return
        self.built = True
        seen: dict[str, Any] = {}
        open_: list[tuple[str, Any]] = []

        def look(path: str, layer: Any, call: Callable[..., Any], args: Any, kwargs: Any) -> Any:
            above = [item for _, item in open_ if kind_of(item) is not None]
            if native(layer) in CELLS:
                self.inner[path] = layer
                over = next((one for one, item in open_ if isinstance(item, (*BOTH_WAYS, *OVER_TIME))), None)
                if over is not None and path not in self.cells.setdefault(over, []):
                    self.cells[over].append(path)
            if path not in seen and not any(not derived(item) for item in above):
                seen[path] = layer
                self.settings[path] = settings_of(layer)
            open_.append((path, layer))
            try:
                return call(*args, **kwargs)
            finally:
                open_.pop()

        self._applied(self.arrays, args, kwargs, False, 0, look)
        below = [path for path in seen if any(other != path and (not path or other.startswith(f"{path}.")) for other in seen)]
        self.layers = {path: layer for path, layer in seen.items() if kind_of(layer) is not None or path not in below}

    def run(
        self, arrays: Tensors, args: Any, kwargs: Any, training: bool, step: int, listener: Listener
    ) -> tuple[Any, Tensors]:
        def leaf(path: str, layer: Any, call: Callable[..., Any], args: Any, kwargs: Any) -> Any:
            if path not in self.layers:
                return call(*args, **kwargs)
            without_dropout(layer)
            return listener(path, layer, call, args, kwargs)

        return self._applied(arrays, args, kwargs, training, step, leaf)

    def _applied(
        self, arrays: Tensors, args: Any, kwargs: Any, training: bool, step: int, listener: Listener
    ) -> tuple[Any, Tensors]:
        flat = {**self.others, **{self.paths[name]: array for name, array in arrays.items()}}
        moving: Any = sorted({path[0] for path in flat} - {PARAMS}) if training else False

        def heard(call: Any, args: Any, kwargs: Any, context: Any) -> Any:
            if context.method_name != "__call__":
                return call(*args, **kwargs)
            return listener(".".join(context.module.path), context.module, call, args, kwargs)

        with linen.intercept_methods(heard):
            found = self.module.apply(traverse_util.unflatten_dict(flat), *args, **kwargs, rngs=_keys(step), mutable=moving)
        outputs, after = found if training else (found, {})
        behind = traverse_util.flatten_dict(after)
        return outputs, {name: behind.get(self.paths[name], array) for name, array in arrays.items()}

    def held(self, layer: Any, path: str) -> Tensors:
        flat = traverse_util.flatten_dict(layer.variables)
        names = {(way[0], *way[1:]): name for name, way in self.paths.items()}
        own = tuple(layer.path)
        found = {names.get((way[0], *own, *way[1:])): array for way, array in flat.items()}
        return {name: array for name, array in found.items() if name is not None}


def _keys(step: int) -> dict[str, Any]:
    """Keys for the collections of random numbers that Linen and its users know."""
    root = jax.random.fold_in(jax.random.key(0), np.uint32(step))
    return {name: jax.random.fold_in(root, place) for place, name in enumerate((PARAMS, "dropout", "noise", "sample"))}
