"""Owns the start page: four questions, each answered in a sentence that follows from the records, with a picture.

It refuses to answer what is not on record: the sentence says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from parity.atlas.consequences import KINDS, Consequence
from parity.reporting import atlas_ranking, pages, wording
from parity.reporting.atlas_ranking import AtlasEntry
from parity.reporting.evidence import RecordedEvidence, SpeedTable, green
from parity.reporting.recommendation import choice
from parity.reporting.recommendation.choice import Ranking
from parity.reporting.site import charts
from parity.reporting.site.charts import ChartBar
from parity.reporting.site.layout import join_words
from parity.reporting.speeds import measured

LONGEST_ANSWER = 30
PAIR = ("torch", "keras")
"""The move that the start page tells of, where both are on record: the most frequent one in the public reports of ports."""


@dataclass(frozen=True)
class StartAnswer:
    """One of the four questions."""

    anchor: str
    question: str
    sentence: str
    picture: Markup
    ways: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class FrameworkCard:
    """A framework in a sentence."""

    name: str
    file: str
    version: str
    told: str


@dataclass(frozen=True)
class StartPage:
    """What the start page shows."""

    comparisons: int
    answers: Sequence[StartAnswer]
    cards: Sequence[FrameworkCard]


def page(evidence: RecordedEvidence, atlas: Sequence[AtlasEntry], styles: Mapping[str, str], ranking: Ranking) -> StartPage:
    """The page. styles: framework -> its number in the style sheet. ranking: of everything, with equal weights."""
    answers = (agreement(evidence), speed(evidence, styles), moving(evidence, atlas), picking(ranking, styles))
    return StartPage(sum(row.compared for _, row in evidence.rows), answers, cards(evidence))


def agreement(evidence: RecordedEvidence) -> StartAnswer:
    """How many networks agree, at their published size, in each precision."""
    agreeing, verdicts = [], Counter[str]()
    for dtype in ("float32", "float64"):
        networks = evidence.networks("full", dtype)
        if networks:
            everywhere = sum(green(each.values()) == len(each) for each in networks.values())
            agreeing.append(f"{everywhere} of {len(networks)} networks at their published size in {dtype}")
    for name in evidence.measured:
        verdicts += evidence.counts(name)
    bad = sum(count for verdict, count in verdicts.items() if verdict in ("differs", "nonfinite", "nondeterministic"))
    whole = sum(verdicts.values())
    if not whole:
        sentence = "Not measured here: there is no record of a comparison."
    else:
        agree = green(list(verdicts.elements()))
        first = (
            f"all measured frameworks agree on {join_words(agreeing)}"
            if agreeing
            else "no network was compared at its published size"
        )
        word = "Yes" if not bad and agree else "Mostly" if agree > bad else "No"
        sentence = (
            f"{word}: {first}, and {agree:,} of all {whole:,} cases agree to within rounding; "
            f"{verdicts['documented_difference']} depart in a documented way and {bad} differ."
        )
    picture = verdict_bars({name: evidence.counts(name) for name in evidence.measured})
    ways = [("Every architecture", "architectures/index.html"), ("How it is judged", "methods.html#budgets")]
    return StartAnswer("agree", "Do they agree?", sentence, picture, ways)


def verdict_bars(counted: Mapping[str, Counter[str]]) -> Markup:
    """A bar a framework, cut into its verdicts; nothing where nothing was judged."""
    rows = {
        name: [(word.replace("_", " "), counts[word], word) for word in wording.MEANING if counts[word]]
        for name, counts in counted.items()
        if sum(counts.values())
    }
    each = [f"{name}: {', '.join(f'{count:,} {word}' for word, count, _ in parts)}" for name, parts in rows.items()]
    return charts.shares("Cases by verdict", "; ".join(each), rows) if rows else Markup("")


def speed(evidence: RecordedEvidence, styles: Mapping[str, str]) -> StartAnswer:
    """Who is fastest on each workload that was timed, in the modes that a user gets without asking."""
    tables = [table for table in evidence.speeds if table.mode == "default"]
    question, ways = "Which is fastest for my kind of model?", [("How it is timed", "methods.html#speed")]
    if not tables:
        return StartAnswer("fastest", question, "Not measured here: no workload was timed.", Markup(""), ways)
    families = {facts.name: facts.family for facts in evidence.material.architectures}
    sentences = [fastest(table) for table in tables[:3]]
    timed_families = {families.get(table.spec, "") for table in tables}
    missing = sorted({family for family in families.values() if family} - timed_families)
    rest = f" Not measured here: {join_words([word.replace('_', ' ') for word in missing])} networks." if missing else ""
    sentence = f"On {tables[0].machine or 'one machine'}, {join_words(sentences)}.{rest}"
    picture = speed_picture(tables[0], styles)
    shown = [table.spec for table in tables[:3] if table.spec in families]
    ways = [(f"{spec}, timed", f"architectures/{pages.file_name(spec)}.html#speed") for spec in shown] + ways
    return StartAnswer("fastest", question, sentence, picture, ways)


def fastest(table: SpeedTable) -> str:
    """`torch trains mlp fastest (keras takes 1.3 times as long)`, or a tie."""
    timed = [cell for cell in table.cells if measured(cell.speed)]
    if len(timed) < 2:
        return f"{table.spec} was timed in too few frameworks to compare"
    first, second = timed[0], timed[1]
    if first.standing == "tie":
        return f"{first.speed.framework} and {second.speed.framework} train {table.spec} equally fast"
    longer = f"{second.speed.framework} takes {second.times or 1.0:.2g} times as long"
    if first.standing == "fastest":
        return f"{first.speed.framework} trains {table.spec} fastest ({longer})"
    return f"{first.speed.framework} took the least time for {table.spec} ({longer}; it had no control, so it ranks nothing)"


def speed_picture(table: SpeedTable, styles: Mapping[str, str]) -> Markup:
    """Bars of a workload: times the fastest, with intervals."""
    chart_bars = []
    for cell in table.cells:
        if measured(cell.speed):
            value = 1.0 if cell.times is None else cell.times
            low, high = (cell.ratio.low, cell.ratio.high) if cell.ratio else (value, value)
            name = cell.speed.framework if table.mode != "default" else f"{cell.speed.framework} ({cell.speed.mode})"
            chart_bars.append(
                ChartBar(name, styles.get(cell.speed.framework, "s9"), value, low, high, wording.speed_text(cell))
            )
    spoken = f"{table.spec}, batch {table.batch}, {table.device}, {table.dtype}: " + "; ".join(
        f"{bar.name} {bar.told}" for bar in chart_bars
    )
    return charts.bars("Step time", spoken, chart_bars, "step time, times the fastest") if chart_bars else Markup("")


def moving(evidence: RecordedEvidence, atlas: Sequence[AtlasEntry]) -> StartAnswer:
    """How many rows of the atlas bite, between two frameworks."""
    question, names = "What bites when I move?", tuple(evidence.material.atlas_versions)
    pair = PAIR if set(PAIR) <= set(names) else names[:2]
    if len(pair) < 2:
        sentence = "Not measured here: the records hold no answers of two frameworks."
        return StartAnswer("moving", question, sentence, Markup(""), [("Methods", "methods.html#atlas")])
    pairs = atlas_ranking.of_pair(atlas, *pair)
    counts = Counter(consequence.kind for _, consequence in pairs)
    example = _example(pairs, pair)
    sentence = (
        f"From {pair[0]} to {pair[1]}, {len(pairs)} of {len(atlas)} questions have another answer: {counts['silent_large']} "
        f"change numbers by more than 1 % without a word, and {counts['visible']} show themselves.{example}"
    )
    parts = [(kind.replace("_", " "), counts[kind], kind) for kind in KINDS if counts[kind]]
    spoken = "; ".join(f"{count} {kind}" for kind, count, _ in parts)
    picture = charts.shares(f"From {pair[0]} to {pair[1]}, if nothing is heeded", spoken, {"": parts})
    ways = [
        (f"From {name} to {other}", f"atlas.html#from={name}&to={other}") for name in names for other in names if name != other
    ]
    return StartAnswer("moving", question, sentence, picture, [("The atlas, worst first", "atlas.html"), *ways])


def _example(pairs: Sequence[tuple[AtlasEntry, Consequence]], pair: Sequence[str]) -> str:
    """The worst row whose answers can be read in a sentence."""
    for entry, consequence in pairs:
        answers = [entry.row.answers[name].text for name in pair]
        if consequence.kind == "silent_large" and consequence.size and max(map(len, answers)) <= LONGEST_ANSWER:
            first, second = (f"“{answer}” in {name}" for answer, name in zip(answers, pair, strict=True))
            return f" The worst: {entry.row.text.replace('`', '')}, {first} and {second}."
    return ""


def picking(ranking: Ranking, styles: Mapping[str, str]) -> StartAnswer:
    """The first place under equal weights, or why there is none."""
    ways = [("Set your own weights", "pick.html"), ("What a place rests on", "methods.html#pick")]
    return StartAnswer("pick", "Which should I pick?", choice.sentence(ranking), score_picture(ranking, styles), ways)


def score_picture(ranking: Ranking, styles: Mapping[str, str]) -> Markup:
    """Bars of the scores with their intervals."""
    if not ranking.counted:
        return Markup("")
    chart_bars = [
        ChartBar(
            place.candidate.name,
            styles.get(place.candidate.name, "s9"),
            place.score,
            place.low,
            place.high,
            f"{wording.number(place.score)} ({wording.number(place.low)}–{wording.number(place.high)})",
        )
        for place in ranking.places
    ]
    counted = ", ".join(ranking.counted)
    spoken = f"From {counted}, 1 is best: " + "; ".join(f"{bar.name} {bar.told}" for bar in chart_bars)
    return charts.bars("Scores", spoken, chart_bars, "score, 1 is best")


def cards(evidence: RecordedEvidence) -> list[FrameworkCard]:
    """One for each framework of the table."""
    framework_cards = []
    for name in evidence.frameworks:
        counts = evidence.counts(name)
        whole, agree = sum(counts.values()), green(list(counts.elements()))
        agreement_text = f"{agree:,} of {whole:,} cases agree" if whole else "not measured here"
        version = evidence.material.atlas_versions.get(name, "")
        framework_cards.append(FrameworkCard(name, pages.file_name(name), version, agreement_text))
    return framework_cards
