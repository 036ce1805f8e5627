"""What a reader does with the site: searches, sorts, filters, moves sliders, takes data along. In a browser, from a disk.

It needs Chromium (`apt-get install chromium`); where there is none these tests fail.
"""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from browser import Browser
from site_on_disk import MATERIAL

from parity.reporting import atlas_ranking
from parity.reporting.evidence import RecordedEvidence
from parity.reporting.recommendation import choice
from parity.reporting.recommendation.criteria import NEEDS, WEIGHTS, Criteria

ATLAS = atlas_ranking.entries(MATERIAL)


def shown(browser: Browser, table: str) -> list[str]:
    """The ids, or else the first headings, of the rows that can be seen, in their order."""
    script = (
        f"[...document.querySelectorAll('#{table} tbody tr')].filter((row) => !row.hidden && row.offsetParent)"
        ".map((row) => row.id || row.querySelector('th').textContent.trim())"
    )
    found: list[str] = browser.run(script)
    return found


def test_a_search_finds_and_opens(browser: Browser, site: Path) -> None:
    browser.open(site / "methods.html")
    browser.type("#search", "adam epsilon")
    found = browser.run("[...document.querySelectorAll('#found a')].map((one) => one.getAttribute('href'))")
    assert (
        "atlas.html#adam.epsilon" in found
        and browser.run("document.querySelector('#search').getAttribute('aria-expanded')") == "true"
    )
    browser.press("ArrowDown")
    first = browser.run("document.querySelector('#found a[aria-selected=true]').href")
    browser.press("Enter")
    browser.loaded()
    assert browser.run("location.href") == first


def test_a_search_of_nothing_says_so_and_escape_closes_it(browser: Browser, site: Path) -> None:
    browser.open(site / "architectures/lenet.html")
    browser.type("#search", "zzzzqq")
    assert "Nothing found" in browser.run("document.querySelector('#found').textContent")
    browser.press("Escape")
    assert browser.run("document.querySelector('#found').hidden") is True


def test_a_slash_goes_to_the_search(browser: Browser, site: Path) -> None:
    browser.open(site / "methods.html")
    browser.ask("Input.dispatchKeyEvent", type="keyDown", key="/", text="/")
    assert browser.run("document.activeElement.id") == "search"


def test_a_table_is_sorted_by_a_click_and_by_a_key(browser: Browser, site: Path) -> None:
    browser.open(site / "architectures/index.html")
    by_name = shown(browser, "networks")
    sizes = {facts.name: facts.parameters for facts in MATERIAL.architectures}
    browser.click("#networks thead th:nth-child(3) button")
    assert shown(browser, "networks") == sorted(by_name, key=lambda name: (sizes[name], by_name.index(name)))
    browser.run("document.querySelector('#networks thead th:nth-child(3) button').focus()")
    browser.press("Enter")
    assert [sizes[name] for name in shown(browser, "networks")] == sorted(sizes.values(), reverse=True)
    assert browser.run("document.querySelector('#networks th[aria-sort]').getAttribute('aria-sort')") == "descending"


def test_a_table_is_filtered(browser: Browser, site: Path) -> None:
    browser.open(site / "architectures/index.html")
    browser.type("[data-for=networks] [data-filter]", "resnet")
    names = shown(browser, "networks")
    assert names and all("resnet" in name for name in names)
    told = browser.run("document.querySelector('[data-for=networks] [data-count]').textContent")
    assert told == f"{len(names)} of {len(MATERIAL.architectures)}"
    browser.click("[data-for=networks] [data-only=trained]")
    assert set(shown(browser, "networks")) == {"resnet18_small_images"}


def choose(browser: Browser, field: str, value: str) -> None:
    """Takes an entry of a list, as a reader does."""
    browser.run(
        f"(() => {{ const e = document.getElementById('{field}'); e.value = {json.dumps(value)};"
        " e.dispatchEvent(new Event('input', { bubbles: true })); })()"
    )


def test_the_atlas_shows_what_bites_from_one_framework_to_another_the_worst_first(browser: Browser, site: Path) -> None:
    """The order, the consequences and the advice are those that the Python side works out."""
    browser.open(site / "atlas.html")
    choose(browser, "from", "torch")
    choose(browser, "to", "keras")
    told = atlas_ranking.of_pair(ATLAS, "torch", "keras")
    names = shown(browser, "atlas")
    assert sorted(names) == sorted(entry.row.name for entry, _ in told)
    ranks = {entry.row.name: list(atlas_ranking.KINDS).index(one.kind) for entry, one in told}
    assert [ranks[name] for name in names] == sorted(ranks.values())
    assert browser.run("location.hash") == "#from=torch&to=keras"
    headings = "[...document.querySelectorAll('#atlas thead th')].filter((one) => one.offsetParent)"
    seen = browser.run(f"{headings}.map((one) => one.textContent.trim())")
    assert "mxnet" not in seen and {"keras", "torch"} <= set(seen)
    row = next(entry.row for entry, _ in told if entry.row.name == "adagrad.start")
    told_remedy = browser.run("document.getElementById('adagrad.start').querySelector('.remedy').textContent")
    assert told_remedy == row.between("torch", "keras").remedy("torch", "keras")


@pytest.mark.parametrize(
    ("field", "value", "kept"),
    [
        ("chapter", "losses", lambda entry: entry.worst and entry.row.chapter == "losses"),
        ("kind", "silent_small", lambda entry: entry.worst and entry.worst.kind == "silent_small"),
        ("odd", "keras", lambda entry: "keras" in entry.odd),
        ("words", "batch_norm momentum", lambda entry: entry.worst and "batch_norm.momentum" in entry.row.name),
    ],
)
def test_the_atlas_is_filtered(browser: Browser, site: Path, field: str, value: str, kept: Any) -> None:
    browser.open(site / "atlas.html")
    choose(browser, field, value)
    wanted = {entry.row.name for entry in ATLAS if kept(entry)}
    assert wanted <= set(shown(browser, "atlas")) and len(shown(browser, "atlas")) <= len(wanted) + 3
    browser.click("#different")
    assert len(shown(browser, "atlas")) >= len(wanted)


def test_a_permalink_shows_its_row_and_a_filter_can_be_linked_to(browser: Browser, site: Path) -> None:
    same = next(row.name for row in MATERIAL.atlas if not row.differs)
    browser.open(site / "atlas.html", f"#{same}")
    assert same in shown(browser, "atlas")
    browser.open(site / "atlas.html", "#from=mxnet&to=torch&kind=visible")
    told = [entry.row.name for entry, one in atlas_ranking.of_pair(ATLAS, "mxnet", "torch") if one.kind == "visible"]
    assert sorted(shown(browser, "atlas")) == sorted(told)
    browser.open(site / "atlas.html", "#items=adam,relu")
    assert {name.partition(".")[0] for name in shown(browser, "atlas")} <= {"adam", "relu"}
    browser.click("#atlas-tools button[type=reset]")
    browser.run("new Promise((done) => setTimeout(done, 50))")
    assert len(shown(browser, "atlas")) == sum(row.differs for row in MATERIAL.atlas)


SLIDE = """
(() => {
  const slider = document.querySelector('[data-weight=NAME]');
  slider.value = 'VALUE';
  slider.dispatchEvent(new Event('input', { bubbles: true }));
})()
"""
WISHES = (
    ("anything", "", {}, ()),
    ("vision", "keras", {"speed": 3.0, "agreement": 2.0, "porting": 0.5, "size": 1.0}, ("float64",)),
    ("tables", "torch", {"speed": 0.5, "porting": 5.0, "upkeep": 1.0}, ("float32", "onnx")),
    ("language", "mxnet", {"speed": 1.0, "porting": 0.0}, ()),
    ("anything", "", {"size": 5.0}, ("small-install",)),
)


@pytest.mark.parametrize(("task", "source", "weights", "needs"), WISHES)
@pytest.mark.parametrize("retired", [False, True], ids=["maintained", "all"])
def test_sliders_give_the_order_of_the_command(
    browser: Browser, site: Path, task: str, source: str, weights: dict[str, float], needs: tuple[str, ...], retired: bool
) -> None:
    """The page's arithmetic is that of `parity recommend`: the sentence, the places, what would change them."""
    browser.open(site / "pick.html")
    choose(browser, "task", task)
    choose(browser, "source", source)
    for name, value in weights.items():
        browser.run(SLIDE.replace("NAME", name).replace("VALUE", str(value)))
    for need in (*needs, *(("maintained",) if retired else ())):
        browser.click(f"[data-need={need}]")
    asked = (*needs, *(() if retired else ("maintained",)))
    asked = tuple(need for need in NEEDS if need in asked)
    candidates = Criteria(RecordedEvidence(MATERIAL), ATLAS, task, "cpu").candidates(asked, source)
    ranking = choice.ranked(task, "cpu", candidates, {**WEIGHTS, **weights})
    assert browser.run("document.getElementById('answer').textContent") == choice.sentence(ranking)
    names = [name.removeprefix("★ ").removesuffix(" retired") for name in shown(browser, "places")]
    assert names == [place.candidate.name for place in ranking.places] + [one.name for one in ranking.refused]
    changes = browser.run("[...document.querySelectorAll('#changes li')].map((one) => one.textContent.split(' ')[0])")
    assert changes == ([change.criterion for change in ranking.changes] or ["Nothing"])


def test_a_download_holds_the_table(browser: Browser, site: Path) -> None:
    browser.open(site / "atlas.html")
    addresses = browser.run("[...document.querySelectorAll('a[download]')].map((one) => one.getAttribute('href'))")
    assert addresses == ["data/atlas.csv", "data/atlas.json"]
    rows = list(csv.DictReader(io.StringIO((site / addresses[0]).read_text(encoding="utf-8"))))
    assert [row["name"] for row in rows] == [entry.row.name for entry in ATLAS]


def test_a_curve_tells_its_numbers_under_the_pointer(browser: Browser, site: Path) -> None:
    browser.open(site / "architectures/lenet.html")
    place = browser.run(
        "(() => { const s = document.querySelector('figure[data-lines] svg');"
        " s.scrollIntoView({ block: 'center', behavior: 'instant' }); const b = s.getBoundingClientRect();"
        " return [b.x + b.width / 2, b.y + b.height / 2]; })()"
    )
    browser.ask("Input.dispatchMouseEvent", type="mouseMoved", x=place[0], y=place[1])
    told = browser.run("document.querySelector('.readout').textContent")
    assert "torch: " in told and "reference: " in told


def axes(browser: Browser) -> list[str]:
    """The words of the first curve's axes."""
    script = "[...document.querySelectorAll('figure[data-lines]')[0].querySelectorAll('g.y text, g.x text')]"
    found: list[str] = browser.run(f"{script}.map((one) => one.textContent)")
    return found


def points(browser: Browser) -> list[float]:
    """Where the first curve goes."""
    path = browser.run("document.querySelector('figure[data-lines] path[data-values]').getAttribute('d')")
    return [float(word) for word in path.replace("M", " ").replace("L", " ").split()]


def test_a_curve_gets_another_scale_and_a_part_of_its_steps(browser: Browser, site: Path) -> None:
    """Drawn anew by the page it is what Python drew; linear and zoomed it is another, and the whole is the first again."""
    browser.open(site / "architectures/lenet.html")
    scale, nearer, *_, whole = (
        f"document.querySelectorAll('figure[data-lines] .curve-tools button')[{place}].click()" for place in range(5)
    )
    written, drawn = axes(browser), points(browser)
    browser.run(whole)
    assert axes(browser) == written
    assert max(abs(one - other) for one, other in zip(points(browser), drawn, strict=True)) < 1.0
    browser.run(scale)
    assert axes(browser) != written and axes(browser)[0] == "0"
    browser.run(nearer)
    assert "400" in axes(browser) and "800" not in axes(browser) and len(points(browser)) < len(drawn)
    browser.run(f"{whole}, {scale}")
    assert axes(browser) == written and browser.console == []
