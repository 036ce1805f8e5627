"""Owns the reading of HTML for tests: elements, ids, links, text, and what is wrong with a page. Nothing is loaded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"meta", "link", "input", "br", "hr", "img"})
BLOCKS = frozenset(
    {
        "p",
        "div",
        "ul",
        "ol",
        "table",
        "h1",
        "h2",
        "h3",
        "section",
        "figure",
        "form",
        "dl",
        "details",
        "pre",
        "nav",
        "header",
        "footer",
    }
)
INSIDE: Mapping[str, tuple[str, ...]] = {
    "li": ("ul",),
    "tr": ("thead", "tbody"),
    "td": ("tr",),
    "th": ("tr",),
    "thead": ("table",),
    "tbody": ("table",),
    "caption": ("table",),
    "option": ("select",),
    "dt": ("div", "dl"),
    "dd": ("div", "dl"),
    "legend": ("fieldset",),
    "summary": ("details",),
    "figcaption": ("figure",),
}
"""Element -> what it may stand in."""
ONCE = ("main", "h1", "header", "footer")


@dataclass
class ReadPage:
    """What a page holds."""

    elements: Counter[str] = field(default_factory=Counter)
    attributes: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    ids: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)

    def of(self, tag: str) -> Iterator[dict[str, str]]:
        """The attributes of each element of a name."""
        return (given for name, given in self.attributes if name == tag)

    def links(self) -> Iterator[str]:
        """Where the page leads to, or what it loads."""
        for _, given in self.attributes:
            yield from (given[name] for name in ("href", "src") if name in given)


class Reader(HTMLParser):
    """Reads a page strictly: every element that is opened is closed, in order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page, self.open = ReadPage(), list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.page.elements[tag] += 1
        self.page.attributes.append((tag, given))
        if len(given) != len(attrs):
            self._wrong(f"<{tag}> has an attribute twice")
        if "id" in given:
            self.page.ids[given["id"]] += 1
        inside = self.open[-1] if self.open else ""
        if tag in INSIDE and inside not in INSIDE[tag]:
            self._wrong(f"<{tag}> stands in <{inside}>")
        if tag in BLOCKS and "p" in self.open:
            self._wrong(f"<{tag}> stands in a paragraph")
        if tag in ("a", "button") and {"a", "button"} & set(self.open):
            self._wrong(f"<{tag}> stands in a link or a button")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            self._wrong(f"</{tag}> closes <{self.open[-1] if self.open else ''}>")
        else:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        self.page.text.append(data)

    def _wrong(self, what: str) -> None:
        self.page.problems.append(f"line {self.getpos()[0]}: {what}")


def read(text: str) -> ReadPage:
    """A page, with what is wrong with it."""
    reader = Reader()
    reader.feed(text)
    reader.close()
    page = reader.page
    page.problems += [f"<{tag}> is never closed" for tag in reader.open]
    page.problems += [f"the id {name!a} stands {times} times" for name, times in page.ids.items() if times > 1]
    page.problems += [f"<{tag}> stands {page.elements[tag]} times" for tag in ONCE if page.elements[tag] != 1]
    if page.elements["table"] != page.elements["caption"]:
        page.problems.append("a table has no caption")
    scopes = [given.get("scope") for given in page.of("th")]
    page.problems += [f"a heading of a table has the scope {scope}" for scope in scopes if scope not in ("col", "row")]
    silent = [given for given in page.of("svg") if not (given.get("aria-label") or given.get("aria-hidden"))]
    page.problems += ["a picture has no text"] * len(silent)
    if not text.startswith("<!doctype html>\n"):
        page.problems.append("it has no doctype")
    return page
