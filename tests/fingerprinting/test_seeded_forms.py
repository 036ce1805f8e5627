"""Fingerprints of transposed and dilated convolutions, attention and alignment losses: seeded variants are named, foreign
ones not, and no two closed forms can be taken for each other."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from seeded_forms import Names, Seen, foreign, path_losses, variants

from parity.fingerprinting.forms import alignments, attention
from parity.fingerprinting.forms.form import TOLERANCES, Form, identify
from parity.fingerprinting.forms.kinds import KINDS, LIBRARIES

VARIANTS = {name: (kind, seen, names) for kind, name, seen, names in variants()}
FOREIGN = {name: (kind, seen, about) for kind, name, seen, about in foreign()}


def test_there_are_variants_enough() -> None:
    assert len(VARIANTS) >= 100 and len(FOREIGN) >= 20


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_is_named(name: str) -> None:
    kind, seen, names = VARIANTS[name]
    assert {facet.about: facet.names for facet in KINDS[kind][1](seen, "float64")} == {k: (v,) for k, v in names.items()}


@pytest.mark.parametrize("name", list(VARIANTS)[::7])
def test_a_variant_is_named_in_float32(name: str) -> None:
    kind, seen, names = VARIANTS[name]
    rounded: Seen = {key: array.astype(np.float32) for key, array in seen.items()}
    told: Names = {facet.about: " = ".join(facet.names) for facet in KINDS[kind][1](rounded, "float32")}
    assert told == names


@pytest.mark.parametrize("name", FOREIGN)
def test_a_foreign_one_has_no_name(name: str) -> None:
    kind, seen, about = FOREIGN[name]
    (facet,) = (facet for facet in KINDS[kind][1](seen, "float64") if facet.about == about)
    assert facet.names == ()


def every(kind: str) -> Mapping[str, list[Form]]:
    """All forms of a kind, by facet: an object that was driven with every setting."""
    settings = {
        "convolution": ("same", "dilated", "dilated, same/eight", "grouped", "depthwise"),
        "transposed_convolution": ("plain", "padded", "extended", "same", "same, extended", "dilated", "grouped"),
        "attention": ("two heads",),
        "ctc": ("plain",),
    }[kind]
    seen: Seen = {name if "/" in name else f"{name}/": np.zeros(1) for name in settings}
    return {about: list(forms) for about, forms in LIBRARIES[kind][1](seen, LIBRARIES[kind][0]).items()}


def masks() -> Mapping[str, list[Form]]:
    """Of every score."""
    return {
        f"{setting}, {form.name}": list(forms(make, attention.INPUTS))
        for form, make in attention.scores({"two heads/out": np.zeros(1)})
        for setting, forms in attention.MASKS.items()
        if "all heads" not in form.name
    }


KNOWN = {
    f"{kind}: {about}": forms
    for kind in ("convolution", "transposed_convolution", "attention", "ctc")
    for about, forms in every(kind).items()
}


@pytest.mark.parametrize("library", {**KNOWN, **masks()})
@pytest.mark.parametrize("dtype", TOLERANCES)
def test_every_form_is_told_from_every_other(library: str, dtype: str) -> None:
    """An object that follows it, with rounding as large as a tenth of the tolerance, gets its name alone."""
    forms, numbers = {**KNOWN, **masks()}[library], np.random.RandomState(3)
    assert len({(form.name, form.note) for form in forms}) == len(forms)
    for form in forms:
        seen = {
            name: array + np.max(np.abs(array)) * TOLERANCES[dtype] / 10 * numbers.uniform(-1, 1, array.shape)
            for name, array in form.expected.items()
        }
        assert identify("is", forms, seen, dtype).names == (form.name,)


def test_the_recursion_adds_every_path_up() -> None:
    """Graves's forward variables against an enumeration, of every form's losses."""
    scores, lengths = np.log(alignments.INPUTS["scores"]), alignments.INPUTS["lengths"]
    for blank in (0, 4):
        found = [
            alignments.loss(one, labels[:count], blank)
            for one, labels, count in zip(scores, alignments.INPUTS["labels"], lengths, strict=True)
        ]
        assert found == pytest.approx(path_losses(scores, blank, np.full(3, 6)), rel=1e-12)
