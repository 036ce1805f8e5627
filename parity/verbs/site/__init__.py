"""Owns `parity site`: every committed record as pages that are linked with one another, or proof that they still follow.

It refuses to run a framework, to ask the network and to look at the clock: the same records give the same bytes.
"""

from __future__ import annotations

from pathlib import Path

from parity.errors import UsageError
from parity.reporting.site import pages
from parity.trials import options
from parity.verbs import terminal
from parity.verbs.site import gathering


def main(reports: Path | None, output: Path, verify: bool, front: bool) -> int:
    """Writes the site of the records below `reports` (those that travel with parity, where None) to `output`.

    verify: writes nothing; 1 where a file would change, is missing, or stands there and is none of the site's. front: the start
    page, the figures and the data alone.
    """
    if not verify and output.is_dir() and any(output.iterdir()) and not (output / pages.MARK).is_file():
        raise UsageError(f"{output} holds files that are none of a site's: name an empty folder, or a new one")
    files = pages.built(gathering.gather(gathering.place(reports)), front)
    if verify:
        return _verified(files, output, reports)
    options.place(output)
    for stale in _standing(output) - set(files):
        (output / stale).unlink()
    for name, text in files.items():
        (output / name).parent.mkdir(parents=True, exist_ok=True)
        (output / name).write_text(text, encoding="utf-8", newline="")
    size = sum(len(text.encode()) for text in files.values())
    count = sum(name.endswith(".html") for name in files)
    terminal.say(f"wrote {count} pages, {size / 1e6:.1f} MB: {output / 'index.html'}")
    return 0


def _verified(files: dict[str, str], output: Path, reports: Path | None) -> int:
    standing = _standing(output)
    changed = [name for name, text in files.items() if name not in standing or (output / name).read_bytes() != text.encode()]
    command = f"run `parity site{'' if reports is None else f' {reports}'} -o {output}`"
    for name in changed:
        terminal.say(f"{output / name} does not follow from the records; {command}", error=True)
    for name in sorted(standing - set(files)):
        terminal.say(f"{output / name} is no file of the site; {command}", error=True)
    return 1 if changed or standing - set(files) else 0


def _standing(output: Path) -> set[str]:
    return {path.relative_to(output).as_posix() for path in output.rglob("*") if path.is_file()} if output.is_dir() else set()
