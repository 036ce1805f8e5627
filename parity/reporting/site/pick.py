"""Owns the page of the choice: sliders, needs, and the data that the page's script does the arithmetic of `choice.py` on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from parity.reporting.recommendation import choice
from parity.reporting.recommendation.choice import CRITERIA, Candidate, Ranking
from parity.reporting.recommendation.criteria import MAINTAINED, NEEDS, TASKS, WEIGHTS, Criteria
from parity.reporting.site import downloads
from parity.reporting.site.rendering import SitePages
from parity.reporting.site.search import in_script


def ranking(site: SitePages) -> Ranking:
    """Everything, under the weights if nothing is said; nobody comes from anywhere, and who is retired is left out."""
    candidates = Criteria(site.evidence, site.atlas, "anything", "cpu").candidates((MAINTAINED,))
    return choice.ranked("anything", "cpu", candidates, WEIGHTS)


def devices(site: SitePages) -> list[str]:
    """Those on record, the CPU first."""
    recorded = {row.device for _, row in site.evidence.rows}
    return sorted(recorded, key=lambda name: (name != "cpu", name)) or ["cpu"]


def data(site: SitePages) -> tuple[str, str]:
    """The script file and the JSON of every task and device: framework -> standings and needs, porting by each source."""
    retired = {facts.name: facts.retired for facts in site.material.frameworks if facts.retired}
    contents: dict[str, Any] = {"criteria": dict(CRITERIA), "needs": dict(NEEDS), "retired": retired, "places": {}}
    sources = list(site.material.atlas_versions)
    for device in devices(site):
        for task in TASKS:
            criteria = Criteria(site.evidence, site.atlas, task, device)
            candidates = {candidate.name: _plain(candidate) for candidate in criteria.candidates(tuple(NEEDS))}
            for name, entry in candidates.items():
                entry["porting"] = {source: _standing(criteria.porting(name, source)) for source in sources}
            contents["places"].setdefault(device, {})[task] = candidates
    rows = [
        {"device": device, "task": task, "framework": name, **{key: entry["standings"][key] for key in CRITERIA}}
        for device, tasks in contents["places"].items()
        for task, frameworks in tasks.items()
        for name, entry in frameworks.items()
    ]
    return f"window.parityPick = {in_script(contents)};\n", downloads.as_json("recommend", rows)


def _plain(candidate: Candidate) -> dict[str, Any]:
    standings = {name: _standing(standing) for name, standing in candidate.standings.items()}
    return {"standings": standings, "needs": {name: [need.met, need.told] for name, need in candidate.needs.items()}}


def _standing(standing: choice.Standing) -> list[Any]:
    numbers = [None if number is None else round(number, 6) for number in (standing.value, standing.low, standing.high)]
    return [*numbers, standing.told, standing.command, standing.asked]


def page(site: SitePages) -> str:
    """The page: as it stands without a script, the answer for everything under the weights if nothing is said."""
    context: Mapping[str, Any] = {
        "ranking": ranking(site),
        "tasks": {name: ", ".join(word.replace("_", " ") for word in families) for name, families in TASKS.items()},
        "devices": devices(site),
        "needs": NEEDS,
        "criteria": CRITERIA,
        "sentence": choice.sentence(ranking(site)),
        "weights": WEIGHTS,
        "maintained": MAINTAINED,
        "retired": {facts.name for facts in site.material.frameworks if facts.retired},
    }
    return site.page("pick.html", "pick", "Which to pick", "A choice that follows from records, under your weights.", **context)
