"""Owns the pages of optimizers, initializers and schedules: the formula, who computes it, and who follows another form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from parity.judgement.verdicts import GREEN, worst
from parity.reporting import atlas_ranking
from parity.reporting.atlas import DefaultGap
from parity.reporting.atlas_ranking import AtlasEntry
from parity.reporting.evidence import AgreementLine
from parity.reporting.pages import file_name
from parity.reporting.site import charts
from parity.reporting.site.charts import Line
from parity.reporting.site.layout import gaps_by_definition, join_words
from parity.reporting.site.rendering import SitePages
from parity.reporting.site_material import DifferenceFacts, RuleFacts

LEADS: Mapping[str, str] = {
    "optimizers": "How each rule moves a weight, and which native object follows which form of it.",
    "initializers": "What each start is drawn from, and which native object draws so.",
    "schedules": "How the learning rate changes from step to step.",
}
LEGENDS: Mapping[str, str] = {
    "optimizers": "g is the gradient, w the weight, t the step from 1; the formulas are applied in their order.",
    "initializers": "fan_in and fan_out are counted as in Glorot & Bengio 2010.",
    "schedules": "t is the number of steps taken before; the factor multiplies the learning rate.",
}
SAME = 1e-6
"""A native object's formula is the definition's where no update or result departs by more, relative to the greatest."""


@dataclass(frozen=True)
class RulePage:
    """What the page of a rule shows."""

    facts: RuleFacts
    sentence: str
    lines: Sequence[AgreementLine]
    cells: Mapping[str, AgreementLine | None]
    gaps: Sequence[DefaultGap]
    atlas: Sequence[AtlasEntry]
    known: Sequence[tuple[str, DifferenceFacts]]
    picture: Markup


def pages(site: SitePages) -> dict[str, str]:
    """A table for each kind, and a page for each rule."""
    html: dict[str, str] = {}
    gaps = gaps_by_definition(site.material)
    for kind, lead in LEADS.items():
        made = [_made(site, facts, gaps.get(facts.name, ())) for facts in site.material.rules if facts.kind == kind]
        address = f"{kind}/index.html"
        html[address] = site.page(address, "rules", kind.capitalize(), lead, kind=kind, lead=lead, pages=made)
        for page in made:
            address = f"{kind}/{file_name(page.facts.name)}.html"
            html[address] = site.page(address, "rule", page.facts.name, page.sentence, page=page, legend=LEGENDS[kind])
    return html


def _made(site: SitePages, facts: RuleFacts, gaps: Sequence[DefaultGap]) -> RulePage:
    lines = site.evidence.agreement(facts.name, (facts.kind,))
    listed = [
        (framework.name, difference)
        for framework in site.material.frameworks
        for difference in framework.differences
        if facts.name in difference.about
    ]
    items = (
        {facts.name, facts.name.partition("_")[0]} if facts.kind == "optimizers" else {facts.name, *ALSO.get(facts.name, ())}
    )
    return RulePage(
        facts=facts,
        sentence=sentence(facts, lines, gaps),
        lines=lines,
        cells={name: site.evidence.cell_of(lines, name) for name in site.evidence.measured},
        gaps=sorted(gaps, key=lambda gap: (gap.framework, gap.path)),
        atlas=atlas_ranking.of_items(site.atlas, items),
        known=listed,
        picture=_picture(facts),
    )


ALSO: Mapping[str, Sequence[str]] = {
    "cosine": ("cosine_decay", "cosine_restarts"),
    "exponential": ("exponential_decay",),
    "multi_step": ("multi_step_decay",),
    "polynomial": ("polynomial_decay",),
    "linear_warm_up": ("warmup",),
    "step": ("step_decay",),
}
"""Schedule -> what the atlas calls it."""


def sentence(facts: RuleFacts, lines: Sequence[AgreementLine], gaps: Sequence[DefaultGap]) -> str:
    """Who computes it, and who follows another form, in a sentence."""
    computed = _computed(lines)
    follow = [gap.path for gap in gaps if gap.same <= SAME]
    others = [gap.path for gap in gaps if gap.same > SAME]
    native = ""
    if gaps:
        native = f" Of {len(gaps)} native object{'s' if len(gaps) > 1 else ''}, {len(follow)} "
        native += "follows this form by default" if len(follow) == 1 else "follow this form by default"
        native += f"; {join_words(others)} {'follow' if len(others) > 1 else 'follows'} another." if others else "."
    return f"{computed}.{native}"


def _computed(lines: Sequence[AgreementLine]) -> str:
    """Who computes it, by the worst verdict of each framework."""
    if not lines:
        return "Not measured here"
    by_verdict: dict[str, list[str]] = {}
    for name in sorted({line.framework for line in lines}):
        verdict = worst(line.verdict for line in lines if line.framework == name)
        by_verdict.setdefault("agrees" if verdict in GREEN else verdict, []).append(name)
    phrases = [f"{join_words(names)} {_said(verdict, len(names) > 1)}" for verdict, names in sorted(by_verdict.items())]
    return "; ".join(phrases)


def _said(verdict: str, many: bool) -> str:
    if verdict == "agrees":
        return f"compute{'' if many else 's'} it to within rounding"
    if verdict == "documented_difference":
        return f"depart{'' if many else 's'} from it in a documented way"
    return f"{'are' if many else 'is'} at worst “{verdict.replace('_', ' ')}”"


def _picture(facts: RuleFacts) -> Markup:
    """A schedule's factor by step."""
    if not facts.steps:
        return Markup("")
    spoken = (
        f"The factor of the learning rate over {len(facts.steps)} steps, from {facts.steps[0]:.3g} to {facts.steps[-1]:.3g}."
    )
    return charts.lines(facts.name, spoken, [Line("factor", "s0", facts.steps)], "step", "factor", False)
