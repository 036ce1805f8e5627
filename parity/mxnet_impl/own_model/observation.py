"""Owns a user's own gluon block under observation: its leaf blocks, their calls, weights, gradients and one step of SGD.

It refuses to compare, and to change the model for good: random numbers alone are made to keep everything (functions.py).
An activation that a block ends in is told as a layer of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from parity.execution.called import Function, answered, numbered, recorded
from parity.execution.own_model.leaves import Call, Kind, Leaf, Shape, Weight, plain, put_together, taken_apart, unstacked
from parity.execution.protocol import Array
from parity.mxnet_impl.device import mxnet
from parity.mxnet_impl.functions import Functions, begins_in, reseeded, without_dropout
from parity.mxnet_impl.own_model.kinds import KINDS, RECURRENCES, recurrent_weights, word_of

Arrays = dict[str, Array]
Record = tuple[str, Any, list[Array], list[Array]]
nn, rnn, autograd = mxnet.gluon.nn, mxnet.gluon.rnn, mxnet.autograd


MODEL = mxnet.gluon.Block
"""What `build` must give."""

IMAGES = "first"
"""Where images have their channels if a model says nothing."""


def prepare(_: str) -> None:
    """MXNet has no default precision: the block is cast."""


def version() -> str:
    return str(mxnet.__version__)


class Model:
    """A gluon block, as parity.execution.own_model.leaves.Foreign says. Truth values go in as zeros and ones, which is MXNet's way."""

    def __init__(self, block: Any, dtype: str) -> None:
        self.block, self.dtype = block, dtype
        if any(parameter._data is None and not parameter._deferred_init for parameter in block.collect_params().values()):
            block.initialize()
        block.hybridize(active=False)  # a cached graph would pass by its children
        block.cast(dtype)
        self.blocks = dict(_leaves(block, ""))
        self.told = {name: _settings(one) for name, one in self.blocks.items()}
        self.records: list[Record] = []
        self.calls: dict[bool, list[Record]] = {}
        self.listening = False
        self.draws: dict[str, list[dict[str, Any]]] = {}
        self.scaled = False
        self._open: list[int] = []
        block.apply(lambda one: begins_in(one, dtype))
        for name, one in self.blocks.items():
            one.register_forward_pre_hook(self._before(name))
            one.register_forward_hook(self._after)
            without_dropout(one)

    @property
    def parameters(self) -> dict[str, Any]:
        """By name; what is tied stands once, under the name of its first owner."""
        owners: dict[int, str] = {}
        found = self.block._collect_params_with_prefix()
        return {name: one for name, one in found.items() if owners.setdefault(id(one), name) == name}

    def given_inputs(self) -> list[tuple[Shape, str]] | None:
        return None

    def trace(self, inputs: Sequence[Array]) -> tuple[list[Leaf], list[Call], list[Shape]]:
        self.block(*(self._tensor(array) for array in inputs))  # learns the shapes that it was not told
        found = self.forward(inputs)
        calls = [
            Call(name, tuple(one.shape for one in taken), tuple(one.shape for one in gave))
            for name, _, taken, gave in self.calls[False]
        ]
        leaves = [leaf for name in dict.fromkeys(call.leaf for call in calls) for leaf in self._parts(name)]
        known = {weight.native for name in self.blocks for weight in self._leaf(name).weights}
        leaves += [
            Leaf(name, "parameter", "Parameter", {}, (Weight("value", name, tuple(parameter.shape)),))
            for name, parameter in self.parameters.items()
            if name not in known
        ]
        return leaves, calls, [array.shape for name, array in found.items() if name.startswith("output/")]

    def weights(self) -> Arrays:
        return {name: parameter.data().asnumpy() for name, parameter in self.parameters.items()}

    def set_weights(self, values: Mapping[str, Array]) -> None:
        parameters = self.parameters
        for name, value in values.items():
            parameters[name].set_data(mxnet.nd.array(value, dtype=self.dtype))

    def forward(self, inputs: Sequence[Array]) -> Arrays:
        outputs = self._run([self._tensor(array) for array in inputs], training=False)
        return {**numbered("output", _floats(outputs)), **recorded(self.calls[False])}

    def train(self, inputs: Sequence[Array], loss: Sequence[Array], learning_rate: float) -> Arrays:
        tensors = [self._tensor(array) for array in inputs]
        watched = [place for place, array in enumerate(inputs) if array.dtype.kind == "f"]
        for place in watched:
            tensors[place].attach_grad()
        trained = {name: one for name, one in self.parameters.items() if one.grad_req != "null"}
        kept = self.weights()
        with autograd.record(train_mode=True):
            outputs = self._run(tensors, training=True)
            weighted = zip(_floating(outputs), loss, strict=True)
            total = mxnet.nd.add_n(*[(one * self._tensor(weight)).sum() for one, weight in weighted])
        total.backward()
        found = {f"gradient/{name}": one.grad().asnumpy() for name, one in trained.items()}
        found |= {f"input_gradient/{place}": tensors[place].grad.asnumpy() for place in watched}
        if trained:
            params = list({id(one): one for one in trained.values()}.values())
            mxnet.gluon.Trainer(params, "sgd", {"learning_rate": learning_rate}, kvstore=None).step(1)
        found |= {f"after/{name}": array for name, array in self.weights().items()}
        self.set_weights(kept)
        return {**numbered("output", _floats(outputs)), **recorded(self.calls[True]), **found}

    def rerun(self, change: Mapping[str, Any], arrays: Mapping[str, Array]) -> Arrays:
        name, skeleton, taken, _ = self.calls[change["training"]][change["call"]]
        block, kept = self.blocks[name], self.weights()
        tensors = [self._tensor(arrays.get(f"in/{slot}", array)) for slot, array in enumerate(taken)]
        self.set_weights({key[7:]: array for key, array in arrays.items() if key.startswith("weight/")})
        try:
            quiet = Functions(self.scaled, None, {}, lambda: (0, True))
            with _changed(block, KINDS.get(type(block)), change["settings"]), quiet:
                outputs = _tensors(self._alone(block, put_together(skeleton, tensors), change.get("mode", change["training"])))
            gave = [one.asnumpy() for one in outputs]
            parameters = self.parameters
            state = {f"state/{one.native}": parameters[one.native].data().asnumpy() for one in self._leaf(name).weights}
        finally:
            self.set_weights(kept)
        return {**numbered("out", gave), **state}

    @staticmethod
    def _alone(block: Any, arguments: Sequence[Any], training: bool) -> Any:
        """Statistics move in MXNet when the pass goes back."""
        if not training:
            with autograd.predict_mode():
                return block(*arguments)
        with autograd.record(train_mode=True):
            outputs = block(*arguments)
        _floating(outputs)[0].backward()
        return outputs

    def functions(
        self, inputs: Sequence[Array], training: bool, between: tuple[int, int], given: Mapping[int, Sequence[Array]]
    ) -> tuple[list[dict[str, Any]], Arrays]:
        told, kept = list[Function](), self.weights()
        with autograd.train_mode() if training else autograd.predict_mode():
            outputs = self._run([self._tensor(array) for array in inputs], training, told, given)
        self.set_weights(kept)
        found, arrays = answered(told, *between)
        return found, {**numbered("output", _floats(outputs)), **recorded(self.calls[training]), **arrays}

    def _run(
        self,
        tensors: Sequence[Any],
        training: bool,
        told: list[Function] | None = None,
        given: Mapping[int, Sequence[Array]] | None = None,
    ) -> Any:
        reseeded()
        self.records = self.calls[training] = []
        self.listening = True
        try:
            with Functions(self.scaled, told, given or {}, self._place) as listening:
                self.draws["train" if training else "eval"] = listening.draws
                return self.block(*tensors)
        finally:
            self.listening = False

    def _place(self) -> tuple[int, bool]:
        """How many calls have begun, and whether a block of gluon's own is open."""
        own = (type(self.blocks[self.records[number][0]]).__module__ for number in self._open)
        return len(self.records), any(one.startswith("mxnet.") for one in own)

    def _before(self, name: str) -> Any:
        def before(_: Any, arguments: Any) -> None:
            if not self.listening:
                return
            tensors: list[Any] = []
            skeleton = taken_apart(tuple(arguments), _is_tensor, tensors)
            arrays = [tensor.asnumpy() for tensor in tensors]
            if name.endswith(".act") and self._open:  # what a layer hands to its activation is the layer's output
                self.records[self._open[-1]][3].extend(arrays)
            self._open.append(len(self.records))
            self.records.append((name, skeleton, arrays, []))

        return before

    def _after(self, _: Any, __: Any, outputs: Any) -> None:
        if self.listening:
            record = self.records[self._open.pop()]
            record[3].extend([] if record[3] else [one.asnumpy() for one in _tensors(outputs)])

    def _tensor(self, array: Array) -> Any:
        return mxnet.nd.array(np.asarray(array), dtype="int32" if array.dtype.kind == "i" else self.dtype)

    def _parts(self, name: str) -> list[Leaf]:
        leaf = self._leaf(name)
        return unstacked(leaf) if isinstance(self.blocks[name], rnn.LSTM | rnn.GRU) else [leaf]

    def _leaf(self, name: str) -> Leaf:
        block = self.blocks[name]
        weights = tuple(self._weights(block, KINDS.get(type(block))))
        return Leaf(name, word_of(block), type(block).__name__, self.told[name], weights)

    def _weights(self, block: Any, kind: Kind | None) -> Iterator[Weight]:
        names = {id(parameter): name for name, parameter in reversed(self.parameters.items())}
        known = kind.weights if kind else {}
        found = [(known.get(own, (own, ""))[0], own, "") for own in block._reg_params]
        if isinstance(block, RECURRENCES):
            found = list(recurrent_weights(block))
        for role, own, gates in found:
            layout = known.get(own, (own, ""))[1]
            one = block._reg_params[own]
            if one is not None:
                shape, trainable = tuple(one.shape), one.grad_req != "null"
                yield Weight(role, names[id(one)], shape, layout, gates=gates, trainable=trainable)


def _leaves(block: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Blocks of a known class with the activations that they end in, and those that hold no other."""
    children = block._children
    if type(block) in KINDS or not children:
        yield name, block
        if children and "act" in vars(block) and block.act is not None:
            yield f"{name}.act", block.act
        return
    for own, child in children.items():
        yield from _leaves(child, f"{name}.{own}" if name else own)


def _settings(block: Any) -> dict[str, Any]:
    kind = KINDS.get(type(block))
    if kind is None:
        return {}
    read = {word: plain(setting.read(_get(block, setting.attribute))) for word, setting in kind.settings.items()}
    return {**kind.fixed, **read}


def _get(block: Any, attribute: str) -> Any:
    """An attribute, or an entry of the keywords that a block hands to its operator."""
    holder, _, key = attribute.partition(".")
    return getattr(block, holder)[key] if key else getattr(block, holder)


def _set(block: Any, attribute: str, value: Any) -> None:
    holder, _, key = attribute.partition(".")
    if key:
        getattr(block, holder)[key] = value
    else:
        object.__setattr__(block, holder, value)


@contextmanager
def _changed(block: Any, kind: Kind | None, settings: Mapping[str, Any]) -> Iterator[None]:
    """Within, the block has other hyper-parameters, and does not end in its activation."""
    places = (
        {kind.settings[word].attribute: kind.settings[word].write(value) for word, value in settings.items()} if kind else {}
    )
    if "act" in vars(block):
        places["act"] = None
    kept = {attribute: _get(block, attribute) for attribute in places}
    try:
        for attribute, value in places.items():
            _set(block, attribute, value)
        yield
    finally:
        for attribute, value in kept.items():
            _set(block, attribute, value)


def _is_tensor(value: Any) -> bool:
    return isinstance(value, mxnet.nd.NDArray)


def _tensors(value: Any) -> list[Any]:
    tensors: list[Any] = []
    taken_apart(value, _is_tensor, tensors)
    return tensors


def _floating(value: Any) -> list[Any]:
    return [tensor for tensor in _tensors(value) if np.dtype(tensor.dtype).kind == "f"]


def _floats(value: Any) -> list[Array]:
    return [tensor.asnumpy() for tensor in _floating(value)]
