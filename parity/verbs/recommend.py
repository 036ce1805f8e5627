"""Owns `parity recommend`: a choice of a framework from committed records, with the evidence behind each place.

It refuses a word that it does not know, needs that exclude each other, and a place that no record bears.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.table import Table
from rich.text import Text

from parity.errors import UsageError
from parity.execution.frameworks import meant, names
from parity.reporting import atlas_ranking, wording
from parity.reporting.evidence import RecordedEvidence
from parity.reporting.recommendation import choice
from parity.reporting.recommendation.choice import CRITERIA, Candidate, Ranking
from parity.reporting.recommendation.criteria import AT_MOST, EXCLUDE, MAINTAINED, NEEDS, TASKS, WEIGHTS, Criteria
from parity.spec.mistakes import did_you_mean, short
from parity.trials import options
from parity.verbs import terminal
from parity.verbs.site import gathering
from parity.verbs.terminal import columns

GREATEST_WEIGHT = 1e6


def main(
    task: str,
    device: str,
    needs: str,
    weights: str,
    source: str,
    mode: str,
    retired: bool,
    reports: Path | None,
    json_path: Path | None,
) -> int:
    """Prints the choice. 0: there is an order; 3: nothing of it is on record; 5: no framework meets the needs."""
    ranking, missing = chosen(task, device, needs, weights, source, mode, retired, reports)
    show(ranking, missing)
    if json_path is not None:
        json_path.write_text(json.dumps(asdict(ranking), indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return status(ranking)


def sentence(ranking: Ranking) -> str:
    """The choice in one sentence."""
    return choice.sentence(ranking)


def status(ranking: Ranking) -> int:
    """The exit status of a choice."""
    if (not ranking.places and not ranking.refused) or (ranking.places and not ranking.counted):
        return 3
    return 0 if ranking.places else 5


def chosen(
    task: str, device: str, needs: str, weights: str, source: str, mode: str, retired: bool, reports: Path | None
) -> tuple[Ranking, list[str]]:
    """The order, and the frameworks of which nothing of the task is on record. Raises UsageError for a word without meaning."""
    if task not in TASKS:
        raise UsageError(f"there is no task `{short(task)}`; there are {', '.join(TASKS)}{did_you_mean(task, TASKS)}")
    options.check(devices=(device,), modes=(mode,))
    wanted, weighted = read_needs(needs), read_weights(weights)
    if source and source not in names():
        close = f"; did you mean `{meant(source)}`?" if meant(source) else ""
        raise UsageError(f"there is no framework `{short(source)}` to come from; there are {', '.join(names())}{close}")
    if not retired and MAINTAINED not in wanted:
        wanted.append(MAINTAINED)
    material = gathering.gather(gathering.place(reports), brief=True)
    evidence = RecordedEvidence(material)
    criteria = Criteria(evidence, atlas_ranking.entries(material), task, device, mode)
    candidates = criteria.candidates(wanted, source)
    ranking = choice.ranked(task, device, candidates, weighted)
    return ranking, [name for name in evidence.frameworks if name not in {candidate.name for candidate in candidates}]


def read_needs(text: str) -> list[str]:
    """`onnx,float64` as words. Raises UsageError for one that has no meaning, and for two that no framework has together."""
    words = list(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
    for word in words:
        if word not in NEEDS and not AT_MOST.fullmatch(word):
            needs = f"{', '.join(NEEDS)}, install<=MEGABYTES"
            raise UsageError(f"there is no need `{short(word)}`; there are {needs}{did_you_mean(word, NEEDS)}")
    for pair in EXCLUDE:
        if set(pair) <= set(words):
            raise UsageError(f"{' and '.join(pair)} exclude each other: no framework has both; leave one of them out")
    return words


def read_weights(text: str) -> dict[str, float]:
    """`speed=3,agreement=2`; what is left out counts nothing; nothing at all: the weights that the page begins with.

    Raises UsageError for a criterion that there is not, for a weight that is no number, and where none is above 0.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts:
        return dict(WEIGHTS)
    weights = dict.fromkeys(CRITERIA, 0.0)
    for part in parts:
        name, equals, number = part.partition("=")
        if not equals:
            raise UsageError(f"`{short(part)}` is no weight: write CRITERION=NUMBER, such as speed=3")
        if name not in CRITERIA:
            raise UsageError(
                f"there is no criterion `{short(name)}`; there are {', '.join(CRITERIA)}{did_you_mean(name, CRITERIA)}"
            )
        try:
            value = float(number)
        except ValueError:
            raise UsageError(f"the weight of {name} is a number, not `{short(number)}`") from None
        if not 0 <= value <= GREATEST_WEIGHT:
            raise UsageError(f"the weight of {name} lies between 0 and {GREATEST_WEIGHT:g}, not `{short(number)}`")
        weights[name] = value
    if not any(weights.values()):
        raise UsageError("every weight is 0: give one criterion a weight, such as --weights speed=1")
    return weights


def show(ranking: Ranking, missing: Sequence[str]) -> None:
    """The sentence, the order with its intervals, the evidence, what would change it, what is not on record."""
    terminal.say(choice.sentence(ranking), bold=True)
    if ranking.places and ranking.counted:
        if columns.width() is None:
            for number, place in enumerate(ranking.places, start=1):
                front = " | Pareto front" if place.front else ""
                terminal.say(
                    f"{number} | {place.candidate.name} | {place.score:.3f} | {place.low:.3f} to {place.high:.3f}{front}"
                )
        else:
            terminal.show(_table(ranking))
        for place in ranking.places:
            _evidence(place.candidate, ranking.weights)
    for candidate in ranking.refused:
        reasons = "; ".join(f"{name}: {candidate.needs[name].told}" for name in candidate.refused)
        terminal.say(f"left out: {candidate.name} does not meet {reasons}")
    for change in ranking.changes:
        terminal.say(
            f"with {change.criterion} at {wording.number(change.then)} instead of {change.now:g}, {change.winner} draws level"
        )
    if missing:
        terminal.say(f"not measured here for {ranking.task} on {ranking.device}: {', '.join(missing)}")


def _table(ranking: Ranking) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("", "framework", "score", "between", *ranking.counted):
        table.add_column(heading)
    for number, place in enumerate(ranking.places, start=1):
        standings = [place.candidate.standings[name].value for name in ranking.counted]
        texts = ["not measured here" if value is None else wording.number(value) for value in standings]
        name = f"{place.candidate.name}{' (Pareto front)' if place.front else ''}"
        cells = (
            str(number),
            name,
            wording.number(place.score),
            f"{wording.number(place.low)} and {wording.number(place.high)}",
        )
        table.add_row(*(Text(cell) for cell in (*cells, *texts)))
    return table


def _evidence(candidate: Candidate, weights: Mapping[str, float]) -> None:
    terminal.say(f"{candidate.name}:")
    for name, standing in candidate.standings.items():
        if weights.get(name):
            again = f" ({standing.command})" if standing.command else ""
            terminal.say(f"    {name}: {standing.told}{again}")
    for need, check in candidate.needs.items():
        if need != MAINTAINED or check.met is False:
            met = {True: "met", False: "not met", None: "not measured here"}[check.met]
            terminal.say(f"    needs {need}: {met}; {check.told}")
