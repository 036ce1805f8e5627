"""Owns `parity report`: results to pages, or proof that the pages still follow from the results."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from parity.errors import UsageError
from parity.reporting import pages
from parity.reporting.results import read


def main(results: Path | None, output: Path, verify: bool) -> int:
    """Writes README.md, index.html and figures/ under `output` from its data/ or from `results`; `verify` only compares."""
    folder = results or output / "data"
    if not (folder / "manifest.json").is_file():
        raise UsageError(f"{folder} holds no results (manifest.json); `parity run quick` makes them")
    files = pages.rendered(read(folder), output)
    if not verify:
        pages.write(read(folder), output)
        Console().print(f"wrote {', '.join(str(path) for path in files if path.suffix != '.svg')} and {len(files) - 2} figures")
        return 0
    changed = [path for path, text in files.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    for path in changed:
        Console(stderr=True).print(f"{path} does not follow from {folder}; run `parity report {folder} -o {output}`")
    return 1 if changed else 0
