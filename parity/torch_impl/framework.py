"""Owns PyTorch as a framework under test: its description, its samples of initializers, and the realization of a case.

It refuses to draw numbers for a realization and to judge.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from parity.execution.protocol import Array, Batch, Description, Drive, Observation, ParameterLayout, Unsupported, ZeroPartner
from parity.spec.cases import Case
from parity.spec.graph import Graph
from parity.spec.graph_facts import differentiable_inputs, observed_values
from parity.torch_impl import curvature, device, initializers, optimizers, schedules
from parity.torch_impl.model import Network

LAST, FUSED = "channels_last", "fused"
MODES, DEFAULT_MODE = ("eager", "compiled", LAST, f"compiled[{LAST}]", FUSED), "eager"


class Implementation:
    """PyTorch, eager or through torch.compile, with channels in front or, as its guide for CPUs and GPUs advises, last; and
    eager with a fused optimizer, a kernel a parameter."""

    name = "torch"

    def __init__(self) -> None:
        device.prepare()

    def describe(self) -> Description:
        return Description(
            name=self.name,
            version=torch.__version__,
            versions=device.versions(),
            devices=device.devices(),
            modes=MODES,
            default_mode=DEFAULT_MODE,
            dtypes=tuple(device.DTYPES),
            settings=device.settings(),
        )

    def sample(self, case: Case) -> Array:
        if case.sampling is None:
            raise ValueError(f"{case.id}: a sampling case without a sampling")
        return initializers.sample(case, case.sampling)

    def scheduled(self, case: Case) -> Array:
        return schedules.rates(case)

    def drive(self, request: Drive) -> list[dict[str, Array]]:
        return optimizers.drive(request)

    def realize(self, case: Case) -> Realization:
        if case.graph is None:
            raise ValueError(f"{case.id}: a case without a graph")
        mode = DEFAULT_MODE if case.mode == "default" else case.mode
        if mode not in MODES:
            raise Unsupported(f"no mode {mode!r}; there are {', '.join(MODES)}")
        if case.device not in device.devices():
            raise Unsupported(f"no device {case.device!r} here")
        device.choose_algorithms(deterministic=case.task != "speed")
        torch.manual_seed(case.seed)
        with device.building(case.device, case.dtype):
            network = Network(case.graph)
        if LAST in mode:
            network.root.to(memory_format=torch.channels_last)
        return Realization(case, case.graph, network, device.compiler() if mode.startswith("compiled") else None, LAST in mode)


@dataclass
class Trained:
    """The trained part of a phase. tensors: native name -> tensor, without frozen zero partners. update: takes one step."""

    layouts: list[ParameterLayout]
    tensors: dict[str, Tensor]
    optimizer: torch.optim.Optimizer | None
    update: Callable[[], Any]


class Realization:
    """One case: a network, its programs, and an optimizer per phase. A placed batch is a list of native inputs."""

    def __init__(self, case: Case, graph: Graph, network: Network, compiled: Callable[[Any], Any] | None, last: bool) -> None:
        self.last = last  # images with their channels behind their places
        self.case, self.graph, self.network, self.compiled = case, graph, network, compiled
        self.given = graph.batch_inputs()
        self.observed = observed_values(graph, case.activations)
        self.floats = frozenset(differentiable_inputs(graph))
        self.statistics = {statistic.name for statistic in graph.statistics}
        self.carried = [self._zeros(state.shape, case.batch_size) for state in graph.carried]
        self.nexts = [state.next for state in graph.carried]
        self.programs: dict[tuple[str, int], Any] = {}
        self.trained = [self._trained(place) for place in range(len(graph.phases))]
        self.armed = -1
        network.root.requires_grad_(False)

    def set_parameters(self, values: Mapping[str, Array]) -> None:
        rest = dict(values)
        for layout in self.network.layouts.values():
            if not any(name in rest for name in layout.spec):
                continue
            current = {} if all(name in rest for name in layout.spec) else self._read(layout)
            wanted = current | {name: rest.pop(name) for name in layout.spec if name in rest}
            for name, value in layout.to_native(wanted).items():
                with torch.no_grad():
                    self.network.tensor(name).copy_(torch.tensor(value))
        for place, state in enumerate(self.graph.carried):
            if state.name in rest:
                self.carried[place] = self._tensor(rest.pop(state.name), "float", batched=True)
        if rest:
            raise KeyError(f"{self.graph.name} has no parameter, statistic or carried state {sorted(rest)}")

    def parameters(self) -> dict[str, Array]:
        arrays: dict[str, Array] = {}
        for layout in self.network.layouts.values():
            arrays |= self._read(layout)
        states = zip(self.graph.carried, self.carried, strict=True)
        return arrays | {state.name: device.array(tensor) for state, tensor in states}

    def place(self, batch: Batch) -> list[Tensor | None]:
        """Tensors in the order of the graph's inputs; None for a missing input (labels and masks where nothing is trained)."""
        if unknown := set(batch) - {graph_input.name for graph_input in self.given}:
            raise KeyError(f"{self.graph.name} has no input {sorted(unknown)}")
        return [
            self._tensor(batch[graph_input.name], graph_input.dtype, graph_input.batched) if graph_input.name in batch else None
            for graph_input in self.given
        ]

    def forward(self, batch: Sequence[Tensor | None], training: bool) -> Observation:
        inputs = batch[: len(self.graph.inputs)]
        with torch.no_grad(), self._unchanged():
            self.network.root.train(training)
            outputs = self._program("forward")(*inputs, *self._carried(batch))
            self.network.root.train()
        return Observation(values=self._arrays(self.observed, outputs))

    def gradients(self, batch: Sequence[Tensor | None], phase: int = 0) -> Observation:
        self._arm(phase)
        floats = [place for place, graph_input in enumerate(self.given) if graph_input.name in self.floats]
        inputs = list(batch)
        for place in floats:
            inputs[place] = torch.Tensor.detach(inputs[place]).requires_grad_()
        trained = self.trained[phase]
        with self._unchanged():
            loss, *outputs = self._program("gradients", phase)(*inputs, *self._carried(batch))
            sources = [*trained.tensors.values(), *(inputs[place] for place in floats)]
            slopes = torch.autograd.grad(loss, sources, allow_unused=True, materialize_grads=True) if sources else ()
            state = self._state(outputs[: len(self.nexts)])
        count = len(trained.tensors)
        by_name = {name: device.array(slope) for name, slope in zip(trained.tensors, slopes[:count], strict=True)}
        return Observation(
            values=self._arrays(self.observed, outputs[len(self.nexts) :]),
            loss=device.array(loss).reshape(()),
            gradients=_named(trained.layouts, by_name),
            input_gradients=self._arrays([self.given[place].name for place in floats], slopes[count:]),
            state=state,
        )

    def hessian_vector_product(self, batch: Sequence[Tensor | None], direction: Mapping[str, Array]) -> dict[str, Array]:
        if self.compiled:
            raise Unsupported("what torch.compile gives can be differentiated once: no second derivative")
        self._arm(0)
        trained = self.trained[0]
        native = {name: value for layout in trained.layouts for name, value in layout.to_native(direction).items()}
        with self._unchanged(), curvature.twice():
            loss = self._program("step")(*batch, *self._carried(batch))[0]
            products = curvature.product(loss, trained.tensors, {name: native[name] for name in trained.tensors})
        return _named(trained.layouts, {name: device.array(product) for name, product in products.items()})

    def step(self, batch: Sequence[Tensor | None]) -> Tensor:
        carried = self._carried(batch)
        for phase, trained in enumerate(self.trained):
            self._arm(phase)
            loss, *following = self._program("step", phase)(*batch, *carried)
            if trained.optimizer is not None:
                loss.backward()
                for tensor in trained.tensors.values():
                    if tensor.grad is None:  # the loss does not reach it: torch would skip it, even its decay and momentum
                        tensor.grad = torch.zeros_like(tensor)
                trained.update()
                trained.optimizer.zero_grad()
        self.carried = [tensor.detach() for tensor in following]
        return loss.detach()

    def save(self) -> dict[str, bytes]:
        with io.BytesIO() as file:
            torch.save(self.network.root.state_dict(), file)
            return {"weights.pt": file.getvalue()}

    def load(self, files: Mapping[str, bytes]) -> None:
        root = self.network.root
        root.load_state_dict(device.read_weights("weights.pt", files["weights.pt"], root.state_dict()))

    def synchronize(self) -> None:
        device.synchronize(self.case.device)

    def _program(self, kind: str, phase: int = 0) -> Any:
        """A program. forward: the layers; step: the layers and the phase's loss; gradients: as step, and gives every value."""
        if (kind, phase) not in self.programs:
            carried = [state.name for state in self.graph.carried]
            if kind == "forward":
                names = [graph_input.name for graph_input in self.graph.inputs]
                made = self.network.program([*names, *carried], self.graph.nodes, self.observed)
            else:
                own = self.graph.phases[phase]
                results = [own.loss, *self.nexts, *(self.observed if kind == "gradients" else ())]
                names = [graph_input.name for graph_input in self.given]
                made = self.network.program([*names, *carried], (*self.graph.nodes, *own.nodes), results)
            self.programs[kind, phase] = self.compiled(made) if self.compiled else made.forward
        return self.programs[kind, phase]

    def _trained(self, place: int) -> Trained:
        phase = self.graph.phases[place]
        layouts = [layout for layout in self.network.layouts.values() if any(name in phase.updates for name in layout.spec)]
        if missing := set(phase.updates) - {name for layout in layouts for name in layout.spec}:
            raise Unsupported(f"phase {phase.name} updates inputs of the batch: {', '.join(sorted(missing))}")
        tensors, updates = {}, []
        for layout in layouts:
            factors = {phase.updates.get(name) for name in layout.spec}
            if len(factors) > 1:
                raise Unsupported(f"torch keeps {' and '.join(layout.spec)} in one tensor; they learn at different rates")
            for native in layout.native[: -1 if any(isinstance(move, ZeroPartner) for move in layout.moves) else None]:
                tensors[native] = self.network.tensor(native)
                updates.append((tensors[native], phase.updates[layout.spec[0]]))
        if self.case.optimizer == "none" or not updates:
            return Trained(layouts, tensors, None, lambda: None)
        optimizer = optimizers.build(self.case.optimizer, self.case.hyperparameters, updates, self.case.mode == FUSED)
        return Trained(layouts, tensors, optimizer, self.compiled(optimizer.step) if self.compiled else optimizer.step)

    def _arm(self, phase: int) -> None:
        """Freezes the parameters that the phase does not update."""
        if self.armed != phase:
            self.network.root.requires_grad_(False)
            for tensor in self.trained[phase].tensors.values():
                tensor.requires_grad_()
            self.armed = phase

    @contextmanager
    def _unchanged(self) -> Iterator[None]:
        """Restores buffers (running statistics, counters) and the state of torch's random generators on exit."""
        kept = [(buffer, buffer.clone()) for buffer in self.network.root.buffers()]
        gpus = [torch.cuda.current_device()] if self.case.device == "gpu" else []
        with torch.random.fork_rng(gpus):
            yield
        with torch.no_grad():
            for buffer, before in kept:
                buffer.copy_(before)

    def _carried(self, batch: Sequence[Tensor | None]) -> list[Tensor]:
        """The carried state; zeros, as before a first batch, where its batch size differs from the batch's."""
        sizes = (
            len(part) for part, graph_input in zip(batch, self.given, strict=True) if part is not None and graph_input.batched
        )
        size = next(sizes, self.case.batch_size) if self.carried else 0
        return [state if len(state) == size else self._zeros(state.shape[1:], size) for state in self.carried]

    def _zeros(self, shape: Sequence[int], batch: int) -> Tensor:
        return torch.zeros(batch, *shape, dtype=device.DTYPES[self.case.dtype], device=device.NATIVE[self.case.device])

    def _tensor(self, array: Array, kind: str, batched: bool) -> Tensor:
        dtype = torch.int64 if kind == "integer" else device.DTYPES[self.case.dtype]
        tensor = torch.tensor(np.asarray(array), dtype=dtype, device=device.NATIVE[self.case.device])
        tensor = tensor if batched else tensor[None]
        return tensor.contiguous(memory_format=torch.channels_last) if self.last and tensor.ndim == 4 else tensor

    def _read(self, layout: ParameterLayout) -> dict[str, Array]:
        return _named([layout], {name: device.array(self.network.tensor(name)) for name in layout.native})

    def _state(self, carried: Sequence[Tensor]) -> dict[str, Array]:
        arrays = {state.name: device.array(tensor) for state, tensor in zip(self.graph.carried, carried, strict=True)}
        for layout in self.network.layouts.values():
            if layout.spec[0] in self.statistics:
                arrays |= self._read(layout)
        return arrays

    def _arrays(self, names: Sequence[str], tensors: Sequence[Tensor]) -> dict[str, Array]:
        arrays = {name: device.array(tensor) for name, tensor in zip(names, tensors, strict=True)}
        shapes, batched = self.network.shapes, self.network.batched
        return {name: array if batched[name] else array.reshape(shapes[name]) for name, array in arrays.items()}


def _named(layouts: Sequence[ParameterLayout], native: Mapping[str, Array]) -> dict[str, Array]:
    """Arrays under the spec's names. A frozen zero partner has no gradient; it counts as zero."""
    arrays: dict[str, Array] = {}
    for layout in layouts:
        arrays_given = {
            name: native[name] if name in native else np.zeros_like(native[layout.native[0]]) for name in layout.native
        }
        arrays |= {name: np.ascontiguousarray(value) for name, value in layout.from_native(arrays_given).items()}
    return arrays
