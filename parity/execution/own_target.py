"""Owns what a name of the user's own says: `package.module:Net`, `path/to/model.py:build`, each with arguments behind a `?`:
`mine.models:Net?hidden=20&bidirectional=true&sizes=[3,5]&act='relu'`.

It refuses to import what is named, and to compute: a value is a literal, or a word. Standard library only.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

WORDS: Mapping[str, Any] = {"true": True, "false": False, "null": None, "none": None}
"""Words, in capitals or not, that are no text."""
LONGEST = 2_000
"""Signs of the arguments of one target."""
CLOSERS = {"(": ")", "[": "]", "{": "}"}


class Mistyped(ValueError):
    """Something that was typed and is not so: a name that is not there, an argument that is not taken, a file of other weights.
    The message is the sentence for whoever typed it."""


@dataclass(frozen=True)
class Target:
    """place: a module's name, or the path of a file; name: what is taken from it; arguments: what it is called with."""

    place: str
    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_file(self) -> bool:
        return self.place.endswith(".py") or "/" in self.place or "\\" in self.place


def parsed(text: str) -> Target:
    """The parts of a target. Raises Mistyped."""
    whole, _, query = text.partition("?")
    place, _, name = whole.rpartition(":")
    if not place or not name or not all(part.isidentifier() for part in name.split(".")):
        raise Mistyped(
            f"`{text[:200]}` does not say what to build: write the module and, behind a colon, the name in it, such as "
            "package.module:build or path/to/model.py:build"
        )
    return Target(place, name, _arguments(query))


def _arguments(text: str) -> dict[str, Any]:
    if len(text) > LONGEST:
        raise Mistyped(f"arguments of {len(text)} signs: {LONGEST} are the most; let a function of yours build the model")
    settings: dict[str, Any] = {}
    for part in _split(text):
        name, separator, value = part.partition("=")
        if not separator or not name.strip().isidentifier():
            raise Mistyped(
                f"`{part[:100]}` is no argument: write name=value, with `&` between two: hidden=20&bidirectional=true"
            )
        if name.strip() in settings:
            raise Mistyped(f"the argument `{name.strip()}` stands twice")
        settings[name.strip()] = value_of(value.strip())
    return settings


def _split(text: str) -> Iterator[str]:
    """The text between `&`s that stand in no bracket and in no quotes."""
    begin, quote, depth = 0, "", 0
    for place, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        elif sign in CLOSERS:
            depth += 1
        elif sign in CLOSERS.values():
            depth -= 1
        elif sign == "&" and depth <= 0:
            yield text[begin:place]
            begin = place + 1
    if text[begin:]:
        yield text[begin:]


def value_of(text: str) -> Any:
    """`20`, `1e-3`, `true`, `null`, `[3, 5]`, `(3, 5)`, `{'a': 1}`, `'a text'`; anything else that begins with no bracket or
    quote is a text as it stands. Raises Mistyped."""
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    try:
        return _literal(ast.parse(text, mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        if not text.startswith((*CLOSERS, "'", '"')):
            return text
    raise Mistyped(f"`{text[:100]}` is no value: write a number, true, false, null, a text, [3, 5] or (3, 5)")


def _literal(node: ast.expr) -> Any:
    """Raises ValueError for what is none."""
    if isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, bool | int | float | str)):
        return node.value
    if isinstance(node, ast.Name):
        return WORDS.get(node.id.lower(), node.id)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        number = _literal(node.operand)
        if isinstance(number, int | float) and not isinstance(number, bool):
            return -number if isinstance(node.op, ast.USub) else number
    if isinstance(node, ast.List):
        return [_literal(elt) for elt in node.elts]
    if isinstance(node, ast.Tuple):
        return tuple(_literal(elt) for elt in node.elts)
    if isinstance(node, ast.Dict):
        keys = [_literal(key) for key in node.keys if key is not None]
        return dict(zip(keys, map(_literal, node.values), strict=True))
    raise ValueError(ast.dump(node)[:50])


def near(word: str, words: Mapping[str, Any] | list[str]) -> str:
    """`; did you mean …?`, or nothing."""
    close = get_close_matches(word, list(words), 1, 0.5)
    return f"; did you mean `{close[0]}`?" if close else ""


def called(target: Target, function: Callable[..., Any]) -> Any:
    """What the function, or the class, gives with the target's arguments. Raises Mistyped where they are not its own."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # a class of an extension tells none
        return function(**target.arguments)
    signature_text = f"Its signature is {target.name}{_plain(signature)}"
    named = {
        name: parameter
        for name, parameter in signature.parameters.items()
        if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    }
    open_ended = any(parameter.kind is parameter.VAR_KEYWORD for parameter in signature.parameters.values())
    for name in target.arguments:
        if name not in named and not open_ended:
            raise Mistyped(f"`{target.name}` takes no argument `{name}`{near(name, list(named)) or '.'} {signature_text}")
    if lacking := [
        name for name, parameter in named.items() if parameter.default is parameter.empty and name not in target.arguments
    ]:
        example = "&".join(f"{name}=…" for name in lacking)
        raise Mistyped(
            f"`{target.name}` needs {', '.join(f'`{name}`' for name in lacking)}: write {target.name}?{example} (in quotes for "
            f"the shell), or name a function that builds the model. {signature_text}"
        )
    return function(**target.arguments)


def _plain(signature: inspect.Signature) -> str:
    """Names and defaults, without annotations, in one line."""
    parameters = [parameter.replace(annotation=parameter.empty) for parameter in signature.parameters.values()]
    return " ".join(str(signature.replace(parameters=parameters, return_annotation=signature.empty)).split())[:300]
