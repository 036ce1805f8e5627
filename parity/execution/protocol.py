"""Owns the interface of a framework: the Framework and Realization protocols, their observations, and parameter layouts.

It refuses to judge, to draw numbers and to import any framework.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from parity.spec.cases import Case

Array = npt.NDArray[Any]
Batch = Mapping[str, Array]
"""Input name -> array of shape (batch, *shape), or (*shape) if the input has no batch axis."""


class Unsupported(Exception):
    """The framework cannot run the case. The message says what it lacks and why. It becomes the outcome `unsupported`."""


@dataclass(frozen=True)
class Description:
    """A framework's description of itself on this machine."""

    name: str
    version: str
    versions: Mapping[str, str]  # of every package that could move a number: numpy, keras, backend …
    devices: tuple[str, ...]  # cpu, gpu, tpu
    modes: tuple[str, ...]  # eager, compiled, …
    default_mode: str  # what `default` means here
    dtypes: tuple[str, ...]
    settings: Mapping[str, str] = field(default_factory=dict)  # threads, BLAS, TF32 …


@dataclass(frozen=True)
class Observation:
    """The results of one pass, as NumPy arrays in the tested dtype, under the spec's names and in the spec's layout.

    values: every float value of the layers (node name or `NAME.SUFFIX`); with `case.activations` False only the outputs.
    gradients: parameter name -> gradient of the loss, without frozen parameters. input_gradients: float input -> gradient.
    state: statistics and carried state after a training pass.
    """

    values: Mapping[str, Array] = field(default_factory=dict)
    loss: Array | None = None
    gradients: Mapping[str, Array] = field(default_factory=dict)
    input_gradients: Mapping[str, Array] = field(default_factory=dict)
    state: Mapping[str, Array] = field(default_factory=dict)


class Realization(Protocol):
    """A case built natively in a framework, ready to run. If a framework runs forward only (its line in frameworks.py says so),
    `gradients`, `hessian_vector_product` and `step` raise Unsupported, and so do `sample`, `scheduled` and `drive` of the
    framework.

    A `batch` below is the result of `place`. Parameters, statistics and carried state have the spec's names and layouts;
    carried state has shape (batch, *shape).
    """

    def set_parameters(self, values: Mapping[str, Array]) -> None:
        """Sets any subset of parameters, statistics and carried state. Leaves the optimizer's state alone."""

    def parameters(self) -> dict[str, Array]:
        """Copies of all parameters, statistics and carried state."""

    def place(self, batch: Batch) -> Any:
        """Moves a batch to the device in native form. Timing calls it before the clock starts."""

    def forward(self, batch: Any, training: bool) -> Observation:
        """Values of the layers (no loss). Leaves everything bitwise as before."""

    def gradients(self, batch: Any, phase: int = 0) -> Observation:
        """One training pass of one phase: values, loss, gradients, and the state that the pass would leave. Leaves everything
        bitwise as before."""

    def hessian_vector_product(self, batch: Any, direction: Mapping[str, Array]) -> dict[str, Array]:
        """H·v of the first phase's loss in training mode, for the parameters that the phase updates. direction: v, in the
        tested dtype. Leaves everything bitwise as before. Raises Unsupported, naming the op, if the framework has no second
        derivative."""

    def step(self, batch: Any) -> Any:
        """Trains on one batch, every phase in order. Returns the native loss of the last phase, and fetches nothing."""

    def save(self) -> dict[str, bytes]:
        """Parameters and statistics in the framework's own weights format: file name -> content."""

    def load(self, files: Mapping[str, bytes]) -> None:
        """Loads the files that `save` gave, with the framework's own loader in its safe mode."""

    def synchronize(self) -> None:
        """Returns when the device has done all its work."""


@dataclass(frozen=True)
class Drive:
    """The request to a framework's `drive`: how to make the optimizer, the initial weights, each step's gradients and rate."""

    make: Callable[..., Any]
    keywords: Mapping[str, Any]
    initial: Mapping[str, Array]
    gradients: tuple[Mapping[str, Array], ...]
    rates: tuple[float, ...]


@dataclass(frozen=True)
class ProbeRequest:
    """The request to the driver of a kind: the object and its arguments, by its own names (keywords) and by ours (wanted).

    names: every argument that the object has. arrays: its inputs. dtype: the precision in which it runs.
    """

    make: Callable[..., Any]
    setting: str
    keywords: Mapping[str, Any]
    wanted: Mapping[str, Any]
    names: frozenset[str]
    arrays: Mapping[str, Array]
    dtype: str

    @property
    def word(self) -> str:
        """The object's own name."""
        return str(getattr(self.make, "__name__", ""))


class Framework(Protocol):
    """The module `parity.<name>_impl.framework` offers these as functions of the class `Implementation`."""

    name: str

    def describe(self) -> Description:
        """Versions, devices, modes."""

    def sample(self, case: Case) -> Array:
        """One draw of the native initializer `case.initializer` for `case.sampling` (shape, role, fans, seed), spec layout."""

    def realize(self, case: Case) -> Realization:
        """Builds the case. Raises Unsupported with a reason."""

    def scheduled(self, case: Case) -> Array:
        """The learning rates of `case.steps` steps of a native optimizer under the schedule `case.optimizer`."""

    def drive(self, request: Drive) -> list[dict[str, Array]]:
        """Runs steps of a native optimizer. Gives the weights after each. Raises Unsupported if the object is no optimizer."""


class Move(Protocol):
    """One invertible step of a layout."""

    def apply(self, arrays: list[Array]) -> list[Array]: ...

    def invert(self, arrays: list[Array]) -> list[Array]: ...


@dataclass(frozen=True)
class Transpose:
    """Reorders the axes of every array."""

    axes: tuple[int, ...]

    def apply(self, arrays: list[Array]) -> list[Array]:
        return [np.transpose(array, self.axes) for array in arrays]

    def invert(self, arrays: list[Array]) -> list[Array]:
        return [np.transpose(array, np.argsort(self.axes)) for array in arrays]


@dataclass(frozen=True)
class Reshape:
    """Gives every array the shape `after`; it had `before`."""

    before: tuple[int, ...]
    after: tuple[int, ...]

    def apply(self, arrays: list[Array]) -> list[Array]:
        return [np.reshape(array, self.after) for array in arrays]

    def invert(self, arrays: list[Array]) -> list[Array]:
        return [np.reshape(array, self.before) for array in arrays]


@dataclass(frozen=True)
class Permute:
    """Reorders equal blocks along an axis (the gates of a recurrent kernel)."""

    order: tuple[int, ...]
    axis: int = 0

    def apply(self, arrays: list[Array]) -> list[Array]:
        return [self._reorder(array, self.order) for array in arrays]

    def invert(self, arrays: list[Array]) -> list[Array]:
        return [self._reorder(array, np.argsort(self.order)) for array in arrays]

    def _reorder(self, array: Array, order: Sequence[int] | Array) -> Array:
        blocks = np.split(array, len(self.order), axis=self.axis)
        return np.concatenate([blocks[place] for place in order], axis=self.axis)


@dataclass(frozen=True)
class Split:
    """Splits one array into several along an axis."""

    sizes: tuple[int, ...]
    axis: int = 0

    def apply(self, arrays: list[Array]) -> list[Array]:
        (array,) = arrays
        return np.split(array, np.cumsum(self.sizes)[:-1], axis=self.axis)

    def invert(self, arrays: list[Array]) -> list[Array]:
        return [np.concatenate(arrays, axis=self.axis)]


@dataclass(frozen=True)
class Concatenate:
    """Joins several arrays into one along an axis."""

    sizes: tuple[int, ...]
    axis: int = 0

    def apply(self, arrays: list[Array]) -> list[Array]:
        return Split(self.sizes, self.axis).invert(arrays)

    def invert(self, arrays: list[Array]) -> list[Array]:
        return Split(self.sizes, self.axis).apply(arrays)


@dataclass(frozen=True)
class ZeroPartner:
    """Appends an array of zeros that stays zero and frozen (the second bias of torch's and MXNet's LSTM)."""

    shape: tuple[int, ...]

    def apply(self, arrays: list[Array]) -> list[Array]:
        return [*arrays, np.zeros(self.shape, arrays[0].dtype)]

    def invert(self, arrays: list[Array]) -> list[Array]:
        if np.any(arrays[-1]):
            raise ValueError("a frozen zero partner is no longer zero")
        return arrays[:-1]


@dataclass(frozen=True)
class ParameterLayout:
    """A bijection between spec parameters and a framework's native arrays.

    spec: names in the spec; native: names in the framework; moves: the steps from spec to native arrays.
    """

    spec: tuple[str, ...]
    native: tuple[str, ...]
    moves: tuple[Move, ...] = ()

    def to_native(self, values: Mapping[str, Array]) -> dict[str, Array]:
        arrays = [values[name] for name in self.spec]
        for move in self.moves:
            arrays = move.apply(arrays)
        return dict(zip(self.native, arrays, strict=True))

    def from_native(self, values: Mapping[str, Array]) -> dict[str, Array]:
        arrays = [values[name] for name in self.native]
        for move in reversed(self.moves):
            arrays = move.invert(arrays)
        return dict(zip(self.spec, arrays, strict=True))


Held = Mapping[str, tuple[tuple[int, ...], str]]
"""Name of a native array -> its shape and type, as the framework writes them."""


def check_native(file: str, held: Held, wanted: Held) -> None:
    """Compares native weights with the model's, array by array. Raises ValueError if they differ in names, shapes or types,
    since frameworks cast and skip arrays silently."""
    problems = [f"it lacks {name}" for name in wanted if name not in held]
    problems += [f"{name} is none of the model's arrays" for name in held if name not in wanted]
    for name in wanted:
        if name in held and held[name] != wanted[name]:
            (shape, kind), (own, precision) = held[name], wanted[name]
            problems.append(f"{name} has shape {shape} and type {kind}, the model's has {own} and {precision}")
    if problems:
        more = f", and {len(problems) - 5} more" if len(problems) > 5 else ""
        raise ValueError(f"{file} does not fit the model: {'; '.join(problems[:5])}{more}")
