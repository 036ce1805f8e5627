"""Owns how the regular part of a spec becomes a frozen model: the base class, the leaf types, and errors turned into mistakes.

It refuses to know any kind of spec, and to stop at the first error: a wrong part is reported and left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, ClassVar, Self, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, PrivateAttr, ValidationError, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from parity.spec.mistakes import Mistake, Place, did_you_mean, short
from parity.spec.source import BROKEN, Document, Rows, Table

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
WORD = re.compile(r"[a-z][a-z0-9_]{0,63}")


class Part(BaseModel):
    """A mapping of a spec with fixed keys. `place(key)` is the place of a value in the file."""

    model_config = ConfigDict(
        defer_build=True, strict=True, extra="ignore", frozen=True, arbitrary_types_allowed=True, allow_inf_nan=False
    )
    all_or_nothing: ClassVar[bool] = False
    """Whether one unknown key makes the whole part unreadable."""
    _table: Table = PrivateAttr(default_factory=lambda: Table(Place("")))

    @model_validator(mode="wrap")
    @classmethod
    def _keep_places(cls, data: Any, handler: Callable[[Any], Self], info: ValidationInfo) -> Self:
        if not isinstance(data, Table):
            raise PydanticCustomError("mapping", "{}", {"text": f"{describe(data)} stands where a mapping belongs"})
        strange = cls._strange_keys(data, info.context or {})
        if strange and cls.all_or_nothing:
            raise PydanticCustomError("broken", "broken")
        part = handler(data)
        part._table = data
        return part

    @classmethod
    def _strange_keys(cls, data: Table, context: dict[str, Any]) -> list[str]:
        """Reports the unknown keys. `hidden`: names below such a key, which are unknown because of it."""
        fields = [item.alias or name for name, item in cls.model_fields.items()]
        strange = [key for key in data if key not in fields]
        for key in strange:
            existing = [name for name in fields if name not in data]
            close = did_you_mean(key, existing)
            place = data.key_places[key]
            listed = f"; there are {', '.join(fields)}"
            context["extra"].setdefault(place, Mistake(place, f"no key `{short(key)}` here{close or listed}"))
            context["meant"].update((id(data), name) for name in existing if f"`{name}`" in close)
            context["hidden"].update(data[key] if isinstance(data[key], Table) else ())
        return strange

    def place(self, key: str | None = None) -> Place:
        return self._table.place if key is None else self._table.places.get(key, self._table.place)

    def table(self, key: str) -> Table:
        """The mapping under a key as the file has it; an empty one if there is none."""
        part = self._table.get(key)
        return part if isinstance(part, Table) else Table(self.place(key))

    def places(self, key: str) -> list[Place]:
        """The places of the items in the list under a key."""
        part = self._table.get(key)
        return part.places if isinstance(part, Rows) else []


def describe(value: Any) -> str:
    """A value of the file in words."""
    if value is None:
        return "nothing"
    if isinstance(value, Table):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return f"`{short(str(value).lower() if isinstance(value, bool) else value)}`"


def _leaf(accepts: Callable[[Any], bool], wanted: str) -> BeforeValidator:
    def check(value: Any) -> Any:
        if value is BROKEN:
            raise PydanticCustomError("broken", "broken")
        if not accepts(value):
            raise PydanticCustomError("leaf", "{text}", {"text": f"{wanted} stands here, not {describe(value)}"})
        return value

    return BeforeValidator(check)


def is_number(value: Any) -> bool:
    """Whether the value is a number, or a text that may be a formula."""
    return isinstance(value, (int, float, str)) and not isinstance(value, bool)


def _named(pattern: re.Pattern[str], rule: str) -> BeforeValidator:
    def check(value: Any) -> Any:
        if value is BROKEN:
            raise PydanticCustomError("broken", "broken")
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise PydanticCustomError("name", "{text}", {"text": f"{describe(value)} is no name here: {rule}"})
        return value

    return BeforeValidator(check)


Number = Annotated[Any, _leaf(is_number, "a number or a formula")]
Plain = Annotated[float, _leaf(lambda value: isinstance(value, (int, float)) and not isinstance(value, bool), "a number")]
Whole = Annotated[int, _leaf(lambda value: isinstance(value, int) and not isinstance(value, bool), "a whole number")]
Argument = Annotated[Any, _leaf(lambda value: value is None or isinstance(value, bool) or is_number(value), "a number")]
Text = Annotated[str, _leaf(lambda value: isinstance(value, str), "a text")]
Steps = Annotated[Any, _leaf(lambda value: isinstance(value, Rows), "a list of steps")]
Numbers = Annotated[Any, _leaf(lambda value: isinstance(value, Rows), "a list of numbers")]
Name = Annotated[str, _named(NAME, "lower-case letters, digits, `.`, `_` and `-`, at most 64, a letter or digit first")]
Word = Annotated[str, _named(WORD, "lower-case letters, digits and `_`, at most 64, a letter first")]

Model = TypeVar("Model", bound=Part)
_SENTENCES: Mapping[str, str] = {
    "dict_type": "{} stands where a mapping belongs",
    "list_type": "{} stands where a list belongs",
    "too_short": "there must be at least one here",
}
_STAND_INS = {"name": "unnamed", "source": "unknown"}
"""Stand-ins for a text that is wrong or missing, so that the rest of the file can still be read."""
_ROUNDS = 8


def build(model: type[Model], document: Document) -> tuple[Model | None, list[Mistake], frozenset[tuple[Any, ...]]]:
    """The model without its wrong parts, the mistakes, and the paths that were left out.
    The model is None if nothing is left."""
    context: dict[str, Any] = {"extra": {}, "meant": set(), "hidden": set()}
    data, mistakes = document.table, list(document.mistakes)
    dropped: set[tuple[Any, ...]] = set()
    for _ in range(_ROUNDS):
        try:
            built = model.model_validate(data, context=context)
            hidden = {("*", name) for name in context["hidden"]}
            return built, mistakes + list(context["extra"].values()), frozenset(dropped | hidden)
        except ValidationError as error:
            wrong = [(tuple(item["loc"]), item) for item in error.errors(include_url=False, include_context=True)]
        for path, item in wrong:
            is_told = any(earlier[: len(path)] == path for earlier in dropped)
            mistakes += () if is_told else _mistake(data, path, item, context)
        lost = {_without(path, item) for path, item in wrong}
        if () in lost:
            break
        for path in lost:
            data = _pruned(data, path)
            if path[0] in _STAND_INS:
                data.add(str(path[0]), data.place, _STAND_INS[path[0]], data.place)
        dropped |= lost
    return None, mistakes + list(context["extra"].values()), frozenset(dropped)


def _mistake(data: Any, path: tuple[Any, ...], item: Any, context: Mapping[str, Any]) -> Iterator[Mistake]:
    if item["input"] is BROKEN or item["type"] == "broken":
        return
    if item["type"] == "missing":
        holder = _at(data, path[:-1])
        if (id(holder), path[-1]) not in context["meant"]:
            yield Mistake(holder.place, f"`{path[-1]}` is missing")
        return
    sentence = item.get("ctx", {}).get("text") or _SENTENCES.get(item["type"], "").format(describe(item["input"]))
    if item["type"] == "literal_error":
        sentence = f"`{path[-1]}` is {item['ctx']['expected'].replace(chr(39), '')}, not {describe(item['input'])}"
    yield Mistake(_place(data, path), sentence or item["msg"])


def _without(path: tuple[Any, ...], item: Any) -> tuple[Any, ...]:
    """The path to leave out so that the rest can be read: a whole key, or a whole named
    thing under it. So nothing is half read."""
    if path[-1] == "[key]" or (item["type"] == "missing" and path[-1] not in _STAND_INS):
        path = path[:-1]
    if path and path[0] == "training":
        return path[:3] if path[1:2] == ("inputs",) else path[:1]
    return path[:2]


def _at(data: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        data = data[key]
    return data


def _place(data: Any, path: tuple[Any, ...]) -> Place:
    if path and path[-1] == "[key]":
        key_place: Place = _at(data, path[:-2]).key_places[path[-2]]
        return key_place
    place: Place = data.place
    for key in path:
        if not isinstance(data, (Table, Rows)):
            break
        place, data = data.places[key], data[key]
    return place


def _pruned(data: Any, path: tuple[Any, ...]) -> Any:
    """A copy without the value at a path. For an item of a list, the whole list is left out."""
    key, rest = path[0], path[1:]
    if not isinstance(data, Table) or key not in data:
        return data
    copy = Table(data.place)
    for name, value in data.items():
        if name != key:
            copy.add(name, data.key_places[name], value, data.places[name])
        elif rest and isinstance(value, Table):
            copy.add(name, data.key_places[name], _pruned(value, rest), data.places[name])
    return copy
