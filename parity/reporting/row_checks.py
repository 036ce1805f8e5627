"""Owns the checks of fields in committed data: names that are no paths, known words, finite numbers, counts.

A row is checked when it is read, before any page or picture is made of it. It refuses to guess: it names the wrong field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from math import isfinite
from typing import Any

from parity.judgement.verdicts import OUTCOMES, UNTIMED, WORST_FIRST

Check = Callable[[Any], bool]
ROLES = ("A/A", "peak")
"""Of cells that are no result: one once more, and the product of matrices."""
LONGEST_NAME, LONGEST_TEXT, GREATEST_COUNT = 400, 100_000, 2**62
ASKED = re.compile(r"(at (least|most) [-+0-9.e]+( and at (least|most) [-+0-9.e]+)?)?")
DAY = re.compile(r"20\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
WORD = re.compile(r"[A-Za-z0-9_.:+\[\]-]{1,80}")


def name(value: Any) -> bool:
    """Whether a value is one printable line, and no path to another folder."""
    return text(value) and 0 < len(value) <= LONGEST_NAME and value.isprintable() and ".." not in value and "\\" not in value


def label(value: Any) -> bool:
    """Whether a value is a name without a slash, which can be part of a file's name."""
    return name(value) and "/" not in value


def word(value: Any) -> bool:
    return isinstance(value, str) and bool(WORD.fullmatch(value))


def text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_TEXT and not any("\ud800" <= sign <= "\udfff" for sign in value)


def line(value: Any) -> bool:
    """Whether a value is printable text, which may be empty."""
    return text(value) and len(value) <= LONGEST_NAME and value.isprintable()


def number(value: Any) -> bool:
    """Whether a value is a finite number that a float can represent."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e300 and isfinite(value)


def count(value: Any) -> bool:
    return type(value) is int and 0 <= value < GREATEST_COUNT


def one_of(*words: str) -> Check:
    return lambda value: isinstance(value, str) and value in words


def optional(check: Check) -> Check:
    return lambda value: value is None or check(value)


def each(check: Check) -> Check:
    """Check for a non-empty list whose items pass `check`."""
    return lambda value: isinstance(value, list) and bool(value) and all(map(check, value))


def words(value: Any) -> bool:
    """Whether a value is a table of printable lines."""
    return isinstance(value, dict) and all(line(key) and line(item) for key, item in value.items())


def process(value: Any) -> bool:
    """Blocks of a timed process: how many steps, in how many nanoseconds, and how much of it was other programs'."""
    if not isinstance(value, dict) or not plain(value) or not each(_block)(value.get("blocks")):
        return False
    warmup, rate = value.get("warmup", {}), value.get("products_per_second", 0.0)
    return count(value.get("round", 0)) and isinstance(warmup, dict) and number(rate) and rate >= 0


def _block(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    steps, wall = value.get("steps"), value.get("wall_ns")
    counters = ("foreign", "steal", *(key for key in ("throttled", "minor_faults", "rss_bytes") if key in value))
    shares = all(number(value.get(key)) and value[key] >= 0 for key in counters)
    return shares and count(steps) and count(wall) and steps != 0 and wall != 0


def day(value: Any) -> bool:
    """A date as 2026-11-21."""
    return isinstance(value, str) and bool(DAY.fullmatch(value))


def plain(value: Any) -> bool:
    """Whether a value is JSON of finite numbers and text."""
    if isinstance(value, dict):
        return all(line(key) and plain(item) for key, item in value.items())
    if isinstance(value, list):
        return all(map(plain, value))
    return value is None or isinstance(value, bool) or number(value) or text(value)


def required_quality(value: Any) -> bool:
    """Whether a value is the text of a required quality."""
    if not isinstance(value, str) or not ASKED.fullmatch(value):
        return False
    return all(_is_number(part.split()[-1]) for part in value.split(" and ") if part)


def _is_number(value: str) -> bool:
    try:
        return isfinite(float(value))
    except ValueError:
        return False


VERDICT, OUTCOME = one_of(*WORST_FIRST), one_of(*OUTCOMES)
ROW: Mapping[str, Check] = {
    **dict.fromkeys(("case",), name),
    **dict.fromkeys(("spec",), label),
    **dict.fromkeys(("kind", "framework", "device", "dtype", "mode", "quantity"), word),
    **dict.fromkeys(("framework_version", "tensor", "record"), line),
    **dict.fromkeys(("error", "budget"), optional(number)),
    "compared": count,
    "verdict": VERDICT,
    "outcome": OUTCOME,
    "reason": text,
}
CURVE: Mapping[str, Check] = {
    "case": name,
    **dict.fromkeys(("spec", "framework"), label),
    "dtype": word,
    "losses": each(optional(number)),
    **dict.fromkeys(("accuracy", "final_distance", "quality", "at_start", "guess"), optional(number)),
    **dict.fromkeys(("dataset", "measure"), line),
    "asked": required_quality,
    "reached": optional(lambda value: isinstance(value, bool)),
}
SPEED: Mapping[str, Check] = {
    "case": name,
    "spec": label,
    **dict.fromkeys(("framework", "device", "dtype", "mode"), word),
    "framework_version": line,
    "batch_size": count,
    "processes": lambda value: value == [] or each(process)(value),
    "verdict": one_of(*WORST_FIRST, *UNTIMED),
    "reason": text,
    "size": line,
    "role": one_of("", *ROLES),
    "flops": lambda value: number(value) and value >= 0,
    **dict.fromkeys(("checked_batch", "asked"), count),
    "dropping": lambda value: isinstance(value, bool),
}
MANIFEST: Mapping[str, Check] = {
    "suite": label,
    "command": line,
    "environment": lambda value: isinstance(value, dict),
    "made": day,
}
FRAMEWORK: Mapping[str, Check] = {"version": line, "versions": words, "settings": words}


def problem(item: Any, checks: Mapping[str, Check], *, needed: Iterable[str]) -> str:
    """The fault of an object of committed data; empty if there is none. needed: the required keys."""
    if not isinstance(item, dict):
        return "it is no object"
    if missing := [key for key in needed if key not in item]:
        return f"`{missing[0]}` is missing"
    for key, value in item.items():
        if key not in checks:
            return f"there is no field {shown(key)}"
        if not checks[key](value):
            return f"`{key}` cannot be {shown(value)}"
    return ""


def environment_problem(contents: Any) -> str:
    """The fault of a manifest's description of the machine and the frameworks; empty if there is none."""
    if not isinstance(contents, dict) or set(contents) != {"machine", "frameworks"}:
        return "`environment` has `machine` and `frameworks`"
    if not words(contents["machine"]):
        return "`machine` is a table of words"
    if not isinstance(contents["frameworks"], dict):
        return "`frameworks` is no table"
    for key, framework in contents["frameworks"].items():
        if not word(key) or not plain(framework):
            return f"a framework cannot be {shown(key)}"
        present = (
            {item: framework[item] for item in FRAMEWORK if item in framework} if isinstance(framework, dict) else framework
        )
        if wrong := problem(present, FRAMEWORK, needed=FRAMEWORK):
            return f"{key}: {wrong}"
    return ""


def shown(value: Any) -> str:
    """A value as a short, printable quotation."""
    return ascii(value) if len(ascii(value)) <= 60 else f"{ascii(value)[:57]}..."
