"""Owns how foreign text is written into each medium: HTML, Markdown, CSV, a terminal, GitHub's log, SVG, JUnit. One each.

Names of layers, messages of exceptions and names of files come from others, and say what they like: markup, links, headings,
escape sequences, commands to a log. Here they become text. Standard library alone. It refuses to shorten, and to drop a word.
"""

from __future__ import annotations

import codecs
import re

UNSEEN = "�"
"""Stands for a character that cannot be seen: control characters, those that turn the line round, halves of characters."""

_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;"}
_BREAKS = re.compile(r"[ \t]*[\r\n\v\f\x1c-\x1e\x85\u2028\u2029][ \t\r\n\v\f\x1c-\x1e\x85\u2028\u2029]*|\t")
_ENTITY = re.compile(r"&(?=#?\w+;)")
_BACKSLASH = re.compile(r"\\(?=[!-/:-@\[-`{-~]|$)")
_LINK = re.compile(r"\](?=[(\[:])")
_ADDRESS = re.compile(r"(?i)\b(https?|ftp|mailto|xmpp):|\bwww\.")
_UNDERSCORE = re.compile(r"(?<![^\W_])_(?=\S)")
_STARS = re.compile(r"\*(?=\w|$)|(?<![^\W_])(?<!\*)\*+(?=[^\s*])")
"""Where emphasis can open (CommonMark 0.31, left-flanking runs): without an opening sign the others are text."""
_FIRST = re.compile(r"^(\s*)([#>+=~-]|\d+[.)])(?=[\s#>=~-]|$)|^(\s*)([#>=])")
_NUMBER = re.compile(r"[-+]?[\d.]+(e[-+]?\d+)?(, [-+]?[\d.]+(e[-+]?\d+)?)*( …)?")
_LOG_COMMAND = re.compile(r"^(\s*):(?=:)|#(?=#(?:vso)?\[)", re.MULTILINE)

_MARKS = "✓+ ✗x ≈~ ≠! –- —- −- ×x ·* ÷/ ⁻- ¹1 ²2 ³3 ⁿn ₁1 ₂2 ᵀT ée •* �? “\" ”\" ‘' ’' ηn ⌊[ ⌋] ■# ▲^ △^ ○o ◆* ★*"
_WORDS = "…... ±+- ≤<= ≥>= √sqrt ‖|| ∞inf ½1/2 →-> ←<- αalpha βbeta γgamma δdelta εepsilon λlambda μmu σsigma ΦPhi ρrho Σsum"
PLAIN = {pair[0]: pair[1:] for pair in f"{_MARKS} {_WORDS}".split()} | {"\xa0": " ", "\u0302": "^", "π": "pi"}
"""What stands for a character that a terminal lacks (ASCII, Latin-1). A mark is as wide as before: tables are laid out."""


def html(text: object) -> str:
    """Text of a page or of an attribute in quotes."""
    return "".join(_HTML.get(sign, sign) for sign in _seen(text, "\n\t"))


def markdown(text: object) -> str:
    """Text in a line or a table's cell of GitHub-flavoured Markdown: no markup, no link, no second line."""
    line = _BREAKS.sub(" ", str(text))
    line = _BACKSLASH.sub(r"\\\\", _seen(line))
    line = _ENTITY.sub("&amp;", line).replace("<", "&lt;").replace("|", "\\|").replace("`", "\\`")
    line = _UNDERSCORE.sub(r"\\_", line.replace("*", "\\*") if _STARS.search(line) else line)
    line = line.replace("~~", "\\~\\~").replace("$", "\\$")
    line = _ADDRESS.sub(_broken, _LINK.sub(r"\\]", line))
    return _FIRST.sub(_not_first, line)


def markdown_code(text: object) -> str:
    """What stands between backticks: only they, a cell's border and a second line could end it."""
    line = _seen(_BREAKS.sub(" ", str(text))).replace("`", "'")
    return re.sub(r"\\(?=\|)", r"\\ ", line).replace("|", "\\|")


def markdown_prose(text: object) -> str:
    """Text whose backticks, if they come in pairs, mark code; everything else is text."""
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
    """Lines for a terminal or a log of a machine: no escape sequence, no cursor, no command."""
    return github_log(_seen(str(text).replace("\r\n", "\n"), "\n\t"))


def visible(text: object) -> str:
    """A piece of a line: every character can be seen."""
    return _seen(text)


def github_log(text: str) -> str:
    """Lines of which a runner of GitHub or Azure takes none for a command (`::error::`, `##[error]`, `##vso[…]`)."""
    return _LOG_COMMAND.sub(lambda match: f"{match[0]} ", text)


def svg(text: object) -> str:
    """Text that the drawing library writes into a picture. It escapes markup itself, and aborts at control characters."""
    return _seen(text)


def junit(text: object) -> str:
    """Text of an attribute or element of XML, whose writer escapes markup: only characters that XML 1.0 has."""
    return _seen(str(text).replace("\r\n", "\n"), "\n\t")


def plain(error: UnicodeError) -> tuple[str, int]:
    """Handler of `codecs`: what a terminal's encoding lacks is written plainly, or by its number."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    found = error.object[error.start : error.end]
    return "".join(PLAIN.get(sign) or ascii(sign)[1:-1] for sign in found), error.end


HANDLER = "parity-plain"
codecs.register_error(HANDLER, plain)


def _seen(text: object, kept: str = "") -> str:
    """Every character can be seen, or is one of `kept`."""
    found = str(text)
    return found if found.isprintable() else "".join(sign if sign.isprintable() or sign in kept else UNSEEN for sign in found)


def _broken(match: re.Match[str]) -> str:
    """An address without the sign that makes a link of it."""
    return f"{match[0][:-1]}{'&#58;' if match[0].endswith(':') else '&#46;'}"


def _not_first(match: re.Match[str]) -> str:
    """The start of a line, with the sign that would make a heading, quotation or list of it as text."""
    space, sign = match[1] or match[3] or "", match[2] or match[4]
    return f"{space}{sign[:-1]}\\{sign[-1]}"
