"""Owns repeat (the paper's table, one row per round) and scan (the same steps for each time step, with states).

It refuses to hide rounds: a repeat is unrolled into nodes; only a scan is one node with a body.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from parity.spec.block_calls import argument
from parity.spec.graph import Body, Node
from parity.spec.ledger import BrokenSpec, GraphBody, KnownNumber, SpecValue
from parity.spec.mistakes import Place, did_you_mean, short
from parity.spec.models import WORD, describe
from parity.spec.nodes import enter
from parity.spec.scopes import Run, Scope
from parity.spec.signatures import whole
from parity.spec.source import BROKEN, Rows, Table
from parity.spec.wiring import WrittenStep, arriving, unknown_keys


def repeat(scope: Scope, step: WrittenStep, name: str, run: Run) -> SpecValue:
    """One round for each row of the table. The columns are numbers inside a round, and the steps are named NAME1.…, NAME2.…"""
    settings = step.table(scope)
    unknown_keys(scope, step, settings, ("table", "times", "first", "index", "layers", "from"))
    if ("table" in settings) == ("times" in settings):
        raise scope.refuse(step.place, "`repeat` has a `table` of rows, or a number of `times`")
    if "layers" not in settings:
        raise scope.refuse(step.place, "`repeat` needs `layers`")
    scope.check_depth(step.place)
    first = first_number(scope, settings)
    x, before = (arriving(scope, step, settings) if "from" in settings else scope.x), scope.x
    for number, row in enumerate(_rows(scope, settings), first):
        scope.ledger.count_step(step.place, scope.trail)
        label = f"{name}{number}"
        scope.take(label, step.place)
        numbers = dict(row)
        if "index" in settings:
            numbers[_index(scope, settings)] = KnownNumber(Fraction(number), settings.places["index"])
        path, home = f"{scope.path}{label}.", f"{scope.home}{label}."
        inner = scope.inner(path=path, home=home, numbers=numbers, own={}, declared={}, parent=scope)
        x = run(inner, settings["layers"], x, settings.places["layers"])
        if x is not None:
            scope.give(label, x)
    scope.x = before
    if x is None:
        raise scope.refuse(step.place, "nothing arrives here; say which value with `from: NAME`")
    scope.give(name, x)
    return x


def first_number(scope: Scope, settings: Table) -> int:
    """The number of the first round; 1 if the file gives none."""
    return whole("first", settings["first"], settings.places["first"], scope, 0) if "first" in settings else 1


def _index(scope: Scope, settings: Table) -> str:
    raw = settings["index"]
    if not isinstance(raw, str) or not WORD.fullmatch(raw):
        raise scope.refuse(settings.places["index"], f"`index` is a name, not {describe(raw)}")
    return raw


def _rows(scope: Scope, settings: Table) -> Iterator[Mapping[str, KnownNumber]]:
    if "times" in settings:
        for _ in range(whole("times", settings["times"], settings.places["times"], scope, 0)):
            yield {}
        return
    table = settings["table"]
    if not isinstance(table, Rows) or not table:
        raise scope.refuse(settings.places["table"], "a `table` is a list of rows: [{channels: 64}, {channels: 128}]")
    tables = [row for row in table if isinstance(row, Table)]
    head = max(tables, key=lambda row: sum(row.keys() == other.keys() for other in tables), default=Table(table.place))
    for row, place in zip(table, table.places, strict=True):
        if row is BROKEN:
            continue
        if not isinstance(row, Table):
            raise scope.refuse(place, f"a row is a mapping {{COLUMN: number}}, not {describe(row)}")
        strange, missing = sorted(row.keys() - head.keys()), sorted(head.keys() - row.keys())
        for column in strange:
            close = did_you_mean(column, missing)
            scope.refuse(row.key_places[column], f"the other rows have no column `{short(column)}`{close}")
        if missing and not strange:
            scope.refuse(place, f"this row lacks the column `{missing[0]}`")
        numbers = {column: KnownNumber(None, place) for column in missing}
        for column, raw in row.items():
            try:
                if not WORD.fullmatch(column):
                    raise scope.refuse(row.key_places[column], f"`{short(column)}` is no name of a column")
                value: Fraction | bool | None = argument(scope, column, raw, row.places[column])
            except BrokenSpec:
                value = None
            numbers[column] = KnownNumber(value, head.key_places.get(column, place))
        yield numbers


def scan(scope: Scope, step: WrittenStep, name: str, run: Run) -> SpecValue:
    """The steps run once for each time step of the arriving value. `input` is the slice;
    states pass from one time step to the next."""
    settings = step.table(scope)
    unknown_keys(scope, step, settings, ("from", "state", "next", "layers"))
    if "layers" not in settings:
        raise scope.refuse(step.place, "`scan` needs `layers`")
    scope.check_depth(step.place)
    x = arriving(scope, step, settings)
    states, after = (_names_of_values(scope, settings, key) for key in ("state", "next"))
    for key in sorted(states.keys() ^ after.keys()):
        place = (settings["state"] if key in states else settings["next"]).key_places[key]
        raise scope.refuse(place, f"state `{key}` stands in one of `state` and `next` only")
    starts = {key: scope.value(raw, place) for key, (raw, place) in states.items()}
    if x.shape is not None and len(x.shape) < 1:
        raise scope.refuse(step.place, "`scan` runs over time, and the value that arrives has no axis")
    frame = GraphBody(f"{scope.frame.prefix}{scope.path}{name}.", scope.frame)
    own = {key: SpecValue(key, value.shape, value.dtype, value.batched, frame) for key, value in starts.items()}
    own["input"] = SpecValue("input", None if x.shape is None else x.shape[1:], x.dtype, x.batched, frame)
    inner = scope.inner(frame=frame, path="", home=f"{scope.home}{name}.", numbers={}, own=own, declared={}, parent=scope)
    output = run(inner, settings["layers"], own["input"], settings.places["layers"])
    if output is None or output.shape is None or x.shape is None or any(value.shape is None for value in starts.values()):
        raise BrokenSpec
    ends = {key: inner.value(raw, place) for key, (raw, place) in after.items()}
    for key, end in ends.items():
        if end.shape is None:
            raise BrokenSpec
        if end.shape != starts[key].shape:
            message = f"state `{key}` has shape {starts[key].shape}, its next value {end.shape}"
            raise scope.refuse(after[key][1], message)
    return enter(scope, name, _scan_node(scope, step, name, x, starts, ends, output, frame))


def _names_of_values(scope: Scope, settings: Table, key: str) -> dict[str, tuple[Any, Place]]:
    raw = settings.get(key)
    if raw is None:
        return {}
    if not isinstance(raw, Table):
        raise scope.refuse(settings.places[key], f"`{key}` is a mapping {{NAME: VALUE}}, not {describe(raw)}")
    for name, place in raw.key_places.items():
        if not WORD.fullmatch(name) or name in ("x", "input"):
            raise scope.refuse(place, f"`{short(name)}` is no name for a state")
    return {name: (value, raw.places[name]) for name, value in raw.items()}


def _scan_node(
    scope: Scope,
    step: WrittenStep,
    name: str,
    x: SpecValue,
    starts: Mapping[str, SpecValue],
    ends: Mapping[str, SpecValue],
    output: SpecValue,
    frame: GraphBody,
) -> Node:
    clash = frame.captured.keys() & {*frame.values, *starts, "input"}
    for word in sorted(clash):
        raise scope.refuse(step.place, f"`{word}` is a value outside and inside of the scan; give one of them another name")
    time = (x.shape or (1,))[0]
    body = Body(
        nodes=tuple(frame.nodes),
        sequences={"input": x.name},
        state={key: value.name for key, value in starts.items()},
        next={key: value.name for key, value in ends.items()},
        captured=tuple(frame.captured),
        output=output.name,
    )
    return Node(
        name=scope.path + name,
        op="scan",
        inputs={},
        attributes={},
        parameters={},
        outputs={"": (time, *(output.shape or ()))},
        batched=x.batched or output.batched,
        flops=time * sum(node.flops for node in frame.nodes),
        body=body,
        place=f"{step.place.line}:{step.place.column}",
    )
