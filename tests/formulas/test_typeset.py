"""Formulas as MathML: every spec's formula is well-formed, brackets stand where they are needed, and no name brings markup."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from parity.formulas import typeset
from parity.formulas.syntax import FormulaError
from parity.spec import specs


def told(text: str) -> str:
    """A formula's signs in the order in which they are set, a fraction as `{above}{below}`."""
    return _told(ElementTree.fromstring(f"<math>{typeset.mathml(text)}</math>"))  # noqa: S314 - it is our own


def _told(element: ElementTree.Element) -> str:
    inner = [_told(child) for child in element]
    return "".join(f"{{{one}}}" for one in inner) if element.tag == "mfrac" else "".join(inner) or (element.text or "")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a*(b + c)", "a·(b+c)"),
        ("a - (b - c)", "a−(b−c)"),
        ("a - b - c", "a−b−c"),
        ("(a + b)/c", "{a+b}{c}"),
        ("-a*b", "(−a)·b"),
        ("a*(-b)", "a·(−b)"),
        ("(a + b)**2", "(a+b)2"),
        ("learning_rate*g", "η·g"),
        ("beta_1*m", "β1·m"),
        ("maximum(a, b)", "max(a,b)"),
        ("abs(g)", "|g|"),
        ("t//size", "⌊{t}{size}⌋"),
        ("1e-07 + s", "1e-07+s"),
    ],
)
def test_a_formula_is_set(text: str, shown: str) -> None:
    assert told(text) == shown


def test_every_formula_of_the_package_is_well_formed() -> None:
    seen = 0
    for kind in ("optimizers", "schedules", "initializers"):
        for name in specs.names(kind):
            spec = specs.load(f"{kind}/{name}")
            for part in ("gradient", "update", "factor", "value", "limit", "standard_deviation", "gain"):
                texts = getattr(spec, part, None) or {}
                for key, text in texts.items() if isinstance(texts, dict) else [(part, texts)]:
                    ElementTree.fromstring(typeset.equation(key, str(text)))  # noqa: S314 - it is our own
                    seen += 1
    assert seen > 90


@pytest.mark.parametrize("text", ["<script>", "a&b", "w.__class__", "a if b else c", ""])
def test_what_is_no_formula_is_refused(text: str) -> None:
    with pytest.raises(FormulaError):
        typeset.mathml(text)
