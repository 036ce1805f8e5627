"""Puts texts that are code to a page, a terminal, a log, a picture or an XML file into each, and looks at the result.

    python -m tests.tools.injected_texts --rounds 500

Each text goes into every field of a report, an atlas, a JUnit file and a picture, and to a terminal. A medium must then have
the same structure as with a harmless word: no additional element, attribute, link, heading, cell, escape sequence or command.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import random
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from unittest import mock
from xml.etree import ElementTree

import numpy as np
from rich.table import Table

from parity.atlas.question import Answer
from parity.documents import junit
from parity.execution.records import Record
from parity.judgement.comparison import Comparison
from parity.reporting import atlas, figures, pages
from parity.reporting.results import Results
from parity.reporting.site import pages as site
from parity.spec.cases import Case
from parity.trials import collected
from parity.trials.session import JudgedTrial
from parity.trials.trial import Trial
from parity.verbs import terminal
from tests.reporting.test_pages import made, row, speed, trained
from tests.tools import site_material

PAYLOADS = {
    "tag": "<script>alert(1)</script>",
    "image": "<img src=x onerror=alert(1)>",
    "attribute": "\" onmouseover='alert(1)' x=\"",
    "picture": "![x](http://evil.example/x.png)",
    "link": "[x](javascript:alert(1)) [y][z]",
    "address": "see http://evil.example and www.evil.example",
    "heading": "x\n\n# heading\n\n[a]: http://evil.example",
    "cell": "a | b \\| c\n| d |",
    "code": "`x` ``` ```",
    "emphasis": "**bold** _thin_ ~~gone~~ $x$",
    "colour": "\x1b[31mred\x1b[2J\x9b31m",
    "title": "\x1b]0;title\x07\x1b]8;;http://evil.example\x1b\\x",
    "log": "::error file=a::told\n  ::set-env name=a::b\n##[error]x\n##vso[task.x]y",
    "turned": "\u202eabc\u2066\u200b\ufeff\x00\x08\r",
    "entity": "&lt;b&gt; &#60;img&#62; ]]> --> {{ 7 * 7 }} {% x %}",
}
BENIGN = "benign"


class Skeleton(HTMLParser):
    """Collects elements and the names of their attributes, without text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[Any] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, [name for name, _ in attrs]))


def elements(page: str) -> Counter[str]:
    """The number of each element, without `g`: a picture groups lines by the number of names, and rows are sorted by text."""
    return Counter(str(one) for one in Skeleton(page).found if one[0] != "g")


def results_with(text: str) -> Results:
    """Results with the text in every field that may hold any text."""
    rows = [row(verdict="differs", reason=text, tensor=text, quantity=text, case=text, framework="torch"), row(spec=text)]
    rows += [row(framework=text, verdict="differs", framework_version=text)]
    curves = [replace(trained(text, name, measure=text), case=text, dataset=text) for name in ("reference", "torch")]
    curves += [trained("lenet", text)]
    speeds = [replace(speed("torch", 2.0), spec=text, mode=text, device=text), speed(text, 3.0)]
    told = {"version": text, "versions": {text: text}, "settings": {text: text}}
    environment = {"machine": {text: text}, "frameworks": {"torch": told, text: told}}
    return made(suite=text, command=text, environment=environment, rows=rows, curves=curves, speeds=speeds)


def atlas_with(text: str) -> tuple[list[atlas.AtlasRow], dict[str, str], list[atlas.DefaultGap]]:
    answers = {"torch": Answer(text, text), "keras": Answer("other", text)}
    rows = [atlas.AtlasRow(text, "normalization", text, text, answers)]
    return rows, {"torch": text, "keras": "1"}, [atlas.DefaultGap(text, text, text, {text: 1.0}, text, 1.0, None, 1.0)]


def pages_with(text: str, ending: str) -> list[str]:
    told = atlas.rendered(*atlas_with(text), Path("x"))
    made_of = {".md": pages.markdown, ".html": pages.html}[ending]
    return [made_of(results_with(text)), *(page for path, page in told.items() if path.suffix == ending)]


def markup_of(line: str) -> dict[str, Any]:
    """The markup of a line of Markdown, by a parser of its own: code first, then everything that is not escaped."""
    bare = re.sub(r"(?<!\\)((?:\\\\)*)`[^`]*`", r"\1C", re.sub(r"\\[^\w\s`\\]", "", line.replace("\\\\", "")))
    bare = re.sub(r"\(figures/[\w.-]+\)", "(F)", re.sub(r"\\`", "", bare))
    return {
        "cells": len(re.findall(r"(?<!\\)\|", line.replace("\\\\", ""))),
        "heading": bool(re.match(r" {0,3}#{1,6}(\s|$)", bare)),
        "links": len(re.findall(r"\]\(|\]\[|^\s*\[[^\]]*\]:", bare)),
        "addresses": len(re.findall(r"https?:|www\.", bare)),
        "tags": len(re.findall(r"<[a-zA-Z/!?]", bare)),
        "entities": len(re.findall(r"&(?!lt;|amp;|#58;|#46;)#?\w+;", bare)),
        "codes": bare.count("C`") + bare.count("`"),
    }


def is_harmless(shown: str) -> bool:
    control = re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)
    return not control and not re.search(r"(?m)^\s*::|##(vso)?\[", shown)


UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def shape_of(ending: str, page: str) -> Counter[str]:
    """The structure of a page, without its text."""
    return elements(page) if ending == ".html" else Counter(str(markup_of(line)) for line in page.splitlines())


@cache
def _harmless(ending: str) -> list[Counter[str]]:
    return [shape_of(ending, page) for page in pages_with(BENIGN, ending)]


def in_pages(text: str, ending: str) -> bool:
    """Whether the pages, without pictures, have the same structure as with a harmless word."""
    with mock.patch.object(figures, "svg", lambda _: "<svg></svg>"):
        found = pages_with(text, ending)
        return [shape_of(ending, page) for page in found] == _harmless(ending) and not any(map(UNSEEN.search, found))


def in_terminal(text: str) -> bool:
    """Whether messages and tables with the text contain nothing that controls the terminal or a log."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        terminal.say(text)
        terminal.say(f"x: {text}", error=True, colour="red")
        table = Table("a", text)
        table.add_row(text, "b")
        terminal.show(table, 200)
    return is_harmless(said.getvalue())


def in_junit(text: str) -> bool:
    """Whether a JUnit file with the text has the expected elements, and no other."""
    case = Case(spec=text, task="agreement", dtype="float32")
    trial = Trial(case, {"x": np.zeros(1)}, lambda _: [], "architectures")
    record = Record("0" * 64, case.id, text, "ran", "float32", reason=text)
    with tempfile.TemporaryDirectory() as folder:
        judged = [
            JudgedTrial(trial, text, record, [Comparison(case.id, text, text, verdict, "float32", reason=text)], Path(folder))
            for verdict in ("differs", "unsupported")
        ]
        (Path(folder) / "junit.xml").write_text(junit.junit(collected.checked(judged)), encoding="utf-8")
        root = ElementTree.parse(Path(folder) / "junit.xml").getroot()  # noqa: S314 - it is our own
    tags = [element.tag for element in root.iter() if "propert" not in element.tag]
    return tags == ["testsuite", "testcase", "failure", "testcase", "skipped"]


def in_picture(text: str) -> bool:
    """Whether pictures of curves with this name contain no element and no handler from the text."""
    names = [trained("lenet", run, losses=[1.0, 2.0]) for run in ("reference", text)]
    for drawn in (figures.loss_curves(names), figures.drift(names)):
        root = ElementTree.fromstring(figures.svg(drawn))  # noqa: S314 - it is our own
        tags = {element.tag.rpartition("}")[2] for element in root.iter()}
        if not tags <= {"svg", "g", "path", "text", "line", "rect", "title"}:
            return False
        if [key for element in root.iter() for key in element.attrib if key.startswith("on")]:
            return False
    return True


def in_site(text: str) -> bool:
    """Whether every page of a site has the elements that it has with a harmless word, and every table its cells."""
    found, meant = (site.built(site_material.with_text(one)) for one in (text, BENIGN))
    if found.keys() - meant.keys() and len(found) != len(meant):
        return False
    shapes = [
        sum((elements(page) for name, page in sorted(files.items()) if name.endswith(".html")), Counter[str]())
        for files in (found, meant)
    ]
    cells = [
        [len(row) for name, table in sorted(files.items()) if name.endswith(".csv") for row in csv.reader(io.StringIO(table))]
        for files in (found, meant)
    ]
    unseen = any(UNSEEN.search(page.replace("\r\n", "\n")) for name, page in found.items() if name.endswith((".html", ".csv")))
    return shapes[0] == shapes[1] and cells[0] == cells[1] and not unseen


MEDIA: Mapping[str, Callable[[str], bool]] = {
    "HTML": lambda text: in_pages(text, ".html"),
    "Markdown": lambda text: in_pages(text, ".md"),
    "terminal": in_terminal,
    "JUnit": in_junit,
    "SVG": in_picture,
    "site": in_site,
}


def composed(numbers: random.Random) -> str:
    """One to three payloads, each after, inside or around another, with a word or a sign between."""
    text = numbers.choice([*PAYLOADS.values()])
    for _ in range(numbers.randrange(3)):
        place = numbers.choice((0, len(text), numbers.randrange(len(text) + 1)))
        between = numbers.choice(("", " ", "\n", "a", "\\", "`", "<", "\t"))
        text = text[:place] + between + numbers.choice([*PAYLOADS.values()]) + text[place:]
    return text


def escapes(count: int, seed: int) -> Iterator[tuple[str, str]]:
    """Puts `count` texts into every medium. Gives the medium and the text for each that acted as more than text."""
    for number in range(count):
        text = composed(random.Random(f"{seed}/{number}"))  # noqa: S311 - a text, no secret
        for medium, holds in MEDIA.items():
            if not holds(text):
                yield medium, text


def main() -> int:
    """Prints every text that acted as more than text. Gives 1 if there is any."""
    parser = argparse.ArgumentParser(prog="python -m tests.tools.injected_texts", description=__doc__)
    parser.add_argument("--rounds", type=int, default=300, help="texts, each into every medium")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    bad = 0
    for medium, text in escapes(given.rounds, given.seed):
        bad += 1
        sys.stdout.write(f"{medium}: {text!a}\n")
    sys.stdout.write(f"{given.rounds * len(MEDIA)} injections, {bad} came through\n")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
