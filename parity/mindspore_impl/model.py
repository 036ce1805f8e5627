"""Owns one case: parameters in the framework's layout, and passes over the graph. Arrays enter and leave in the spec's layout.

It refuses to know an op: layers.py does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from parity.execution.protocol import Array, Batch, Observation, Unsupported
from parity.spec.cases import Case
from parity.spec.graph import Graph
from parity.mindspore_impl import device
from parity.mindspore_impl.layers import LAYERS, layout
from parity.mindspore_impl.tape import Tensor


class Realization:
    """A case, ready to run. A placed batch is a native tensor for each input of the batch."""

    def __init__(self, case: Case, graph: Graph) -> None:
        if unknown := sorted({node.op for node in graph.all_nodes()} - set(LAYERS)):
            raise Unsupported(f"not written yet: the ops {', '.join(unknown)}")
        if not all(given.batched for given in graph.batch_inputs()):
            raise Unsupported("not written yet: an input without a batch axis")
        self.graph, self.dtype = graph, device.DTYPES[case.dtype]
        self.observed = [node.name for node in graph.nodes if case.activations or node.name in graph.outputs]
        self.layouts = [layout(node, role) for node in graph.nodes for role in node.parameters]
        blank = {parameter.name: np.zeros(parameter.shape, self.dtype) for parameter in graph.parameters}
        self.native = {name: array for one in self.layouts for name, array in one.to_native(blank).items()}

    def set_parameters(self, values: Mapping[str, Array]) -> None:
        """Sets any subset of the parameters, under the spec's names and in its layout."""
        every = self.parameters() | {name: np.asarray(array, self.dtype) for name, array in values.items()}
        self.native = {name: array for one in self.layouts for name, array in one.to_native(every).items()}

    def parameters(self) -> dict[str, Array]:
        return {name: np.array(array) for one in self.layouts for name, array in one.from_native(self.native).items()}

    def place(self, batch: Batch) -> dict[str, Tensor]:
        """Moves a batch to the device, before any clock starts. Labels are integers: cast them to your own integer type."""
        return {name: Tensor(np.asarray(array, self.dtype)) for name, array in batch.items()}

    def forward(self, batch: Mapping[str, Tensor], training: bool) -> Observation:
        """Runs the layers without a loss. dense and relu are the same in training and evaluation mode."""
        return self._observation(self._walk(batch, self._parameters()))

    def gradients(self, batch: Mapping[str, Tensor], phase: int = 0) -> Observation:
        """One pass of a training phase: values, loss, and its gradients by parameters and inputs. It changes no parameter."""
        parameters, inputs = self._parameters(), {name: Tensor(tensor.array) for name, tensor in batch.items()}
        values = self._walk(inputs, parameters, phase)
        loss = values[self.graph.phases[phase].loss]
        loss.backward()
        slopes = {name: tensor.slope for name, tensor in parameters.items()}
        found = {name: array for one in self.layouts for name, array in one.from_native(slopes).items()}
        return self._observation(
            values,
            loss=loss.array,
            gradients={name: found[name] for name in self.graph.phases[phase].updates},
            input_gradients={name: tensor.slope for name, tensor in inputs.items()},
        )

    def step(self, batch: Mapping[str, Tensor]) -> Tensor:
        """One update of the native optimizer. It fetches nothing, so that timing it times nothing else."""
        raise Unsupported("no optimizer yet")

    def hessian_vector_product(self, batch: Mapping[str, Tensor], direction: Mapping[str, Array]) -> dict[str, Array]:
        raise Unsupported("no second derivatives")

    def save(self) -> dict[str, bytes]:
        raise Unsupported("no weights file of its own yet")

    def load(self, files: Mapping[str, bytes]) -> None:
        raise Unsupported("no weights file of its own yet")

    def synchronize(self) -> None:
        """Returns when the device has finished all of its work; here it has nothing pending."""

    def _parameters(self) -> dict[str, Tensor]:
        return {name: Tensor(array) for name, array in self.native.items()}

    def _walk(
        self, batch: Mapping[str, Tensor], parameters: Mapping[str, Tensor], phase: int | None = None
    ) -> dict[str, Tensor]:
        """Every value by its name: the layers in order, then the loss of a phase."""
        values = dict(batch)
        for node in (*self.graph.nodes, *(() if phase is None else self.graph.phases[phase].nodes)):
            given: dict[str, Any] = {role: parameters[name] for role, name in node.parameters.items()}
            for role, source in node.inputs.items():
                given[role] = values[source] if isinstance(source, str) else [values[name] for name in source]
            values[node.name] = LAYERS[node.op](node, given)
        return values

    def _observation(self, values: Mapping[str, Tensor], **more: Any) -> Observation:
        return Observation(values={name: values[name].array for name in self.observed}, **more)
