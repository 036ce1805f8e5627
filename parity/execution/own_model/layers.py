"""Owns a worker's description of a user's own model: its leaf layers, their weights and settings, and their calls in order.

It refuses to know a framework, and to judge. It needs the standard library alone, since harness and worker both import it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from parity.execution.own_model.calling import Accepted, Calling

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Weight:
    """One tensor of a leaf under its role, and where it lies: in rows of a native array, with axes in another order.

    layout: from native to neutral order, such as `i o -> o i` ("" for no change); rows: a range of the native array's first
    axis; gates: names of the blocks along the neutral tensor's first axis, in the native order.
    """

    role: str
    native: str
    shape: Shape
    layout: str = ""
    rows: tuple[int, int] | None = None
    gates: str = ""
    trainable: bool = True


@dataclass(frozen=True)
class OwnLayer:
    """A layer that is treated as a leaf, since it holds no other layer that counts. kind: a word that all frameworks share, or
    the name of the class if there is none; written: the name of the class.

    within: the leaf whose call computes this layer too, while another model may have a layer of its own for it: a lower layer
    of a stacked LSTM, the depthwise part of a separable convolution. own: whether its class is the user's, derives from a
    native class, and computes in its own way; holds: whether it calls other leaves while it computes.
    """

    name: str
    kind: str
    written: str
    settings: Mapping[str, Any]
    weights: tuple[Weight, ...]
    within: str = ""
    own: bool = False
    holds: bool = False


def unstacked(leaf: OwnLayer) -> list[OwnLayer]:
    """A stacked recurrent layer as one leaf per layer; the call belongs to the last leaf. The roles of the given leaf begin
    with a layer's number (`1.kernel`, `1back.kernel`); the roles of each new leaf begin with 0."""
    numbers = sorted({int("".join(char for char in weight.role.split(".")[0] if char.isdigit())) for weight in leaf.weights})
    layers = []
    for number in numbers:
        own = tuple(
            replace(weight, role=weight.role.replace(str(number), "0", 1))
            for weight in leaf.weights
            if _of_layer(weight, number)
        )
        last = number == numbers[-1]
        name, within = (leaf.name, "") if last else (f"{leaf.name}#{number}", leaf.name)
        layers.append(replace(leaf, name=name, weights=own, within=within))
    return layers


def _of_layer(weight: Weight, number: int) -> bool:
    return weight.role.split(".")[0] in (str(number), f"{number}back")


@dataclass(frozen=True)
class Call:
    """One call of a leaf in the order of the run, with the shapes of its input and output tensors.

    sources: for each input, the number of the call that gave it, unchanged or behind a relu; -1 if no call did; -2 for the
    model's first input, -3 for its second. turns: for each input, how its axes were moved on the way: `last` if the second axis
    was moved to the end, `first` if the last axis was moved behind the batch, `swap` if the only two axes behind the batch were
    exchanged.
    """

    leaf: str
    inputs: tuple[Shape, ...]
    outputs: tuple[Shape, ...]
    sources: tuple[int, ...] = ()
    turns: tuple[str, ...] = ()

    @staticmethod
    def of(leaf: str, taken: Sequence[Any], gave: Sequence[Any]) -> Call:
        """The call that took and gave these arrays."""
        return Call(leaf, tuple(array.shape for array in taken), tuple(array.shape for array in gave))


def given_input(source: int) -> int | None:
    """The number of the model's input that a source stands for; None for a call and for an unknown source."""
    return -2 - source if source <= -2 else None


@dataclass(frozen=True)
class Setting:
    """A hyper-parameter's attribute in the native layer, and how its value is converted to the shared meaning and back."""

    attribute: str
    read: Callable[[Any], Any] = lambda value: value
    write: Callable[[Any], Any] = lambda value: value


@dataclass(frozen=True)
class Kind:
    """What is known of a native class. name: the shared word for its kind; settings: shared word -> attribute; weights:
    attribute -> (role, layout); fixed: settings that all layers of the class have."""

    name: str
    settings: Mapping[str, Setting] = field(default_factory=dict)
    weights: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)


class OwnModel(Protocol):
    """A user's model in its framework, as each implementation's `own_model/observation.py` gives it. Arrays are NumPy's, names
    native.

    draws: `eval` or `train` -> what the last such pass dropped or drew, each {what, form, rate, where, call};
    scaled: whether dropout, which keeps everything here, divides by the share that it keeps;
    plain: whether a kernel that approximates gives way to the framework's exact one, where it has both (MXNet's log_softmax);
    calling: how the inputs are handed over; named: the path of each float output of the last pass, such as `logits`.
    """

    draws: dict[str, list[dict[str, Any]]]
    scaled: bool
    plain: bool
    calling: Calling
    named: list[str]

    def accepts(self, names: Sequence[str]) -> Accepted:
        """What the model takes, as far as its signature tells. names: of the inputs that it shall be handed."""

    def given_inputs(self) -> list[tuple[Shape, str, int | None, str]] | None:
        """Shapes (without the batch), kinds (`float`, `integer`, `bool`), the batch, and names, where the model itself knows
        them."""

    def trace(self, inputs: Sequence[Any]) -> tuple[list[OwnLayer], list[Call], list[Shape]]:
        """Runs the model once in evaluation mode. Gives the leaves in the order of their first call, every call, and the shapes
        of the float outputs."""

    def weights(self) -> dict[str, Any]:
        """Every weight and statistic."""

    def set_weights(self, values: Mapping[str, Any]) -> None:
        """Sets the named weights and statistics."""

    def forward(self, inputs: Sequence[Any]) -> dict[str, Any]:
        """A pass in evaluation mode. Gives `output/<j>`, `in/<call>/<slot>`, `out/<call>/<j>`."""

    def train(self, inputs: Sequence[Any], loss: Sequence[Any], learning_rate: float) -> dict[str, Any]:
        """One step of SGD on Σ loss·outputs. Gives the arrays of `forward`, in training mode, and `gradient/<weight>`,
        `input_gradient/<j>` and `after/<weight>`. The weights are as before when it returns."""

    def functions(
        self, inputs: Sequence[Any], training: bool, between: tuple[int, int], replaced: Mapping[int, Sequence[Any]]
    ) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """Another pass. Gives the functions that are called outside of layers between two calls of layers (functions.py), and
        their arrays with those of `forward`. given: number of a function -> the arrays that replace its outputs. The weights
        are as before when it returns."""

    def rerun(self, change: Mapping[str, Any], arrays: Mapping[str, Any]) -> dict[str, Any]:
        """One call again, alone. change: call, training (of which pass), settings, and mode where the layer shall train
        otherwise than it did; arrays: `in/<slot>`, `weight/<name>`.
        Gives `out/<j>` and `state/<weight>` of this leaf's statistics. Everything is as before when it returns."""
