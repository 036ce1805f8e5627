"""Owns what an op takes: its inputs and attributes, read off its signature, and the conversion of the file's values into them.

It refuses to know any op, and to evaluate a number itself: the reader that it is given does that.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from types import ModuleType
from typing import Any, Final, Protocol, get_args, get_type_hints

from parity.ops import TABLE
from parity.ops.definition import Op, Shape
from parity.spec.mistakes import Place, did_you_mean
from parity.spec.models import describe
from parity.spec.source import Rows

REQUIRED: Final = inspect.Parameter.empty
AXES: Mapping[int, tuple[str, ...]] = {
    1: ("features",),
    2: ("time", "features"),
    3: ("channels", "height", "width"),
    4: ("channels", "depth", "height", "width"),
}
"""Number of axes, without the batch -> their names."""

LARGEST: Final = 2**34
"""The greatest number that an attribute may be."""

MOST_ELEMENTS: Final = 2**30
"""The greatest count of elements in one value or parameter: 8 GiB in float64."""


@dataclass(frozen=True)
class InputRule:
    """One input of an op. `source`: the other input that fills it if the file does not."""

    name: str
    dtype: str  # float | integer
    optional: bool
    source: str | None = None


@dataclass(frozen=True)
class AttributeRule:
    """One attribute of an op; `kind` is a word of parity.ops.definition."""

    name: str
    kind: str
    default: Any
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Signature:
    """What an op takes. joins: it takes any number of branches. takes_text: it takes a formula,
    whose inputs are the values named in it."""

    op: str
    module: ModuleType
    inputs: tuple[InputRule, ...]
    attributes: Mapping[str, AttributeRule]
    joins: bool = False
    takes_text: bool = False

    @property
    def offers(self) -> Op:
        """What else the op's file defines besides its signature."""
        return Op(self.module)


class Reader(Protocol):
    """Evaluates what the file says; every method reports a mistake and raises BrokenSpec."""

    def number(self, raw: Any, place: Place) -> Fraction: ...

    def real(self, raw: Any, place: Place) -> float: ...

    def flag(self, raw: Any, place: Place) -> bool: ...

    def refuse(self, place: Place, message: str) -> Exception: ...


@lru_cache(maxsize=512)
def signature_of(op: str) -> Signature:
    """The signature of an op of the table."""
    module = TABLE[op]
    hints = get_type_hints(module.signature, include_extras=True)
    words = Op(module).words
    inputs, attributes, joins, takes_text = [], {}, False, False
    for name, parameter in inspect.signature(module.signature).parameters.items():
        kind = _kind(hints[name])
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            attributes[name] = AttributeRule(name, kind, parameter.default, tuple(words.get(name, ())))
        elif parameter.kind is inspect.Parameter.VAR_KEYWORD:
            takes_text = True
        else:
            joins = joins or parameter.kind is inspect.Parameter.VAR_POSITIONAL
            source = parameter.default if isinstance(parameter.default, str) else None
            inputs.append(InputRule(name, kind, parameter.default is None, source))
    return Signature(op, module, tuple(inputs), attributes, joins, takes_text)


def _kind(annotation: Any) -> str:
    """`count` of Annotated[int, "count"], even in a union with None."""
    for part in (annotation, *get_args(annotation)):
        metadata = getattr(part, "__metadata__", ())
        if metadata:
            return str(metadata[0])
    raise TypeError(f"{annotation!r} is no type of parity.ops.definition")


def axis_number(word: str | int, shape: Shape) -> int | None:
    """The index of an axis given by a word or a number; None if the shape has no such axis."""
    if isinstance(word, int):
        return word % len(shape) if -len(shape) <= word < len(shape) else None
    names = AXES.get(len(shape), ())
    return names.index(word) if word in names else None


def convert(rule: AttributeRule, raw: Any, place: Place, reader: Reader) -> Any:
    """The file's value of an attribute as the op's signature takes it; an axis given as a word stays a word."""
    if raw is None:
        raise reader.refuse(place, f"`{rule.name}` has no value")
    return _CONVERTERS[rule.kind](rule, raw, place, reader)


def default_value(rule: AttributeRule) -> Any:
    """An attribute's default. The last axis is given by its word, so that shapes without such an axis are refused."""
    return "features" if rule.kind == "axis" and rule.default == -1 else rule.default


def whole(name: str, raw: Any, place: Place, reader: Reader, least: int | None = None) -> int:
    """A whole number, within bounds."""
    number = reader.number(raw, place)
    if number.denominator != 1:
        raise reader.refuse(place, f"`{name}` is a whole number, not {number}")
    if least is not None and number < least:
        raise reader.refuse(place, f"`{name}` is at least {least}, not {number}")
    if abs(number) > LARGEST:
        raise reader.refuse(place, f"`{name}` is too large: more than {LARGEST:,}")
    return int(number)


def _count(rule: AttributeRule, raw: Any, place: Place, reader: Reader) -> int:
    return whole(rule.name, raw, place, reader, 1)


def _whole(rule: AttributeRule, raw: Any, place: Place, reader: Reader) -> int:
    return whole(rule.name, raw, place, reader)


def _real(rule: AttributeRule, raw: Any, place: Place, reader: Reader) -> float:
    return reader.real(raw, place)


def _rate(rule: AttributeRule, raw: Any, place: Place, reader: Reader) -> float:
    value = reader.real(raw, place)
    if not 0 <= value < 1:
        raise reader.refuse(place, f"`{rule.name}` lies in 0 ≤ {rule.name} < 1, not {value:g}")
    return value


def _flag(rule: AttributeRule, raw: Any, place: Place, reader: Reader) -> bool:
    return reader.flag(raw, place)


def _word(rule: AttributeRule, raw: Any, place: Place, reader: Reader) -> str:
    if not isinstance(raw, str) or raw not in rule.words:
        close = did_you_mean(raw, rule.words) if isinstance(raw, str) else ""
        raise reader.refuse(place, f"`{rule.name}` is {' or '.join(rule.words)}, not {describe(raw)}{close}")
    return raw


def _axis(rule: AttributeRule, raw: Any, place: Place, reader: Reader) -> str | int:
    if isinstance(raw, str) and any(raw in names for names in AXES.values()):
        return raw
    if isinstance(raw, str) and raw.isalpha():
        words = [word for names in AXES.values() for word in names]
        close = did_you_mean(raw, words)
        if close:
            raise reader.refuse(place, f"no axis `{raw}`{close}")
    return whole(rule.name, raw, place, reader)


def _pair(rule: AttributeRule, raw: Any, place: Place, reader: Reader) -> tuple[int, ...]:
    return _several(rule, raw, place, reader, 2, "two: [height, width]")


def _triple(rule: AttributeRule, raw: Any, place: Place, reader: Reader) -> tuple[int, ...]:
    return _several(rule, raw, place, reader, 3, "three: [depth, height, width]")


def _several(rule: AttributeRule, raw: Any, place: Place, reader: Reader, count: int, form: str) -> tuple[int, ...]:
    """One number for all axes, or a number for each."""
    if not isinstance(raw, Rows):
        return (whole(rule.name, raw, place, reader, 1),) * count
    if len(raw) != count:
        raise reader.refuse(place, f"`{rule.name}` is one number, or {form}")
    return tuple(whole(rule.name, item, at, reader, 1) for item, at in zip(raw, raw.places, strict=True))


def _padding(rule: AttributeRule, raw: Any, place: Place, reader: Reader) -> tuple[tuple[int, ...], ...]:
    return _borders(rule, raw, place, reader, 2, "1, [1, 2] or [[0, 1], [0, 1]] (before, after)")


def _volume(rule: AttributeRule, raw: Any, place: Place, reader: Reader) -> tuple[tuple[int, ...], ...]:
    return _borders(rule, raw, place, reader, 3, "1, [1, 2, 1] or [[0, 1], [0, 1], [0, 1]] (before, after)")


def _borders(
    rule: AttributeRule, raw: Any, place: Place, reader: Reader, count: int, forms: str
) -> tuple[tuple[int, ...], ...]:
    """One number for all borders, a number for each axis, or (before, after) for each axis."""
    explained = _explicit(rule, raw, place, reader, forms)
    if not isinstance(raw, Rows):
        number = whole(rule.name, raw, place, reader, 0)
        return ((number, number),) * count
    if len(raw) != count or any(isinstance(item, Rows) and len(item) != 2 for item in raw):
        raise reader.refuse(place, f"{explained}: {forms}")
    sides = []
    for item, at in zip(raw, raw.places, strict=True):
        items, places = (item, item.places) if isinstance(item, Rows) else ([item, item], [at, at])
        sides.append(tuple(whole(rule.name, item, spot, reader, 0) for item, spot in zip(items, places, strict=True)))
    return tuple(sides)


def _ends(rule: AttributeRule, raw: Any, place: Place, reader: Reader) -> tuple[int, ...]:
    """One number for both ends of a sequence, or (before, after)."""
    forms = "1 or [1, 2] (before, after)"
    explained = _explicit(rule, raw, place, reader, forms)
    if not isinstance(raw, Rows):
        return (whole(rule.name, raw, place, reader, 0),) * 2
    if len(raw) != 2:
        raise reader.refuse(place, f"{explained}: {forms}")
    return tuple(whole(rule.name, item, at, reader, 0) for item, at in zip(raw, raw.places, strict=True))


def _explicit(rule: AttributeRule, raw: Any, place: Place, reader: Reader, forms: str) -> str:
    """Refuses padding given as a word: the meaning of such words differs between frameworks."""
    explained = f"`{rule.name}` is always explicit numbers"
    if raw in ("same", "valid", "full", "causal"):
        raise reader.refuse(place, f"{explained}, never `{raw}`: {forms}")
    return explained


def _sizes(rule: AttributeRule, raw: Any, place: Place, reader: Reader) -> tuple[int, ...]:
    if not isinstance(raw, Rows):
        raise reader.refuse(place, f"`{rule.name}` is a list of whole numbers, not {describe(raw)}")
    return tuple(whole(rule.name, item, at, reader, 0) for item, at in zip(raw, raw.places, strict=True))


_CONVERTERS: Mapping[str, Callable[[AttributeRule, Any, Place, Reader], Any]] = {
    "count": _count,
    "whole": _whole,
    "real": _real,
    "rate": _rate,
    "flag": _flag,
    "word": _word,
    "axis": _axis,
    "pair": _pair,
    "padding": _padding,
    "triple": _triple,
    "ends": _ends,
    "borders": _volume,
    "sizes": _sizes,
}


def listed(value: Any) -> Any:
    """The value with lists instead of tuples, as it comes back from JSON."""
    return [listed(item) for item in value] if isinstance(value, tuple) else value
