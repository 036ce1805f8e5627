"""Owns `parity report`: it writes pages from results, or verifies that the pages still follow from the results.

It refuses results that are not whole. Edited results are sealed anew only if the user asks for it.
"""

from __future__ import annotations

from pathlib import Path

from parity.errors import UsageError
from parity.execution import sealed
from parity.reporting import atlas, pages, results
from parity.trials import options
from parity.verbs import terminal


def main(data: Path | None, output: Path, verify: bool, seal: bool = False) -> int:
    """Writes README.md, index.html and figures/ under `output`, from its data/ or from `given`. With `verify` it only compares.

    seal: first write the seals of the data anew, without a check, also of the atlas beside them.
    """
    folder = data or output / "data"
    if not (folder / "manifest.json").is_file():
        raise UsageError(f"{folder} holds no results (manifest.json); `parity run quick` makes them")
    if seal and verify:
        raise UsageError("--check writes nothing, and --seal writes: give one of them")
    if seal:
        _seal(folder)
    records = results.read(folder)
    if not verify:
        options.place(output)
    files = pages.rendered(records, output)
    if not verify:
        pages.write(records, output)
        terminal.say(f"wrote {', '.join(str(path) for path in files if path.suffix != '.svg')} and {len(files) - 2} figures")
        return 0
    changed = [path for path, text in files.items() if not path.is_file() or path.read_bytes() != text.encode()]
    for path in changed:
        terminal.say(f"{path} does not follow from {folder}; run `parity report {folder} -o {output}`", error=True)
    return 1 if changed else 0


def _seal(folder: Path) -> None:
    results.write(results.read(folder, trusted=True), folder)
    if (path := folder / "atlas.json").is_file():
        sealed.replace(path, atlas.spelled(*atlas.read(path, trusted=True), atlas.told_day(path)))
