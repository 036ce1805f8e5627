"""Owns a user's own Keras model under observation: its leaf layers, their calls, weights, gradients and one step of SGD.

It refuses to compare, and to change the model for good: dropout alone is switched off, since no two masks are alike.
An activation that a layer ends in is told as a layer of its own.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import keras

from parity.execution.names import (
    AFTER,
    GIVEN,
    GRADIENT,
    INPUT_GRADIENT,
    OUTPUT,
    STATE,
    TAKEN,
    WEIGHT,
    array_name,
    in_order,
    numbered,
    of_calls,
    put_under,
    under,
)
from parity.execution.own_model.leaves import Call, Kind, Leaf, Shape, Weight, put_together, taken_apart
from parity.execution.protocol import Array
from parity.keras_impl import model as programs
from parity.keras_impl.own_model.kinds import (
    FUSED,
    GATES,
    activation_kind,
    attention_weights,
    changed,
    derived,
    inner,
    kind_of,
    layout_of,
    leaves_of,
    own_way,
    parts_of,
    recurrent_weights,
    settings_of,
    without_dropout,
)

Arrays = dict[str, Array]
Record = tuple[str, Any, list[Array], list[Array]]


MODEL = keras.layers.Layer
"""What `build` must give."""

IMAGES = "last"
"""Where images have their channels if a model says nothing."""


def prepare(dtype: str) -> None:
    """Before the user's code runs: its layers are made in this precision."""
    keras.config.set_floatx(dtype)
    keras.config.set_dtype_policy(dtype)


def version() -> str:
    return str(keras.__version__)


class Model:
    """A Keras model, subclassed, functional or sequential, as parity.execution.own_model.leaves.Foreign says."""

    def __init__(self, model: keras.Model, dtype: str) -> None:
        self.model, self.dtype = model, dtype
        self.layers: dict[str, keras.layers.Layer] = {}
        self.told: dict[str, dict[str, Any]] = {}
        self.variables: dict[str, keras.Variable] = {}
        self.functions: dict[str, tuple[Callable[..., Any], str, dict[str, Any]]] = {}
        self.records: list[Record] = []
        self.calls: dict[bool, list[Record]] = {}
        self.alone = False

    def given_inputs(self) -> list[tuple[Shape, str, int | None]] | None:
        known = getattr(self.model, "inputs", None)
        if not known or any(size is None for one in known for size in one.shape[1:]):
            return None
        return [(tuple(one.shape[1:]), _kind(str(one.dtype)), one.shape[0]) for one in known]

    def trace(self, inputs: Sequence[Array]) -> tuple[list[Leaf], list[Call], list[Shape]]:
        self._call([self._tensor(array) for array in inputs], training=False)  # builds what is built by its first call
        if not self.layers:
            self._listen()
        found = self.forward(inputs)
        calls = [
            Call(name, tuple(one.shape for one in taken), tuple(one.shape for one in gave))
            for name, _, taken, gave in self.calls[False]
        ]
        leaves = [leaf for name in dict.fromkeys(call.leaf for call in calls) for leaf in self._parts(name)]
        known = {weight.native for name in self.layers for leaf in self._parts(name) for weight in leaf.weights}
        leaves += [
            Leaf(name, "parameter", "Variable", {}, (Weight("value", name, tuple(variable.shape)),))
            for name, variable in self.variables.items()
            if name not in known
        ]
        return leaves, calls, [array.shape for array in in_order(found, OUTPUT)]

    def weights(self) -> Arrays:
        return {name: programs.array(variable.value) for name, variable in self.variables.items()}

    def set_weights(self, values: Mapping[str, Array]) -> None:
        for name, value in values.items():
            self.variables[name].assign(value)

    def forward(self, inputs: Sequence[Array]) -> Arrays:
        outputs = self._run([self._tensor(array) for array in inputs], training=False)
        return {**numbered(_floats(outputs), OUTPUT), **_recorded(self.calls[False])}

    def train(self, inputs: Sequence[Array], loss: Sequence[Array], learning_rate: float) -> Arrays:
        tensors = [self._tensor(array) for array in inputs]
        watched = [place for place, array in enumerate(inputs) if array.dtype.kind == "f"]
        trained = {name: one for name, one in self.variables.items() if one.trainable}
        kept = self.weights()
        outputs, gradients = programs.differentiated(
            lambda: _floating(self._run(tensors, training=True)),
            [self._tensor(array) for array in loss],
            [*(one.value for one in trained.values()), *(tensors[place] for place in watched)],
        )
        if trained:
            own = gradients[: len(trained)]
            keras.optimizers.SGD(learning_rate).apply(own, list(trained.values()))
        found = {array_name(GRADIENT, name): programs.array(one) for name, one in zip(trained, gradients, strict=False)}
        rest = zip(watched, gradients[len(trained) :], strict=True)
        found |= {array_name(INPUT_GRADIENT, place): programs.array(one) for place, one in rest}
        found |= put_under(self.weights(), AFTER)
        self.set_weights(kept)
        return {**numbered(_floats(outputs), OUTPUT), **_recorded(self.calls[True]), **found}

    def rerun(self, change: Mapping[str, Any], arrays: Mapping[str, Array]) -> Arrays:
        name, skeleton, taken, _ = self.calls[change["training"]][change["call"]]
        tensors = [self._tensor(arrays.get(array_name(TAKEN, slot), array)) for slot, array in enumerate(taken)]
        arguments, keywords = put_together(skeleton, tensors)
        if name in self.functions:
            return numbered(_arrays(self.functions[name][0](*arguments, **keywords)), GIVEN)
        layer, kept = self.layers[name], self.weights()
        self.set_weights(under(arrays, WEIGHT))
        self.alone = True
        try:
            with changed(layer, change["settings"]):
                outputs = _arrays(layer.call(*arguments, **keywords))
            state = {
                array_name(STATE, one.native): programs.array(self.variables[one.native].value)
                for one in self._leaf(name).weights
            }
        finally:
            self.alone = False
            self.set_weights(kept)
        return {**numbered(outputs, GIVEN), **state}

    def _listen(self) -> None:
        """Every leaf tells of its calls from now on; dropout is switched off."""
        for layer in leaves_of(self.model):
            name = _unused(layer.name, self.layers)
            self.layers[name], self.told[name] = layer, settings_of(layer)
            if isinstance(layer, FUSED) and layer.activation is not keras.activations.linear:
                word, settings = activation_kind(layer.activation)
                self.functions[f"{name}.{word}"] = layer.activation, word, settings
                layer.activation = self._activation(f"{name}.{word}", layer.activation)
            elif isinstance(layer, keras.layers.Activation):
                word, self.told[name] = activation_kind(layer.activation)
            layer.call = self._listening(name, layer.call)
            without_dropout(layer)
        for variable in self.model.variables:
            if "float" in str(variable.dtype):
                self.variables[_unused(variable.path, self.variables)] = variable

    def _listening(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def listening(*arguments: Any, **keywords: Any) -> Any:
            if self.alone:
                return call(*arguments, **keywords)
            tensors: list[Any] = []
            skeleton = taken_apart((arguments, keywords), keras.ops.is_tensor, tensors)
            record: Record = (name, skeleton, [programs.array(tensor) for tensor in tensors], [])
            self.records.append(record)
            outputs = call(*arguments, **keywords)
            record[3].extend(_arrays(outputs) if not record[3] else [])
            return outputs

        return listening

    def _activation(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """What the layer gives before its activation is the layer's output; alone, it ends there."""

        def listening(x: Any) -> Any:
            if self.alone:
                return x
            self.records[-1][3].append(programs.array(x))
            y = function(x)
            self.records.append(
                (name, ((taken_apart(x, keras.ops.is_tensor, []),), {}), [programs.array(x)], [programs.array(y)])
            )
            return y

        return listening

    def _run(self, tensors: Sequence[Any], training: bool) -> Any:
        self.records = self.calls[training] = []
        return self._call(tensors, training)

    def _call(self, tensors: Sequence[Any], training: bool) -> Any:
        """A subclassed model may take several arguments; any other takes one tensor or one list."""
        functional = isinstance(self.model, keras.Sequential) or getattr(self.model, "inputs", None)
        names = inspect.signature(self.model.call).parameters
        asked = {"training": training} if "training" in names or functional else {}
        wanted = [name for name in names if name not in ("training", "mask")]
        if not functional and len(wanted) > 1:
            return self.model(*tensors, **asked)
        return self.model(tensors[0] if len(tensors) == 1 else list(tensors), **asked)

    def _tensor(self, array: Array) -> Any:
        return keras.ops.convert_to_tensor(array, {"f": self.dtype, "b": "bool"}.get(array.dtype.kind, "int32"))

    def _parts(self, name: str) -> list[Leaf]:
        """The leaf, behind what its call computes beside it."""
        whole, names = self._leaf(name), {id(one): own for own, one in self.variables.items()}
        if name in self.functions or not (parts := parts_of(self.layers[name])):
            return [whole]
        found = []
        for part, places in parts.items():
            owned = [(getattr(self.layers[name], own), role, layout) for own, (role, layout) in places.items()]
            weights = tuple(
                Weight(role, names[id(one)], tuple(one.shape), layout, trainable=bool(one.trainable))
                for one, role, layout in owned
                if one is not None
            )
            found.append(replace(whole, name=f"{name}#{part}" if part else name, weights=weights, within=name if part else ""))
        return found

    def _leaf(self, name: str) -> Leaf:
        if name in self.functions:
            _, word, settings = self.functions[name]
            return Leaf(name, word, word, settings, ())
        layer = self.layers[name]
        kind, outer = kind_of(inner(layer)), kind_of(layer)
        word = kind.name if kind else type(layer).__name__
        if isinstance(layer, keras.layers.Activation):
            word = activation_kind(layer.activation)[0]
        weights = tuple(self._weights(layer, outer))
        holds = derived(layer) and bool(layer._layers)
        return Leaf(name, word, type(layer).__name__, self.told[name], weights, "", own_way(layer), holds)

    def _weights(self, layer: keras.layers.Layer, kind: Kind | None) -> Iterator[Weight]:
        names = {id(variable): name for name, variable in self.variables.items()}
        if gates := GATES.get(type(inner(layer))):
            found = [(role, one, layout, rows, gates) for role, one, layout, rows in recurrent_weights(layer)]
        elif isinstance(layer, keras.layers.MultiHeadAttention):
            found = [(*one, "") for one in attention_weights(layer)]
        else:
            known = {id(getattr(layer, own)): place for own, place in kind.weights.items()} if kind else {}
            within = {id(one) for child in layer._layers for one in child.variables} if derived(layer) else set()
            for one in layer.variables:
                if id(one) in names and id(one) not in within:
                    role, layout = known.get(id(one), (one.path.split("/")[-1], ""))
                    layout = layout_of(layout, len(one.shape))
                    yield Weight(role, names[id(one)], tuple(one.shape), layout, trainable=bool(one.trainable))
            return
        for role, one, layout, rows, gates in found:
            yield Weight(role, names[id(one)], tuple(one.shape), layout, rows, gates, bool(one.trainable))


def _unused(name: str, taken: Mapping[str, Any]) -> str:
    """Names need not differ in Keras."""
    places = [name, *(f"{name}#{number}" for number in range(2, len(taken) + 3))]
    return next(one for one in places if one not in taken)


def _kind(dtype: str) -> str:
    return "bool" if dtype == "bool" else "integer" if "int" in dtype else "float"


def _arrays(value: Any) -> list[Array]:
    tensors: list[Any] = []
    taken_apart(value, keras.ops.is_tensor, tensors)
    return [programs.array(tensor) for tensor in tensors]


def _floating(value: Any) -> list[Any]:
    tensors: list[Any] = []
    taken_apart(value, keras.ops.is_tensor, tensors)
    return [tensor for tensor in tensors if "float" in keras.backend.standardize_dtype(tensor.dtype)]


def _floats(value: Any) -> list[Array]:
    return [programs.array(tensor) for tensor in _floating(value)]


def _recorded(records: Sequence[Record]) -> Arrays:
    return of_calls((inputs, outputs) for _, _, inputs, outputs in records)
