"""Owns the badge of a README: the file that shields.io reads, or a picture of its own. It refuses to ask a server."""

from __future__ import annotations

import json
from collections import Counter

from parity import escaping
from parity.documents.results import Checked
from parity.judgement.verdicts import INCOMPLETE, PASSING

LABEL = "parity"
COLOURS = {"brightgreen": "#2e7d32", "red": "#b3261e", "lightgrey": "#57606a"}
"""The name that shields.io knows -> the colour in our own picture."""
WIDE, PADDING, HEIGHT = 7, 10, 20
"""Pixels of a sign, beside a text, and of the badge."""


def message(checked: Checked) -> tuple[str, str]:
    """What the badge says, and its colour."""
    counts = Counter(
        "good" if case.verdict in PASSING else "open" if case.verdict in INCOMPLETE else "bad" for case in checked.cases
    )
    total = len(checked.cases)
    if counts["bad"]:
        return f"{counts['bad']} of {total} differ", "red"
    if counts["open"] or not total:
        return f"{counts['open']} of {total} not compared", "lightgrey"
    return f"{total} of {total} agree", "brightgreen"


def endpoint(checked: Checked) -> str:
    """The JSON of shields.io/badges/endpoint-badge."""
    status, colour = message(checked)
    return json.dumps({"schemaVersion": 1, "label": LABEL, "message": status, "color": colour}, indent=1) + "\n"


def svg(checked: Checked) -> str:
    """A picture of the badge that needs nothing from the network."""
    status, colour = message(checked)
    left, right = WIDE * len(LABEL) + PADDING, WIDE * len(status) + PADDING
    text = escaping.html(status)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="{HEIGHT}" role="img" '
        f'aria-label="{LABEL}: {text}">'
        f'<title>{LABEL}: {text}</title><rect width="{left}" height="{HEIGHT}" fill="#333"/>'
        f'<rect x="{left}" width="{right}" height="{HEIGHT}" fill="{COLOURS[colour]}"/>'
        f'<g fill="#fff" font-family="Verdana,sans-serif" font-size="11" text-anchor="middle">'
        f'<text x="{left / 2}" y="14">{LABEL}</text><text x="{left + right / 2}" y="14">{text}</text></g></svg>\n'
    )
