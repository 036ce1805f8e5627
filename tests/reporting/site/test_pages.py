"""The site: every link lives, every page is valid and loads nothing from elsewhere, and says what the records say."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping
from urllib.parse import unquote

import pytest
import read_pages
from read_pages import ReadPage
from site_on_disk import MATERIAL, REPORTS

from parity.judgement.verdicts import worst
from parity.reporting import summary
from parity.reporting.pages import file_name
from parity.reporting.site import layout, pages
from parity.reporting.site.rendering import SitePages
from parity.verbs.site import gathering

FILES = pages.built(MATERIAL)
PAGES: Mapping[str, ReadPage] = {name: read_pages.read(text) for name, text in FILES.items() if name.endswith(".html")}
LARGEST_PAGE = 1_500_000


def test_there_is_a_page_for_everything() -> None:
    assert len([name for name in PAGES if name.startswith("architectures/")]) == len(MATERIAL.architectures) + 1 >= 51
    for rule in MATERIAL.rules:
        assert f"{rule.kind}/{rule.name}.html" in PAGES
    for framework in MATERIAL.frameworks:
        assert f"frameworks/{file_name(framework.name)}.html" in PAGES
    assert all(address in PAGES for _, address in layout.NAVIGATION)


def test_every_page_is_valid() -> None:
    assert {name: page.problems for name, page in PAGES.items() if page.problems} == {}


@pytest.mark.parametrize(
    ("markup", "told"),
    [
        ("<p><div></div></p>", "stands in a paragraph"),
        ("<p>", "never closed"),
        ("<b></i></b>", "closes"),
        ('<i id="x"></i><i id="x"></i>', "stands 2 times"),
        ("<table></table>", "has no caption"),
        ("<ul><p></p></ul><li></li>", "<li> stands in"),
        ("<svg></svg>", "no text"),
        ('<a href="x"><a href="y"></a></a>', "in a link"),
    ],
)
def test_what_is_not_valid_is_seen(markup: str, told: str) -> None:
    whole = f"<!doctype html>\n<html><title></title><header></header><main><h1></h1>{markup}</main><footer></footer></html>"
    assert any(told in problem for problem in read_pages.read(whole).problems)


def dead(files: Mapping[str, str], read: Mapping[str, ReadPage]) -> list[str]:
    """Links of pages that lead nowhere: to no file, or to no place in it."""
    found = []
    for name, page in read.items():
        for link in page.links():
            if link.startswith("https://arxiv.org/abs/"):
                continue
            path, _, fragment = link.partition("#")
            target = posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(path))) if path else name
            place = unquote(fragment)
            if target not in files:
                found.append(f"{name}: {link}")
            elif place and "=" not in place and place not in read[target].ids:
                found.append(f"{name}: no place {link}")
    return found


def test_every_link_lives() -> None:
    assert dead(FILES, PAGES) == []
    assert sum(len(list(page.links())) for page in PAGES.values()) > 4_500


def test_a_dead_link_is_seen() -> None:
    broken = read_pages.read('<a href="nowhere.html">x</a><a href="index.html#nowhere">x</a>')
    assert len(dead({**FILES, "x.html": ""}, {**PAGES, "x.html": broken})) == 2


def test_every_page_is_reached_from_the_start() -> None:
    seen, left = set(), ["index.html"]
    while left:
        name = left.pop()
        seen.add(name)
        for link in PAGES[name].links():
            path = link.partition("#")[0]
            target = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
            if target in PAGES and target not in seen:
                left.append(target)
    assert seen == set(PAGES)


def test_a_page_loads_own_files_alone() -> None:
    """Neither a script nor a style of its own, no handler, nothing from elsewhere; the policy says so to the browser."""
    for name, page in PAGES.items():
        assert page.elements["style"] == page.elements["iframe"] == page.elements["img"] == page.elements["object"] == 0, name
        for tag, given in page.attributes:
            assert not [key for key in given if key.startswith("on") or key in ("style", "srcdoc", "ping")], (name, tag)
        for script in page.of("script"):
            assert re.fullmatch(r"(\.\./)?assets/[a-z-]+\.js", script["src"]), name
        assert page.elements["script"] == len([given for given in page.of("script") if given["src"]])
        (policy,) = [given["content"] for given in page.of("meta") if given.get("http-equiv") == "Content-Security-Policy"]
        assert policy == layout.POLICY and "unsafe" not in policy and "http" not in policy
    for name, text in FILES.items():
        if name.endswith((".js", ".css")):
            for word in ("https:", "http://", "//", "fetch(", "XMLHttpRequest", "@import", "url(", "eval(", "innerHTML"):
                code = text.replace("http://www.w3.org/2000/svg", "")
                assert word not in re.sub(r"(?m)^\s*//.*$", "", code) or name.endswith("-data.js"), (name, word)


def test_no_page_is_too_large() -> None:
    assert max(len(text.encode()) for name, text in FILES.items() if name.endswith(".html")) < LARGEST_PAGE
    assert sum(len(text.encode()) for text in FILES.values()) < 20e6


def test_the_same_records_give_the_same_bytes() -> None:
    assert pages.built(gathering.gather(REPORTS)) == FILES


def test_each_page_says_what_it_is_made_of() -> None:
    for name, page in PAGES.items():
        text = "".join(page.text)
        assert f"parity {MATERIAL.made_with}" in text and "parity site" in text, name
        for suite in MATERIAL.suites:
            assert suite.results.command in text and (suite.results.made or "the records carry no date") in text, name


def test_what_is_not_on_record_says_so() -> None:
    measured = set(SitePages(MATERIAL).evidence.measured)
    for facts in MATERIAL.frameworks:
        text = "".join(PAGES[f"frameworks/{file_name(facts.name)}.html"].text)
        assert ("Not measured here: no committed record" in text) == (facts.name not in measured)
    timed = {table.spec for table in SitePages(MATERIAL).evidence.speeds}
    for facts in MATERIAL.architectures:
        text = "".join(PAGES[f"architectures/{facts.name}.html"].text)
        assert (f"parity bench {facts.name} times it on your machine" in text) == (facts.name not in timed)


def test_every_row_of_the_atlas_has_its_place_and_its_command() -> None:
    page, text = PAGES["atlas.html"], FILES["atlas.html"]
    assert {row.name for row in MATERIAL.atlas} <= set(page.ids)
    assert all(f"parity atlas --item {row.name}</code>" in text for row in MATERIAL.atlas)


def test_the_odd_one_out_is_marked_by_a_shape_and_a_word() -> None:
    """Not by a colour alone: every marked cell begins with a sign and a word for who does not see it."""
    text = FILES["atlas.html"]
    marked = re.findall(r'<td class="f odd"[^>]*>(.{0,120})', text)
    assert len(marked) > 300
    assert all(re.match(r'<span class="oddmark" aria-hidden="true">[◆≠]</span><span class="hidden">', one) for one in marked)


def test_the_search_knows_every_page_and_row() -> None:
    index = json.loads(FILES["assets/search-data.js"].removeprefix("window.paritySearch = ").removesuffix(";\n"))
    targets = {address.partition("#")[0] for _, address, _, _ in index}
    assert targets == set(PAGES)
    places = {address for _, address, _, _ in index}
    assert {f"atlas.html#{row.name}" for row in MATERIAL.atlas} <= places


def test_a_repository_keeps_the_front_alone() -> None:
    """The start page with its assets and the tables; what it leads to beyond them is told to be built on demand."""
    kept = pages.built(MATERIAL, front=True)
    assert "index.html" in kept and "atlas.html" not in kept and "data/atlas.csv" in kept and "data/atlas.json" not in kept
    assert all(FILES[name] == text for name, text in kept.items() if name not in ("index.html", "assets/search-data.js"))
    start = {"index.html": read_pages.read(kept["index.html"])}
    assert start["index.html"].problems == [] and dead(kept, start) == []
    assert "on-demand" in start["index.html"].ids and "on-demand" not in PAGES["index.html"].ids
    index = json.loads(kept["assets/search-data.js"].removeprefix("window.paritySearch = ").removesuffix(";\n"))
    assert {address.partition("#")[0] for _, address, _, _ in index} == {"index.html"}
    assert sum(len(text.encode()) for text in kept.values()) < 4e6


def test_without_records_every_page_stands_and_says_that_nothing_is_measured() -> None:
    from dataclasses import replace

    empty = replace(MATERIAL, suites=(), atlas=(), atlas_versions={}, gaps=(), consequences={}, installs=(), upstream=())
    made = pages.built(empty)
    read = {name: read_pages.read(text) for name, text in made.items() if name.endswith(".html")}
    assert {name: page.problems for name, page in read.items() if page.problems} == {}
    assert dead(made, read) == []
    start = "".join(read["index.html"].text)
    assert start.count("Not measured here") == 4


def test_a_cell_of_the_table_shows_what_the_reports_show() -> None:
    """The worst verdict and the greatest share of a budget: those of the matrices of all reports, worked out there."""
    shown = {}
    for row in re.findall(r"<tr data-family=.*?</tr>", FILES["architectures/index.html"], re.DOTALL):
        (name,) = re.findall(r'<a href="([a-z0-9_]+)\.html">', row)
        shown[name] = re.findall(r'<td class="(\w+)" data-value="([-\d.e]+)"><a', row)
    measured = SitePages(MATERIAL).evidence.measured
    for facts in MATERIAL.architectures:
        for framework, (verdict, share) in zip(measured, shown[facts.name], strict=bool(shown[facts.name])):
            cells = [
                cell
                for suite in MATERIAL.suites
                for (spec, name, _), cell in summary.matrix(suite.results.rows, "architectures").cells.items()
                if (spec.partition(" (")[0], name) == (facts.name, framework)
            ]
            assert verdict == worst(cell.verdict for cell in cells)
            assert float(share) == max(cell.used for cell in cells if cell.used is not None)
