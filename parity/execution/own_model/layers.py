"""Owns what a worker tells of a user's own model: its leaf layers, their weights and settings, and their calls in order.

It refuses to know a framework, and to judge; standard library alone, since both sides of the seam read it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Weight:
    """One tensor of a leaf under its role, and where it lies: rows of a native array, rearranged.

    layout: `i o -> o i` from native to neutral ("" as it is); rows: a range of the native array's first axis;
    gates: names of the blocks along the neutral's first axis, in the native order.
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
    """A layer that holds no other one that counts. kind: a word all frameworks share, or the class where there is none.

    within: the leaf whose call computes this one too, which others may write as a layer of its own: a lower layer of a stacked
    LSTM, the depthwise part of a separable convolution. own: its class is the user's, derived from a native one, and computes
    in its own way; holds: it calls other leaves while it does.
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
    """A stacked recurrent layer as one leaf for each layer, the last of which has the call. Roles begin with the layer's number
    (`1.kernel`, `1back.kernel`), and begin with 0 in each."""
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
    """One call of a leaf in the order of the run, with the shapes of the tensors that went in and came out.

    sources: for each tensor that went in, the call that gave it, as it is or behind a relu; -1 where no call did; -2 for the
    model's first input, -3 for its second. turns: what happened to each on the way: `last` where its second axis was moved to
    the end, `first` where the last one was moved behind the batch, `swap` where it has but two behind the batch, which were
    exchanged.
    """

    leaf: str
    inputs: tuple[Shape, ...]
    outputs: tuple[Shape, ...]
    sources: tuple[int, ...] = ()
    turns: tuple[str, ...] = ()


def given_input(source: int) -> int | None:
    """The model's input that a source stands for; None for a call, and for what nothing gave."""
    return -2 - source if source <= -2 else None


@dataclass(frozen=True)
class Setting:
    """Where a hyper-parameter stands in the native layer, and how it is read into and written from the shared word."""

    attribute: str
    read: Callable[[Any], Any] = lambda value: value
    write: Callable[[Any], Any] = lambda value: value


@dataclass(frozen=True)
class Kind:
    """What is known of a native class. weights: attribute -> (role, layout)."""

    name: str
    settings: Mapping[str, Setting] = field(default_factory=dict)
    weights: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Slot:
    """Stands for the tensor of this number in nested arguments."""

    place: int


class OwnModel(Protocol):
    """A user's model in its framework, as `own_model/observation.py` gives it in each. Arrays are NumPy's, names native.

    draws: `eval` or `train` -> what the last such pass dropped or drew, each {what, form, rate, where, call};
    scaled: whether dropout, which keeps everything here, divides by the share that it keeps;
    plain: whether a kernel that approximates gives way to the framework's exact one, where it has both (MXNet's log_softmax).
    """

    draws: dict[str, list[dict[str, Any]]]
    scaled: bool
    plain: bool

    def given_inputs(self) -> list[tuple[Shape, str, int | None]] | None:
        """Shapes (without the batch), kinds (`float`, `integer`, `bool`) and the batch, where the model itself knows them."""

    def trace(self, inputs: Sequence[Any]) -> tuple[list[OwnLayer], list[Call], list[Shape]]:
        """Runs once in evaluation mode: the leaves in the order of their first call, every call, the float outputs' shapes."""

    def weights(self) -> dict[str, Any]:
        """Every weight and statistic."""

    def set_weights(self, values: Mapping[str, Any]) -> None:
        """Sets those named."""

    def forward(self, inputs: Sequence[Any]) -> dict[str, Any]:
        """Evaluation mode: `output/<j>`, `in/<call>/<slot>`, `out/<call>/<j>`."""

    def train(self, inputs: Sequence[Any], loss: Sequence[Any], learning_rate: float) -> dict[str, Any]:
        """One step of SGD on Σ loss·outputs: what forward gives, in training mode, with `gradient/<weight>`,
        `input_gradient/<j>` and `after/<weight>`. The weights are as before when it returns."""

    def functions(
        self, inputs: Sequence[Any], training: bool, between: tuple[int, int], given: Mapping[int, Sequence[Any]]
    ) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """A pass again, with the functions that are called without a layer between two calls of layers, as functions.py
        tells them, beside what forward gives. given: number of a function -> what takes the
        place of what it gives. The weights are as before when it returns."""

    def rerun(self, change: Mapping[str, Any], arrays: Mapping[str, Any]) -> dict[str, Any]:
        """One call again, alone. change: call, training (of which pass), settings, and mode where the layer shall train
        otherwise than it did; arrays: `in/<slot>`, `weight/<name>`.
        Gives `out/<j>` and `state/<weight>` of this leaf's statistics. Everything is as before when it returns."""


def taken_apart(value: Any, is_tensor: Callable[[Any], bool], tensors: list[Any]) -> Any:
    """The value with a Slot for each tensor, which goes to `tensors`."""
    if is_tensor(value):
        tensors.append(value)
        return Slot(len(tensors) - 1)
    if isinstance(value, Mapping):
        return {key: taken_apart(item, is_tensor, tensors) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return (
            [taken_apart(item, is_tensor, tensors) for item in value]
            if isinstance(value, list)
            else _tuple(value, is_tensor, tensors)
        )
    return value


def _tuple(value: tuple[Any, ...], is_tensor: Callable[[Any], bool], tensors: list[Any]) -> tuple[Any, ...]:
    return tuple(taken_apart(item, is_tensor, tensors) for item in value)


def put_together(skeleton: Any, tensors: Sequence[Any]) -> Any:
    """The value again, from its slots."""
    if isinstance(skeleton, Slot):
        return tensors[skeleton.place]
    if isinstance(skeleton, Mapping):
        return {key: put_together(item, tensors) for key, item in skeleton.items()}
    if isinstance(skeleton, list):
        return [put_together(item, tensors) for item in skeleton]
    if isinstance(skeleton, tuple):
        return tuple(put_together(item, tensors) for item in skeleton)
    return skeleton


def plain(value: Any) -> Any:
    """A setting as JSON has it: lists for tuples, words for what is neither number, truth value nor text."""
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return getattr(value, "__name__", None) or str(value)
