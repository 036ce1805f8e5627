"""Owns the record of the calls of leaves in a pass of a user's Flax model, and a pass that ends behind one changed call.

It refuses to know which arrays a model has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax.numpy as jnp
from jax._src import core

from parity.execution.names import GIVEN, STATE, TAKEN, array_name, numbered
from parity.execution.own_model.nesting import put_together, taken_apart, tensors_of
from parity.execution.protocol import Array
from parity.jax_impl import device
from parity.jax_impl.own_model.functions import Functions, is_tensor, known_class
from parity.jax_impl.own_model.kinds import BATCH_NORM, DROPOUT, OVER_TIME, changed, kind_of

Arrays = dict[str, Array]


class PassEnded(BaseException):
    """Ends a pass behind the call that was asked for."""


class Recorder:
    """Records the inputs and outputs of the leaves in the order of their calls."""

    def __init__(self, functions: Callable[[], Functions]) -> None:
        self.calls: list[tuple[str, list[Any], list[Any]]] = []
        self.functions = functions
        self._open: list[tuple[str, bool]] = []
        self._level = core.trace_ctx.trace

    def place(self) -> tuple[int, bool]:
        """The number of calls begun, and whether a module of a known class is running."""
        return len(self.calls), any(known for _, known in self._open)

    def __call__(self, path: str, layer: Any, call: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        tensors: list[Any] = []
        skeleton = taken_apart((args, kwargs), is_tensor, tensors)
        inside = any(name == path for name, _ in self._open) or any(not self._ours(item) for item in tensors)
        if inside or self.place()[1]:
            return call(*args, **kwargs)
        record = (path, tensors, list[Any]())
        self.calls.append(record)
        self._open.append((path, known_class(layer)))
        try:
            output = self.ran(layer, call, skeleton, tensors)
        finally:
            self._open.pop()
        record[2].extend(_outputs(layer, output))
        return output

    def ran(self, layer: Any, call: Callable[..., Any], skeleton: Any, tensors: Sequence[Any]) -> Any:
        args, kwargs = put_together(skeleton, tensors)
        if kind_of(layer) is DROPOUT:
            return self.functions().dropped(layer, lambda: call(*args, **kwargs), tensors[0])
        return call(*args, **kwargs)

    def _ours(self, array: Any) -> bool:
        """Whether an array belongs to the pass itself, and to no transformation inside of it, such as a vmap."""
        return not isinstance(array, core.Tracer) or array._trace is self._level


class Alone(Recorder):
    """Runs a pass until one call, which takes other inputs and has other settings. held: gives the arrays of a layer then."""

    def __init__(
        self,
        functions: Callable[[], Functions],
        change: Mapping[str, Any],
        arrays: Mapping[str, Array],
        held: Callable[[Any, str], Mapping[str, Any]],
    ) -> None:
        super().__init__(functions)
        self.change, self.arrays, self.held = change, arrays, held
        self.found: Arrays = {}

    def ran(self, layer: Any, call: Callable[..., Any], skeleton: Any, tensors: Sequence[Any]) -> Any:
        if len(self.calls) - 1 != self.change["call"]:
            return super().ran(layer, call, skeleton, tensors)
        path = self.calls[-1][0]
        taken = [jnp.asarray(self.arrays.get(array_name(TAKEN, slot), item), item.dtype) for slot, item in enumerate(tensors)]
        args, kwargs = put_together(skeleton, taken)
        if "mode" in self.change and kind_of(layer) is BATCH_NORM:
            kwargs = {**kwargs, "use_running_average": not self.change["mode"]}
        with changed(layer, self.change["settings"]):
            output = super().ran(layer, call, taken_apart((args, kwargs), is_tensor, taken := []), taken)
        state = self.held(layer, path)
        self.found = numbered([device.array(item) for item in _outputs(layer, output)], GIVEN)
        self.found |= {array_name(STATE, name): device.array(item) for name, item in state.items()}
        raise PassEnded


def _outputs(layer: Any, output: Any) -> list[Any]:
    """The tensors that a layer gave; the sequence of a recurrent layer comes before its carry."""
    if isinstance(layer, OVER_TIME) and isinstance(output, tuple):
        output = (output[1], output[0][::-1] if isinstance(output[0], tuple) else output[0])
    return tensors_of(output, is_tensor)
