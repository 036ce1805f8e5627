"""docs/keras-backends.md has a row for each known difference of some of Keras's backends, as differences.yaml tells it."""

from __future__ import annotations

from pathlib import Path

from ruamel.yaml import YAML

import parity

PACKAGE = Path(parity.__file__).parent
DOCS = Path(__file__).parents[2] / "docs"  # the package may be an installed wheel


def one_line(text: object) -> str:
    return " ".join(str(text).split()).replace("|", "\\|")


def test_each_difference_of_some_backends_is_a_row_and_each_row_is_one() -> None:
    told = YAML(typ="safe", pure=True).load((PACKAGE / "keras_impl" / "differences.yaml").read_text())["differences"]
    wanted = [
        f"| {entry['name']} | {', '.join(entry['variants'])} | {one_line(entry['native'])} | {one_line(entry['predicted'])} |"
        for entry in told
        if "variants" in entry
    ]
    page = (DOCS / "keras-backends.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith("| what ")]
    assert rows == wanted and len(rows) > 10
