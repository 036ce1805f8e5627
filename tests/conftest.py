"""What every test may ask for: the fakes' place, and the framework that a conformance run is about."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from parity.documents import schema, tables
from parity.execution.frameworks import names

FAKES = Path(__file__).parent / "fakes"
CONFORMANCE = Path(__file__).parent / "conformance"
BROWSER = Path(__file__).parent / "browser"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--framework", action="append", default=[], help="run tests/conformance against this framework")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: minutes, not seconds; leave it out with -m 'not slow'")


@pytest.fixture(scope="session")
def fits() -> Callable[[str], str]:
    """Fails where a text is no document of the schema, which is what `parity schema` prints; gives the text back."""
    validator = jsonschema.Draft202012Validator(schema.schema())

    def checked(text: str) -> str:
        validator.validate(json.loads(text, parse_constant=lambda name: pytest.fail(f"bare {name} is no JSON")))
        return text

    return checked


@pytest.fixture(autouse=True)
def every_json_fits_the_schema(monkeypatch: pytest.MonkeyPatch, fits: Callable[[str], str]) -> None:
    """Whatever a test writes with --json or --format json."""
    spelled, as_json = schema.spelled, tables.as_json
    monkeypatch.setattr(schema, "spelled", lambda document: fits(spelled(document)))
    monkeypatch.setattr(tables, "as_json", lambda verb, table: fits(as_json(verb, table)))


@pytest.fixture(scope="session")
def fakes() -> Path:
    """The directory of frameworks built to be wrong: a module there is named `module:Class` in a request."""
    return FAKES


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A conformance test of `framework` runs for each one asked for; asking for none is an error, not "test nothing"."""
    if "framework" in metafunc.fixturenames and CONFORMANCE in metafunc.definition.path.parents:
        chosen = metafunc.config.getoption("--framework")
        if not chosen:
            raise pytest.UsageError(f"{metafunc.module.__name__} needs --framework {'|'.join(names())}")
        metafunc.parametrize("framework", chosen, scope="session")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Conformance runs where a framework is named, and what needs a browser where it is named; fakes are no tests."""
    inside = collection_path.is_relative_to(CONFORMANCE)
    asked_by_path = any("conformance" in argument for argument in config.args)
    if inside and not asked_by_path and not config.getoption("--framework"):
        return True
    if collection_path.is_relative_to(BROWSER) and not any("browser" in argument for argument in config.args):
        return True
    return True if collection_path == FAKES else None
