"""Owns a user's own Flax model under observation: its leaf layers, their calls, weights, gradients and one step of SGD.

It refuses to compare, and to change the model permanently: only its random draws are replaced (functions.py).
A model runs op by op, so that every call and every function shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen, nnx
from jax._src import core

from parity.execution.names import (
    AFTER,
    EVAL,
    GRADIENT,
    INPUT_GRADIENT,
    OUTPUT,
    TRAIN,
    WEIGHT,
    array_name,
    in_order,
    numbered,
    of_calls,
    put_under,
    under,
)
from parity.execution.own_model.calling import Accepted, Calling, arguments
from parity.execution.own_model.functions import CalledFunction, answered
from parity.execution.own_model.layers import Call, OwnLayer, Shape, Weight
from parity.execution.own_model.nesting import paths, tensors_of
from parity.execution.protocol import Array
from parity.jax_impl import device
from parity.jax_impl.own_model import checkpoints
from parity.jax_impl.own_model.carriers import Carrier, takes, told
from parity.jax_impl.own_model.functions import Functions, is_tensor, reseeded
from parity.jax_impl.own_model.kinds import derived, kind_of, own_way
from parity.jax_impl.own_model.linen_modules import Linen
from parity.jax_impl.own_model.nnx_modules import Nnx
from parity.jax_impl.own_model.owned import Joined, weights_of, within
from parity.jax_impl.own_model.recording import Alone, PassEnded, Recorder

Arrays = dict[str, Array]
FIXED = "a fixed key: the same numbers in every pass"


class _Kind(type):
    """A module of NNX and a module of Linen are both models; Flax has no class for both."""

    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, nnx.Module | linen.Module)


MODEL = _Kind("Module", (), {"__module__": "flax"})
"""The class that the user's `build` must return."""

IMAGES = "last"
"""The position of an image's channels, unless the model says otherwise."""


def prepare(dtype: str) -> None:
    """Called before the user's code: allows float64, and keeps float32 products in float32."""
    device.prepare()
    device.choose_precision(dtype)


def version() -> str:
    return f"{jax.__version__}, flax {device.versions()['flax']}"


class Model:
    """A Flax module under the interface parity.execution.own_model.layers.OwnModel."""

    def __init__(self, module: Any, dtype: str) -> None:
        self.dtype = device.DTYPES[dtype]
        self.carrier: Carrier = (Linen if isinstance(module, linen.Module) else Nnx)(module, self.dtype)
        self.values = dict(self.carrier.arrays)
        self.joined = Joined()
        self.calls: dict[bool, Recorder] = {}
        self.last: dict[bool, Sequence[Array]] = {}
        self.draws: dict[str, list[dict[str, Any]]] = {}
        self.forced: dict[int, Array] = {}
        self.scaled = self.plain = False
        self.calling, self.named = Calling(), list[str]()
        checkpoints.TAKING[id(module)] = self.take

    def take(self, file: Path, given: Mapping[str, Any]) -> None:
        """Takes the arrays of a file as the model's own. Raises Mistyped unless the file holds exactly these."""
        fitted = checkpoints.fitting(file, dict(given), {name: tuple(item.shape) for name, item in self.values.items()})
        self.values = {name: jnp.asarray(item, self.dtype) for name, item in fitted.items()}

    def accepts(self, names: Sequence[str] = ()) -> Accepted:
        return takes(self.carrier.call(), names)

    def given_inputs(self) -> list[tuple[Shape, str, int | None, str]] | None:
        return None

    def trace(self, inputs: Sequence[Array]) -> tuple[list[OwnLayer], list[Call], list[Shape]]:
        args, kwargs = self._arguments([self._tensor(array) for array in inputs], False, 0)
        with jax.disable_jit():
            self.carrier.build(args, kwargs)
        self.values = self.values or dict(self.carrier.arrays)
        self.joined = Joined()
        for path, cell in self.carrier.inner.items():
            self.joined.add(cell, path, list(self.values))
        arrays = self.forward(inputs)
        calls = [Call.of(name, taken, gave) for name, taken, gave in self.calls[False].calls]
        leaves = [self._leaf(name) for name in dict.fromkeys(call.leaf for call in calls)]
        known = {weight.native for leaf in leaves for weight in leaf.weights}
        held = self.weights()
        owned = {name for path in self.carrier.layers for name in within(path, held) if path}
        trained = self.joined.told({name: self.values[name] for name in self.carrier.trained})
        loose = [name for name in trained if name not in known and name not in owned]
        leaves += [OwnLayer(name, "parameter", "Param", {}, (Weight("value", name, held[name].shape),)) for name in loose]
        return leaves, calls, [array.shape for array in in_order(arrays, OUTPUT)]

    def weights(self) -> Arrays:
        return {name: device.array(value) for name, value in self.joined.told(self.values).items()}

    def set_weights(self, values: Mapping[str, Array]) -> None:
        for name, value in self.joined.apart(values).items():
            self.values[name] = jnp.asarray(value, self.dtype)

    def forward(self, inputs: Sequence[Array]) -> Arrays:
        outputs, _, calls = self._run([self._tensor(array) for array in inputs], training=False)
        return {**numbered(_floats(outputs), OUTPUT), **_arrays(calls)}

    def train(self, inputs: Sequence[Array], loss: Sequence[Array], learning_rate: float) -> Arrays:
        tensors = [self._tensor(array) for array in inputs]
        watched = [place for place, tensor in enumerate(tensors) if jnp.issubdtype(tensor.dtype, jnp.floating)]
        kept = dict(self.values)

        def total(trained: dict[str, Any], given: list[Any]) -> tuple[Any, Any]:
            whole = [given[watched.index(place)] if place in watched else item for place, item in enumerate(tensors)]
            outputs, after, calls = self._run(whole, True, {**kept, **trained})
            floats = [item for item in tensors_of(outputs, is_tensor) if jnp.issubdtype(item.dtype, jnp.floating)]
            weighted = [(item * self._tensor(weight)).sum() for item, weight in zip(floats, loss, strict=True)]
            return sum(weighted, jnp.zeros((), self.dtype)), (floats, after, calls)

        trained = {name: kept[name] for name in self.carrier.trained}
        with jax.disable_jit():
            slopes, (outputs, after, calls) = jax.grad(total, (0, 1), has_aux=True)(
                trained, [tensors[item] for item in watched]
            )
        arrays = {array_name(GRADIENT, name): device.array(item) for name, item in self.joined.told(slopes[0]).items()}
        arrays |= {
            array_name(INPUT_GRADIENT, place): device.array(item) for place, item in zip(watched, slopes[1], strict=True)
        }
        moved = {name: kept[name] - learning_rate * slope for name, slope in slopes[0].items()}
        told_after = self.joined.told({**after, **moved})
        arrays |= put_under({name: device.array(item) for name, item in told_after.items()}, AFTER)
        self._tell_keys(tensors)
        return {**numbered(_floats(outputs), OUTPUT), **_arrays(calls), **arrays}

    def _tell_keys(self, tensors: Sequence[Any]) -> None:
        """Says of each draw of the training pass whether its key is the same in the next pass, or another draw's."""
        first, draws = self.listening.keys, self.draws[TRAIN]
        self._run(tensors, True, step=1)
        following, self.draws[TRAIN] = self.listening.keys, draws
        for place, (draw, key) in enumerate(zip(draws, first, strict=True)):
            twin = next((other for other in range(place) if key and first[other] == key), None)
            if key and place < len(following) and following[place] == key:
                draw["key"] = FIXED
            elif twin is not None:
                draw["key"] = f"the key of the draw {draws[twin]['where'] or twin} too: the same numbers twice in a pass"

    def rerun(self, change: Mapping[str, Any], arrays: Mapping[str, Array]) -> Arrays:
        training = bool(change["training"])
        listening = Functions(self.scaled, None, {}, lambda: (0, True))
        alone = Alone(lambda: listening, change, arrays, lambda layer, path: self.joined.told(self.carrier.held(layer, path)))
        weights = self.joined.apart(under(arrays, WEIGHT))
        values = {**self.values, **{name: jnp.asarray(item, self.dtype) for name, item in weights.items()}}
        args, kwargs = self._arguments([self._tensor(array) for array in self.last[training]], training, 0)
        reseeded()
        with jax.disable_jit(), listening:
            try:
                self.carrier.run(values, args, kwargs, training, 0, alone)
            except PassEnded:
                return alone.found
        raise ValueError(f"the pass has no call {change['call']}")

    def functions(
        self, inputs: Sequence[Array], training: bool, between: tuple[int, int], given: Mapping[int, Sequence[Array]]
    ) -> tuple[list[dict[str, Any]], Arrays]:
        functions: list[CalledFunction] = []
        outputs, _, calls = self._run([self._tensor(array) for array in inputs], training, None, functions, given)
        found, arrays = answered(functions, *between)
        return found, {**numbered(_floats(outputs), OUTPUT), **_arrays(calls), **arrays}

    def _run(
        self,
        tensors: Sequence[Any],
        training: bool,
        values: dict[str, Any] | None = None,
        calls: list[CalledFunction] | None = None,
        given: Mapping[int, Sequence[Array]] | None = None,
        step: int = 0,
    ) -> tuple[Any, dict[str, Any], Any]:
        """The outputs, the arrays behind the pass, and what each call took and gave."""
        reseeded()
        self.calls[training] = recorder = Recorder(lambda: self.listening)
        self.listening = Functions(self.scaled, calls, given or {}, recorder.place)
        self.draws[TRAIN if training else EVAL] = self.listening.draws
        args, kwargs = self._arguments(tensors, training, step)
        if not any(isinstance(tensor, core.Tracer) for tensor in tensors) and step == 0:
            self.last[training] = [device.array(tensor) for tensor in tensors]
        with jax.disable_jit(), self.listening:
            outputs, after = self.carrier.run(values or self.values, args, kwargs, training, step, recorder)
        floats = ((path, item) for path, item in paths(outputs, is_tensor) if jnp.issubdtype(item.dtype, jnp.floating))
        self.named = [path for path, _ in floats]
        return outputs, after, [(taken, gave) for _, taken, gave in recorder.calls]

    def _arguments(self, tensors: Sequence[Any], training: bool, step: int) -> tuple[Any, dict[str, Any]]:
        names = [name.partition(".")[0] for name in self.calling.names]
        placed, named = arguments(self.calling, tensors, self.accepts(names))
        return placed, {**told(self.carrier.call(), training, step, names), **named}

    def _tensor(self, array: Array) -> Any:
        return jnp.asarray(array, {"f": self.dtype, "b": jnp.bool_}.get(np.asarray(array).dtype.kind, jnp.int32))

    def _leaf(self, name: str) -> OwnLayer:
        layer = self.carrier.layers[name]
        kind = kind_of(layer)
        shapes = {own: tuple(array.shape) for own, array in self.joined.told(self.values).items()}
        trained = list(self.joined.told({own: self.values[own] for own in self.carrier.trained}))
        weights = tuple(weights_of(layer, name, self.carrier.cells.get(name, ()), shapes, trained))
        settings, word = self.carrier.settings[name], kind.name if kind else type(layer).__name__
        holds = derived(layer) and any(other.startswith(f"{name}.") for other in self.carrier.layers)
        return OwnLayer(name, word, type(layer).__name__, settings, weights, "", own_way(layer), holds)


def _floats(value: Any) -> list[Array]:
    arrays: Iterator[Array] = (device.array(tensor) for tensor in tensors_of(value, is_tensor))
    return [array for array in arrays if array.dtype.kind == "f"]


def _arrays(calls: Sequence[tuple[Sequence[Any], Sequence[Any]]]) -> Arrays:
    return of_calls((list(map(device.array, taken)), list(map(device.array, gave))) for taken, gave in calls)
