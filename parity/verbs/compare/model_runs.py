"""Owns the observation of the models of a comparison, all with the same drawn weights, inputs and weights of the loss.

It refuses to judge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy.typing as npt

from parity.comparing import float32_only, layer_mapping, model_outputs, random_arrays
from parity.comparing.layer_mapping import LayerMap
from parity.comparing.model_structure import Structure
from parity.comparing.rerun_interface import Reruns
from parity.comparing.tensor_pairs import Side
from parity.execution.names import INPUT, INSTEAD, LOSS, WEIGHT, array_name, numbered, put_under
from parity.execution.own_model.model_client import Refused
from parity.trials.streams import stream
from parity.verbs.compare import inputs
from parity.verbs.compare.printing import DTYPES, ComparedModel

Array = npt.NDArray[Any]
LEARNING_RATE = 2.0**-6
"""Learning rate of the single step of SGD: exact in float32, and large enough that the update outweighs the weight's
rounding."""


@dataclass(frozen=True)
class ObservedModels:
    """The models of a comparison with their structures, and the settings of their draws. They can be observed repeatedly."""

    models: Sequence[ComparedModel]
    structures: Sequence[Structure]
    wanted: Sequence[Sequence[random_arrays.ComparedInput]]
    mapped: LayerMap
    initial: Mapping[str, Mapping[str, Array]]
    seed: int
    lacking: Mapping[str, Mapping[str, str]]
    scaled: bool = False
    """Whether dropout, which keeps everything here, still divides by the share that it would keep."""
    plain: bool = False
    """Whether kernels that approximate give way to exact ones of the same framework."""
    own: Mapping[str, Mapping[str, Array]] | None = None
    """The weights that each model runs with, where they are its own and not drawn."""

    def calls(self, side: Side) -> list[tuple[int, int]]:
        """The calls of the first model and of this model that correspond."""
        return layer_mapping.calls(self.structures[0], side.structure, self.mapped)

    def alone(self, other: ComparedModel, own: Mapping[str, Mapping[str, Array]]) -> ObservedModels:
        """The base and this model alone, with weights of their own."""
        place = self.models.index(other)
        models, structures = [self.models[0], other], [self.structures[0], self.structures[place]]
        return replace(self, models=models, structures=structures, wanted=[self.wanted[0], self.wanted[place]], own=own)

    def observed(self, draw: int) -> tuple[list[Side], dict[str, list[Array]]]:
        """Every model's observation in both precisions, and the native inputs of each. draw: number of the random draw."""
        numbers, base = stream("compare", self.seed, draw), self.structures[0]
        drawn = inputs.drawn(self.structures, self.wanted, numbers)
        weights = self.own or random_arrays.weights(self.mapped, self.initial, base.label, numbers)
        losses = model_outputs.losses(self.structures, random_arrays.losses(base, numbers))
        sides, inputs_drawn = [], dict[str, list[Array]]()
        for model, structure in zip(self.models, self.structures, strict=True):
            inputs_drawn[model.label] = [structure.entering(number, array, native=True) for number, array in enumerate(drawn)]
            arrays = {
                **numbered(inputs_drawn[model.label], INPUT),
                **numbered(losses[model.label], LOSS),
                **put_under(weights[model.label], WEIGHT),
            }
            asking = {"learning_rate": LEARNING_RATE, "scaled": self.scaled, "plain": self.plain}
            running = [dtype for dtype in DTYPES if dtype not in self.lacking[model.label]]
            answers = {dtype: model.processes[dtype].ask("observe", arrays, **asking) for dtype in running}
            draws = answers[running[0]][0].get("draws", {})
            passes = float32_only.both({dtype: answer[1] for dtype, answer in answers.items()})
            sides.append(Side(structure, passes, weights[model.label], draws))
        return sides, inputs_drawn

    def means(self, inputs: Mapping[str, Sequence[Array]]) -> Reruns:
        """The questions to the models behind this observation. given: label -> native inputs."""
        processes = {
            model.label: model.processes[DTYPES[1] if self.lacking[model.label] else DTYPES[0]] for model in self.models
        }

        def rerun(label: str, change: Mapping[str, Any], arrays: Mapping[str, Array]) -> Mapping[str, Array]:
            try:
                return processes[label].ask("rerun", arrays, **change)[1]
            except Refused:  # a layer that cannot run so confirms no cause
                return {}

        def inverted(label: str, place: int) -> Mapping[str, Array]:
            arrays = inputs[label]
            turned = [*arrays[:place], ~arrays[place], *arrays[place + 1 :]]
            return processes[label].ask("forward", numbered(turned, INPUT))[1]

        def functions(label: str, training: bool, between: tuple[int, int], new: Mapping[int, Array]) -> Any:
            instead = {array_name(INSTEAD, number, 0): array for number, array in new.items()}
            arrays = {**numbered(inputs[label], INPUT), **instead}
            try:
                return processes[label].ask("functions", arrays, training=training, between=between)
            except Refused:  # the replacing numbers do not fit
                return (), {}

        return Reruns(rerun, inverted, lambda label: inputs[label], functions, any(self.lacking.values()))
