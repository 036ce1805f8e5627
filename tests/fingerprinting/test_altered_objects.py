"""Native objects in NumPy: a true one keeps its name in every round, one with an alteration has none."""

from __future__ import annotations

import pytest
from altered_objects import ALTERATIONS, BASES, Altered, facets, foreign

from parity.verbs.fingerprint import objects

FOREIGN = {name: (base, altered) for name, base, altered in foreign()}


@pytest.mark.parametrize("name", BASES)
def test_a_true_object_keeps_its_name_in_every_round(name: str) -> None:
    for facet in facets(name, Altered(())):
        assert facet.names and facet.precision == "float64" and not facet.departed
        assert not {"departs", "refused"} & set(facet.rounds.values()) and list(facet.rounds.values()).count("held") >= 2


def test_there_are_foreign_objects_enough() -> None:
    assert len(FOREIGN) >= 60


@pytest.mark.parametrize("name", FOREIGN)
def test_a_foreign_object_has_no_name(name: str) -> None:
    assert all(facet.names == () for facet in facets(*FOREIGN[name]))


def shown(name: str, altered: Altered, capsys: pytest.CaptureFixture[str]) -> str:
    kind = BASES[name][0]
    answer = objects.NativeFingerprint(name, kind, "fake", "1", "float64", ("run",), tuple(facets(name, altered)))
    assert [one["round"] for one in objects.as_json(answer)["driven"]][:3] == ["values that separate", "large", "small"]
    objects.show(answer)
    return capsys.readouterr().out


def test_what_was_driven_is_said_beside_the_name(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown("layer norm", Altered(()), capsys)
    assert "the name says nothing of what was not driven:" in text
    assert "    large: x 6×4×3×2, gamma 4, beta 4; sizes 5e+01 to 8e+05, 26% negative\n" in text
    text = shown("layer norm", ALTERATIONS["inputs cut at 1e4"], capsys)
    assert "explains the first round, and not `large`: it is something else" in text
