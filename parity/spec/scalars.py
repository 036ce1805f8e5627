"""Owns the meaning of an unquoted word of a spec: nothing, true or false, a whole number, a decimal, or a text.

It refuses the clever readings of YAML 1.1: octals, sexagesimals, dates, infinities.
"""

from __future__ import annotations

import re
from math import isinf
from typing import Any

from parity.spec.mistakes import short

LONGEST_NUMBER = 40
"""The greatest number of characters in one number."""

_WHOLE = re.compile(r"[-+]?[0-9]+")
_DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_CLEVER = (
    (re.compile(r"[-+]?0[0-9]+"), "`{}`: a number does not start with 0"),
    (re.compile(r"[-+]?0[oOxXbB][0-9a-fA-F_]+"), "`{}`: numbers are decimal"),
    (re.compile(r"[-+]?[0-9][0-9_]*_[0-9_.eE+-]*"), "`{}`: a number holds no `_`"),
    (re.compile(r"[-+]?\.(inf|Inf|INF|nan|NaN|NAN)"), "`{}`: numbers are finite"),
    (re.compile(r"[-+]?[0-9]+(:[0-9]+)+(\.[0-9]*)?"), "`{}`: times are not part of the language; quote a text"),
    (re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*"), "`{}`: dates are not part of the language; quote a text"),
)


def plain_scalar(text: str) -> tuple[Any, str]:
    """The value of an unquoted scalar after YAML 1.2's core schema, and the mistake in it (then the value is None)."""
    if text in ("", "~", "null", "Null", "NULL"):
        return None, ""
    if text in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return text.lower() == "true", ""
    if not (text[0].isdigit() or text[0] in "-+."):
        return text, ""
    for pattern, sentence in _CLEVER:
        if pattern.fullmatch(text):
            return None, sentence.format(short(text))
    whole, decimal = _WHOLE.fullmatch(text), _DECIMAL.fullmatch(text)
    if not decimal:
        return text, ""
    if len(text) > LONGEST_NUMBER or isinf(float(text)):
        return None, f"`{short(text)}` is too large or too long for a number"
    return (int(text) if whole else float(text)), ""
