"""Owns a user's own Keras model under observation: its leaf layers, their calls, weights, gradients and one step of SGD.

It refuses to compare, and to change the model permanently: only its random draws are replaced (functions.py).
The final activation of a layer is reported as a separate layer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras

from parity.execution.names import (
    AFTER,
    EVAL,
    GIVEN,
    GRADIENT,
    INPUT_GRADIENT,
    OUTPUT,
    STATE,
    TAKEN,
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
from parity.execution.own_model.nesting import paths, put_together, taken_apart, tensors_of
from parity.execution.protocol import Array
from parity.keras_impl import model as programs
from parity.keras_impl.on_tensorflow.model import differentiated
from parity.keras_impl.own_model.functions import Functions, handed_on, known_class, quiet, reseeded
from parity.keras_impl.own_model.kinds import (
    FUSED,
    accepts,
    activation_kind,
    changed,
    derived,
    inner,
    inputs_of,
    kind_of,
    leaves_of,
    own_way,
    settings_of,
    trains,
    without_dropout,
)
from parity.keras_impl.own_model.owned import parts_of, unused, weights_of

Arrays = dict[str, Array]
Record = tuple[str, Any, list[Array], list[Array]]

MODEL = keras.layers.Layer
"""The class that the user's `build` must return."""

IMAGES = "last"
"""The position of an image's channels, unless the model says otherwise."""


def prepare(dtype: str) -> None:
    """Called before the user's code: sets the precision of new layers."""
    keras.config.set_floatx(dtype)
    keras.config.set_dtype_policy(dtype)


def version() -> str:
    return str(keras.__version__)


class Model:
    """A Keras model (subclassed, functional or sequential) under the interface parity.execution.own_model.layers.OwnModel."""

    def __init__(self, model: keras.Model, dtype: str) -> None:
        self.model, self.dtype = model, dtype
        self.layers: dict[str, keras.layers.Layer] = {}
        self.told: dict[str, dict[str, Any]] = {}
        self.variables: dict[str, keras.Variable] = {}
        self.activations: dict[str, tuple[Callable[..., Any], str, dict[str, Any]]] = {}
        self.records: list[Record] = []
        self.calls: dict[bool, list[Record]] = {}
        self.alone = self.scaled = self.plain = False
        self.forced: dict[int, Array] = {}
        self.draws: dict[str, list[dict[str, Any]]] = {}
        self.listening: Functions | None = None
        self._inside: list[bool] = []
        self.calling, self.named = Calling(), list[str]()

    def accepts(self, names: Sequence[str]) -> Accepted:
        return accepts(self.model, names)

    def given_inputs(self) -> list[tuple[Shape, str, int | None, str]] | None:
        inputs = inputs_of(self.model)
        if not inputs or any(size is None for item in inputs.values() for size in item.shape[1:]):
            return None
        names = inputs if len(inputs) > 1 else [""]
        rows = zip(names, inputs.values(), strict=True)
        return [(tuple(item.shape[1:]), _kind(str(item.dtype)), item.shape[0], name) for name, item in rows]

    def trace(self, inputs: Sequence[Array]) -> tuple[list[OwnLayer], list[Call], list[Shape]]:
        self._call([self._tensor(array) for array in inputs], training=False)  # the first call builds the weights
        if not self.layers:
            self._listen()
        arrays = self.forward(inputs)
        calls = [Call.of(name, taken, gave) for name, _, taken, gave in self.calls[False]]
        leaves = [leaf for name in dict.fromkeys(call.leaf for call in calls) for leaf in self._parts(name)]
        weight_names = {weight.native for name in self.layers for leaf in self._parts(name) for weight in leaf.weights}
        leaves += [
            OwnLayer(name, "parameter", "Variable", {}, (Weight("value", name, tuple(variable.shape)),))
            for name, variable in self.variables.items()
            if name not in weight_names
        ]
        return leaves, calls, [array.shape for array in in_order(arrays, OUTPUT)]

    def weights(self) -> Arrays:
        return {name: programs.array(variable.value) for name, variable in self.variables.items()}

    def set_weights(self, values: Mapping[str, Array]) -> None:
        for name, value in values.items():
            self.variables[name].assign(value)

    def forward(self, inputs: Sequence[Array]) -> Arrays:
        outputs = self._run([self._tensor(array) for array in inputs], training=False)
        return {**numbered(_floats(outputs), OUTPUT), **of_calls(record[2:] for record in self.calls[False])}

    def train(self, inputs: Sequence[Array], loss: Sequence[Array], learning_rate: float) -> Arrays:
        tensors = [self._tensor(array) for array in inputs]
        watched = [place for place, array in enumerate(inputs) if array.dtype.kind == "f"]
        trained = {name: variable for name, variable in self.variables.items() if variable.trainable}
        kept = self.weights()
        outputs, gradients = differentiated(
            lambda: _floating(self._run(tensors, training=True)),
            [self._tensor(array) for array in loss],
            [*(item.value for item in trained.values()), *(tensors[place] for place in watched)],
        )
        if trained:
            own = gradients[: len(trained)]
            keras.optimizers.SGD(learning_rate).apply(own, list(trained.values()))
        arrays = {
            array_name(GRADIENT, name): programs.array(gradient) for name, gradient in zip(trained, gradients, strict=False)
        }
        rest = zip(watched, gradients[len(trained) :], strict=True)
        arrays |= {array_name(INPUT_GRADIENT, place): programs.array(item) for place, item in rest}
        arrays |= put_under(self.weights(), AFTER)
        self.set_weights(kept)
        return {**numbered(_floats(outputs), OUTPUT), **of_calls(record[2:] for record in self.calls[True]), **arrays}

    def rerun(self, change: Mapping[str, Any], arrays: Mapping[str, Array]) -> Arrays:
        name, skeleton, taken, _ = self.calls[change["training"]][change["call"]]
        tensors = [self._tensor(arrays.get(array_name(TAKEN, slot), array)) for slot, array in enumerate(taken)]
        arguments, keywords = put_together(skeleton, tensors)
        if name in self.activations:
            return numbered(_arrays(self.activations[name][0](*arguments, **keywords)), GIVEN)
        layer, kept = self.layers[name], self.weights()
        keywords = {**keywords, "training": change["mode"]} if "mode" in change else keywords
        self.set_weights(under(arrays, WEIGHT))
        self.alone = True
        try:
            with changed(layer, change["settings"]), Functions(self.scaled, None, {}, lambda: (0, True)) as self.listening:
                outputs = _arrays(layer.call(*arguments, **keywords))
            state = {
                array_name(STATE, weight.native): programs.array(self.variables[weight.native].value)
                for weight in self._leaf(name).weights
            }
        finally:
            self.alone = False
            self.set_weights(kept)
        return {**numbered(outputs, GIVEN), **state}

    def _listen(self) -> None:
        """Makes every leaf record its calls from now on, and every dropout keep everything."""
        for layer in leaves_of(self.model):
            name = unused(layer.name, self.layers)
            self.layers[name], self.told[name] = layer, settings_of(layer)
            if isinstance(layer, FUSED) and layer.activation is not keras.activations.linear:
                word, settings = activation_kind(layer.activation)
                self.activations[f"{name}.{word}"] = layer.activation, word, settings
                layer.activation = self._activation(f"{name}.{word}", layer.activation)
            elif isinstance(layer, keras.layers.Activation):
                word, self.told[name] = activation_kind(layer.activation)
            layer.call = self._listening(name, quiet(layer, lambda: self.listening) or layer.call)
            without_dropout(layer)
        for variable in self.model.variables:
            if "float" in str(variable.dtype):
                self.variables[unused(variable.path, self.variables)] = variable

    def _listening(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def listening(*arguments: Any, **keywords: Any) -> Any:
            if self.alone:
                return call(*arguments, **keywords)
            tensors: list[Any] = []
            skeleton = taken_apart((arguments, keywords), keras.ops.is_tensor, tensors)
            record: Record = (name, skeleton, [programs.array(tensor) for tensor in tensors], [])
            self.records.append(record)
            number = len(self.records) - 1
            self._inside.append(known_class(self.layers[name]))
            try:
                outputs = call(*arguments, **keywords)
            finally:
                self._inside.pop()
            if number in self.forced and not record[3]:
                outputs = handed_on(outputs, self._tensor(self.forced[number]))
            record[3].extend(_arrays(outputs) if not record[3] else [])
            return outputs

        return listening

    def _activation(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """A final activation that records its input as the layer's output; for a layer that runs alone, the identity."""

        def listening(x: Any) -> Any:
            if self.alone:
                return x
            self.records[-1][3].append(programs.array(x))
            y = function(x)
            if len(self.records) in self.forced:
                y = handed_on(y, self._tensor(self.forced[len(self.records)]))
            taken: Any = ((taken_apart(x, keras.ops.is_tensor, []),), {})
            self.records.append((name, taken, [programs.array(x)], [programs.array(y)]))
            return y

        return listening

    def functions(
        self, inputs: Sequence[Array], training: bool, between: tuple[int, int], replaced: Mapping[int, Sequence[Array]]
    ) -> tuple[list[dict[str, Any]], Arrays]:
        calls, kept = list[CalledFunction](), self.weights()
        outputs = self._run([self._tensor(array) for array in inputs], training, calls, replaced)
        self.set_weights(kept)
        calls_told, arrays = answered(calls, *between)
        return calls_told, {
            **numbered(_floats(outputs), OUTPUT),
            **of_calls(record[2:] for record in self.calls[training]),
            **arrays,
        }

    def _run(
        self,
        tensors: Sequence[Any],
        training: bool,
        calls: list[CalledFunction] | None = None,
        replaced: Mapping[int, Sequence[Array]] | None = None,
    ) -> Any:
        reseeded()
        self.records = self.calls[training] = []
        with Functions(self.scaled, calls, replaced or {}, lambda: (len(self.records), any(self._inside))) as self.listening:
            self.draws[TRAIN if training else EVAL] = self.listening.draws
            return self._call(tensors, training)

    def _call(self, tensors: Sequence[Any], training: bool) -> Any:
        positional, named = arguments(self.calling, tensors, self.accepts(self.calling.names))
        options = {"training": training} if trains(self.model) else {}
        outputs = self.model(*positional, **named, **options)
        floats = ((path, keras.backend.standardize_dtype(item.dtype)) for path, item in paths(outputs, keras.ops.is_tensor))
        self.named = [path for path, dtype in floats if "float" in dtype]
        return outputs

    def _tensor(self, array: Array) -> Any:
        return keras.ops.convert_to_tensor(array, {"f": self.dtype, "b": "bool"}.get(array.dtype.kind, "int32"))

    def _parts(self, name: str) -> list[OwnLayer]:
        """The leaf, after the layers that its call computes beside it."""
        whole, names = self._leaf(name), {id(variable): own for own, variable in self.variables.items()}
        return [whole] if name in self.activations else parts_of(self.layers[name], whole, names)

    def _leaf(self, name: str) -> OwnLayer:
        if name in self.activations:
            _, word, settings = self.activations[name]
            return OwnLayer(name, word, word, settings, ())
        layer = self.layers[name]
        kind = kind_of(inner(layer))
        word = kind.name if kind else type(layer).__name__
        if isinstance(layer, keras.layers.Activation):
            word = activation_kind(layer.activation)[0]
        weights = tuple(weights_of(layer, {id(variable): own for own, variable in self.variables.items()}))
        holds = derived(layer) and bool(layer._layers)
        return OwnLayer(name, word, type(layer).__name__, self.told[name], weights, "", own_way(layer), holds)


def _kind(dtype: str) -> str:
    return "bool" if dtype == "bool" else "integer" if "int" in dtype else "float"


def _arrays(value: Any) -> list[Array]:
    return [programs.array(tensor) for tensor in tensors_of(value, keras.ops.is_tensor)]


def _floating(value: Any) -> list[Any]:
    tensors = tensors_of(value, keras.ops.is_tensor)
    return [tensor for tensor in tensors if "float" in keras.backend.standardize_dtype(tensor.dtype)]


def _floats(value: Any) -> list[Array]:
    return [programs.array(tensor) for tensor in _floating(value)]
