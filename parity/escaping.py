"""Owns how foreign text is written into each medium: HTML, Markdown, CSV, a terminal, GitHub's log, SVG, JUnit. One each.

Names of layers, messages of exceptions and names of files come from others and may hold anything: markup, links, headings,
escape sequences, commands to a log. Here they become plain text. Standard library only. It refuses to shorten, and to drop a
word.
"""

from __future__ import annotations

import codecs
import re

UNSEEN = "�"
"""Replaces a character that cannot be seen: control characters, marks of writing direction, lone surrogates."""

_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;"}
_BREAKS = re.compile(r"[ \t]*[\r\n\v\f\x1c-\x1e\x85\u2028\u2029][ \t\r\n\v\f\x1c-\x1e\x85\u2028\u2029]*|\t")
_ENTITY = re.compile(r"&(?=#?\w+;)")
_BACKSLASH = re.compile(r"\\(?=[!-/:-@\[-`{-~]|$)")
_LINK = re.compile(r"\](?=[(\[:])")
_ADDRESS = re.compile(r"(?i)\b(https?|ftp|mailto|xmpp):|\bwww\.")
_UNDERSCORE = re.compile(r"(?<![^\W_])_(?=\S)")
_STARS = re.compile(r"\*(?=\w|$)|(?<![^\W_])(?<!\*)\*+(?=[^\s*])")
"""Signs that can open emphasis (CommonMark 0.31, left-flanking runs). Without an opening sign all others are text."""
_FIRST = re.compile(r"^(\s*)([#>+=~-]|\d+[.)])(?=[\s#>=~-]|$)|^(\s*)([#>=])")
_NUMBER = re.compile(r"[-+]?[\d.]+(e[-+]?\d+)?(, [-+]?[\d.]+(e[-+]?\d+)?)*( …)?")
_LOG_COMMAND = re.compile(r"^(\s*):(?=:)|#(?=#(?:vso)?\[)", re.MULTILINE)

_MARKS = "✓+ ✗x ≈~ ≠! –- —- −- ×x ·* ÷/ ⁻- ¹1 ²2 ³3 ⁿn ₁1 ₂2 ᵀT ée •* �? “\" ”\" ‘' ’' ηn ⌊[ ⌋] ■# ▲^ △^ ○o ◆* ★*"
_WORDS = "…... ±+- ≤<= ≥>= √sqrt ‖|| ∞inf ½1/2 →-> ←<- αalpha βbeta γgamma δdelta εepsilon λlambda μmu σsigma ΦPhi ρrho Σsum"
PLAIN = {pair[0]: pair[1:] for pair in f"{_MARKS} {_WORDS}".split()} | {"\xa0": " ", "\u0302": "^", "π": "pi"}
"""Character -> its replacement in a terminal that lacks it (ASCII, Latin-1). A mark keeps its width, so that tables stay
aligned."""


def html(text: object) -> str:
    """Text for an HTML page or a quoted attribute."""
    return "".join(_HTML.get(sign, sign) for sign in _seen(text, "\n\t"))


def markdown(text: object) -> str:
    """Text for a line or a table's cell of GitHub-flavoured Markdown, without markup, links and further lines."""
    line = _BREAKS.sub(" ", str(text))
    line = _BACKSLASH.sub(r"\\\\", _seen(line))
    line = _ENTITY.sub("&amp;", line).replace("<", "&lt;").replace("|", "\\|").replace("`", "\\`")
    line = _UNDERSCORE.sub(r"\\_", line.replace("*", "\\*") if _STARS.search(line) else line)
    line = line.replace("~~", "\\~\\~").replace("$", "\\$")
    line = _ADDRESS.sub(_broken, _LINK.sub(r"\\]", line))
    return _FIRST.sub(_not_first, line)


def markdown_code(text: object) -> str:
    """Text to stand between backticks. Only backticks, a cell's border and a line end could end it, and are replaced."""
    line = _seen(_BREAKS.sub(" ", str(text))).replace("`", "'")
    return re.sub(r"\\(?=\|)", r"\\ ", line).replace("|", "\\|")


def markdown_prose(text: object) -> str:
    """Text in which backticks mark code if they come in pairs; everything else is plain text."""
    parts = str(text).split("`")
    if len(parts) % 2 == 0:
        return markdown(text)
    return "".join(f"`{markdown_code(part)}`" if at % 2 else markdown(part) for at, part in enumerate(parts))


def csv_cell(value: object) -> str:
    """A cell of a table of commas, in one line. What a spreadsheet would take for a formula begins with an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, (bool, int, float)):
        return repr(value)
    line = _seen(_BREAKS.sub(" ", str(value)))
    return f"'{line}" if line.lstrip()[:1] in ("=", "+", "-", "@") and not _NUMBER.fullmatch(line) else line


def terminal(text: object) -> str:
    """Lines for a terminal or a CI log, without escape sequences, cursor movements and commands."""
    return github_log(_seen(str(text).replace("\r\n", "\n"), "\n\t"))


def visible(text: object) -> str:
    """A piece of a line, in which every character can be seen."""
    return _seen(text)


def github_log(text: str) -> str:
    """Lines that a runner of GitHub or Azure does not take for commands (`::error::`, `##[error]`, `##vso[…]`)."""
    return _LOG_COMMAND.sub(lambda match: f"{match[0]} ", text)


def svg(text: object) -> str:
    """Text for a picture. The drawing library escapes markup itself, but aborts at control characters."""
    return _seen(text)


def junit(text: object) -> str:
    """Text for an attribute or element of XML, with only the characters of XML 1.0. The writer of the XML escapes markup."""
    return _seen(str(text).replace("\r\n", "\n"), "\n\t")


def plain(error: UnicodeError) -> tuple[str, int]:
    """Handler for `codecs`: a character that the terminal's encoding lacks is written in plain form, or by its number."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    return "".join(PLAIN.get(sign) or ascii(sign)[1:-1] for sign in signs), error.end


HANDLER = "parity-plain"
codecs.register_error(HANDLER, plain)


def _seen(text: object, kept: str = "") -> str:
    """The text, with every character that cannot be seen replaced, except those in `kept`."""
    plain_text = str(text)
    return (
        plain_text
        if plain_text.isprintable()
        else "".join(sign if sign.isprintable() or sign in kept else UNSEEN for sign in plain_text)
    )


def _broken(match: re.Match[str]) -> str:
    """An address whose sign that would make it a link is escaped."""
    return f"{match[0][:-1]}{'&#58;' if match[0].endswith(':') else '&#46;'}"


def _not_first(match: re.Match[str]) -> str:
    """The start of a line, in which a sign that would begin a heading, quotation or list is escaped."""
    space, sign = match[1] or match[3] or "", match[2] or match[4]
    return f"{space}{sign[:-1]}\\{sign[-1]}"
