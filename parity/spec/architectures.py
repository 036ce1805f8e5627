"""Owns the regular part of an architecture's file as frozen models: everything but the steps, which stay as they are written.

It refuses to evaluate a number or to look into a step; expansion does both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PrivateAttr
from pydantic_core import PydanticCustomError

from parity.spec.mistakes import Mistake, did_you_mean
from parity.spec.models import Argument, Name, Number, Numbers, Part, Steps, Text, Word, describe
from parity.spec.source import BROKEN, Rows, Table

KEPT_KEYS = frozenset({"from", "repeat", "first", "share", "x", "input"})
"""Words with a fixed meaning in a step. No argument and no input may have such a name, but
a block's first input may be `input`."""


class InputPart(Part):
    """A value that the batch brings, without the batch axis."""

    shape: Numbers
    dtype: Literal["float", "integer"] = "float"
    below: Number | None = None
    range: Numbers | None = None

    def mistakes(self) -> Iterator[Mistake]:
        if self.range is not None and len(self.range) != 2:
            yield Mistake(self.place("range"), "`range` is [low, high]")
        if self.below is not None and self.dtype != "integer":
            yield Mistake(self.place("below"), "`below` bounds integers: say `dtype: integer`")


class BlockPart(Part):
    """A template: each use has new parameters."""

    all_or_nothing = True

    inputs: Annotated[list[Word], Field(min_length=1)] = ["input"]
    arguments: dict[Word, Argument] = {}
    layers: Steps


class NetworkPart(Part):
    """An instance: all uses share the same parameters."""

    all_or_nothing = True

    inputs: dict[Word, InputPart] = Field(min_length=1)
    layers: Steps


class CarriedPart(Part):
    """State that one batch hands to the next: zeros at first, then the value `next` without its gradient."""

    shape: Numbers
    next: Text


class DecodingPart(Part):
    """Greedy decoding: feed `begin`, run, append the arg-max at the last position; repeat until `end` or `steps` tokens."""

    feed: Text
    source: Text = Field(alias="from")
    begin: Number
    end: Number
    steps: Number


def _one_optimizer(value: Any) -> Any:
    if value is BROKEN:
        raise PydanticCustomError("broken", "broken")
    ready = isinstance(value, Table) and len(value) == 1 and isinstance(next(iter(value.values())), (Table, type(None)))
    if not ready:
        text = "an optimizer is one name and its settings: `adam: {learning_rate: 0.001}`"
        raise PydanticCustomError("leaf", "{text}", {"text": text})
    ((name, settings),) = value.items()
    for key, number in (settings or {}).items():
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            raise PydanticCustomError("leaf", "{text}", {"text": f"`{key}` of `{name}` is a number, not {describe(number)}"})
    return value


def _updates(value: Any) -> Any:
    if value is BROKEN:
        raise PydanticCustomError("broken", "broken")
    if not isinstance(value, (Rows, Table)):
        text = "prefixes of parameter names stand here: [generator], or {base: 0.1, head: 1} with factors of the learning rate"
        raise PydanticCustomError("leaf", "{text}", {"text": text})
    return value


def _counts(value: Any) -> Any:
    """A parameter count, or a table with a count for each network."""
    if value is BROKEN:
        raise PydanticCustomError("broken", "broken")
    counts = list(value.values()) if isinstance(value, Table) else [value]
    for count in counts:
        if isinstance(count, bool) or not isinstance(count, int):
            text = f"a count of parameters stands here, or one for each network, not {describe(count)}"
            raise PydanticCustomError("leaf", "{text}", {"text": text})
    return value


Counts = Annotated[Any, BeforeValidator(_counts)]
OptimizerChoice = Annotated[Any, BeforeValidator(_one_optimizer)]
Updates = Annotated[Any, BeforeValidator(_updates)]


class StepPart(Part):
    """One phase of alternating training."""

    updates: Updates = None
    optimizer: OptimizerChoice = None
    loss: Steps


class TrainingPart(Part):
    """The loss, the parameters that it updates, and the optimizer of the paper; or
    several such steps, in order, on one batch."""

    inputs: dict[Word, InputPart] = {}
    loss: Steps = None
    updates: Updates = None
    evaluate: list[Text] = []
    optimizer: OptimizerChoice = None
    steps: list[StepPart] = []

    def mistakes(self) -> Iterator[Mistake]:
        if bool(self.steps) == (self.loss is not None):
            yield Mistake(self.place(), "`training` has a `loss`, or `steps` that have one each")
        for key in ("updates", "optimizer", "evaluate"):
            if self.steps and key in self._table:
                yield Mistake(self._table.key_places[key], f"`{key}` stands in each of the `steps`")


class Architecture(Part):
    """A file of kind architecture. `left_out`: the parts that were removed because of mistakes, as paths into the file."""

    name: Name
    source: Text
    note: Text | None = None
    inputs: dict[Word, InputPart] = {}
    constants: dict[Word, Number] = {}
    sizes: dict[Word, dict[Word, Number]] = {}
    parameters: Counts = None
    blocks: dict[Word, BlockPart] = {}
    networks: dict[Word, NetworkPart] = {}
    carried: dict[Word, CarriedPart] = {}
    layers: Steps = None
    outputs: list[Text] | None = None
    training: TrainingPart | None = None
    decoding: DecodingPart | None = None
    family: Word | None = None
    _left_out: frozenset[tuple[Any, ...]] = PrivateAttr(default=frozenset())

    @property
    def left_out(self) -> frozenset[tuple[Any, ...]]:
        return self._left_out

    def size_names(self) -> tuple[str, ...]:
        """`full`, and the other sizes that the file defines."""
        return ("full", *self.sizes)

    def mistakes(self) -> Iterator[Mistake]:
        """The mistakes that the models alone cannot see; expansion finds the rest."""
        for inputs in (self.inputs, self.training.inputs if self.training else {}):
            for part in inputs.values():
                yield from part.mistakes()
        yield from self._kept_words()
        yield from self._size_constants()
        if self.training:
            yield from self.training.mistakes()
        if self.layers is None and self.training is None and not self.left_out:
            yield Mistake(self.place(), "there are neither `layers` nor `training`")

    def _size_constants(self) -> Iterator[Mistake]:
        """Reports sizes that override anything but constants, whichever size is asked for."""
        for table in self.table("sizes").values():
            for key in table if isinstance(table, Table) else ():
                if key not in self.table("constants") and ("*", key) not in self.left_out:
                    yield Mistake(table.key_places[key], f"no constant `{key}`{did_you_mean(key, self.constants)}")

    def _kept_words(self) -> Iterator[Mistake]:
        tables = [(self.table("inputs"), "input"), (self.table("carried"), "state")]
        for name, block in self.blocks.items():
            tables.append((block.table("arguments"), "argument"))
            for place, input_ in zip(block.places("inputs"), block.inputs, strict=False):
                if input_ in KEPT_KEYS - {"input"} or block.inputs.count(input_) > 1 or input_ in block.arguments:
                    yield Mistake(place, f"an input of the block `{name}` cannot be called `{input_}`")
        tables += [(network.table("inputs"), "input") for network in self.networks.values()]
        for table, what in tables:
            for key, place in table.key_places.items():
                if key in KEPT_KEYS:
                    yield Mistake(place, f"`{key}` has a meaning of its own; give the {what} another name")


def optimizer_choice(chosen: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """{"name", "hyperparameters"} of `{adam: {learning_rate: 0.001}}`."""
    if chosen is None:
        return None
    ((name, settings),) = chosen.items()
    return {"name": name, "hyperparameters": {key: float(value) for key, value in (settings or {}).items()}}
