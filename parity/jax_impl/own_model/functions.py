"""Owns what a user's Flax model does outside of layers: functions of JAX and Flax, operators of arrays, and random numbers.

Random draws are made to keep everything, so that all masks are equal. Each draw is recorded with its line of the user's code
and with its key. It refuses to look inside of layers of a known class, and to judge.
"""

from __future__ import annotations

import inspect
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import flax
import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen, nnx
from jax._src import core
from jax._src.array import ArrayImpl

from parity.execution.own_model.functions import KEPT, CalledFunction, example_draws, users_line
from parity.execution.own_model.nesting import Slot, plain, taken_apart
from parity.execution.protocol import Array

PACKAGES = tuple(str(Path(str(item.__file__)).parent) for item in (jax, flax, optax))
HOLDERS = (jnp, jnp.linalg, jax.nn, jax.lax, jax.image, jax.scipy.special, nnx, linen)
"""Modules whose functions are recorded."""

DRAWS = ("bernoulli", "uniform", "normal", "truncated_normal")
UNTOLD = (
    *("asarray", "array", "shape", "ndim", "size", "zeros", "ones", "zeros_like", "ones_like", "full", "full_like", "empty"),
    *("arange", "result_type", "promote_types", "astype", "stop_gradient", "eye", "broadcast_to", "broadcast_shapes", "merge"),
    *("scan", "cond", "switch", "while_loop", "fori_loop", "map", "associative_scan", "vectorize", "apply_along_axis", "copy"),
    *("apply", "init", "jit", "grad", "vmap", "remat", "checkpoint", "custom_vjp", "custom_jvp", "state", "split", "update"),
)
"""Functions that are not recorded: they change no number, run functions of the user, or handle modules (of these names only
`jnp.split` and `jnp.copy` give arrays)."""

OPERATORS = (
    *("add", "radd", "sub", "rsub", "mul", "rmul", "truediv", "rtruediv", "matmul", "rmatmul", "pow", "rpow", "neg", "getitem"),
    *("mod", "abs", "and", "or", "xor", "invert", "lt", "le", "gt", "ge", "eq", "ne"),
)
METHODS = (
    *("reshape", "transpose", "swapaxes", "mean", "sum", "max", "min", "std", "var", "flatten", "ravel", "squeeze", "dot"),
    *("argmax", "cumsum", "clip", "prod", "repeat", "take"),
)


def is_tensor(value: Any) -> bool:
    """Whether a value is an array of numbers; a key of random numbers is none."""
    if not isinstance(value, jax.Array | np.ndarray):
        return False
    return not jnp.issubdtype(value.dtype, jax.dtypes.prng_key)


class Functions:
    """A context that records functions while a model runs. scaled, told, given, place: as in
    parity/torch_impl/own_model/functions.py. keys: the key of each draw, as bytes."""

    def __init__(
        self,
        scaled: bool,
        calls: list[CalledFunction] | None,
        given: Mapping[int, Sequence[Array]],
        place: Callable[[], tuple[int, bool]],
    ) -> None:
        self.scaled, self.told, self.given, self.place = scaled, calls, given, place
        self.draws: list[dict[str, Any]] = []
        self.keys: list[bytes] = []
        self._depth, self._dropout = 0, list[bytes]()
        self._kept: list[tuple[Any, str, Any]] = []

    def __enter__(self) -> Functions:
        for name in DRAWS:
            self._put(jax.random, name, self._drawing(name, getattr(jax.random, name)))
        if self.told is not None:
            for holder in (*HOLDERS, *_users_modules()):
                for name, function in list(vars(holder).items()):
                    if _counts(holder, name, function):
                        self._put(holder, name, Listening(function, name, self))
            for name in (*(f"__{word}__" for word in OPERATORS), *METHODS):
                if name in vars(ArrayImpl):
                    self._put(ArrayImpl, name, self._method(name.strip("_"), vars(ArrayImpl)[name]))
            self._put(core.Primitive, "bind", self._bound(core.Primitive.bind))
        return self

    def __exit__(self, *_: object) -> None:
        for holder, name, function in reversed(self._kept):
            setattr(holder, name, function)

    def _put(self, holder: Any, name: str, value: Any) -> None:
        self._kept.append((holder, name, vars(holder)[name]))
        setattr(holder, name, value)

    def dropped(self, layer: Any, call: Callable[[], Any], taken: Any) -> Any:
        """The output of a layer of dropout, which keeps everything. Whether it drops is the layer's to say: then it draws."""
        before, self._dropout = self._dropout, []
        try:
            output = call()
            drawn = list(self._dropout)
        finally:
            self._dropout = before
        if not drawn:
            return output
        self._tell("dropout", _form(layer, taken), float(layer.rate), drawn[0])
        return taken / (1 - layer.rate) if self.scaled else taken + 0

    def _tell(self, what: str, form: str, rate: float | None, key: bytes) -> None:
        self.draws.append({"what": what, "form": form, "rate": rate, "where": users_line(PACKAGES)[0], "call": self.place()[0]})
        self.keys.append(key)

    def _drawing(self, name: str, function: Any) -> Callable[..., Any]:
        def drawn(key: Any, *args: Any, **kwargs: Any) -> Any:
            self._depth += 1
            try:
                blank = function(key, *args, **kwargs)
            finally:
                self._depth -= 1
            number = _bytes(key)
            self._dropout.append(number)
            if not self.place()[1]:
                self._tell("draw", name, None, number)
            return _kept(name, blank, function, args, kwargs)

        return drawn

    def _method(self, name: str, function: Any) -> Callable[..., Any]:
        def method(*args: Any, **kwargs: Any) -> Any:
            return self.called(name, function, args, kwargs)

        return method

    def _bound(self, bind: Any) -> Callable[..., Any]:
        """What `Primitive.bind` becomes: a function that nothing else recorded, such as one that the user imported by its name,
        is recorded as its primitives."""

        def bound(primitive: Any, *args: Any, **params: Any) -> Any:
            named = {word: value for word, value in params.items() if not callable(value)}
            return self.called(primitive.name, lambda *arrays, **told: bind(primitive, *arrays, **params), args, named)

        return bound

    def called(self, name: str, function: Any, args: Any, kwargs: Any) -> Any:
        """The output of a function; recorded unless another function or a layer of a known class called it."""
        call, known = self.place()
        if self._depth or known or self.told is None:
            return function(*args, **kwargs)
        self._depth += 1
        try:
            tensors: list[Any] = []
            settings = _settings(function, args, kwargs, tensors)
            output = function(*args, **kwargs)
            return self._recorded(name, call, settings, tensors, output)
        finally:
            self._depth -= 1

    def _recorded(self, name: str, call: int, settings: dict[str, Any], tensors: list[Any], output: Any) -> Any:
        gave: list[Any] = []
        skeleton = taken_apart(output, is_tensor, gave)
        if self.told is None or not gave or not all(item.dtype.kind in "fb" for item in gave) or _traced([*gave, *tensors]):
            return output
        number = len(self.told)
        if number in self.given:
            gave = [jnp.asarray(array, old.dtype) for array, old in zip(self.given[number], gave, strict=True)]
            output = gave[0] if isinstance(skeleton, Slot) else type(output)(gave)
        where, code = users_line(PACKAGES)
        arrays = [np.array(item) for item in tensors], [np.array(item) for item in gave]
        self.told.append(CalledFunction(name, settings, where, code, call, *arrays))
        return output


class Listening:
    """A function that is recorded. What else it has, such as `jnp.add.at`, is the function's own."""

    def __init__(self, function: Any, name: str, functions: Functions) -> None:
        self.function, self.name, self.functions = function, name, functions

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.functions.called(self.name, self.function, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.function, name)


def _counts(holder: ModuleType, name: str, function: Any) -> bool:
    """Whether an attribute of a module is a function to be recorded; of a user's module, only what comes from JAX or Flax."""
    if name.startswith("_") or not callable(function) or isinstance(function, type | ModuleType):
        return False
    made = getattr(function, "__module__", "") or ""
    if not str(made).startswith(("jax", "flax")) or "transforms" in str(made) or "graph" in str(made):
        return False
    word = getattr(function, "__name__", name)
    if word in UNTOLD and not (word in ("split", "copy") and str(made).startswith("jax")):
        return False
    return not (isinstance(function, FunctionType) and str(made).startswith("flax") and "initializers" in str(made))


def _users_modules() -> Iterator[ModuleType]:
    """Modules that came neither with Python nor with a package."""
    for module in list(sys.modules.values()):
        file = str(getattr(module, "__file__", None) or "")
        if (
            file
            and not file.startswith((sys.base_prefix, sys.prefix, str(Path(__file__).parents[2])))
            and "site-packages" not in file
        ):
            yield module


def _traced(arrays: Sequence[Any]) -> bool:
    return any(isinstance(array, core.Tracer) for array in arrays)


def known_class(layer: Any) -> bool:
    """Whether a layer's computation is Flax's own."""
    return type(layer).__module__.startswith("flax.")


def reseeded() -> None:
    """Seeds all generators, so that remaining random numbers are the same in every pass."""
    random.seed(0)
    np.random.seed(0)


def _bytes(key: Any) -> bytes:
    """The numbers of a key; b"" of one that is only traced."""
    if isinstance(key, core.Tracer):
        return b""
    return np.asarray(jax.random.key_data(key) if jnp.issubdtype(key.dtype, jax.dtypes.prng_key) else key).tobytes()


def _form(layer: Any, taken: Any) -> str:
    """The numbers that are dropped together: `element` for single ones, `channels` for a channel of an image or sequence."""
    joined = sorted(axis % taken.ndim for axis in layer.broadcast_dims)
    if not joined:
        return "element"
    return "channels" if joined == list(range(1, taken.ndim - 1)) else f"along axes {joined}"


def _kept(name: str, blank: Any, function: Any, args: Any, kwargs: Any) -> Any:
    """Draws that keep everything: the middle for uniform numbers, the likelier truth value, normal numbers per example."""
    if name == "bernoulli":
        share = kwargs.get("p", args[0] if args else 0.5)
        return jnp.broadcast_to(jnp.asarray(share) >= 0.5, blank.shape)
    if name == "uniform":
        bound = inspect.signature(function).bind(None, *args, **kwargs)
        bound.apply_defaults()
        low, high = bound.arguments["minval"], bound.arguments["maxval"]
        return jnp.broadcast_to(low + (high - low) * KEPT, blank.shape).astype(blank.dtype)
    numbers = np.asarray(example_draws(blank.shape[0] if blank.ndim else 1)).reshape(-1, *(1,) * (blank.ndim - 1))
    return jnp.broadcast_to(jnp.asarray(numbers if blank.ndim else numbers[0], blank.dtype), blank.shape)


def _settings(function: Any, args: Any, kwargs: Any, tensors: list[Any]) -> dict[str, Any]:
    """Arguments by name, with defaults; a tensor is replaced by its index among the input tensors."""
    try:
        bound = inspect.signature(function).bind(*args, **kwargs)
        bound.apply_defaults()
        named = dict(bound.arguments)
        if set(named) == {"arrays", "told"}:  # a primitive, whose arrays have no names
            named = {**{str(place): value for place, value in enumerate(named["arrays"])}, **named["told"]}
    except (TypeError, ValueError):
        named = {**{str(place): value for place, value in enumerate(args)}, **kwargs}
    return {word: _told(taken_apart(value, is_tensor, tensors)) for word, value in named.items()}


def _told(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(word): _told(item) for word, item in value.items()}
    if isinstance(value, list | tuple):
        return [_told(item) for item in value]
    if isinstance(value, slice):
        step = f":{value.step}" if value.step is not None else ""
        return f"{'' if value.start is None else value.start}:{'' if value.stop is None else value.stop}{step}"
    if isinstance(value, Slot):
        return f"in{value.place}"
    return "…" if value is Ellipsis else plain(value)
