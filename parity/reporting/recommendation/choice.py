"""Owns the choice: which frameworks no other beats, their order under weights, how sure that is, and what would change it.

It refuses to know what a criterion rests on, and to call a place clear where the intervals overlap. The page's sliders do the
same arithmetic (reporting/site/assets/pick.js).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

CRITERIA: Mapping[str, str] = {
    "agreement": "the share of recorded cases that agree to within rounding",
    "speed": "the fastest step time as a share of its own",
    "porting": "the share of the atlas's questions that do not bite silently when code comes from the named framework",
    "size": "the smallest installation as a share of its own",
    "upkeep": "0 where it is retired, by a dated source",
}
"""Criterion -> what its value is, from 0 to 1, where 1 is best."""
LEAST_CHANGE = 1e-9


@dataclass(frozen=True)
class Standing:
    """Where a framework stands by one criterion, from 0 to 1. value None: not on record, so it may be anything.

    told: the evidence in words. command: what shows it again. asked: False where the question lacks what it needs.
    """

    value: float | None
    low: float
    high: float
    told: str
    command: str = ""
    asked: bool = True

    @property
    def middle(self) -> float:
        return self.value if self.value is not None else (self.low + self.high) / 2


NOT_MEASURED = Standing(None, 0.0, 1.0, "not measured here")


@dataclass(frozen=True)
class NeedCheck:
    """Whether a framework has what is needed. met None: not on record."""

    met: bool | None
    told: str


@dataclass(frozen=True)
class Candidate:
    """A framework with its standings and needs."""

    name: str
    standings: Mapping[str, Standing]
    needs: Mapping[str, NeedCheck] = field(default_factory=dict)

    @property
    def refused(self) -> list[str]:
        """Needs that it does not meet."""
        return [name for name, check in self.needs.items() if check.met is False]

    @property
    def open(self) -> list[str]:
        """Needs of which nothing is on record."""
        return [name for name, check in self.needs.items() if check.met is None]


@dataclass(frozen=True)
class RankedPlace:
    """A framework's place in the order. front: no other is at least as good everywhere and better somewhere."""

    candidate: Candidate
    score: float
    low: float
    high: float
    front: bool


@dataclass(frozen=True)
class WeightChange:
    """From this weight of a criterion on, another framework comes first."""

    criterion: str
    now: float
    then: float
    winner: str


@dataclass(frozen=True)
class Ranking:
    """What a choice says. counted: criteria with a weight of which something is on record; silent: those without."""

    task: str
    device: str
    places: Sequence[RankedPlace]
    refused: Sequence[Candidate]
    counted: Sequence[str]
    silent: Sequence[str]
    weights: Mapping[str, float]
    rivals: Sequence[str]
    changes: Sequence[WeightChange]

    @property
    def clear(self) -> bool:
        """Whether the first place lies above every other's interval."""
        return len(self.places) > 1 and not self.rivals


def ranked(task: str, device: str, candidates: Sequence[Candidate], weights: Mapping[str, float]) -> Ranking:
    """The order of the candidates that meet the needs."""
    meeting = [candidate for candidate in candidates if not candidate.refused]
    weighted = [name for name, weight in weights.items() if weight > 0]
    counted = [name for name in weighted if any(_standing(candidate, name).value is not None for candidate in meeting)]
    places = sorted(
        (_place(candidate, meeting, counted, weights) for candidate in meeting),
        key=lambda place: (-place.score, place.candidate.name),
    )
    rivals = [place.candidate.name for place in places[1:] if place.high >= places[0].low] if counted else []
    return Ranking(
        task=task,
        device=device,
        places=tuple(places),
        refused=tuple(candidate for candidate in candidates if candidate.refused),
        counted=tuple(counted),
        silent=tuple(
            name for name in weighted if name not in counted and all(_standing(candidate, name).asked for candidate in meeting)
        ),
        weights=dict(weights),
        rivals=tuple(rivals),
        changes=tuple(changes(places, counted, weights)),
    )


def _standing(candidate: Candidate, criterion: str) -> Standing:
    return candidate.standings.get(criterion, NOT_MEASURED)


def _place(
    candidate: Candidate, others: Sequence[Candidate], counted: Sequence[str], weights: Mapping[str, float]
) -> RankedPlace:
    whole = sum(weights[name] for name in counted)
    if not whole:
        return RankedPlace(candidate, 0.0, 0.0, 1.0, True)
    standings = {name: _standing(candidate, name) for name in counted}
    score = sum(weights[name] * standing.middle for name, standing in standings.items()) / whole
    low = sum(weights[name] * standing.low for name, standing in standings.items()) / whole
    high = sum(weights[name] * standing.high for name, standing in standings.items()) / whole
    beaten = any(dominates(other, candidate, counted) for other in others if other is not candidate)
    return RankedPlace(candidate, score, low, high, not beaten)


def dominates(candidate: Candidate, other: Candidate, criteria: Sequence[str]) -> bool:
    """At least as good by every criterion, and by one beyond both intervals; never where anything is not on record."""
    pairs = [(_standing(candidate, name), _standing(other, name)) for name in criteria]
    measured = all(mine.value is not None and theirs.value is not None for mine, theirs in pairs)
    return (
        measured
        and all(mine.middle >= theirs.middle for mine, theirs in pairs)
        and any(mine.low > theirs.high for mine, theirs in pairs)
    )


def changes(places: Sequence[RankedPlace], counted: Sequence[str], weights: Mapping[str, float]) -> list[WeightChange]:
    """For each criterion the nearest other weight at which another framework comes first."""
    if len(places) < 2:
        return []
    first, turns = places[0].candidate, []
    for name in counted:
        nearest: WeightChange | None = None
        for place in places[1:]:
            gaps = {name: _standing(first, name).middle - _standing(place.candidate, name).middle for name in counted}
            rest = sum(weights[word] * gap for word, gap in gaps.items() if word != name)
            if abs(gaps[name]) < LEAST_CHANGE:
                continue
            then = -rest / gaps[name]
            change = WeightChange(name, weights[name], then, place.candidate.name)
            if then >= 0 and (nearest is None or abs(then - change.now) < abs(nearest.then - nearest.now)):
                nearest = change
        if nearest:
            turns.append(nearest)
    return turns


def refusal(candidate: Candidate) -> str:
    """Why a framework is left out."""
    if candidate.refused == ["maintained"]:
        return f"{candidate.name} is retired"
    return f"{candidate.name} does not meet {', '.join(candidate.refused)}"


def sentence(ranking: Ranking) -> str:
    """The choice in one sentence, with what it does not know."""
    if not ranking.places and ranking.refused:
        each = "; ".join(f"{candidate.name} ({', '.join(candidate.refused)})" for candidate in ranking.refused)
        return f"No framework on record meets the needs for {ranking.task} on {ranking.device}: {each}."
    if not ranking.places:
        return f"Not measured here: no framework is on record for {ranking.task} on {ranking.device}."
    if not ranking.counted:
        return f"Not measured here: nothing is on record of what has a weight, for {ranking.task} on {ranking.device}."
    first = ranking.places[0].candidate
    weights_text = ", ".join(f"{name} {ranking.weights[name]:g}" for name in ranking.counted)
    unknown = f"; not measured here: {', '.join(ranking.silent)}" if ranking.silent else ""
    left = "; ".join(refusal(candidate) for candidate in ranking.refused)
    rest = f"{unknown}{f'; left out: {left}' if left else ''}."
    where = f"for {ranking.task} on {ranking.device}"
    if len(ranking.places) == 1:
        return f"{first.name} is the only one on record that meets the needs {where}{rest}"
    if ranking.clear:
        return f"{first.name} comes first {where}, under the weights {weights_text}{rest}"
    names = " and ".join((first.name, *ranking.rivals))
    return f"No clear winner {where}, under the weights {weights_text}: the intervals of {names} overlap{rest}"
