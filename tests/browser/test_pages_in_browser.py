"""The site's pages in a browser, opened from a disk: no error, no request, contrast, phone, paper. `tox run -e browser`.

It needs Chromium (`apt-get install chromium`); where there is none these tests fail.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import browser as browsers
import pytest
import read_pages
import site_material
from browser import Browser
from site_on_disk import MATERIAL, written

from parity.reporting.site import pages
from tests.tools.injected_texts import PAYLOADS

LOOKED_AT = (
    *("index.html", "pick.html", "atlas.html", "methods.html", "environments.html", "upstream.html"),
    *("architectures/index.html", "architectures/lenet.html", "architectures/resnet152.html", "architectures/cyclegan.html"),
    *("optimizers/index.html", "optimizers/adam.html", "initializers/orthogonal.html", "schedules/cosine.html"),
    *("frameworks/index.html", "frameworks/keras.html", "frameworks/jax.html"),
)


CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")
COLOURED = (
    *("index.html", "pick.html", "atlas.html", "architectures/lenet.html", "optimizers/adam.html"),
    "frameworks/keras.html",
)


@pytest.mark.parametrize("name", LOOKED_AT)
def test_a_page_opens_from_the_disk_without_an_error_or_a_request(browser: Browser, site: Path, name: str) -> None:
    browser.open(site / name)
    assert browser.console == []
    assert browser.requests and all(address.startswith(site.resolve().as_uri()) for address in browser.requests)
    assert browser.run("document.styleSheets.length === 1 && getComputedStyle(document.body).margin === '0px'")
    assert browser.run("document.querySelectorAll('#main h1').length") == 1


def test_what_a_policy_forbids_is_told(browser: Browser, site: Path) -> None:
    """The planted page has an inline script: the browser refuses it, and the console says so."""
    page = (site / "methods.html").read_text(encoding="utf-8").replace("</main>", "<script>window.planted = 1</script></main>")
    (site / "planted.html").write_text(page, encoding="utf-8")
    browser.open(site / "planted.html")
    assert browser.console and browser.run("window.planted") is None


@pytest.mark.parametrize("name", LOOKED_AT)
def test_the_browser_reads_the_elements_that_were_written(browser: Browser, site: Path, name: str) -> None:
    """A page that is not valid is mended while it is read: elements move, or come to be."""
    browser.ask("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(site / name)
        browser.ask("Emulation.setScriptExecutionDisabled", value=False)
        seen = browser.run("[...document.querySelectorAll('*')].map((one) => one.localName)")
    finally:
        browser.ask("Emulation.setScriptExecutionDisabled", value=False)
    assert Counter(seen) == read_pages.read((site / name).read_text(encoding="utf-8")).elements


@pytest.mark.parametrize("name", LOOKED_AT)
@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_is_wider_than_its_window(browser: Browser, site: Path, name: str, width: int) -> None:
    browser.look(width, 844)
    try:
        browser.open(site / name)
        assert browser.run("document.documentElement.scrollWidth") <= width
    finally:
        browser.look(1280, 900)


@pytest.mark.parametrize("name", COLOURED)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_text_stands_out_from_its_ground(browser: Browser, site: Path, name: str, dark: bool) -> None:
    """WCAG 2.2, 1.4.3: a contrast of 4.5, of 3 for large text."""
    browser.look(1280, 900, dark=dark)
    try:
        browser.open(site / name)
        assert browser.run("getComputedStyle(document.body).backgroundColor") == (
            "rgb(16, 21, 27)" if dark else "rgb(255, 255, 255)"
        )
        assert browser.run(CONTRAST) == []
    finally:
        browser.look(1280, 900)


def test_pale_text_is_seen(browser: Browser, site: Path) -> None:
    browser.open(site / "methods.html")
    browser.run("document.querySelector('h1').style.color = '#999'")
    assert any("h1" in one for one in browser.run(CONTRAST))


@pytest.mark.parametrize("name", LOOKED_AT)
def test_everything_that_can_be_used_has_a_name(browser: Browser, site: Path, name: str) -> None:
    """Fields, buttons, links and pictures have a name for who does not see them; an id that is pointed to exists."""
    browser.open(site / name)
    used = "[...document.querySelectorAll('input, select, button, a[href], [role=img]')]"
    named = "(one.labels && one.labels.length) || one.getAttribute('aria-label') || one.textContent.trim()"
    assert browser.run(f"{used}.filter((one) => !({named})).map((one) => one.outerHTML.slice(0, 90))") == []
    keys = "['aria-controls', 'aria-describedby', 'aria-labelledby', 'for']"
    pointed = f"[...document.querySelectorAll('*')].flatMap((one) => {keys}.map((key) => one.getAttribute(key)))"
    assert browser.run(f"{pointed}.filter((id) => id && !document.getElementById(id))") == []


def test_without_a_script_every_number_can_be_read(browser: Browser, site: Path) -> None:
    browser.ask("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(site / "atlas.html")
        browser.ask("Emulation.setScriptExecutionDisabled", value=False)
        assert browser.run("document.querySelectorAll('#atlas tbody tr:not([hidden])').length") == len(MATERIAL.atlas)
    finally:
        browser.ask("Emulation.setScriptExecutionDisabled", value=False)


def test_on_paper_nothing_is_cut_off(browser: Browser, site: Path) -> None:
    browser.look(800, 1100, paper=True)
    try:
        browser.open(site / "architectures/lenet.html")
        assert browser.run("getComputedStyle(document.querySelector('.scroll')).overflow") == "visible"
        assert browser.run("getComputedStyle(document.querySelector('header.top nav')).display") == "none"
    finally:
        browser.look(1280, 900)


def test_a_phone_keeps_the_first_column(browser: Browser, site: Path) -> None:
    browser.look(390, 844)
    try:
        browser.open(site / "architectures/lenet.html")
        moved = (
            "(() => { const s = document.querySelector('.scroll'); s.scrollLeft = 300; const th = s.querySelector('tbody th');"
            " return [s.scrollLeft, th.getBoundingClientRect().left - s.getBoundingClientRect().left]; })()"
        )
        scrolled, left = browser.run(moved)
        assert scrolled == 300 and 0 <= left < 3
    finally:
        browser.look(1280, 900)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_payload_runs(browser: Browser, tmp_path: Path, payload: str) -> None:
    """Pages whose every foreign field holds it: nothing is executed, nothing asked for, and a search shows it as text."""
    text = PAYLOADS[payload]
    folder = written(pages.built(site_material.with_text(text)), tmp_path)
    browser.ask("Page.addScriptToEvaluateOnNewDocument", source="window.alert = () => { window.ran = true; };")
    for page in [path for path in folder.rglob("*.html") if path.parent == folder or path.name != "index.html"]:
        browser.open(page)
        assert browser.console == [], page
        assert all(address.startswith("file:") for address in browser.requests), page
        assert browser.run("window.ran") is None, page
    browser.open(folder / "index.html")
    browser.type("#search", "lenet")
    assert browser.run("document.querySelectorAll('#found a').length") >= 1
    assert (
        browser.run("window.ran") is None and browser.run("document.querySelectorAll('#found img, #found script').length") == 0
    )


def test_a_browser_that_is_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARITY_CHROMIUM", "no-such-browser")
    with pytest.raises(browsers.BrowserError, match="install chromium"):
        Browser()
