"""Owns a user's own gluon block under observation: its leaf blocks, their calls, weights, gradients and one step of SGD.

It refuses to compare, and to change the model permanently: only its random draws are replaced (functions.py).
The final activation of a block is reported as a separate layer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

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
    put_under,
    under,
)
from parity.execution.own_model.calling import Accepted, Calling, arguments
from parity.execution.own_model.functions import CalledFunction, answered
from parity.execution.own_model.layers import Call, Kind, OwnLayer, Shape, Weight, unstacked
from parity.execution.own_model.nesting import put_together, taken_apart
from parity.execution.protocol import Array
from parity.mxnet_impl.device import mxnet
from parity.mxnet_impl.own_model.functions import Functions, begins_in, reseeded, without_dropout
from parity.mxnet_impl.own_model.kinds import (
    RECURRENCES,
    accepts,
    changed,
    holds,
    kind_of,
    leaves_of,
    own_way,
    recurrent_weights,
    settings_of,
    walked,
    word_of,
)
from parity.mxnet_impl.own_model.symbols import SymbolNode, nodes_of
from parity.mxnet_impl.own_model.tensors import Record, float_paths, floating, floats, is_tensor, recorded, tensors_in

Arrays = dict[str, Array]
nn, rnn, autograd = mxnet.gluon.nn, mxnet.gluon.rnn, mxnet.autograd


MODEL = mxnet.gluon.Block
"""The class that the user's `build` must return."""

IMAGES = "first"
"""The position of an image's channels, unless the model says otherwise."""


def prepare(_: str) -> None:
    """MXNet casts the block."""


def version() -> str:
    return str(mxnet.__version__)


class Model:
    """A gluon block under the interface parity.execution.own_model.layers.OwnModel. MXNet takes truth values as 0 and 1."""

    def __init__(self, block: Any, dtype: str) -> None:
        self.block, self.dtype = block, dtype
        if any(parameter._data is None and not parameter._deferred_init for parameter in block.collect_params().values()):
            block.initialize()
        block.hybridize(active=False)  # a cached graph would not call its children
        block.cast(dtype)
        self.blocks = dict(leaves_of(block, ""))
        self.told = {name: settings_of(block) for name, block in self.blocks.items()}
        self.records: list[Record] = []
        self.calls: dict[bool, list[Record]] = {}
        self.listening = self.opened = self.scaled = self.plain = False
        self.draws: dict[str, list[dict[str, Any]]] = {}
        self._open: list[int] = []
        self.calling, self.named = Calling(), list[str]()
        block.apply(lambda item: begins_in(item, dtype))
        for name, item in self.blocks.items():
            self._listen(name, item)

    def _open_symbols(self) -> None:
        """Makes blocks that are symbols run node by node from now on, with their nodes as leaves."""
        self.opened = True
        outer: list[str] = []
        for name, block in list(walked(self.block, "")):
            within = kind_of(block) is not None or any(not word or name.startswith(f"{word}.") for word in outer)
            if within or (nodes := nodes_of(block)) is None:
                continue
            outer.append(name)
            object.__setattr__(block, "forward", nodes)
            inside = {own for own in self.blocks if own == name or not name or own.startswith(f"{name}.")}
            self.blocks = {own: block for own, block in self.blocks.items() if own not in inside}
            for own, node in nodes.named():
                title = f"{name}.{own}" if name else own
                self.blocks[title], self.told[title] = node, settings_of(node)
                self._listen(title, node)

    def _listen(self, name: str, block: Any) -> None:
        block.register_forward_pre_hook(self._before(name))
        block.register_forward_hook(self._after(name))
        without_dropout(block)

    @property
    def parameters(self) -> dict[str, Any]:
        """Parameters by name; a tied parameter is listed once, under the name of its first owner."""
        owners: dict[int, str] = {}
        parameters = self.block._collect_params_with_prefix()
        return {name: item for name, item in parameters.items() if owners.setdefault(id(item), name) == name}

    def accepts(self, _: Sequence[str] = ()) -> Accepted:
        return accepts(self.block)

    def given_inputs(self) -> list[tuple[Shape, str, int | None, str]] | None:
        return None

    def trace(self, inputs: Sequence[Array]) -> tuple[list[OwnLayer], list[Call], list[Shape]]:
        self._called([self._tensor(array) for array in inputs])  # learns the shapes that it was not told
        if not self.opened:
            self._open_symbols()
        arrays = self.forward(inputs)
        calls = [Call.of(name, taken, gave) for name, _, taken, gave in self.calls[False]]
        leaves = [leaf for name in dict.fromkeys(call.leaf for call in calls) for leaf in self._parts(name)]
        weight_names = {weight.native for name in self.blocks for weight in self._leaf(name).weights}
        leaves += [
            OwnLayer(name, "parameter", "Parameter", {}, (Weight("value", name, tuple(parameter.shape)),))
            for name, parameter in self.parameters.items()
            if name not in weight_names
        ]
        return leaves, calls, [array.shape for array in in_order(arrays, OUTPUT)]

    def weights(self) -> Arrays:
        return {name: parameter.data().asnumpy() for name, parameter in self.parameters.items()}

    def set_weights(self, values: Mapping[str, Array]) -> None:
        parameters = self.parameters
        for name, value in values.items():
            parameters[name].set_data(mxnet.nd.array(value, dtype=self.dtype))

    def forward(self, inputs: Sequence[Array]) -> Arrays:
        outputs = self._run([self._tensor(array) for array in inputs], training=False)
        return {**numbered(floats(outputs), OUTPUT), **recorded(self.calls[False])}

    def train(self, inputs: Sequence[Array], loss: Sequence[Array], learning_rate: float) -> Arrays:
        tensors = [self._tensor(array) for array in inputs]
        watched = [place for place, array in enumerate(inputs) if array.dtype.kind == "f"]
        for place in watched:
            tensors[place].attach_grad()
        trained = {name: parameter for name, parameter in self.parameters.items() if parameter.grad_req != "null"}
        kept = self.weights()
        with autograd.record(train_mode=True):
            outputs = self._run(tensors, training=True)
            weighted = zip(floating(outputs), loss, strict=True)
            total = mxnet.nd.add_n(*[(item * self._tensor(weight)).sum() for item, weight in weighted])
        total.backward()
        gradients = {array_name(GRADIENT, name): item.grad().asnumpy() for name, item in trained.items()}
        gradients |= {array_name(INPUT_GRADIENT, place): tensors[place].grad.asnumpy() for place in watched}
        if trained:
            params = list({id(item): item for item in trained.values()}.values())
            mxnet.gluon.Trainer(params, "sgd", {"learning_rate": learning_rate}, kvstore=None).step(1)
        gradients |= put_under(self.weights(), AFTER)
        self.set_weights(kept)
        return {**numbered(floats(outputs), OUTPUT), **recorded(self.calls[True]), **gradients}

    def rerun(self, change: Mapping[str, Any], arrays: Mapping[str, Array]) -> Arrays:
        name, skeleton, taken, _ = self.calls[change["training"]][change["call"]]
        block, kept = self.blocks[name], self.weights()
        tensors = [self._tensor(arrays.get(array_name(TAKEN, slot), array)) for slot, array in enumerate(taken)]
        self.set_weights(under(arrays, WEIGHT))
        try:
            quiet = Functions(self.scaled, None, {}, lambda: (0, True))
            with changed(block, kind_of(block), change["settings"]), quiet:
                outputs = tensors_in(
                    self._alone(block, put_together(skeleton, tensors), change.get("mode", change["training"]))
                )
            parameters = self.parameters
            state = {
                array_name(STATE, weight.native): parameters[weight.native].data().asnumpy()
                for weight in self._leaf(name).weights
            }
        finally:
            self.set_weights(kept)
        return {**numbered((output.asnumpy() for output in outputs), GIVEN), **state}

    @staticmethod
    def _alone(block: Any, arguments: Sequence[Any], training: bool) -> Any:
        """The output of a block that runs alone. In training it runs backward too, since MXNet moves statistics there."""
        if not training:
            with autograd.predict_mode():
                return block(*arguments)
        with autograd.record(train_mode=True):
            outputs = block(*arguments)
        floating(outputs)[0].backward()
        return outputs

    def functions(
        self, inputs: Sequence[Array], training: bool, between: tuple[int, int], replaced: Mapping[int, Sequence[Array]]
    ) -> tuple[list[dict[str, Any]], Arrays]:
        calls, kept = list[CalledFunction](), self.weights()
        with autograd.train_mode() if training else autograd.predict_mode():
            outputs = self._run([self._tensor(array) for array in inputs], training, calls, replaced)
        self.set_weights(kept)
        calls_told, arrays = answered(calls, *between)
        return calls_told, {**numbered(floats(outputs), OUTPUT), **recorded(self.calls[training]), **arrays}

    def _run(
        self,
        tensors: Sequence[Any],
        training: bool,
        calls: list[CalledFunction] | None = None,
        replaced: Mapping[int, Sequence[Array]] | None = None,
    ) -> Any:
        reseeded()
        self.records = self.calls[training] = []
        self.listening = True
        try:
            with Functions(self.scaled, calls, replaced or {}, self._place, self.plain) as listening:
                self.draws[TRAIN if training else EVAL] = listening.draws
                outputs = self._called(tensors)
        finally:
            self.listening = False
        self.named = float_paths(outputs)
        return outputs

    def _called(self, tensors: Sequence[Any]) -> Any:
        positional, named = arguments(self.calling, tensors, self.accepts())
        return self.block(*positional, **named)

    def _place(self) -> tuple[int, bool]:
        """The number of calls begun, and whether a block of a known class is running."""
        own = (type(self.blocks[self.records[number][0]]).__module__ for number in self._open)
        return len(self.records), any(name.startswith(("mxnet.", "parity.")) for name in own)

    def _before(self, name: str) -> Any:
        def before(_: Any, arguments: Any) -> None:
            if not self.listening or name not in self.blocks:
                return
            tensors: list[Any] = []
            skeleton = taken_apart(tuple(arguments), is_tensor, tensors)
            arrays = [tensor.asnumpy() for tensor in tensors]
            if name.endswith(".act") and self._open:  # the input of a final activation is the layer's output
                self.records[self._open[-1]][3].extend(arrays)
            self._open.append(len(self.records))
            self.records.append((name, skeleton, arrays, []))

        return before

    def _after(self, name: str) -> Any:
        def after(_: Any, __: Any, outputs: Any) -> None:
            if self.listening and name in self.blocks:
                record = self.records[self._open.pop()]
                record[3].extend([] if record[3] else [item.asnumpy() for item in tensors_in(outputs)])

        return after

    def _tensor(self, array: Array) -> Any:
        return mxnet.nd.array(np.asarray(array), dtype="int32" if array.dtype.kind == "i" else self.dtype)

    def _parts(self, name: str) -> list[OwnLayer]:
        leaf = self._leaf(name)
        return unstacked(leaf) if isinstance(self.blocks[name], rnn.LSTM | rnn.GRU) else [leaf]

    def _leaf(self, name: str) -> OwnLayer:
        block = self.blocks[name]
        weights = tuple(self._weights(block, kind_of(block)))
        written = block.operator if isinstance(block, SymbolNode) else type(block).__name__
        return OwnLayer(name, word_of(block), written, self.told[name], weights, "", own_way(block), holds(block))

    def _weights(self, block: Any, kind: Kind | None) -> Iterator[Weight]:
        names = {id(parameter): name for name, parameter in reversed(self.parameters.items())}
        places = kind.weights if kind else {}
        weights = [(places.get(own, (own, ""))[0], own, "") for own in block._reg_params]
        if isinstance(block, RECURRENCES):
            weights = list(recurrent_weights(block))
        for role, own, gates in weights:
            layout = places.get(own, (own, ""))[1]
            item = block._reg_params[own]
            if item is not None:
                shape, trainable = tuple(item.shape), item.grad_req != "null"
                yield Weight(role, names[id(item)], shape, layout, gates=gates, trainable=trainable)
