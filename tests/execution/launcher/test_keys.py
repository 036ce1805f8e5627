"""An edit of any file that runs or judges a case makes another key, so that no record of older code is taken over."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from package_imports import PACKAGE, closure, sources

from parity.execution.frameworks import LOADED, TABLE
from parity.execution.launcher import planning, target_sources
from parity.trials.full_size import JUDGING
from parity.trials.reference_cache import COMPUTES


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("copy")
    shutil.copytree(PACKAGE, place / "parity", ignore=shutil.ignore_patterns("__pycache__"))
    return place


def file_of(module: str, root: Path) -> Path:
    place = root.joinpath(*module.split("."))
    return place / "__init__.py" if place.is_dir() else place.with_suffix(".py")


def unseen(modules: set[str], root: Path, digest: Callable[[], str]) -> list[str]:
    """The modules of which an edit leaves the digest as it is."""
    before, found = digest(), []
    for module in sorted(modules):
        file = file_of(module, root)
        text = file.read_bytes()
        file.write_bytes(text + b"\n# edited\n")
        found += [module] if digest() == before else []
        file.write_bytes(text)
    assert digest() == before
    return found


def imported(module: str) -> set[str]:
    """What of the package a fresh process really holds once it has imported a module."""
    script = f"import sys, {module}; print(*(name for name in sys.modules if name.split('.')[0] == 'parity'))"
    return set(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.parametrize("framework", TABLE)
def test_the_key_of_a_record_sees_every_file_that_the_worker_imports(copy: Path, framework: str) -> None:
    every = sources()
    package = TABLE[framework].package
    loaded = {f"{package}.{name}" for name in LOADED} & set(every)
    wanted = imported(planning.WORKER).union(*(closure(name, every) for name in (planning.WORKER, *loaded)))
    assert len(wanted) > 25 and f"{package}.layers" in wanted
    assert unseen(wanted, copy, lambda: planning.implementation_digest(framework, root=copy)) == []


@pytest.mark.parametrize("module", [JUDGING, COMPUTES])
def test_the_key_of_what_is_kept_sees_every_file_that_makes_it(copy: Path, module: str) -> None:
    wanted = imported(module) | closure(module, sources())
    assert {"parity.ops.dense", "parity.reference_impl.walk", "parity.formulas.rounding"} <= wanted
    assert unseen(wanted, copy, lambda: target_sources.digest([module], copy)) == []


def test_what_runs_and_judges_nothing_leaves_the_keys_as_they_are(copy: Path) -> None:
    aside = {"parity.reporting.pages", "parity.atlas.chapters", "parity.cli", "parity.verbs.listing"}
    assert unseen(aside, copy, lambda: planning.implementation_digest("torch", root=copy)) == sorted(aside)
    assert unseen(aside, copy, lambda: target_sources.digest([JUDGING], copy)) == sorted(aside)
