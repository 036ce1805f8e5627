"""Owns the pins of an environment: the file that parity ships for each variant and system, and the pins of another release
of the framework, which are resolved once and then kept with the hash of each package.

It refuses to install anything: `installing.py` does.
"""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import parity
from parity.execution.damaged_files import parsed, read_text
from parity.execution.frameworks import distribution, find, split_release

FILE = "pins.txt"
"""In the directory of another release's environment: what was installed, each package with its hash."""
PIN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[A-Za-z0-9.+!_-]+)")


def shipped(framework: str, accelerator: str, system: str = sys.platform) -> Path:
    """The pins that parity ships for a framework: a file for one system (`tensorflow-cpu-darwin.txt`) before that for all.

    The file may be missing: then there are no pins for this accelerator. Raises ValueError for a name of no framework.
    """
    _, entry, variant = find(framework)
    folder = Path(parity.__file__).resolve().parent / entry.package.rpartition(".")[2] / "requirements"
    own = folder / f"{variant.name}-{accelerator}-{system}.txt"
    return own if own.is_file() else folder / f"{variant.name}-{accelerator}.txt"


def read(file: Path) -> dict[str, str]:
    """Package -> version of a file of pins, in its order. Comments, options and hashes are left out."""
    return {match["name"]: match["version"] for line in file.read_text().splitlines() if (match := PIN.match(line.strip()))}


def other_release(framework: str, file: Path) -> str:
    """The release that a name asks for, if it is not the one that the shipped pins hold; "" if it is, or if none is asked."""
    release = split_release(framework)[1]
    return "" if release is None or release == read(file).get(distribution(framework)) else release


def wishes(framework: str, release: str, file: Path) -> list[str]:
    """Requirements for another release, the first that can be met: the release beside the shipped pins; otherwise beside the
    same packages, of whatever versions fit it. The options of the shipped file stand in each."""
    own, others = distribution(framework), read(file)
    others.pop(own, None)
    first = [*options(file), f"{own}=={release}"]
    return ["\n".join([*first, *(f"{name}=={version}" for name, version in others.items())]), "\n".join([*first, *others])]


def options(file: Path) -> list[str]:
    """The lines of a file of requirements that are options of the installer, such as an index."""
    return [line.strip() for line in file.read_text().splitlines() if line.strip().startswith("-")]


def written(report: bytes, heading: Sequence[str]) -> str:
    """The pins in pip's report of an installation: a line a package, with its hash. Raises ValueError where one has none."""
    try:
        found: Any = parsed(read_text(report))
        hashes = {
            f"{item['metadata']['name']}=={item['metadata']['version']}": str(
                item["download_info"].get("archive_info", {}).get("hashes", {}).get("sha256", "")
            )
            for item in found["install"]
        }
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"pip's report is of another form: {error}") from error
    if lacking := [pin for pin, sha256 in hashes.items() if not sha256 or not PIN.fullmatch(pin)]:
        raise ValueError(f"{lacking[0]} came without a sha256, so that it cannot be pinned")
    return "\n".join([*heading, *(f"{pin} --hash=sha256:{hashes[pin]}" for pin in sorted(hashes, key=str.lower))]) + "\n"


def hashed(file: Path) -> bool:
    """Whether a file of pins holds the hash of each package, so that the installer can hold it to them."""
    text = re.sub(r"\\\n", " ", file.read_text())
    pinned = [line for line in text.splitlines() if PIN.match(line.strip())]
    return bool(pinned) and all("--hash=sha256:" in line for line in pinned)


def file_name(framework: str, accelerator: str) -> str:
    """The name of a file of pins in a folder of the user's: a wheel, and so its hash, is of one kind of machine."""
    return f"{framework}-{accelerator}-{platform.system().lower()}-{platform.machine()}.txt"
