"""The documentation's site is built whole, without a warning, needs no network, and its reference holds every command, function
and variable."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import framework_trees
import pytest

import parity
from parity.commands import guide
from parity.commands import parity as root

ROOT = framework_trees.ROOT


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages. A warning fails the build."""
    folder = tmp_path_factory.mktemp("documentation")
    words = ["build", "--quiet", "--strict", "--config-file", str(ROOT / "mkdocs.yml"), "--site-dir", str(folder)]
    done = subprocess.run([sys.executable, "-m", "mkdocs", *words], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr[-2000:]
    return folder


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def test_the_reference_holds_every_command_and_every_option(site: Path) -> None:
    page = text(site / "reference" / "commands.html")
    for name, command in guide.commands(root):
        assert f">parity {name}<" in page, name
        for parameter in command.params:
            assert all(option in page for option in parameter.opts if option.startswith("--")), (name, parameter.name)


def test_the_reference_holds_every_function(site: Path) -> None:
    page = text(site / "reference" / "python.html")
    found = {name: getattr(parity, name) for name in parity.__all__}
    functions = [name for name, each in found.items() if callable(each) and not isinstance(each, type)]
    assert len(functions) > 20 and [name for name in functions if f"parity.{name}(" not in page] == []


def test_the_reference_holds_every_variable_of_the_code(site: Path) -> None:
    page = text(site / "reference" / "environment.html")
    code = "\n".join(text(path) for path in (ROOT / "parity").rglob("*.py"))
    names = r"\bPARITY_[A-Z_]*[A-Z]\b"
    seen = {re.sub(r"^PARITY_(?!BASE)\w+_PYTHON$", "PARITY_NAME_PYTHON", name) for name in re.findall(names, code)}
    inner = {"PARITY_COMPLETE", "PARITY_FOLDER", "PARITY_MODULES"}
    told = set(re.findall(r"<td><code>(PARITY_\w+)</code></td>", page))
    assert told == seen - inner


def test_no_page_loads_anything_of_others(site: Path) -> None:
    for page in site.rglob("*.html"):
        loaded = re.findall(r'<(?:script|img|link|iframe)[^>]*?(?:src|href)="([^"]+)"', text(page))
        assert [address for address in loaded if re.match(r"(?:https?:)?//", address)] == [], page


def test_it_is_small(site: Path) -> None:
    assert sum(path.stat().st_size for path in site.rglob("*") if path.is_file()) < 8_000_000
