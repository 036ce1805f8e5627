"""Owns the steps of a list: each step is taken, named, repeated and joined, and its value goes to the next.

It refuses to know the file around the steps; expansion prepares the scope.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from parity.ops import TABLE
from parity.spec.block_calls import call
from parity.spec.formula_step import formula_step
from parity.spec.ledger import BrokenSpec, SpecValue
from parity.spec.mistakes import Place, did_you_mean, short
from parity.spec.models import describe
from parity.spec.repeats import first_number, repeat, scan
from parity.spec.scopes import Scope
from parity.spec.signatures import signature_of, whole
from parity.spec.source import BROKEN, Rows, Table
from parity.spec.wiring import WrittenStep, arriving, join_step, op_step, parse_step


def run(scope: Scope, rows: Any, x: SpecValue | None, place: Place) -> SpecValue | None:
    """Takes the steps of a list in order and hands the value of each to the next. Returns the last value."""
    if rows is BROKEN:
        return scope.broken()
    if not isinstance(rows, Rows):
        raise scope.refuse(place, f"a list of steps stands here, not {describe(rows)}")
    if not rows:
        raise scope.refuse(place, "the list is empty; write `x` for the value that arrives")
    scope.x = x
    for raw, at in zip(rows, rows.places, strict=True):
        scope.x = take_step(scope, raw, at)
    return scope.x


def take_step(scope: Scope, raw: Any, place: Place) -> SpecValue:
    """One step's value; a broken value after a mistake."""
    step: WrittenStep | None = None
    scope.ledger.count_step(place, scope.trail)
    try:
        step = parse_step(scope, raw, place)
        _check_op(scope, step)
        return _repeated(scope, step) if _has_repeat(step) else _once(scope, step, step.name)
    except BrokenSpec:
        if step is not None and step.name:
            scope.taken.add(step.name)
            scope.frame.values.setdefault(scope.path + step.name, scope.broken())
        return scope.broken()


def _check_op(scope: Scope, step: WrittenStep) -> None:
    blocks, networks = scope.ledger.architecture.blocks, scope.ledger.architecture.networks
    if step.op in TABLE or step.op in ("repeat", "scan") or step.op in blocks or step.op in networks:
        return
    if scope.ledger.forgiven("blocks", step.op) or scope.ledger.forgiven("networks", step.op):
        raise BrokenSpec
    names = [*TABLE, "repeat", "scan", *blocks, *networks]
    raise scope.refuse(step.place, f"no op or block `{short(step.op)}`{did_you_mean(step.op, names)}")


def _has_repeat(step: WrittenStep) -> bool:
    return step.op not in ("repeat", "formula") and isinstance(step.settings, Table) and "repeat" in step.settings


def _once(scope: Scope, step: WrittenStep, wanted: str | None) -> SpecValue:
    """The value of a step that runs once. wanted: its name; without one, the step gets an automatic name."""
    if wanted is None:
        name = scope.automatic(step.op)
        scope.taken.add(name)
    else:
        name = wanted
        scope.take(name, step.name_place)
    ledger = scope.ledger
    joins = step.op in TABLE and signature_of(step.op).joins
    if step.op != "repeat":
        ledger.add_site(step.place, scope.frame, scope.path + name)
    before = len(ledger.parameters) + len(ledger.statistics)
    value = _dispatch(scope, step, name)
    grown = len(ledger.parameters) + len(ledger.statistics) > before
    own = not joins and step.op not in ledger.architecture.networks
    if wanted is None and scope.counts[step.op] > 1 and grown and own:
        hint = f"name it, `{step.op} NAME`, or a step above would move the names of its parameters"
        scope.refuse(step.place, f"this is the second unnamed `{step.op}` here: {hint}")
    return value


def _dispatch(scope: Scope, step: WrittenStep, name: str) -> SpecValue:
    if step.op == "formula":
        return formula_step(scope, step, name)
    if step.op == "repeat":
        return repeat(scope, step, name, run)
    if step.op == "scan":
        return scan(scope, step, name, run)
    if step.op in TABLE:
        return _join(scope, step, name) if signature_of(step.op).joins else op_step(scope, step, name)
    return call(scope, step, name, run)


def _repeated(scope: Scope, step: WrittenStep) -> SpecValue:
    """`OP NAME: {repeat: n}`: n rounds, NAME1 … NAMEn; NAME alone means the last."""
    settings = step.table(scope)
    base = step.name or scope.automatic(step.op)
    times = whole("repeat", settings["repeat"], settings.places["repeat"], scope, 0)
    first = first_number(scope, settings)
    scope.take(base, step.name_place)
    left = settings.without("repeat", "first")
    later = left.without("from")
    x = scope.x
    for number in range(times):
        scope.ledger.count_step(step.place, scope.trail)
        scope.x = _once(scope, replace(step, settings=later if number else left), f"{base}{first + number}")
    last, scope.x = scope.x, x
    if last is None:
        raise scope.refuse(step.place, "nothing arrives here; say which value with `from: NAME`")
    scope.give(base, last)
    return last


def _join(scope: Scope, step: WrittenStep, name: str) -> SpecValue:
    """Branches that all start from the arriving value; their steps are named in this scope."""
    settings = Table(step.at)
    rows = step.settings
    if isinstance(rows, Table):
        settings, rows = rows, rows.get("branches")
    if rows is BROKEN:
        raise BrokenSpec
    if not isinstance(rows, Rows) or len(rows) < 2:
        raise scope.refuse(step.at, f"`{step.op}` holds a list of at least two branches")
    before = scope.x
    x = arriving(scope, step, settings) if "from" in settings else before
    branches = []
    for raw, place in zip(rows, rows.places, strict=True):
        scope.x = x
        try:
            branches.append(_branch(scope, raw, place))
        except BrokenSpec:
            branches.append(scope.broken())
    scope.x = before
    return join_step(scope, step, name, branches, settings)


def _branch(scope: Scope, raw: Any, place: Place) -> SpecValue:
    if isinstance(raw, Rows):
        value = run(scope, raw, scope.x, place)
        if value is None:
            raise scope.refuse(place, "nothing arrives here")
        return value
    if isinstance(raw, Table):
        return take_step(scope, raw, place)
    if isinstance(raw, str) and scope.find(raw) is None:
        op = raw.split(" ")[0]
        if op in TABLE or op in scope.ledger.architecture.blocks or op in scope.ledger.architecture.networks:
            raise scope.refuse(place, f"a word in a branch is a value's name; a step stands in brackets: `[{short(raw)}]`")
    value = scope.value(raw, place)
    if value.shape is not None and value.dtype != "float":
        raise scope.refuse(place, f"a join takes floats; `{value.name}` holds integers")
    return value
