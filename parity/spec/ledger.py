"""Owns the ledger of one expansion: values, numbers, frames of nodes, and everything that is gathered on the way.

It refuses to know names and steps. A mistake is entered where it is found; Refused then unwinds to the step, whose value is
broken, and nothing is said about a broken value again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from parity.ops.definition import Shape
from parity.spec.architectures import Architecture
from parity.spec.graph import Input, Node, Parameter, Statistic
from parity.spec.mistakes import Mistake, Place, Trail

MOST_STEPS = 5_000


class BrokenSpec(Exception):
    """A mistake has been recorded; what was being built is broken."""


class Stopped(Exception):
    """A bound was passed; the rest of the file is not expanded."""


@dataclass
class GraphBody:
    """Where nodes go: the graph itself, or the body of a scan. `captured`: outer values that its nodes read."""

    prefix: str = ""  # what stands before its names in the names of sites
    parent: GraphBody | None = None
    nodes: list[Node] = field(default_factory=list)
    values: dict[str, SpecValue] = field(default_factory=dict)
    captured: dict[str, SpecValue] = field(default_factory=dict)


@dataclass(frozen=True)
class SpecValue:
    """A value as steps see it. `shape` None: it is broken, and the mistake has been reported."""

    name: str
    shape: Shape | None
    dtype: str
    batched: bool
    frame: GraphBody = field(repr=False, compare=False)


@dataclass(frozen=True)
class KnownNumber:
    """A number by name: a constant, an argument, a column. `value` None: broken."""

    value: Fraction | bool | None
    declared: Place


@dataclass
class Ledger:
    """Everything that one expansion gathers."""

    architecture: Architecture
    mistakes: list[Mistake] = field(default_factory=list)
    constants: dict[str, KnownNumber] = field(default_factory=dict)
    parameters: dict[str, Parameter] = field(default_factory=dict)
    statistics: dict[str, Statistic] = field(default_factory=dict)
    homes: dict[str, str] = field(default_factory=dict)  # node -> the prefix of its parameters
    read: set[Place] = field(default_factory=set)  # where numbers and inputs of blocks are declared that were read
    called: set[str] = field(default_factory=set)  # blocks and networks
    built: set[str] = field(default_factory=set)  # networks whose parameters exist
    network_inputs: dict[str, dict[str, Input | None]] = field(default_factory=dict)
    sites: dict[Place, list[str]] = field(default_factory=dict)  # a step in the file -> the names it took
    steps: int = 0

    def refuse(self, place: Place, message: str, trail: Trail = ()) -> BrokenSpec:
        """Enters a mistake. A place is reported once, however often a block or a repeat expands it."""
        if all(mistake.place != place for mistake in self.mistakes):
            self.mistakes.append(Mistake(place, message, trail))
        return BrokenSpec()

    def forgiven(self, part: str, name: str) -> bool:
        """Whether a mistake removed this name (or all names) of a part of the file."""
        return any(path[0] in (part, "*") and (len(path) == 1 or name in path) for path in self.architecture.left_out)

    def add_site(self, place: Place, frame: GraphBody, name: str) -> None:
        """Notes that the step at a place of the file took a name."""
        self.sites.setdefault(place, []).append(frame.prefix + name)

    def count_step(self, place: Place, trail: Trail) -> None:
        self.steps += 1
        if self.steps > MOST_STEPS:
            self.refuse(place, f"the file expands to more than {MOST_STEPS:,} steps", trail)
            raise Stopped
