"""Owns a step that is a single op: it takes the step's text apart, and finds the inputs and attributes.

It refuses blocks and networks (parity.spec.block_calls), repeats and scans (parity.spec.repeats), and
leaves the node itself to parity.spec.nodes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from parity.spec.ledger import BrokenSpec, SpecValue
from parity.spec.mistakes import Place, did_you_mean, short
from parity.spec.models import describe
from parity.spec.nodes import build
from parity.spec.scopes import Scope
from parity.spec.signatures import REQUIRED, Signature, convert, default_value, signature_of
from parity.spec.source import BROKEN, Table

ANY_STEP = ("from", "repeat", "first")
"""Settings of any step, which are not attributes."""


@dataclass(frozen=True)
class WrittenStep:
    """`OP NAME` and its settings. place: of the words; at: of the settings."""

    op: str
    name: str | None
    settings: Any
    place: Place
    at: Place
    name_place: Place

    @property
    def label(self) -> str:
        return f"{self.op} {self.name}" if self.name else self.op

    def table(self, scope: Scope) -> Table:
        """The settings as a mapping; empty if the step gives none."""
        if self.settings is None:
            return Table(self.at)
        if self.settings is BROKEN:
            raise BrokenSpec
        if not isinstance(self.settings, Table):
            raise scope.refuse(self.at, f"the settings of `{self.op}` are a mapping {{…}}, not {describe(self.settings)}")
        return self.settings


def parse_step(scope: Scope, raw: Any, place: Place) -> WrittenStep:
    """Takes `OP`, `OP NAME` or `{OP NAME: settings}` apart."""
    if raw is BROKEN:
        raise BrokenSpec
    settings: Any = None
    at = place
    if isinstance(raw, Table):
        if len(raw) > 1:
            second = list(raw)[1]
            hint = "(indent it, or start a new `- `)"
            raise scope.refuse(
                raw.key_places[second], f"a step has one key, `OP NAME`; `{short(second)}` is a second one {hint}"
            )
        if not raw:
            raise scope.refuse(place, "a step is `OP NAME` and its settings, not an empty mapping")
        ((words, settings),) = raw.items()
        place, at = raw.key_places[words], raw.places[words]
    elif isinstance(raw, str):
        words = raw
    else:
        raise scope.refuse(place, f"a step is `OP`, `OP NAME` or `OP NAME: {{…}}`, not {describe(raw)}")
    parts = words.split()
    if ":" in words:
        raise scope.refuse(place, f"`{short(words)}`: write a space after the colon")
    if not 1 <= len(parts) <= 2:
        raise scope.refuse(place, f"a step is `OP` or `OP NAME`, not `{short(words)}`")
    named = place.within(words.rfind(parts[-1])) if len(parts) == 2 else place
    return WrittenStep(parts[0], parts[1] if len(parts) == 2 else None, settings, place, at, named)


def op_step(scope: Scope, step: WrittenStep, name: str) -> SpecValue:
    """The value of a step that is a single op."""
    signature = signature_of(step.op)
    settings = step.table(scope)
    attributes = _attributes(scope, step, signature, settings)
    share = _share(scope, settings)
    filled = _inputs(scope, step, signature, settings)
    if attributes is None or any(value.shape is None for value in filled.values()):
        raise BrokenSpec
    return build(scope, step.place, name, signature, filled, attributes, share)


def join_step(scope: Scope, step: WrittenStep, name: str, branches: list[SpecValue], settings: Table) -> SpecValue:
    """The value of a join whose branches are ready."""
    signature = signature_of(step.op)
    attributes = _attributes(scope, step, signature, settings, more=("branches",))
    if attributes is None or any(value.shape is None for value in branches):
        raise BrokenSpec
    return build(scope, step.place, name, signature, {"branches": branches}, attributes, {})


def _attributes(
    scope: Scope, step: WrittenStep, signature: Signature, settings: Table, more: tuple[str, ...] = ()
) -> dict[str, Any] | None:
    """The value of every attribute; None if one is broken. An unknown key is reported, and the rest is still read."""
    inputs = () if signature.joins else tuple(rule.name for rule in signature.inputs[1:])
    share = () if signature.joins else ("share",)
    words = (*signature.attributes, *inputs, *ANY_STEP, *share, *more)
    meant = unknown_keys(scope, step, settings, words)
    values: dict[str, Any] = {}
    missing: list[str] = []
    broken = False
    for rule in signature.attributes.values():
        if rule.name in settings:
            try:
                values[rule.name] = convert(rule, settings[rule.name], settings.places[rule.name], scope)
            except BrokenSpec:
                broken = True
        elif rule.default is REQUIRED:
            broken = True
            missing += [] if rule.name in meant else [f"`{rule.name}`"]
        else:
            values[rule.name] = default_value(rule)
    if missing:
        scope.refuse(step.place, f"`{step.op}` needs {' and '.join(missing)}")
    return None if broken else values


def unknown_keys(scope: Scope, step: WrittenStep, settings: Table, words: tuple[str, ...]) -> set[str]:
    """Reports unknown keys; returns the keys that were probably meant."""
    meant: set[str] = set()
    for key in settings:
        if key in words:
            continue
        close = did_you_mean(key, [word for word in words if word not in settings])
        listed_words = "" if close else f"; it takes {', '.join(words)}"
        scope.refuse(settings.key_places[key], f"`{step.op}` has no `{short(key)}`{close or listed_words}")
        meant.update(word for word in words if f"`{word}`" in close)
    return meant


def _share(scope: Scope, settings: Table) -> Mapping[str, tuple[str, Place]]:
    """role -> (path of the earlier parameter, place), of a step that shares parameters."""
    raw = settings.get("share")
    if raw is None:
        return {}
    if not isinstance(raw, Table):
        raise scope.refuse(settings.places["share"], "`share` is a mapping: {kernel: embedding.table}")
    return {role: (str(path), raw.places[role]) for role, path in raw.items()}


def arriving(scope: Scope, step: WrittenStep, settings: Table) -> SpecValue:
    """The value that `from` names; without `from`, the arriving value."""
    if "from" in settings:
        return scope.value(settings["from"], settings.places["from"])
    return scope.value("x", step.place)


def _inputs(scope: Scope, step: WrittenStep, signature: Signature, settings: Table) -> dict[str, SpecValue]:
    """Role -> value, in the order of the signature."""
    filled: dict[str, SpecValue] = {}
    if not signature.inputs:
        if "from" in settings:
            raise scope.refuse(settings.key_places["from"], f"`{step.op}` takes no value")
        return filled
    for place, rule in enumerate(signature.inputs):
        at = settings.places.get(rule.name, step.place)
        try:
            if place == 0:
                at = settings.places.get("from", step.place)
                value = arriving(scope, step, settings)
            elif rule.name in settings:
                value = scope.value(settings[rule.name], at)
            elif rule.source is not None:
                value = filled[rule.source]
            elif rule.optional:
                continue
            else:
                raise scope.refuse(step.place, f"`{step.op}` needs `{rule.name}`, a value")
            if value.shape is not None and value.dtype != rule.dtype:
                wanted, has = (f"{kind}s" for kind in (rule.dtype, value.dtype))
                raise scope.refuse(at, f"`{rule.name}` of `{step.op}` takes {wanted}; `{value.name}` holds {has}")
        except BrokenSpec:
            value = scope.broken()
        filled[rule.name] = value
    return filled
