"""Owns what the site's pictures of rules are made of: an optimizer's path, an initializer's draws and claim.

It refuses to draw: `parity.reporting.site.illustrated_rules` does.
"""

from __future__ import annotations

from parity.reporting.site_material import DensityFacts, PathFacts
from parity.spec.specs import Initializer, Optimizer
from parity.trials import illustrations


def path(spec: object) -> PathFacts | None:
    """The path of an optimizer; None for another spec."""
    if not isinstance(spec, Optimizer):
        return None
    found = illustrations.trajectory(spec)
    return PathFacts(illustrations.CURVATURES, found.rate, tuple(found.points), tuple(found.values))


def density(spec: object) -> DensityFacts | None:
    """The draws of an initializer; None for one that claims no distribution, and for another spec."""
    if not isinstance(spec, Initializer) or spec.distribution not in illustrations.DRAWABLE:
        return None
    found = illustrations.distribution(spec)
    deviations = found.standard_deviation, found.claimed_deviation
    return DensityFacts(illustrations.FANS, found.middles, found.drawn, found.claimed, *deviations)
