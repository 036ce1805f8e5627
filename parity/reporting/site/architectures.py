"""Owns the pages of architectures: one each, and the table that leads to them. It refuses to speak of what is not on record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from parity.judgement.verdicts import GREEN, worst
from parity.reporting import atlas_ranking, wording
from parity.reporting.evidence import AgreementLine, TrainedNetwork
from parity.reporting.pages import file_name
from parity.reporting.results import Curve
from parity.reporting.site import charts, diagram, start
from parity.reporting.site.charts import Line
from parity.reporting.site.layout import join_words, quantities_of
from parity.reporting.site.rendering import SitePages
from parity.reporting.site_material import ArchitectureFacts
from parity.reporting.summary import used

BITES = 12
"""Rows of the atlas that a page shows; the rest lies one link away."""
SPECIAL_RUNS = {"reference": "reference", "reference + 1 ulp": "twin"}


@dataclass(frozen=True)
class NetworkRow:
    """A line of the table of architectures."""

    facts: ArchitectureFacts
    cells: Mapping[str, AgreementLine | None]
    trained: bool
    timed: bool

    @property
    def has(self) -> str:
        return " ".join(word for word, true in (("trained", self.trained), ("timed", self.timed)) if true)


@dataclass(frozen=True)
class ShownTraining:
    """A training with its two pictures."""

    curves: Sequence[Curve]
    first: Curve
    loss: Markup
    drift: Markup
    command: str


def pages(site: SitePages) -> dict[str, str]:
    """The table and a page for each architecture."""
    html = {"architectures/index.html": _table(site)}
    for facts in site.material.architectures:
        html[f"architectures/{file_name(facts.name)}.html"] = _page(site, facts)
    return html


def _table(site: SitePages) -> str:
    evidence, recorded = site.evidence, site.material.architectures
    trained = {network.curves[0].spec for network in evidence.trained}
    timed = {table.spec for table in evidence.speeds}
    rows = []
    for facts in recorded:
        cells = {name: evidence.cell(facts.name, name) for name in evidence.measured}
        rows.append(NetworkRow(facts, cells, facts.name in trained, facts.name in timed))
    cells_known = [cell for row in rows for cell in row.cells.values() if cell]
    agree = sum(cell.verdict in GREEN for cell in cells_known)
    sentence = (
        f"{len(recorded)} architectures; {agree} of {len(cells_known)} cells (an architecture in a framework) agree everywhere."
        if cells_known
        else f"{len(recorded)} architectures; nothing is measured here."
    )
    families = sorted({facts.family for facts in recorded if facts.family})
    return site.page(
        "architectures/index.html",
        "architectures",
        "Architectures",
        sentence,
        networks=rows,
        families=families,
        sentence=sentence,
    )


def _page(site: SitePages, facts: ArchitectureFacts) -> str:
    lines = site.evidence.agreement(facts.name)
    ops = {layer.op for layer in facts.layers}
    bites = atlas_ranking.of_items(site.atlas, ops)
    tables = [table for table in site.evidence.speeds if table.spec == facts.name]
    summary = sentence(facts, lines)
    return site.page(
        f"architectures/{file_name(facts.name)}.html",
        "architecture",
        facts.name,
        summary,
        facts=facts,
        sentence=summary,
        lines=lines,
        dots=_dots(site, facts, lines),
        trainings=[
            _training(site, trained_network)
            for trained_network in site.evidence.trained
            if trained_network.curves[0].spec == facts.name
        ],
        speeds=[(table, start.speed_picture(table, site.styles)) for table in tables],
        bites=bites[:BITES],
        items=",".join(sorted({entry.row.name.partition(".")[0] for entry in bites})),
        diagram=diagram.drawn(f"The graph of {facts.name}", facts.layers),
    )


def sentence(facts: ArchitectureFacts, lines: Sequence[AgreementLine]) -> str:
    """What is on record, in a sentence."""
    if not lines:
        return "Not measured here."
    verdict = worst(line.verdict for line in lines)
    names = join_words(sorted({line.framework for line in lines}))
    sizes = join_words(sorted({"the published size" if line.size == "full" else f"the size “{line.size}”" for line in lines}))
    dtypes = join_words(sorted({line.dtype for line in lines}))
    compared = sum(line.compared for line in lines)
    shares = [line.used for line in lines if line.used is not None]
    most = f"; the greatest error is {wording.number(max(shares))} of its budget" if shares and verdict in GREEN else ""
    phrase = "agree" if verdict in GREEN else f"are at worst “{verdict.replace('_', ' ')}”"
    if len({line.framework for line in lines}) == 1 and verdict in GREEN:
        phrase = "agrees"
    return f"{names} {phrase} on {compared:,} tensors at {sizes} in {dtypes}{most}."


def _dots(site: SitePages, facts: ArchitectureFacts, lines: Sequence[AgreementLine]) -> Markup:
    """The published size in float32, or what there is first."""
    if not lines:
        return Markup("")
    first = next((line for line in lines if line.size == "full" and line.dtype == "float32"), lines[0])
    chosen = [line for line in lines if (line.size, line.dtype, line.alone) == (first.size, first.dtype, first.alone)]
    rows: dict[str, dict[str, float]] = {}
    for name in quantities_of(chosen):
        for line in chosen:
            row = line.quantities.get(name)
            share = None if row is None else 0.0 if row.verdict == "exact" else used(row)
            if share is not None and name != "unchanged":
                rows.setdefault(name.replace("_", " "), {})[line.framework] = share
    if not rows:
        return Markup("")
    names = sorted({line.framework for line in chosen})
    size = "published size" if first.size == "full" else f"size “{first.size}”"
    texts = {
        quantity: ", ".join(f"{name} {wording.number(value)}" for name, value in each.items())
        for quantity, each in rows.items()
    }
    spoken = "; ".join(f"{quantity}: {each}" for quantity, each in texts.items())
    styles = {name: site.styles.get(name, "s9") for name in names}
    return charts.dots(f"{facts.name}, {size}, {first.dtype}", spoken, rows, styles)


def _training(site: SitePages, network: TrainedNetwork) -> ShownTraining:
    first = network.curves[0]
    series = [Line(curve.framework, _style(site, curve.framework), curve.losses) for curve in network.curves]
    positive = all(loss is None or loss > 0 for curve in network.curves for loss in curve.losses)
    ends = "; ".join(f"{curve.framework} ends at {wording.number(curve.losses[-1], 4)}" for curve in network.curves)
    spoken = f"Training loss by step, {len(first.losses)} steps: {ends}. Lines that coincide hide one another."
    loss = charts.lines(f"{first.spec}: loss", spoken, series, "step", "training loss", positive)
    return ShownTraining(network.curves, first, loss, _drift(site, network), network.command)


def _drift(site: SitePages, network: TrainedNetwork) -> Markup:
    """How far each run departs from the reference, beside a reference that was moved by one unit in the last place."""
    reference = next((curve for curve in network.curves if curve.framework == "reference"), None)
    if reference is None:
        return Markup("")
    series = []
    for curve in network.curves:
        if curve is not reference:
            pairs = zip(curve.losses, reference.losses, strict=True)
            gaps = [max(abs(a - b) / abs(b), 1e-9) if a is not None and b else None for a, b in pairs]
            series.append(Line(curve.framework, _style(site, curve.framework), gaps))
    heading = "Relative gap of the loss from the float64 reference's"
    finite = [(line.name, [value for value in line.values if value is not None]) for line in series]
    ends = "; ".join(f"{name} up to {wording.number(max(values))}" for name, values in finite if values)
    spoken = f"{heading}: {ends}. The twin is a reference that was moved by one unit in the last place. Drift is not judged."
    return charts.lines(f"{network.curves[0].spec}: drift", spoken, series, "step", "relative gap", True)


def _style(site: SitePages, run: str) -> str:
    return SPECIAL_RUNS.get(run) or site.styles.get(run, "s9")
