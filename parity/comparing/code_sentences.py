"""Owns the sentences about two corresponding steps of code that differ: in their settings, their inputs or their functions.

It refuses to test them; code_reruns.py has done so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from parity.comparing import code_departures, judged_tensors, recognized_functions
from parity.comparing.code_departures import CodePass, KnownValues, Step
from parity.judgement import budgets

if TYPE_CHECKING:
    from parity.comparing.code_reruns import Counterparts

Array = npt.NDArray[Any]
WORDS = {
    **dict.fromkeys(("add", "addv2", "iadd", "radd", "broadcast_add", "elemwise_add", "_plus", "_plus_scalar"), "add"),
    **dict.fromkeys(("mul", "imul", "rmul", "multiply", "broadcast_mul", "elemwise_mul", "_mul_scalar"), "mul"),
    **dict.fromkeys(("sub", "isub", "rsub", "subtract", "broadcast_sub", "elemwise_sub"), "sub"),
    **dict.fromkeys(("div", "truediv", "itruediv", "realdiv", "divide", "broadcast_div", "_div_scalar"), "div"),
    **dict.fromkeys(("matmul", "bmm", "batchmatmulv2", "einsum", "batch_dot", "linear", "dot"), "matmul"),
    **dict.fromkeys(("getitem", "stridedslice", "slice", "slice_axis"), "slice"),
    **dict.fromkeys(("chunk", "split", "splitv", "tensor_split", "slicechannel", "unbind", "unpack"), "split"),
    **dict.fromkeys(("cat", "concat", "concatenate", "concatv2"), "concat"),
    **dict.fromkeys(("stack", "pack"), "stack"),
}
"""A framework's name of a function -> the word for it in all frameworks."""

LARGE = 1_000_000
"""Size of an array above which no function is looked for that explains it."""

MASKS = ("masked_fill", "where", "selectv2")
SPLITS = ("split", "slice")
DEPTH = 4
"""How many functions back a sentence tells where a value comes from."""


def word(step: Step) -> str:
    name = step.name.lower().strip("_")
    return WORDS.get(name, name)


TESTED = "(tested: with the numbers of the one in the place of the other's nothing departs there)"


def sentences(pairs: Sequence[Counterparts], labels: tuple[str, str]) -> Iterator[str]:
    """One sentence for each pair of lines of code."""
    keys = set[Any]()
    for counterparts in pairs:
        key = tuple(
            (step.name, step.where, step.code, step.title) if step is not None else None
            for step in (counterparts.first, counterparts.second)
        )
        if key not in keys:
            keys.add(key)
            yield _sentence(counterparts, labels)


def reordered(regions: tuple[code_departures.Region, code_departures.Region], labels: tuple[str, str]) -> str:
    """A sentence if both models call the same functions with the same settings in another order; "" otherwise."""
    chains = [[step for step in region.steps if step.number >= 0] for region in regions]
    keys = [[(word(step), _plain(step)) for step in chain] for chain in chains]
    if keys[0] == keys[1] or sorted(keys[0]) != sorted(keys[1]):
        return ""
    if not all(len(region.front) == 1 and region.steps[0] is region.front[0] for region in regions):
        return ""
    said = [f"{', then '.join(name for name, _ in key)} in {label}" for key, label in zip(keys, labels, strict=True)]
    calls = [f"{chain[0].told} in {label}" for chain, label in zip(chains, labels, strict=True)]
    return f"order of functions: {'; '.join(said)}: {', '.join(calls)} (both call the same ones with the same settings)"


def exchanged(passes: tuple[CodePass, CodePass], targets: tuple[Array, Array], titles: tuple[str, str]) -> str:
    """A sentence if both models have both values, and a layer takes another of them than its counterpart; "" otherwise."""
    crossed = KnownValues(passes[1].values()).like(targets[0]), KnownValues(passes[0].values()).like(targets[1])
    if crossed[0] is None or crossed[1] is None:
        return ""
    origins = [_origin(code_pass, target) for code_pass, target in zip(passes, targets, strict=True)]
    if origins[0] == origins[1]:
        return ""
    kind = "inputs exchanged" if all(origin.startswith("input ") for origin in origins) else "wiring"
    return (
        f"{kind}: {titles[0]} takes {origins[0]}, {titles[1]} takes {origins[1]} (tested: both models have both values; with "
        "the former's the latter gives its output)"
    )


def _sentence(counterparts: Counterparts, labels: tuple[str, str]) -> str:
    if counterparts.first is None or counterparts.second is None:
        side, step = (0, counterparts.first) if counterparts.first is not None else (1, counterparts.second)
        if step is None:
            return ""
        what = {"add": "wiring: a sum (a residual path, or skip) left out: ", "mul": "scale: ", "div": "scale: "}
        origins = " and ".join(_origin(counterparts.passes[side], array) for array in step.taken)
        head = what.get(word(step), "function: ") if len(step.taken) > 1 or word(step) != "add" else "function: "
        said = f"{step.told} in {labels[side]}, {word(step)} of {origins}{_scalars(step)}; {labels[1 - side]} goes without it"
        return f"{head}{said} (tested: without it nothing departs there)"
    fronts = _fronts(counterparts, labels)
    head = (
        fronts
        or _setting(counterparts.first, counterparts.second, labels)
        or _exchanged(counterparts, counterparts.first, counterparts.second, labels)
    )
    head = (
        head
        or _numbers(counterparts, counterparts.first, counterparts.second, labels)
        or _functions(counterparts.first, counterparts.second)
    )
    return f"{head}: {counterparts.first.told} in {labels[0]}, {counterparts.second.told} in {labels[1]} {TESTED}"


def _fronts(counterparts: Counterparts, labels: tuple[str, str]) -> str:
    """A sentence from the first steps that depart, if the pair that was tested lies behind them."""
    for first in counterparts.fronts[0]:
        for second in counterparts.fronts[1]:
            if first is counterparts.first and second is counterparts.second:
                continue
            if names := _sum_left_out(first, second, labels) or _sum_left_out(second, first, labels[::-1]):
                return names
            if word(first) == word(second) and (names := _setting(first, second, labels)):
                return names
            if word(first) in SPLITS and word(second) in SPLITS and any(_taken_too(first, array) for array in second.taken):
                return _functions(first, second)
    return ""


def _sum_left_out(first: Step, second: Step, labels: tuple[str, str]) -> str:
    """The first step adds two values, and the second takes only one of them."""
    if len(first.taken) != 2 or first.taken[0].shape != first.taken[1].shape != () or word(second) == "add":
        return ""
    whole = first.taken[0] + first.taken[1] if first.taken[0].dtype.kind == "f" else first.taken[0]
    adds = whole.shape == first.gave[0].shape and code_departures.same(whole, first.gave[0])
    if not adds or not any(_taken_too(first, array) for array in second.taken):
        return ""
    return (
        f"wiring: a sum (a residual path, or skip) left out: {first.told} adds two values in {labels[0]}, {labels[1]} takes one"
    )


def _taken_too(step: Step, array: Array) -> bool:
    return any(code_departures.same(taken_array, array) for taken_array in step.taken)


def _scalars(step: Step) -> str:
    numbers = [f"{name} {value:.9g}" for name, value in step.settings.items() if isinstance(value, float)]
    return f", {', '.join(numbers)}" if numbers else ""


def _setting(first: Step, second: Step, labels: tuple[str, str]) -> str:
    """The same function is called on the same values with different arguments."""
    if word(first) != word(second) or first.settings.keys() != second.settings.keys() or not same(first, second):
        return ""
    differing = [name for name in first.settings if first.settings[name] != second.settings[name]]
    said = [f"{name} {first.settings[name]} in {labels[0]}, {second.settings[name]} in {labels[1]}" for name in differing]
    return f"{word(first)}: {'; '.join(said)}" if said else ""


def same(first: Step, second: Step) -> bool:
    """Whether two steps took the same values."""
    return len(first.taken) == len(second.taken) and all(
        code_departures.same(taken_array, two) for taken_array, two in zip(first.taken, second.taken, strict=True)
    )


def _exchanged(counterparts: Counterparts, first: Step, second: Step, labels: tuple[str, str]) -> str:
    """The same function is called on other values, or on the same values in another order."""
    if word(first) != word(second) or not first.taken or not second.taken:
        return ""
    if word(first) in ("add", "mul") and all(KnownValues(second.taken).like(array) is not None for array in first.taken):
        return ""
    if same(first, second):
        return ""
    origins = [
        [_origin(side, array) for array in step.taken] for side, step in zip(counterparts.passes, (first, second), strict=True)
    ]
    if origins[0] == origins[1]:
        if _sorted_alike(first.taken, second.taken):
            return "order: numbers that the models hold, the same interleaved or concatenated otherwise"
        return "numbers that the models hold differ"
    said = "; ".join(f"{' and '.join(names)} in {label}" for names, label in zip(origins, labels, strict=True))
    parts = [re.findall(r"part (\d+) of (\d+)", " ".join(names)) for names in origins]
    gates = all(parts) and parts[0] != parts[1]
    order = "gate order, or the order of the parts of one split" if gates else "wiring: other inputs"
    if sorted(origins[0]) == sorted(origins[1]):
        order = "order of branches: inputs exchanged"
    return f"{order}: {word(first)} takes {said}"


def _numbers(counterparts: Counterparts, first: Step, second: Step, labels: tuple[str, str]) -> str:
    """What each step computes from its input, if both have a name for it and the names differ."""
    names = []
    heads = [fronts[0] if fronts else step for fronts, step in zip(counterparts.fronts, (first, second), strict=True)]
    for side, head, step in zip(counterparts.passes, heads, (first, second), strict=True):
        if not head.taken or not step.gave or head.taken[0].size > LARGE:
            return ""
        before, after = side.structure.neutral(head.taken[0]), side.structure.neutral(step.gave[0])
        if step is second and second.taken and first.taken:  # both in the first's layout if the inputs are the same
            shared = code_departures.converted(second.taken[0], first.taken[0], second.gave[0])
            if shared is not None and shared.shape == first.gave[0].shape and head is second:
                before, after = (counterparts.passes[0].structure.neutral(array) for array in (first.taken[0], shared))
        names.append(recognized_functions.named(before, after, 10 * code_departures.limit(step.gave[0])))
    if all(names) and names[0] != names[1]:
        return f"function: {names[0]} in {labels[0]}, {names[1]} in {labels[1]}"
    return ""


def _functions(first: Step, second: Step) -> str:
    words = word(first), word(second)
    if set(words) == {"concat", "stack"} or (_ordered(first, second) and {"concat", "stack"} & set(words)):
        return "order: the same numbers interleaved in the one and concatenated in the other"
    if all(name in SPLITS for name in words):
        return f"order: the parts are cut otherwise (halves, or every second number: pairs): {_cut(first)} and {_cut(second)}"
    if all(name in MASKS for name in words):
        return "mask: the one hides other places than the other"
    if words[0] == words[1]:
        return f"function: {words[0]}, with {_plain(first)} and with {_plain(second)}"
    return f"function: {words[0]} against {words[1]}"


def _cut(step: Step) -> str:
    return f"{step.name} {_plain(step)}"


def _plain(step: Step) -> str:
    return ", ".join(f"{name} {value}" for name, value in step.settings.items() if not str(value).startswith("in"))


def _sorted_alike(mine: Sequence[Array], other: Sequence[Array]) -> bool:
    return len(mine) == len(other) and all(_same_numbers(array, two) for array, two in zip(mine, other, strict=True))


def _ordered(first: Step, second: Step) -> bool:
    return _same_numbers(first.gave[0], second.gave[0])


def _same_numbers(tensor: Array, two: Array) -> bool:
    """Whether two tensors hold the same numbers, in any order and shape."""
    if tensor.size != two.size:
        return False
    left, right = (np.sort(array, axis=None).astype(np.float64) for array in (tensor, two))
    near = max(budgets.reordered(array.dtype.name) for array in (tensor, two))
    return judged_tensors.distance(left, right) <= near * float(np.max(np.abs(left), initial=0.0))


def _origin(own: CodePass, array: Array, depth: int = DEPTH) -> str:
    """Where a value comes from: an input, a weight, a layer, or a function of these."""
    for place, input_ in enumerate(own.inputs):
        if input_.dtype.kind == "f" and input_.size == array.size and code_departures.same(array, input_):
            return f"input {place}"
    for name, weight in own.weights.items():
        if weight.size == array.size and weight.tobytes() == array.tobytes():
            return name
    step = own.producer(array)
    if step is None:
        return "a number that the model holds"
    if step.title:
        return step.title
    parts = len(step.gave)
    number = next((place for place, given_array in enumerate(step.gave) if given_array.tobytes() == array.tobytes()), 0)
    if not depth or not step.taken:
        return step.told
    inner = _origin(own, step.taken[0], depth - 1)
    return f"part {number + 1} of {parts} of {inner}" if parts > 1 else f"{word(step)} of {inner}"
