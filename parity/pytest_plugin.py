"""Owns the pytest plugin: fixtures with which a user's own test-suite asks for agreement, a marker, and `pytest --parity SPEC`.

It refuses to run unless asked, and to load parity before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from parity.documents.results import Checked

MARKER = (
    "parity(specs, **options): what the fixture `parity_result` checks, with the options of parity.check; -m parity selects"
)
MOST_TOLD = 20


class AssertParity(Protocol):
    """`assert_parity("lenet", frameworks="torch")`: parity.check, whose options it takes and whose result it gives."""

    def __call__(self, specs: str | Sequence[str], **options: Any) -> Checked: ...


class AssertPair(Protocol):
    """`assert_pair("torch=mine:build", "keras=port:build")`: parity.compare, whose options it takes."""

    def __call__(self, *sides: str, **options: Any) -> Checked: ...


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("parity", "agreement of deep-learning frameworks")
    group.addoption(
        "--parity", action="append", default=[], metavar="SPEC", help="add a test that checks SPEC; may be repeated"
    )
    group.addoption(
        "--parity-framework", action="append", default=[], metavar="NAME", help="a framework that --parity and fixtures ask"
    )
    group.addoption(
        "--parity-store", default=None, metavar="DIR", help="where records lie; without it a new folder for each session"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARKER)


def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """A test for each `--parity SPEC`, behind all others."""
    items += [SpecItem.from_parent(session, name=f"parity[{spec}]", spec=spec) for spec in config.getoption("--parity")]


class SpecItem(pytest.Item):
    """The test of one spec, which was named by `--parity`."""

    def __init__(self, *, spec: str, **rest: Any) -> None:
        super().__init__(**rest)
        self.spec = spec
        self.add_marker(pytest.mark.parity)

    def runtest(self) -> None:
        from parity.api.comparing import check

        _held(check(self.spec, frameworks=_frameworks(self.config), store=_store_of(self.config)))

    def reportinfo(self) -> tuple[str, None, str]:
        return "parity", None, self.name

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str:
        """A sentence: what went wrong lies in the framework or the spec, not in a test's source."""
        from parity import escaping

        return escaping.terminal(excinfo.value)


@pytest.fixture(scope="session")
def parity_store(request: pytest.FixtureRequest) -> Path:
    """Where records lie: one folder for the whole session, so that nothing runs twice; --parity-store names another."""
    return _store_of(request.config)


@pytest.fixture
def assert_parity(request: pytest.FixtureRequest, parity_store: Path) -> AssertParity:
    """`assert_parity("lenet", frameworks="torch")`: parity.check, failing with a sentence for each departure.

    Its parameters and its result are those of parity.check. A case that could not be compared fails as well.
    """

    def checked(specs: str | Sequence[str], **options: Any) -> Checked:
        from parity.api.comparing import check

        defaults: dict[str, Any] = {"store": parity_store, "frameworks": _frameworks(request.config)}
        return _held(check(specs, **{**defaults, **options}))

    return checked


@pytest.fixture
def assert_pair(tmp_path: Path) -> AssertPair:
    """`assert_pair("torch=mine:build", "keras=port:build", inputs="3x16")`: two models of your own agree.

    Or the test fails with the layer where they part, and its cause. Takes what parity.compare takes. The map of layers is
    written to a temporary file."""

    def compared(*sides: str, **options: Any) -> Checked:
        from parity.api.comparing import compare

        return _held(compare(sides, **{"map_path": tmp_path / "weights-map.yaml", **options}))

    return compared


@pytest.fixture
def parity_result(request: pytest.FixtureRequest, parity_store: Path) -> Iterator[Checked]:
    """What parity.check gives for the marker: `@pytest.mark.parity("lenet", frameworks="torch")`. It never fails by itself."""
    from parity.api.comparing import check

    marker = request.node.get_closest_marker("parity")
    if marker is None or not marker.args:
        raise pytest.UsageError(
            f"{request.node.nodeid}: mark the test with @pytest.mark.parity(SPEC), which parity_result checks"
        )
    defaults: dict[str, Any] = {"store": parity_store, "frameworks": _frameworks(request.config)}
    yield check(marker.args[0] if len(marker.args) == 1 else marker.args, **{**defaults, **marker.kwargs})


def _frameworks(config: pytest.Config) -> tuple[str, ...]:
    return tuple(config.getoption("--parity-framework"))


STORE = pytest.StashKey[Path]()


def _store_of(config: pytest.Config) -> Path:
    """The session's folder, made when it is first asked for."""
    if stated := config.getoption("--parity-store"):
        return Path(stated)
    if STORE not in config.stash:
        from tempfile import mkdtemp

        config.stash[STORE] = Path(mkdtemp(prefix="parity-pytest-"))
    return config.stash[STORE]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Removes the folder that `_store_of` made."""
    if STORE in config.stash:
        import shutil

        shutil.rmtree(config.stash[STORE], ignore_errors=True)


def _held(checked: Checked) -> Checked:
    """The result, if it passes; else the test fails with a sentence for each departure."""
    from parity import escaping
    from parity.documents.junit import sentence
    from parity.judgement.verdicts import PASSING

    bad = [case for case in checked.cases if case.verdict not in PASSING]
    if checked.cases and not bad:
        return checked
    lines = [f"{case.framework} {case.case}: {case.reason or case.verdict}" for case in bad if case.kind == "own_model"]
    keys = {(case.case, case.framework): case.verdict for case in bad}
    failing = [failure for failure in checked.failures if keys.get((failure.case, failure.framework)) == failure.verdict]
    lines += [f"{result.framework} {result.case}: {sentence(result)}" for result in failing[:MOST_TOLD]]
    lines += [f"… and {len(failing) - MOST_TOLD} more"] * (len(failing) > MOST_TOLD)
    pytest.fail(escaping.terminal("\n".join(lines) or "nothing was compared"), pytrace=False)
