"""Owns `parity schema`: the JSON schema of what parity writes as JSON. It refuses to write a file: a shell does."""

from __future__ import annotations

import json

from parity.documents import schema
from parity.verbs import terminal


def main() -> int:
    """Prints the schema; docs/results.schema.json holds the same."""
    terminal.say(json.dumps(schema.schema(), indent=1))
    return 0
