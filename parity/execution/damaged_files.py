"""Owns the error about a file that is not as it was written: damaged, of another format, or with a field of the wrong kind.

It needs the standard library alone, since workers read files too. It refuses to repair: the message says what to do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

CHECKSUM = "checksum"
DEEPEST = 64
"""Deepest nesting of brackets in a file; parity writes none deeper."""
QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


class Damaged(ValueError):
    """Raised for a file that is not whole, or that parity did not write. The message names the file, the place in it, and what
    to do."""


def parsed(text: str) -> Any:
    """The value of a JSON text without doubled keys, NaN, infinity and deep nesting. Raises ValueError with one plain
    sentence."""
    if text.count("[") + text.count("{") > DEEPEST and _depth(QUOTED.sub("", text)) > DEEPEST:
        raise ValueError("its brackets are nested too deep")
    try:
        return json.loads(text, object_pairs_hook=_single, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise ValueError(f"it is no JSON: {error.msg} at column {error.colno}") from None
    except RecursionError:
        raise ValueError("its brackets are nested too deep") from None


def checksummed(body: Mapping[str, Any]) -> dict[str, Any]:
    """The object with a further field, the checksum of all its other fields."""
    if CHECKSUM in body:
        raise ValueError(f"`{CHECKSUM}` is no key of an object that gets one")
    return {**body, CHECKSUM: sha256(json.dumps(body, sort_keys=True, allow_nan=False).encode()).hexdigest()}


def verified(loaded: Mapping[str, Any]) -> bool:
    """Whether the checksum in an object matches its other fields."""
    body = {key: value for key, value in loaded.items() if key != CHECKSUM}
    return bool(loaded.get(CHECKSUM) == checksummed(body)[CHECKSUM])


def read_text(data: bytes) -> str:
    """The text of UTF-8 bytes. Raises ValueError, which names the byte that is not UTF-8."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start} is not UTF-8") from None


def _depth(text: str) -> int:
    """How deep the brackets of a JSON text are nested, its strings left out."""
    depth = deepest = 0
    for sign in text:
        if sign in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif sign in "]}":
            depth -= 1
    return deepest


def _single(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return table


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number of JSON")
