"""Owns a user's module of flax.nnx: its leaves, its arrays, and a run that hears each call of a leaf.

It refuses to keep what a run changes: each run merges a module of its own from the graph and the arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import jax.numpy as jnp
from flax import nnx

from parity.jax_impl.ops.attention import mixed
from parity.jax_impl.own_model.carriers import Listener, Tensors, floats
from parity.jax_impl.own_model.kinds import BOTH_WAYS, CELLS, OVER_TIME, derived, kind_of, native, settings_of, without_dropout

DEFAULTING = (nnx.Embed, nnx.SimpleCell)
"""Layers whose `dtype` is float32 where the user names none; that of the others is None, and follows the input."""
MARK = "parity_path"
"""Attribute of an NNX layer: its path, which it keeps where a transformation makes a new object of it."""


class Nnx:
    """A module of flax.nnx. Each run merges a module of its own from the graph and the arrays."""

    def __init__(self, module: nnx.Module, dtype: Any) -> None:
        self.module, self.dtype, self.built = module, dtype, True
        self.layers = dict(_leaves(module))
        self.settings = {path: settings_of(layer) for path, layer in self.layers.items()}
        self.cells, self.inner = dict[str, list[str]](), dict[str, Any]()
        for path, layer in self.layers.items():
            layer.parity_path = path
            without_dropout(layer)
            if native(layer) in CELLS:
                self.inner[path] = layer
            elif isinstance(layer, (*OVER_TIME, *BOTH_WAYS)):
                ways = (
                    {"forward_rnn.": layer.forward_rnn, "backward_rnn.": layer.backward_rnn}
                    if isinstance(layer, BOTH_WAYS)
                    else {"": layer}
                )
                self.cells[path] = [f"{path}.{way}cell" if path else f"{way}cell" for way in ways]
                self.inner |= dict(zip(self.cells[path], (rnn.cell for rnn in ways.values()), strict=True))
        for _, part in nnx.iter_modules(module):
            for own in ("param_dtype", "dtype") if isinstance(part, DEFAULTING) else ("param_dtype",):
                if vars(part).get(own) == jnp.float32:
                    setattr(part, own, dtype)
            if dtype == jnp.float64 and vars(part).get("attention_fn") is nnx.dot_product_attention:
                part.attention_fn = mixed  # Flax's own computes the softmax in float32
        self._look()

    def _look(self) -> None:
        graph, state = nnx.split(self.module)
        self.graph = graph
        self.variables = {".".join(map(str, path)): variable for path, variable in nnx.to_flat_state(state)}
        self.paths = {".".join(map(str, path)): path for path, _ in nnx.to_flat_state(state)}
        own = {name: item for name, item in self.variables.items() if not isinstance(item, nnx.RngState)}
        every = {name: item.get_value() for name, item in own.items()}
        self.arrays = {name: item.astype(self.dtype) for name, item in every.items() if floats(item)}
        self.trained = [name for name in self.arrays if isinstance(self.variables[name], nnx.Param)]

    def call(self) -> Callable[..., Any]:
        return self.module.__call__  # type: ignore[no-any-return]

    def build(self, args: Any, kwargs: Any) -> None:
        """Its arrays and leaves are known from its construction."""

    def run(
        self, arrays: Tensors, args: Any, kwargs: Any, training: bool, step: int, listener: Listener
    ) -> tuple[Any, Tensors]:
        flat = {
            self.paths[name]: item.replace(arrays[name] if name in arrays else _later(item, step))
            for name, item in self.variables.items()
        }
        module = nnx.merge(self.graph, nnx.from_flat_state(flat))
        if training:
            module.train()
        else:
            module.eval()
        with _heard({type(layer) for layer in self.layers.values()}, listener):
            outputs = module(*args, **kwargs)
        behind = {".".join(map(str, path)): item.get_value() for path, item in nnx.to_flat_state(nnx.state(module))}
        return outputs, {name: behind[name] for name in arrays}

    def held(self, layer: Any, path: str) -> Tensors:
        inside = nnx.to_flat_state(nnx.state(layer))
        every = {".".join(map(str, (path, *way) if path else way)): item.get_value() for way, item in inside}
        return {name: array for name, array in every.items() if name in self.arrays}


def _later(variable: Any, step: int) -> Any:
    """The numbers of a variable that is not of floats; a counter of random numbers stands further in a later pass."""
    value = variable.get_value()
    return value + 1000 * step if isinstance(variable, nnx.RngCount) else value


def _leaves(module: Any) -> Iterator[tuple[str, Any]]:
    """Modules of a known class, and modules without children. A module of a class derived from a known one counts as a leaf,
    and so do the leaves below it."""
    every = {".".join(map(str, path)): part for path, part in nnx.iter_modules(module)}
    for path, part in every.items():
        above = [every[other] for other in every if other != path and (not other or path.startswith(f"{other}."))]
        if any(kind_of(item) is not None and not derived(item) for item in above):
            continue
        below = any(other != path and (not path or other.startswith(f"{path}.")) for other in every)
        if kind_of(part) is not None or not below:
            yield path, part


@contextmanager
def _heard(classes: set[type], listener: Listener) -> Iterator[None]:
    """Inside it, the listener hears every call of a module of these classes that is a leaf."""
    kept = [(class_, vars(class_).get("__call__")) for class_ in classes]
    for class_ in classes:
        class_.__call__ = _listening(class_.__call__, listener)  # type: ignore[method-assign]
    try:
        yield
    finally:
        for class_, own in kept:
            if own is None:
                del class_.__call__
            else:
                class_.__call__ = own  # type: ignore[method-assign]


def _listening(call: Callable[..., Any], listener: Listener) -> Callable[..., Any]:
    def listening(layer: Any, *args: Any, **kwargs: Any) -> Any:
        path = vars(layer).get(MARK)
        if path is None:
            return call(layer, *args, **kwargs)
        return listener(path, layer, lambda *args, **kwargs: call(layer, *args, **kwargs), args, kwargs)

    return listening
