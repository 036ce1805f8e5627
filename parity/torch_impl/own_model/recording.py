"""Owns the record of a torch model's calls: what each leaf takes and gives, in their order, and what it hands on instead.

It refuses to know what a leaf computes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from parity.execution.names import of_calls
from parity.execution.own_model.nesting import put_together, taken_apart, tensors_of
from parity.execution.protocol import Array
from parity.torch_impl import device

Arrays = dict[str, Array]


class Recorder:
    """Records the inputs and outputs of the leaves in the order of their calls. Nested leaves have records of their own."""

    def __init__(self, leaves: Mapping[str, nn.Module], forced: Mapping[int, Array]) -> None:
        self.forced = forced
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

    def _after(self, _: nn.Module, __: Any, ___: Any, output: Any) -> Any:
        with torch._C.DisableTorchFunction():
            number = self._open.pop()
            if number in self.forced:
                output = _forced(output, self.forced[number])
            self.calls[number][3].extend(outputs_of(output))
        return output

    def arrays(self) -> Arrays:
        return of_calls((inputs, outputs) for _, _, inputs, outputs in self.calls)


def _forced(output: Any, array: Array) -> Any:
    """A layer's output with this array in the place of its first tensor."""
    tensors: list[Tensor] = []
    skeleton = taken_apart(output, torch.is_tensor, tensors)
    tensors[0] = torch.from_numpy(np.array(array)).to(tensors[0].dtype)
    return put_together(skeleton, tensors)


def outputs_of(value: Any) -> list[Array]:
    return [device.array(tensor) for tensor in tensors_of(value, torch.is_tensor)]
