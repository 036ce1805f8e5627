"""Owns the index of the search: everything that has a place in the site, with the words that lead to it, as one script file.

A page that lies on a disk may load a script and may fetch nothing, so the index is a script. It refuses to search.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from parity.reporting.pages import file_name
from parity.reporting.site_material import SiteMaterial

Entry = tuple[str, str, str, str]
"""Title, address below the site's root, kind, further words."""


def script(index: Iterable[Entry]) -> str:
    """`assets/search-data.js`. In JSON for a script a line separator and `<` are escaped, so that it can stand anywhere."""
    return f"window.paritySearch = {in_script(list(index))};\n"


def in_script(value: object) -> str:
    """JSON that is JavaScript too, wherever it stands."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def index(material: SiteMaterial, pages: Sequence[tuple[str, str]], frameworks: Sequence[str]) -> Iterator[Entry]:
    """What can be found: pages, frameworks, architectures, rules, questions, known differences, native objects, scripts."""
    for name, address in pages:
        yield name, address, "page", ""
    for name in frameworks:
        words = next((" ".join(facts.words) for facts in material.frameworks if facts.name == name), "")
        yield name, f"frameworks/{file_name(name)}.html", "framework", words
    for architecture in material.architectures:
        ops = " ".join(sorted({layer.op for layer in architecture.layers}))
        words = f"{architecture.family} {ops} {architecture.source}"
        yield architecture.name, f"architectures/{file_name(architecture.name)}.html", "architecture", words
    for rule in material.rules:
        yield rule.name, f"{rule.kind}/{file_name(rule.name)}.html", rule.kind[:-1], rule.source
    for row in material.atlas:
        yield row.text.replace("`", ""), f"atlas.html#{row.name}", "atlas", row.name
    for facts in material.frameworks:
        for difference in facts.differences:
            address = f"frameworks/{file_name(facts.name)}.html#differences"
            yield f"{facts.name}: {difference.name}", address, "known difference", " ".join(difference.about)
    for gap in material.gaps:
        yield gap.path, f"frameworks/{file_name(gap.framework)}.html#objects", "native object", gap.definition
    for finding in material.upstream:
        address = f"upstream.html#{file_name(f'{finding.framework}-{finding.name}')}"
        yield finding.name.replace("_", " "), address, "upstream", finding.summary
