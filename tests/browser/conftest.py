"""What every test in a browser may ask for: the committed records' site on a disk, and a browser with one page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Browser
from site_on_disk import MATERIAL, written

from parity.reporting.site import pages


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(pages.built(MATERIAL), tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser() as one:
        one.look(1280, 900)
        yield one
