"""Owns the names of the arrays that processes exchange and files keep: their words, and how names are built and taken apart.

It refuses to read an array, and needs the standard library alone, since a worker imports it too.

A name is a group followed by a name from the spec (from the model if it is a user's own), which may contain slashes itself:

    into a worker   parameter/NAME  statistic/NAME  carried/NAME  batch/STEP/INPUT  direction/NUMBER/NAME  dataset/INPUT
                    test/INPUT  order  native/FILE, and behind check/ what a timed process answers with
    out of it       forward/VALUE  value/VALUE  loss  gradient/NAME  input_gradient/INPUT  state/NAME  after/NAME  decoded
                    step/STEP/gradient/NAME  step/STEP/parameter/NAME  step/STEP/loss  step/STEP/PHASE/gradient/NAME
                    product/NUMBER/NAME  newton/STEP/step/NAME  newton/STEP/parameter/NAME  sample/NUMBER  sample/again
                    parameter/NAME  again/NAME  native/FILE  losses  test/OUTPUT  timed/loss
    fingerprints    in and out, the steps of each stacked: batches/NAME  batches/rate  parameters/NAME
                    parameter/NAME  hyperparameter/NAME  known/ARGUMENT, and SETTING/RESULT, whose words are the forms';
                    in and out also behind further/ROUND
    own models      weight/NAME  input/NUMBER  loss/NUMBER  eval/…  train/…, and behind these two, or alone: in/CALL/SLOT
                    out/CALL/NUMBER  output/NUMBER  gradient/NAME  input_gradient/NUMBER  after/NAME; of one call run alone:
                    in/SLOT  out/NUMBER  state/NAME; of functions: function/NUMBER/in/SLOT  function/NUMBER/out/NUMBER, and
                    instead/NUMBER/NUMBER for arrays that replace a function's outputs
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

T = TypeVar("T")

SEPARATOR = "/"

PARAMETER, STATISTIC, CARRIED = "parameter", "statistic", "carried"
INITIAL = (PARAMETER, STATISTIC, CARRIED)
"""Groups of the arrays that a model holds before a pass."""
BATCH, DIRECTION = "batch", "direction"
START, FINAL = "start", "final"
DATASET, TEST, ORDER, LOSSES = "dataset", "test", "order", "losses"

FORWARD, VALUE, LOSS, GRADIENT, INPUT_GRADIENT = "forward", "value", "loss", "gradient", "input_gradient"
STATE, AFTER, STEP, DECODED = "state", "after", "step", "decoded"
PRODUCT, NEWTON = "product", "newton"
SAMPLE, AGAIN, NATIVE = "sample", "again", "native"
CHECK, TIMED = "check", "timed"
"""Of a timed process: what replaces its arrays for the check behind the clock, and what its step itself gave there."""

HYPERPARAMETER, KNOWN, FURTHER = "hyperparameter", "known", "further"
BATCHES, PARAMETERS = "batches", "parameters"
"""Groups of a fingerprint's gradients and weights; one array holds all steps of one weight."""
RATE = "rate"
"""The input of a fingerprint's batch that holds the learning rate of its step."""

WEIGHT, INPUT, OUTPUT = "weight", "input", "output"
EVAL, TRAIN = "eval", "train"
TAKEN, GIVEN = "in", "out"
"""Groups of the arrays that a layer's call took and gave."""
FUNCTION, INSTEAD = "function", "instead"


def array_name(*parts: str | int) -> str:
    """The parts joined to one name: `batch/0/x`."""
    return SEPARATOR.join(str(part) for part in parts)


def step_name(step: int, *parts: str, phase: str = "") -> str:
    """A name inside of a training step: `step/3/gradient/x`. phase: "" for the first phase, otherwise the phase's name."""
    return array_name(STEP, step, *((phase,) if phase else ()), *parts)


def group_of(name: str) -> str:
    """The first part of a name; the whole name if it has only one part."""
    return name.partition(SEPARATOR)[0]


def own_name(name: str) -> str:
    """A name without its first part; "" if it has only one part."""
    return name.partition(SEPARATOR)[2]


def last_part(name: str) -> str:
    """The last part of a name: `0` of `train/input_gradient/0`."""
    return name.rpartition(SEPARATOR)[2]


def lies_under(name: str, *group: str | int) -> bool:
    """Whether a name belongs to a group."""
    return name.startswith(array_name(*group, ""))


def ends_in(name: str, *parts: str | int) -> bool:
    """Whether these are the last parts of a longer name."""
    return name.endswith(array_name("", *parts))


def under(arrays: Mapping[str, T], *group: str | int) -> dict[str, T]:
    """The arrays of a group, by their names in it."""
    start = array_name(*group, "")
    return {name.removeprefix(start): array for name, array in arrays.items() if name.startswith(start)}


def put_under(arrays: Mapping[str, T], *group: str | int) -> dict[str, T]:
    """The arrays with their names put into a group; the inverse of `under`."""
    return {array_name(*group, name): array for name, array in arrays.items()}


def numbered(arrays: Iterable[T], *group: str | int) -> dict[str, T]:
    """The arrays as a group, named by numbers from 0 on."""
    return {array_name(*group, number): array for number, array in enumerate(arrays)}


def of_calls(calls: Iterable[tuple[Iterable[T], Iterable[T]]]) -> dict[str, T]:
    """The inputs and outputs of each call of a model's layers, by name."""
    arrays: dict[str, T] = {}
    for place, (taken, gave) in enumerate(calls):
        arrays |= numbered(taken, TAKEN, place) | numbered(gave, GIVEN, place)
    return arrays


def in_order(arrays: Mapping[str, T], *group: str | int) -> list[T]:
    """The arrays that `numbered` took, in the same order."""
    by_number = under(arrays, *group)
    return [by_number[str(number)] for number in range(len(by_number))]


def numbers(names: Iterable[str], *group: str | int) -> list[int]:
    """The numbers that follow a group in these names, ascending: the steps of `batch`."""
    return sorted({int(group_of(name)) for name in under(dict.fromkeys(names), *group)})


def initial(arrays: Mapping[str, T]) -> dict[str, T]:
    """Parameters, statistics and carried state by the spec's names."""
    return {own_name(name): array for name, array in arrays.items() if group_of(name) in INITIAL}
