"""Owns the pages of frameworks: what is on record of each, what departs and why, and where it stands alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from parity.judgement.verdicts import GREEN
from parity.reporting import history
from parity.reporting.atlas import DefaultGap
from parity.reporting.atlas_ranking import AtlasEntry
from parity.reporting.evidence import SpeedTable
from parity.reporting.history import AnswerChange, ReleaseHistory
from parity.reporting.installs import InstallRecord
from parity.reporting.pages import file_name
from parity.reporting.results import Row
from parity.reporting.site import start
from parity.reporting.site.rendering import SitePages
from parity.reporting.site_material import FrameworkFacts
from parity.reporting.speeds import SpeedCell

ALONE = 15
"""Rows of the atlas that a page shows."""


@dataclass(frozen=True)
class FrameworkPage:
    """What the page of a framework shows."""

    facts: FrameworkFacts
    file: str
    version: str
    counts: Counter[str]
    exceptions: Sequence[Row]
    speeds: Sequence[tuple[SpeedTable, SpeedCell]]
    odd_rows: Sequence[AtlasEntry]
    odd: int
    asked: bool
    gaps: Sequence[DefaultGap]
    install: InstallRecord | None
    environments: Sequence[tuple[str, Sequence[tuple[str, str]]]]
    picture: Markup
    history: ReleaseHistory | None
    changes: Sequence[AnswerChange]
    history_made: str

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def green(self) -> int:
        return sum(count for verdict, count in self.counts.items() if verdict in GREEN)

    @property
    def role(self) -> str:
        if not self.facts.trains:
            return "runs models forward only; asked by name alone"
        return "trains" if self.facts.default else "trains; asked by name alone"

    @property
    def sentence(self) -> str:
        if not self.total:
            return f"Not measured here: no committed record is of {self.facts.name}. It {self.role}."
        bad = self.total - self.green
        rest = f"; {bad:,} do not, each with its cause below" if bad else ""
        odd = f" In the atlas it is the odd one out in {self.odd} questions." if self.asked else ""
        return f"{self.green:,} of {self.total:,} recorded cases agree with the reference to within rounding{rest}.{odd}"


def pages(site: SitePages) -> dict[str, str]:
    """The table and a page for each framework of the table of frameworks."""
    made = [_made(site, facts) for facts in site.material.frameworks]
    heading = "What is on record of each framework."
    html = {"frameworks/index.html": site.page("frameworks/index.html", "frameworks", "Frameworks", heading, pages=made)}
    rule_pages = {facts.name: f"{facts.kind}/{file_name(facts.name)}.html" for facts in site.material.rules}
    for page in made:
        address = f"frameworks/{page.file}.html"
        html[address] = site.page(address, "framework", page.facts.name, page.sentence, page=page, rule_pages=rule_pages)
    return html


def _made(site: SitePages, facts: FrameworkFacts) -> FrameworkPage:
    evidence, name = site.evidence, facts.name
    counts = evidence.counts(name)
    odd = [entry for entry in site.atlas if entry.alone and name in entry.odd]
    told = next((each for each in site.material.history if each.framework == name), None)
    return FrameworkPage(
        facts=facts,
        file=file_name(name),
        version=_version(site, name),
        counts=counts,
        exceptions=evidence.exceptions(name),
        speeds=[(table, cell) for table in evidence.speeds for cell in table.cells if cell.speed.framework == name],
        odd_rows=odd[:ALONE],
        odd=len(odd),
        asked=name in site.material.atlas_versions,
        gaps=[gap for gap in site.material.gaps if gap.framework == name],
        install=next((install for install in site.material.installs if install.framework == name), None),
        environments=_environments(site, name),
        picture=start.verdict_bars({name: counts}),
        history=told,
        changes=[change for change in history.changes(told) if change.known] if told else [],
        history_made=site.material.history_made,
    )


def _version(site: SitePages, name: str) -> str:
    measured_versions: Mapping[str, str] = site.material.atlas_versions
    versions = [row.framework_version for _, row in site.evidence.rows if row.framework == name and row.framework_version]
    return measured_versions.get(name) or next(iter(versions), "")


def _environments(site: SitePages, name: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Suite -> packages and settings."""
    environments = []
    for suite in site.material.suites:
        environment = suite.results.environment.get("frameworks", {}).get(name)
        if environment:
            pairs = [*sorted(environment["versions"].items()), *sorted(environment["settings"].items())]
            environments.append(("reports" if suite.folder == "." else f"reports/{suite.folder}", pairs))
    return environments
