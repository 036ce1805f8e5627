"""Texts of the package's own specs, harmed at random: whatever stands in a file, it is a spec or its mistakes are told."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from mutated_specs import files, harmed

from parity.spec import specs
from parity.spec.expansion import expand_with_warnings
from parity.spec.mistakes import SpecError

FILES = files()


@pytest.mark.parametrize("path", FILES, ids=[f"{path.parent.name}-{path.stem}" for path in FILES])
def test_a_harmed_spec_is_a_spec_or_its_mistakes_are_told(path: Path) -> None:
    refused = 0
    for seed in range(12):
        text = harmed(path.read_text(encoding="utf-8"), random.Random(f"{path.stem} {seed}"))  # noqa: S311 - a text, no secret
        try:
            spec = specs.parse(text, "harmed.yaml")
            for size in spec.size_names() if isinstance(spec, specs.Architecture) else ():
                expand_with_warnings(spec, size)
        except SpecError as error:
            refused += 1
            assert error.mistakes and all(mistake.file == "harmed.yaml" and mistake.line > 0 for mistake in error.mistakes), (
                text
            )
            assert all(len(line) < 400 and line.isprintable() for line in str(error).splitlines())
    assert refused >= 3, "what is harmed so little tells nothing"
