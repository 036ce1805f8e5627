"""Owns the two kinds of Flax models under one interface: an NNX module, which holds its arrays, and a Linen module, which is
handed them.

It refuses to keep what a run changes: each run begins with the arrays that it is given, and gives those behind it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen, nnx, traverse_util

from parity.execution.own_model.calling import Accepted, accepted
from parity.jax_impl.own_model import checkpoints
from parity.jax_impl.own_model.kinds import BOTH_WAYS, CELLS, OVER_TIME, derived, kind_of, native, settings_of, without_dropout

Tensors = dict[str, Any]
TRAINS, RESTS = ("train", "training", "is_training"), ("deterministic", "use_running_average")
KEYS = ("rngs", "rng", "key", "dropout_rng", "prng_key")
"""Parameters of a model's call that tell it whether it trains, that tell the opposite, and that take keys of random numbers."""

PARAMS = "params"
DEFAULTING = (nnx.Embed, nnx.SimpleCell)
"""Layers whose `dtype` is float32 where the user names none; that of the others is None, and follows the input."""

MARK = "parity_path"
"""Attribute of an NNX layer that holds its path, which stays with it where a transformation makes a new object of it."""


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


def carrier(model: Any, dtype: Any) -> Carrier:
    """The carrier of a user's model."""
    return Linen(model, dtype) if isinstance(model, linen.Module) else Nnx(model, dtype)


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
        self._look()

    def _look(self) -> None:
        graph, state = nnx.split(self.module)
        self.graph = graph
        self.variables = {".".join(map(str, path)): variable for path, variable in nnx.to_flat_state(state)}
        self.paths = {".".join(map(str, path)): path for path, _ in nnx.to_flat_state(state)}
        own = {name: item for name, item in self.variables.items() if not isinstance(item, nnx.RngState)}
        self.arrays = {name: item.get_value().astype(self.dtype) for name, item in own.items() if floats(item.get_value())}
        self.trained = [name for name in self.arrays if isinstance(self.variables[name], nnx.Param)]

    def call(self) -> Callable[..., Any]:
        return self.module.__call__  # type: ignore[no-any-return, operator]

    def build(self, args: Any, kwargs: Any) -> None:
        self._look()  # a user's file of weights may have been read since

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
        class_.__call__ = _listening(class_.__call__, listener)  # type: ignore[operator, attr-defined]
    try:
        yield
    finally:
        for class_, own in kept:
            if own is None:
                del class_.__call__  # type: ignore[operator, attr-defined]
            else:
                class_.__call__ = own  # type: ignore[operator, method-assign]


def _listening(call: Callable[..., Any], listener: Listener) -> Callable[..., Any]:
    def listening(layer: Any, *args: Any, **kwargs: Any) -> Any:
        path = vars(layer).get(MARK)
        if path is None:
            return call(layer, *args, **kwargs)
        return listener(path, layer, lambda *args, **kwargs: call(layer, *args, **kwargs), args, kwargs)

    return listening


class Linen:
    """A module of flax.linen. Its arrays and its leaves are known from a first run."""

    def __init__(self, module: linen.Module, dtype: Any) -> None:
        self.dtype, self.built, self.loaded = dtype, False, id(module)
        bound = module.variables if module.scope is not None else None
        self.module = module.unbind()[0] if module.scope is not None else module
        self.others: dict[tuple[str, ...], Any] = {}
        self.paths: dict[str, tuple[str, ...]] = {}
        self.arrays, self.trained = {}, list[str]()
        self.layers, self.settings = dict[str, Any](), dict[str, dict[str, Any]]()
        self.cells, self.inner = dict[str, list[str]](), dict[str, Any]()
        if bound is not None:
            self._keep(bound)

    def call(self) -> Callable[..., Any]:
        return self.module.__call__  # type: ignore[no-any-return, operator]

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
        if given := checkpoints.LOADED.pop(self.loaded, None):
            own = {name: tuple(array.shape) for name, array in self.arrays.items()}
            self.arrays |= {name: jnp.asarray(item, self.dtype) for name, item in checkpoints.fitting(*given, own).items()}
        if self.built:
            return
        self.built = True
        seen: dict[str, Any] = {}
        open_: list[str] = []

        def look(path: str, layer: Any, call: Callable[..., Any], args: Any, kwargs: Any) -> Any:
            above = [seen[one] for one in open_ if kind_of(seen[one]) is not None]
            if native(layer) in CELLS:
                self.inner[path] = layer
                over = next((one for one in open_ if isinstance(seen[one], (*BOTH_WAYS, *OVER_TIME))), None)
                if over is not None and path not in self.cells.setdefault(over, []):
                    self.cells[over].append(path)
            if path not in seen and not any(not derived(item) for item in above):
                seen[path] = layer
                self.settings[path] = settings_of(layer)
            open_.append(path)
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
