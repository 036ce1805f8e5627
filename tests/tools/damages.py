"""Ways to damage a file, drawn from a seeded stream: bits, bytes, lines, values of JSON, and files of another kind.

It refuses to know a file's kind: it cuts lines if there are lines, and changes JSON if a line is JSON.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

Damage = Callable[[bytes, random.Random], bytes | None]
"""Function from bytes to damaged bytes; None makes a directory of the file."""

VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**63, 10**400, 1e308, 5e-324, -0.0, 0.1),
    *("", "x", "../../outside", "/etc/passwd", "\x00", "\x1b[31m", "\u202e", "\ud800", "<img>", "x" * 5_000, "NaN", "1e999"),
    *([], {}, [[]], [{}], {"": {}}, [None] * 50),
)


def flipped(data: bytes, numbers: random.Random) -> bytes:
    found = bytearray(data or b"\0")
    for _ in range(numbers.choice((1, 1, 1, 2, 8))):
        found[numbers.randrange(len(found))] ^= 1 << numbers.randrange(8)
    return bytes(found)


def cut(data: bytes, numbers: random.Random) -> bytes:
    return data[: numbers.randrange(len(data) + 1)]


def without_a_part(data: bytes, numbers: random.Random) -> bytes:
    first, last = sorted(numbers.randrange(len(data) + 1) for _ in range(2))
    return data[:first] + data[last:]


def with_more(data: bytes, numbers: random.Random) -> bytes:
    place = numbers.randrange(len(data) + 1)
    more = numbers.choice((b"\0", b"\xff\xfe", b"\n", b'"', b"}", b"[", b"\r\n", data[:50], numbers.randbytes(7)))
    return data[:place] + more + data[place:]


def of_lines(change: Callable[[list[bytes], random.Random], list[bytes]]) -> Damage:
    def damaged(data: bytes, numbers: random.Random) -> bytes:
        return b"".join(change(data.splitlines(keepends=True) or [b"\n"], numbers))

    return damaged


def dropped(lines: list[bytes], numbers: random.Random) -> list[bytes]:
    place = numbers.randrange(len(lines))
    return lines[:place] + lines[place + 1 :]


def doubled(lines: list[bytes], numbers: random.Random) -> list[bytes]:
    place = numbers.randrange(len(lines))
    return [*lines[:place], lines[place], *lines[place:]]


def exchanged(lines: list[bytes], numbers: random.Random) -> list[bytes]:
    found = list(lines)
    one, other = numbers.randrange(len(found)), numbers.randrange(len(found))
    found[one], found[other] = found[other], found[one]
    return found


def another_digit(data: bytes, numbers: random.Random) -> bytes:
    """Changes one digit, and nothing else."""
    places = [place for place, byte in enumerate(data) if 48 <= byte <= 57]
    if not places:
        return flipped(data, numbers)
    place = numbers.choice(places)
    return data[:place] + str((data[place] - 48 + numbers.randrange(1, 10)) % 10).encode() + data[place + 1 :]


def another_value(data: bytes, numbers: random.Random) -> bytes:
    """Valid JSON with another value, key or type somewhere, in a line or in the whole file."""
    lines = data.splitlines(keepends=True)
    for place in numbers.sample(range(len(lines)), min(3, len(lines))):
        if (changed := _changed(lines[place], numbers)) is not None:
            return b"".join([*lines[:place], changed + b"\n", *lines[place + 1 :]])
    whole = _changed(data, numbers)
    return another_digit(data, numbers) if whole is None else whole + b"\n"


def _changed(data: bytes, numbers: random.Random) -> bytes | None:
    try:
        value = json.loads(data)
    except ValueError:
        return None
    if not isinstance(value, (dict, list)):
        return None
    mutate(value, numbers)
    return json.dumps(value).encode()


def mutate(value: Any, numbers: random.Random) -> None:
    """Changes one place of nested tables and lists: another value, a missing key, or an additional key."""
    while True:
        keys: list[Any] = list(value) if isinstance(value, dict) else list(range(len(value)))
        if not keys:
            if isinstance(value, dict):
                value["other"] = numbers.choice(VALUES)
            else:
                value.append(numbers.choice(VALUES))
            return
        key = numbers.choice(keys)
        if isinstance(value[key], (dict, list)) and value[key] and numbers.random() < 0.8:
            value = value[key]
            continue
        what = numbers.randrange(10)
        if what == 0:
            del value[key]
        elif what == 1 and isinstance(value, dict):
            value[numbers.choice(("other", "", "../x", "checksum"))] = numbers.choice(VALUES)
        else:
            value[key] = numbers.choice(VALUES)
        return


WHOLES: tuple[bytes | None, ...] = (
    *(
        None,
        b"",
        b"\n",
        b"\0" * 100,
        b"\xff\xfe\0\0",
        b"{}",
        b"[]",
        b"null",
        b"5",
        b'"text"',
        b"NaN",
        b"{" * 100_000,
        b"[" * 100_000,
    ),
    *(
        b"[" * 900 + b"]" * 900,
        b'{"format": 1}',
        b'{"format": 2}',
        b"PK\x03\x04" + b"\0" * 50,
        b"\x93NUMPY\x01\x00",
        b"9" * 10_000,
    ),
    *(b"\xef\xbb\xbf{}", b"---\n" * 10, b"a: &a [*a]\n", b"\x1b]0;x\x07", b"::error::x\n", b'{"a": 1, "a": 2}'),
)


def something_else(_: bytes, numbers: random.Random) -> bytes | None:
    return numbers.choice(WHOLES)


def carriage_returns(data: bytes, _: random.Random) -> bytes:
    return data.replace(b"\n", b"\r\n")


DAMAGES: dict[str, Damage] = {
    "bits": flipped,
    "cut": cut,
    "a part less": without_a_part,
    "a part more": with_more,
    "a line less": of_lines(dropped),
    "a line twice": of_lines(doubled),
    "lines exchanged": of_lines(exchanged),
    "another digit": another_digit,
    "another value": another_value,
    "something else": something_else,
    "carriage returns": carriage_returns,
}
