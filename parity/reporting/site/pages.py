"""Owns the list of the site's files: every page, its assets and its data, as path -> text. Pure.

It refuses clocks and chance: the same material gives the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources

from parity.atlas.chapters import CHAPTERS
from parity.reporting import atlas_ranking
from parity.reporting.site import architectures, downloads, frameworks, layout, pick, rules, search, start
from parity.reporting.site.rendering import SitePages
from parity.reporting.site_material import SiteMaterial

MARK = "assets/site.css"
"""A file that shows that a folder is a site's."""
ASSETS = ("site.css", "site.js", "atlas.js", "curves.js", "pick.js", "icon.svg")
FRONT = re.compile(r"index\.html|assets/.*|data/.*\.csv")
"""What a repository keeps: the start page, what it needs, the tables."""
ON_DEMAND = "on-demand"
"""The place of the start page where a link to a page that the repository does not keep leads."""
TABLES = ("agreement", "atlas", "speed", "training")
TAKE = tuple((f"{name}, {kind.upper()}", f"data/{name}.{kind}") for name in TABLES for kind in ("csv", "json"))


def built(material: SiteMaterial, front: bool = False) -> dict[str, str]:
    """Path below the site's root -> text. front: only what a repository keeps."""
    site = SitePages(material)
    files = {f"assets/{name}": _asset(name) for name in ASSETS}
    files |= downloads.files(site.evidence, site.atlas)
    files["assets/pick-data.js"], files["data/recommend.json"] = pick.data(site)
    files["index.html"] = _start(site, front)
    files |= _single(site)
    files |= architectures.pages(site) | rules.pages(site) | frameworks.pages(site)
    index = list(search.index(material, layout.NAVIGATION, site.evidence.frameworks))
    if front:
        files = {name: text for name, text in files.items() if FRONT.fullmatch(name)}
        index = [entry for entry in index if entry[1].partition("#")[0] in files]
        files["index.html"] = LINK.sub(lambda link: _kept(link, files), files["index.html"])
    files["assets/search-data.js"] = search.script(index)
    return dict(sorted(files.items()))


LINK = re.compile(r'href="([^"#]+)(#[^"]*)?"( download)?')


def _kept(link: re.Match[str], files: Mapping[str, str]) -> str:
    """A link of the start page; where it leads to what is not kept, to the word on how it is built."""
    return link[0] if link[1] in files else f'href="#{ON_DEMAND}"'


@cache
def _asset(name: str) -> str:
    return (resources.files("parity.reporting.site") / "assets" / name).read_text(encoding="utf-8")


def _start(site: SitePages, front: bool) -> str:
    ranking = pick.ranking(site)
    content = start.page(site.evidence, site.atlas, site.styles, ranking)
    about = "Do Keras, PyTorch and MXNet compute the same thing, and how fast? Answered with evidence."
    return site.page(
        "index.html", "start", "Do frameworks compute the same thing?", about, start=content, downloads=TAKE, front=front
    )


def _single(site: SitePages) -> Mapping[str, str]:
    """Pages that there is one of."""
    counts = atlas_ranking.kind_counts(site.atlas)
    differing = sum(entry.worst is not None for entry in site.atlas)
    sentence = (
        f"{len(site.atlas)} questions asked of the installed packages; {differing} have different answers, and "
        f"{counts['silent_large']} of these change numbers by more than 1 % without a word."
        if site.atlas
        else "Not measured here: the records hold no atlas."
    )
    chapters = [(name, title) for name, title in CHAPTERS.items() if any(entry.row.chapter == name for entry in site.atlas)]
    versions = [f"{name} {version}" for name, version in site.material.atlas_versions.items()]
    return {
        "atlas.html": site.page(
            "atlas.html",
            "atlas",
            "The atlas",
            sentence,
            sentence=sentence,
            entries=site.atlas,
            chapters=chapters,
            kind_counts=counts,
            versions=versions,
        ),
        "pick.html": pick.page(site),
        "methods.html": site.page("methods.html", "methods", "Methods", "How agreement is judged and speed is timed."),
        "environments.html": site.page("environments.html", "environments", "Environments", "Machines, versions, settings."),
        "upstream.html": site.page(
            "upstream.html", "upstream", "Findings for upstream", "Scripts for the makers.", upstream=site.material.upstream
        ),
    }
