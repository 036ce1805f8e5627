"""Owns a user's own torch model under observation: its leaf modules, their calls, weights, gradients and one step of SGD.

It refuses to compare, and to change the model permanently: only its random draws are replaced (functions.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

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
from parity.execution.own_model.calling import Accepted, Calling, accepted, arguments
from parity.execution.own_model.functions import CalledFunction, answered
from parity.execution.own_model.layers import Call, Kind, OwnLayer, Shape, Weight, unstacked
from parity.execution.own_model.nesting import paths, put_together, taken_apart, tensors_of
from parity.execution.protocol import Array
from parity.torch_impl import device
from parity.torch_impl.own_model.functions import Functions, reseeded
from parity.torch_impl.own_model.kinds import (
    RECURRENCES,
    changed,
    held,
    holds,
    kind_of,
    leaves_of,
    own_way,
    owned,
    recurrent_weights,
    settings_of,
    split_weights,
    within,
    without_dropout,
)

Arrays = dict[str, Array]

MODEL = nn.Module
"""The class that the user's `build` must return."""

IMAGES = "first"
"""The position of an image's channels, unless the model says otherwise."""


def prepare(dtype: str) -> None:
    """Called before the user's code: sets the precision of new tensors, and keeps torch from bypassing the hooks of modules."""
    device.prepare()
    torch.set_default_dtype(device.DTYPES[dtype])
    torch.backends.mha.set_fastpath_enabled(False)


def version() -> str:
    return str(torch.__version__)


class Recorder:
    """Records the inputs and outputs of the leaves in the order of their calls. Nested leaves have records of their own."""

    def __init__(self, leaves: Mapping[str, nn.Module]) -> None:
        self.calls: list[tuple[str, Any, list[Array], list[Array]]] = []
        self.modes: list[bool] = []
        self._open: list[int] = []
        self._handles = []
        self._known = {name for name, module in leaves.items() if type(module).__module__.startswith("torch.")}
        for name, module in leaves.items():
            self._handles.append(module.register_forward_pre_hook(self._before(name), with_kwargs=True))
            self._handles.append(module.register_forward_hook(self._after, with_kwargs=True))

    def close(self) -> None:
        for handle in self._handles:
            handle.remove()

    def place(self) -> tuple[int, bool]:
        """The number of calls begun, and whether a module of a known class is running."""
        return len(self.calls), any(self.calls[number][0] in self._known for number in self._open)

    def _before(self, name: str) -> Any:
        def before(module: nn.Module, arguments: Any, keywords: Any) -> None:
            self.modes.append(module.training)
            tensors: list[Tensor] = []
            with torch._C.DisableTorchFunction():  # the recording is no function of the model
                skeleton = taken_apart((arguments, keywords), torch.is_tensor, tensors)
                record = (name, skeleton, [device.array(tensor) for tensor in tensors], list[Array]())
            self._open.append(len(self.calls))
            self.calls.append(record)

        return before

    def _after(self, _: nn.Module, __: Any, ___: Any, output: Any) -> None:
        with torch._C.DisableTorchFunction():
            self.calls[self._open.pop()][3].extend(_outputs(output))

    def arrays(self) -> Arrays:
        return of_calls((inputs, outputs) for _, _, inputs, outputs in self.calls)


class Model:
    """A torch module under the interface parity.execution.own_model.layers.OwnModel."""

    def __init__(self, module: nn.Module, dtype: str) -> None:
        self.module, self.dtype = module.to(device.DTYPES[dtype]), device.DTYPES[dtype]
        self._look()
        self.calls: dict[bool, Recorder] = {}
        self.draws: dict[str, list[dict[str, Any]]] = {}
        self.scaled = self.plain = False
        self.calling, self.named = Calling(), list[str]()
        for part in module.modules():
            without_dropout(part)

    def _look(self) -> None:
        self.modules = dict(leaves_of(self.module, ""))
        self.settings = {name: settings_of(leaf) for name, leaf in self.modules.items()}
        self.tensors = {name: tensor for name, tensor in held(self.module).items() if tensor.is_floating_point()}

    def accepts(self, _: Sequence[str] = ()) -> Accepted:
        return accepted(self.module.forward)

    def given_inputs(self) -> list[tuple[Shape, str, int | None, str]] | None:
        return None

    def trace(self, inputs: Sequence[Array]) -> tuple[list[OwnLayer], list[Call], list[Shape]]:
        if any(map(nn.parameter.is_lazy, self.tensors.values())):
            self._called([self._tensor(array) for array in inputs])  # learns the shapes that it was not told
            self._look()
        with self._kept():
            arrays = self.forward(inputs)
        calls = [Call.of(name, taken, gave) for name, _, taken, gave in self.calls[False].calls]
        leaves = [leaf for name in dict.fromkeys(call.leaf for call in calls) for leaf in self._parts(name)]
        weight_names = {weight.native for leaf in leaves for weight in leaf.weights}
        loose = [name for name in self.weights() if name not in weight_names and not within(name, self.modules)]
        loose = [name for name in loose if name not in dict(self.module.named_buffers())]
        leaves += [OwnLayer(name, "parameter", "Parameter", {}, (self._weight("value", name),)) for name in loose]
        return leaves, calls, [array.shape for array in in_order(arrays, OUTPUT)]

    def weights(self) -> Arrays:
        return {name: device.array(tensor) for name, tensor in self.tensors.items()}

    def set_weights(self, values: Mapping[str, Array]) -> None:
        with torch.no_grad():
            for name, value in values.items():
                self.tensors[name].copy_(torch.from_numpy(np.array(value)))

    def forward(self, inputs: Sequence[Array]) -> Arrays:
        with torch.no_grad():
            outputs = self._run([self._tensor(array) for array in inputs], training=False)
        return {**numbered(_floats(outputs), OUTPUT), **self.calls[False].arrays()}

    def train(self, inputs: Sequence[Array], loss: Sequence[Array], learning_rate: float) -> Arrays:
        tensors = [self._tensor(array) for array in inputs]
        for tensor in tensors:
            tensor.requires_grad_(tensor.is_floating_point())
        with self._kept():
            self.module.zero_grad(set_to_none=True)
            outputs = self._run(tensors, training=True)
            floats = [item for item in tensors_of(outputs, torch.is_tensor) if item.is_floating_point()]
            total = sum((item * self._tensor(weight)).sum() for item, weight in zip(floats, loss, strict=True))
            total.backward()
            trained = {name: item for name, item in self.module.named_parameters() if item.requires_grad}
            arrays = {array_name(GRADIENT, name): _gradient(item) for name, item in trained.items()}
            watched = [(place, tensor) for place, tensor in enumerate(tensors) if tensor.requires_grad]
            arrays |= {array_name(INPUT_GRADIENT, place): _gradient(tensor) for place, tensor in watched}
            if trained:
                torch.optim.SGD(trained.values(), lr=learning_rate).step()
            arrays |= put_under(self.weights(), AFTER)
        return {**numbered(_floats(outputs), OUTPUT), **self.calls[True].arrays(), **arrays}

    def rerun(self, change: Mapping[str, Any], arrays: Mapping[str, Array]) -> Arrays:
        name, skeleton, taken, _ = self.calls[change["training"]].calls[change["call"]]
        module, kind = self.modules[name], kind_of(self.modules[name])
        tensors = [self._tensor(arrays.get(array_name(TAKEN, slot), array)) for slot, array in enumerate(taken)]
        arguments, keywords = put_together(skeleton, tensors)
        listening = Functions(self.scaled, None, {}, lambda: (0, True))
        with self._kept(), changed(module, kind, change["settings"]), torch.no_grad(), listening:
            self.set_weights(under(arrays, WEIGHT))
            module.train(change.get("mode", self.calls[change["training"]].modes[change["call"]]))
            outputs = _outputs(module(*arguments, **keywords))
            state = {
                array_name(STATE, weight.native): device.array(self.tensors[weight.native])
                for weight in self._leaf(name).weights
            }
        return {**numbered(outputs, GIVEN), **state}

    def functions(
        self, inputs: Sequence[Array], training: bool, between: tuple[int, int], replaced: Mapping[int, Sequence[Array]]
    ) -> tuple[list[dict[str, Any]], Arrays]:
        calls: list[CalledFunction] = []
        with self._kept(), torch.no_grad():
            outputs = self._run([self._tensor(array) for array in inputs], training, calls, replaced)
        calls_told, arrays = answered(calls, *between)
        return calls_told, {**numbered(_floats(outputs), OUTPUT), **self.calls[training].arrays(), **arrays}

    def _run(
        self,
        tensors: Sequence[Tensor],
        training: bool,
        calls: list[CalledFunction] | None = None,
        replaced: Mapping[int, Sequence[Array]] | None = None,
    ) -> Any:
        reseeded()
        self.module.train(training)
        self.calls[training] = recorder = Recorder(self.modules)
        listening = Functions(self.scaled, calls, replaced or {}, recorder.place)
        self.draws[TRAIN if training else EVAL] = listening.draws
        try:
            with listening:
                outputs = self._called(tensors)
        finally:
            recorder.close()
        self.named = [path for path, item in paths(outputs, torch.is_tensor) if item.is_floating_point()]
        return outputs

    def _called(self, tensors: Sequence[Tensor]) -> Any:
        placed, named = arguments(self.calling, tensors, self.accepts())
        return self.module(*placed, **named)

    @contextmanager
    def _kept(self) -> Iterator[None]:
        kept = self.weights()
        try:
            yield
        finally:
            self.set_weights(kept)

    def _tensor(self, array: Array) -> Tensor:
        tensor = torch.from_numpy(np.array(array))
        return tensor.to(self.dtype) if tensor.is_floating_point() else tensor

    def _parts(self, name: str) -> list[OwnLayer]:
        leaf = self._leaf(name)
        return unstacked(leaf) if isinstance(self.modules[name], nn.LSTM | nn.GRU) else [leaf]

    def _leaf(self, name: str) -> OwnLayer:
        module = self.modules[name]
        kind = kind_of(module)
        word = kind.name if kind else type(module).__name__
        weights = tuple(self._weights(name, module, kind))
        return OwnLayer(
            name, word, type(module).__name__, self.settings[name], weights, own=own_way(module), holds=holds(module)
        )

    def _weights(self, name: str, module: nn.Module, kind: Kind | None) -> Iterator[Weight]:
        if isinstance(module, RECURRENCES):
            yield from (
                self._weight(*recurrent_weight[:2], layout="", gates=recurrent_weight[2], of=module, at=name)
                for recurrent_weight in recurrent_weights(module)
            )
        elif isinstance(module, nn.MultiheadAttention):
            for role, own, rows in split_weights(module):
                yield self._weight(role, own, rows=rows, of=module, at=name)
        else:
            places = kind.weights if kind else {}
            statistics = {own for own, item in module.named_buffers() if places.get(own)}
            for own in [own for own, _ in owned(module)] + sorted(statistics):
                role, layout = places.get(own, (own, ""))
                yield self._weight(role, own, layout=layout, of=module, at=name)

    def _weight(
        self, role: str, own: str, layout: str = "", gates: str = "", rows: tuple[int, int] | None = None,
        of: nn.Module | None = None, at: str = "",
    ) -> Weight:  # fmt: skip
        """The weight of a leaf; a tied tensor bears the name of its first owner."""
        tensor = self.tensors[own] if of is None else held(of)[own]
        native = own if of is None else next(name for name, item in self.tensors.items() if item is tensor)
        return Weight(role, native, tuple(tensor.shape), layout, rows, gates, tensor.requires_grad)


def _outputs(value: Any) -> list[Array]:
    return [device.array(tensor) for tensor in tensors_of(value, torch.is_tensor)]


def _floats(value: Any) -> list[Array]:
    return [array for array in _outputs(value) if array.dtype.kind == "f"]


def _gradient(tensor: Tensor) -> Array:
    return device.array(torch.zeros_like(tensor) if tensor.grad is None else tensor.grad.to_dense())
