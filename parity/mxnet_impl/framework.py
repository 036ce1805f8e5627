"""Owns MXNet as a framework under test: its description, its samples of initializers, and the realization of a case.

It refuses to know layers, rules and distributions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from parity.execution.protocol import Array, Batch, Description, Drive, Observation, Unsupported, check_native
from parity.mxnet_impl import curvature, device, initializers, optimizers, schedules
from parity.mxnet_impl.device import mxnet
from parity.mxnet_impl.model import NDArrays, Program
from parity.mxnet_impl.parts import Parts
from parity.spec.cases import Case
from parity.spec.graph import Node, Phase
from parity.spec.graph_facts import differentiable_inputs, observed_values

MODES = ("compiled", "eager")
DTYPES = ("float32", "float64")


class Implementation:
    """MXNet. compiled: blocks hybridized with static memory and shapes. eager: the same blocks, operator by operator."""

    name = "mxnet"

    def describe(self) -> Description:
        return Description(
            name=self.name,
            version=mxnet.__version__,
            versions={"mxnet": mxnet.__version__, "numpy": np.__version__},
            devices=device.devices(),
            modes=MODES,
            default_mode="compiled",
            dtypes=DTYPES,
            settings=device.settings(),
        )

    def sample(self, case: Case) -> Array:
        return initializers.sample(case)

    def scheduled(self, case: Case) -> Array:
        return schedules.rates(case)

    def drive(self, request: Drive) -> list[dict[str, Array]]:
        return optimizers.drive(request)

    def realize(self, case: Case) -> Realization:
        if case.dtype not in DTYPES:
            raise Unsupported(
                f"mxnet_impl realizes {' and '.join(DTYPES)}; {case.dtype} would need its mixed-precision package"
            )
        if case.mode not in (*MODES, "default"):
            raise Unsupported(f"MXNet has no mode {case.mode}; it has {' and '.join(MODES)}")
        if case.device not in device.devices():
            raise Unsupported(f"this build of MXNet has no {case.device}; it has {', '.join(device.devices())}")
        return Realization(case)


@dataclass(frozen=True)
class Unfetched:
    """A loss on the device. float() waits for it; an NDArray itself has no float()."""

    array: Any

    def __float__(self) -> float:
        return float(self.array.asscalar())


@dataclass
class Trained:
    """One phase, ready to train. idle: the parameters that its loss does not reach."""

    phase: Phase
    program: Program
    trainer: Any
    prepare: optimizers.Prepare
    idle: list[Any] = field(default_factory=list)

    def update(self) -> None:
        for parameter in self.idle:  # else MXNet would take a gradient of zero for a stale one
            parameter.zero_grad()
            parameter.data()._fresh_grad = True
        self.prepare(self.trainer)
        self.trainer.step(1)  # the loss is a mean already


class Realization:
    """A case in MXNet. Parameters are Gluon's; a placed batch is a dict of NDArrays."""

    def __init__(self, case: Case) -> None:
        if case.graph is None:
            raise ValueError(f"case {case.id} has no graph to realize")
        mxnet.random.seed(case.seed)  # for native dropout
        self._case, self._graph = case, case.graph
        self._context = device.context(case.device)
        self._parts = Parts(self._graph, case.dtype, self._context)
        self._floats = differentiable_inputs(self._graph)
        self._carried: NDArrays = {}
        for state in self._graph.carried:
            self._carried[state.name] = self._array(np.zeros((case.batch_size, *state.shape)), "float")
        self._programs: dict[tuple[bool, int | None], Program] = {}
        self._phases = [self._trained(phase) for phase in self._graph.phases] if case.optimizer != "none" else []

    def _trained(self, phase: Phase) -> Trained:
        case, parts = self._case, self._parts
        nodes = (*self._graph.nodes, *phase.nodes)
        program = self._program(nodes, [phase.loss, *(state.next for state in self._graph.carried)], True)
        reached = parts.reached(phase)
        parameters, idle = [], []
        for name, factor in phase.updates.items():
            parameter = parts.native(name)
            if parameter.lr_mult not in (1.0, factor):
                raise Unsupported(f"{name} has two learning-rate factors, and a Gluon parameter holds one (lr_mult)")
            parameter.lr_mult = factor
            parameters.append(parameter)
            if name not in reached:
                idle.append(parameter)
        optimizer, prepare = optimizers.create(case.optimizer, case.hyperparameters)
        return Trained(phase, program, mxnet.gluon.Trainer(parameters, optimizer), prepare, idle)

    def _program(self, nodes: Sequence[Node], gives: Sequence[str], training: bool) -> Program:
        program = Program(self._parts, nodes, gives, training)
        if self._case.mode != "eager":
            program.hybridize(static_alloc=True, static_shape=True)
        return program

    def _observed(self, training: bool, phase: int | None) -> Program:
        """The program of the layers (and a phase's loss) with every value as an output; it is built at its first use."""
        key = (training, phase)
        if key not in self._programs:
            graph = self._graph
            gives = observed_values(graph, self._case.activations)
            nodes = graph.nodes
            if phase is not None:
                nodes = (*nodes, *graph.phases[phase].nodes)
                gives = (*gives, graph.phases[phase].loss, *(state.next for state in graph.carried))
            self._programs[key] = self._program(nodes, gives, training)
        return self._programs[key]

    def _array(self, values: Array, kind: str) -> Any:
        dtype = self._case.dtype if kind == "float" else "int32"
        return mxnet.nd.array(values, ctx=self._context, dtype=dtype)

    def set_parameters(self, values: Mapping[str, Array]) -> None:
        for name, value in values.items():
            if name in self._carried:
                self._carried[name] = self._array(value, "float")
                continue
            layout, natives = self._parts.held[name]
            for native, array in layout.to_native({name: value}).items():
                natives[native].set_data(self._array(array, "float"))

    def parameters(self) -> dict[str, Array]:
        arrays: dict[str, Array] = {}
        for layout, natives in self._parts.held.values():
            arrays |= layout.from_native({name: parameter.data().asnumpy() for name, parameter in natives.items()})
        return arrays | {name: array.asnumpy() for name, array in self._carried.items()}

    def place(self, batch: Batch) -> NDArrays:
        placed = {}
        for graph_input in self._graph.batch_inputs():
            if graph_input.name in batch:
                values = np.asarray(batch[graph_input.name])
                placed[graph_input.name] = self._array(values if graph_input.batched else values[None], graph_input.dtype)
        return placed

    def _call(self, program: Program, batch: NDArrays) -> NDArrays:
        """Runs the program on a batch: values by name, and, under `seen`, the moments that batch norms observed, in order."""
        arrays = [self._carried[name] if name in self._carried else batch[name] for name in program.takes]
        outputs = program(*(arrays or [self._array(np.zeros(1), "float")]))
        values = dict(zip(program.gives, outputs, strict=False))
        moments = outputs[len(program.gives) : len(program.gives) + len(program.seen)]
        return values | {"seen": [(*head, value) for head, value in zip(program.seen, moments, strict=True)]}

    def _numpy(self, name: str, array: Any) -> Array:
        values: Array = array.asnumpy()
        shape = self._parts.shapes[name]
        return values.reshape(shape) if name in self._parts.flat else values.reshape(-1, *shape)

    def _values(self, values: NDArrays) -> dict[str, Array]:
        wanted = observed_values(self._graph, self._case.activations)
        return {name: self._numpy(name, values[name]) for name in wanted if name in values}

    def forward(self, batch: NDArrays, training: bool) -> Observation:
        before = self._statistics()
        mode = mxnet.autograd.train_mode if training else mxnet.autograd.predict_mode
        with mode():
            values = self._call(self._observed(training, None), batch)
        self._restore(before)
        return Observation(values=self._values(values))

    def gradients(self, batch: NDArrays, phase: int = 0) -> Observation:
        before, carried = self._statistics(), dict(self._carried)
        program, observed = self._observed(True, phase), self._graph.phases[phase]
        leaves = {name: array.copy() for name, array in batch.items() if name in self._floats}
        for leaf in leaves.values():
            leaf.attach_grad()
        with mxnet.autograd.record():
            values = self._call(program, batch | leaves)
        values[observed.loss].backward()
        self._move(values)
        state = {name: value for name, value in self.parameters().items() if name not in self._parts.trainable}
        self._restore(before)
        self._carried = carried
        reached = self._parts.reached(observed)
        return Observation(
            values=self._values(values),
            loss=self._numpy(observed.loss, values[observed.loss]),
            gradients={name: self._gradient(name, name in reached) for name in observed.updates},
            input_gradients={name: self._numpy(name, leaf.grad) for name, leaf in leaves.items()},
            state=state,
        )

    def hessian_vector_product(self, batch: NDArrays, direction: Mapping[str, Array]) -> dict[str, Array]:
        return curvature.product(self._graph, batch, self.parameters(), direction)

    def _gradient(self, name: str, reached: bool) -> Array:
        gradient: Array = self._parts.native(name).grad().asnumpy()
        return gradient if reached else np.zeros_like(gradient)

    def _statistics(self) -> NDArrays:
        return {statistic.name: self._parts.native(statistic.name).data().copy() for statistic in self._graph.statistics}

    def _restore(self, before: NDArrays) -> None:
        for name, array in before.items():
            self._parts.native(name).set_data(array)

    def _move(self, values: NDArrays) -> None:
        """Moves the statistics that no native layer moves, and keeps the state for the next batch, without its gradient."""
        for name, share, moment in values["seen"]:
            statistic = self._parts.native(name)
            statistic.set_data(statistic.data() * share + moment * (1 - share))
        for state in self._graph.carried:
            self._carried[state.name] = values[state.next].detach().copy()

    def step(self, batch: NDArrays) -> Any:
        if not self._phases:
            raise ValueError(f"case {self._case.id} has no optimizer or no training program to step with")
        loss = None
        for trained in self._phases:
            with mxnet.autograd.record():
                values = self._call(trained.program, batch)
            loss = values[trained.phase.loss]
            loss.backward()
            trained.update()
            self._move(values)
        return Unfetched(loss)

    def save(self) -> dict[str, bytes]:
        return {device.WEIGHTS: device.written({name: held.data() for name, held in self._natives().items()})}

    def load(self, files: Mapping[str, bytes]) -> None:
        arrays, natives = device.read_weights(files[device.WEIGHTS]), self._natives()
        own = {name: held.data() for name, held in natives.items()}
        check_native(device.WEIGHTS, device.held(arrays), device.held(own))
        for name, held in natives.items():
            held.set_data(arrays[name])

    def _natives(self) -> dict[str, Any]:
        """Name in a weight file -> native parameter."""
        held = self._parts.held
        return {f"{name}/{native}": item for name, (_, natives) in held.items() for native, item in natives.items()}

    def synchronize(self) -> None:
        device.synchronize()
