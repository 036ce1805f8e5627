"""Owns the way from YAML text to plain values with their places: tables, rows, whole numbers, decimals, true, false, words.

It refuses what the spec language forbids: anchors, aliases, tags, several documents, clever scalars, duplicate keys, and depth
and size without bound. It collects every such mistake of a file. It is the only module that knows a YAML library.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from parity.spec.mistakes import Mistake, Place, SpecError, short
from parity.spec.scalars import plain_scalar

LARGEST_FILE, DEEPEST, MOST_VALUES = 120_000, 40, 10_000
"""The greatest size of a file in bytes, the deepest nesting of its values, and the greatest count of values."""


class _Broken:
    """Stands in for a value with a reported mistake, so that nothing more is reported about it."""

    def __repr__(self) -> str:
        return "BROKEN"


BROKEN: Final = _Broken()


class Table(dict[str, Any]):
    """A mapping of the file, with its own place and the places of its keys and values."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place
        self.key_places: dict[str, Place] = {}
        self.places: dict[str, Place] = {}

    def add(self, key: str, key_place: Place, value: Any, place: Place) -> None:
        self[key] = value
        self.key_places[key] = key_place
        self.places[key] = place

    def without(self, *keys: str) -> Table:
        """A copy without some keys."""
        copy = Table(self.place)
        for key, value in self.items():
            if key not in keys:
                copy.add(key, self.key_places[key], value, self.places[key])
        return copy


class Rows(list[Any]):
    """A list of the file, with its own place and the places of its items."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place
        self.places: list[Place] = []

    def add(self, value: Any, place: Place) -> None:
        self.append(value)
        self.places.append(place)


@dataclass(frozen=True)
class Document:
    """The values of a file, and its mistakes; BROKEN stands in place of a value with a mistake."""

    table: Table
    mistakes: tuple[Mistake, ...]


def read_file(path: Path) -> Document:
    """Reads a spec's file. Raises SpecError if it cannot be read, is too large, is not UTF-8, or is not YAML."""
    place = Place(str(path))
    if not path.is_file():
        what = "this is no file" if path.exists() else "there is no such file"
        raise SpecError([Mistake(place, what)])
    with path.open("rb") as file:
        data = file.read(LARGEST_FILE + 1)
    if len(data) > LARGEST_FILE:
        raise SpecError([Mistake(place, f"a spec has at most {LARGEST_FILE:,} bytes")])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise SpecError([Mistake(Place(str(path), line, column), "the file is not UTF-8")]) from None
    return read_text(text, str(path))


def read_text(text: str, file: str) -> Document:
    """Reads a spec's text. Raises SpecError if it is not YAML at all; smaller mistakes are in the document."""
    reader = _Reader(file)
    root = reader.read(text)
    if not isinstance(root, Table):
        reader.refuse(Place(file, 1, 1), "a spec is a mapping: `name: …`, `source: …` and so on")
        raise SpecError(reader.mistakes)
    return Document(root, tuple(reader.mistakes))


@dataclass
class _Reader:
    """One pass over the events of one file, building values as they come."""

    file: str
    mistakes: list[Mistake] = field(default_factory=list)
    count: int = 0
    last: Place | None = None
    """Where the value that was read last begins."""

    def refuse(self, place: Place, message: str) -> None:
        self.mistakes.append(Mistake(place, message))

    def stop(self, place: Place, message: str) -> SpecError:
        return SpecError([*self.mistakes, Mistake(place, message)])

    def place(self, mark: Any, inner: int | None = None) -> Place:
        return Place(self.file, mark.line + 1, mark.column + 1, inner)

    def read(self, text: str) -> Any:
        from ruamel.yaml import YAML
        from ruamel.yaml.error import MarkedYAMLError
        from ruamel.yaml.reader import ReaderError

        try:
            return self._document(YAML(typ="safe", pure=True).parse(text))
        except MarkedYAMLError as error:
            raise self._not_yaml(error) from None
        except ReaderError as error:
            before = text[: error.position]
            place = Place(self.file, before.count("\n") + 1, len(before) - before.rfind("\n"))
            raise self.stop(place, "this character cannot stand in a YAML file") from None
        except (ValueError, IndexError, TypeError, AttributeError, RecursionError) as error:
            place = self.last or Place(self.file, 1, 1)
            raise self.stop(place, f"what stands here or behind it is not YAML ({type(error).__name__})") from None

    def _not_yaml(self, error: Any) -> SpecError:
        """The error for text that is not YAML. A missing bracket is noticed lines later,
        so the place where it opened says more."""
        problem = str(error.problem or "not YAML").replace("'", "`")
        if error.context_mark is not None and "flow" in str(error.context):
            place, hint = self.place(error.context_mark), " (the bracket that opens here is not closed, or a comma is missing)"
        else:
            place, hint = self.place(error.problem_mark or error.context_mark), ""
        if "quoted scalar" in str(error.context):
            place, problem, hint = self.place(error.context_mark), "the quotation that opens here is not closed", ""
        elif "simple key" in str(error.context):
            place, problem, hint = self.place(error.context_mark), "neither `- item` nor `key: value` stands here", ""
        elif "mapping values are not allowed" in problem:
            problem, hint = "a second `: ` in one line; quote the text, or start a new line", ""
        elif "`\\t`" in problem or "\t" in problem:
            problem, hint = "indent with spaces, not with tabs", ""
        elif "<block end>" in problem:
            problem, hint = "this does not fit the indent of the lines above", ""
        return self.stop(place, f"{problem}{hint}")

    def _document(self, events: Iterator[Any]) -> Any:
        root: Any = None
        documents = 0
        for event in events:
            kind = type(event).__name__
            if kind == "DocumentStartEvent":
                documents += 1
                if documents > 1:
                    raise self.stop(self.place(event.start_mark), "a file holds one spec: no second document")
                if event.version or event.tags:
                    raise self.stop(self.place(event.start_mark), "directives (%YAML, %TAG) are not part of the language")
            elif kind not in ("StreamStartEvent", "StreamEndEvent", "DocumentEndEvent"):
                root, _ = self._value(event, events, 0, flow=False)
        return root

    def _value(self, event: Any, events: Iterator[Any], depth: int, *, flow: bool) -> tuple[Any, Place]:
        kind = type(event).__name__
        place = self.place(event.start_mark)
        self.count, self.last = self.count + 1, place
        if self.count > MOST_VALUES:
            raise self.stop(place, f"a spec holds at most {MOST_VALUES:,} values")
        if kind == "AliasEvent":
            name = short(event.anchor)
            self.refuse(
                place,
                f"aliases are not part of the language: `*{name}`; quote a formula that starts with `*`, or use a constant",
            )
            return BROKEN, place
        if event.anchor:
            self.refuse(place, f"anchors are not part of the language: `&{short(event.anchor)}`; use a constant or a block")
        if getattr(event, "tag", None):
            self.refuse(place, f"tags are not part of the language: `{short(event.tag)}`")
        if kind == "ScalarEvent":
            return self._scalar(event, flow)
        if depth >= DEEPEST:
            raise self.stop(place, f"values are nested at most {DEEPEST} deep")
        if kind == "SequenceStartEvent":
            return self._rows(Rows(place), events, depth, flow=event.flow_style), place
        return self._table(Table(place), events, depth, flow=event.flow_style), place

    def _rows(self, rows: Rows, events: Iterator[Any], depth: int, *, flow: bool) -> Rows:
        for event in events:
            if type(event).__name__ == "SequenceEndEvent":
                break
            value, place = self._value(event, events, depth + 1, flow=flow)
            if self._is_tail(value, place, flow) and rows and _open(rows[-1]) > 0:
                rows[-1] = value = BROKEN
            rows.add(value, place)
        return rows

    def _table(self, table: Table, events: Iterator[Any], depth: int, *, flow: bool) -> Table:
        last = ""
        for event in events:
            if type(event).__name__ == "MappingEndEvent":
                break
            key, key_place = self._key(event, events, depth, flow)
            value, place = self._value(next(events), events, depth + 1, flow=flow)
            if key is None:
                continue
            if flow and event.style is None and ":" in key:
                self.refuse(key_place, f"`{short(key)}`: write a space after the colon")
                key, value = key.split(":")[0], BROKEN
            if self._is_tail(key, key_place, flow):
                if last and _open(table[last]) > 0:
                    table[last] = BROKEN
            elif key in table:
                line = table.key_places[key].line
                self.refuse(key_place, f"the key `{short(key)}` stands here for the second time; the first is in line {line}")
            else:
                table.add(key, key_place, value, place)
                last = key
        return table

    def _key(self, event: Any, events: Iterator[Any], depth: int, flow: bool) -> tuple[str | None, Place]:
        """A key's text, or None if it was refused."""
        plain = getattr(event, "style", "?") is None
        place = self.place(event.start_mark, 0 if plain else None)
        if type(event).__name__ != "ScalarEvent":
            self._value(event, events, depth + 1, flow=flow)
            self.refuse(place, "a key is a word")
            return None, place
        if event.anchor or event.tag:
            self._value(event, events, depth + 1, flow=flow)
            return None, place
        key = str(event.value)
        if self._is_half(key, place):
            return None, place
        if not key:
            self.refuse(place, "a key is missing before the colon")
            return None, place
        return key, place

    def _is_half(self, text: str, place: Place) -> bool:
        """Whether an escape wrote half a character (`\\ud800`), which nothing can print or store; reports it."""
        half = next((sign for sign in text if "\ud800" <= sign <= "\udfff"), "")
        if half:
            self.refuse(place, f"`\\u{ord(half):04x}` is half a character; write the character itself")
        return bool(half)

    def _is_tail(self, value: Any, place: Place, flow: bool) -> bool:
        """Whether this is the part of a formula after its comma, from a formula that
        stands unquoted in brackets; reports it."""
        if not (flow and isinstance(value, str) and _open(value) < 0):
            return False
        self.refuse(place, f"`{short(value)}`: a comma ends a value inside braces; quote the formula")
        return True

    def _scalar(self, event: Any, flow: bool) -> tuple[Any, Place]:
        text = str(event.value)
        if self._is_half(text, self.place(event.start_mark)):
            return BROKEN, self.place(event.start_mark)
        width = event.end_mark.column - event.start_mark.column
        one_line = event.start_mark.line == event.end_mark.line
        if event.style is not None:
            return text, self.place(event.start_mark, 1 if one_line and width == len(text) + 2 else None)
        place = self.place(event.start_mark, 0 if one_line else None)
        value, problem = plain_scalar(text)
        if problem:
            self.refuse(place, problem)
            return BROKEN, place
        return value, place


def _open(value: Any) -> int:
    """How many more brackets open than close in a plain text."""
    return value.count("(") - value.count(")") if isinstance(value, str) else 0
