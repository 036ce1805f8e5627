"""Owns what the pages of one site share while they are made: records by subject, styles of series, words.

It refuses to know which pages there are.
"""

from __future__ import annotations

from typing import Any

from parity.atlas.consequences import KINDS
from parity.reporting import atlas_ranking, wording
from parity.reporting.evidence import RecordedEvidence
from parity.reporting.site import layout
from parity.reporting.site_material import SiteMaterial

STYLES = 6
"""Colours, dashes and marks of the style sheet for frameworks (`s0` to `s5`); a seventh framework looks like the first."""


class SitePages:
    """The pages of some material."""

    def __init__(self, material: SiteMaterial) -> None:
        self.material, self.evidence = material, RecordedEvidence(material)
        self.atlas = atlas_ranking.entries(material)
        self.styles = {name: f"s{place % STYLES}" for place, name in enumerate(self.evidence.frameworks)}
        self.shared: dict[str, Any] = {
            "material": material,
            "navigation": layout.NAVIGATION,
            "policy": layout.POLICY,
            "origins": layout.origins(material),
            "measured": self.evidence.measured,
            "atlas_frameworks": list(material.atlas_versions),
            "kinds": list(KINDS.items()),
            "kind_mark": layout.KIND_MARK,
            "meaning": wording.MEANING,
            "known_architectures": {facts.name for facts in material.architectures},
        }

    def page(self, address: str, template: str, title: str, description: str, **context: Any) -> str:
        """One page. address: below the root; what is linked from it is relative."""
        depth = address.count("/")
        folder = address.split("/", maxsplit=1)[0]
        section = next((address for _, address in layout.NAVIGATION if address.split("/", maxsplit=1)[0] == folder), address)
        return (
            layout.environment()
            .get_template(f"site/{template}.html.j2")
            .render(
                **self.shared,
                root="../" * depth,
                address=address,
                section=section,
                title=title,
                description=description,
                **context,
            )
        )
