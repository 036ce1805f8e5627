"""Owns the ledger of one expansion: values, numbers, bodies of nodes, and all else that is gathered on the way.

It refuses to know names and steps. A mistake is entered where it is found. BrokenSpec then unwinds to the step; its value is
broken, and no further mistake about a broken value is reported.
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
    """A mistake has been recorded, and the thing that was being built is broken."""


class Stopped(Exception):
    """A limit was passed; the rest of the file is not expanded."""


@dataclass
class GraphBody:
    """Where nodes are put: the graph itself, or the body of a scan. `captured`: outer values that its nodes read."""

    prefix: str = ""  # prefix of its names in the names of sites
    parent: GraphBody | None = None
    nodes: list[Node] = field(default_factory=list)
    values: dict[str, SpecValue] = field(default_factory=dict)
    captured: dict[str, SpecValue] = field(default_factory=dict)


@dataclass(frozen=True)
class SpecValue:
    """A value as steps see it. A `shape` of None means that it is broken and that the mistake has been reported."""

    name: str
    shape: Shape | None
    dtype: str
    batched: bool
    frame: GraphBody = field(repr=False, compare=False)


@dataclass(frozen=True)
class KnownNumber:
    """A number with a name: a constant, an argument, a column. A `value` of None means that it is broken."""

    value: Fraction | bool | None
    declared: Place


@dataclass
class Ledger:
    """All that one expansion gathers."""

    architecture: Architecture
    mistakes: list[Mistake] = field(default_factory=list)
    constants: dict[str, KnownNumber] = field(default_factory=dict)
    parameters: dict[str, Parameter] = field(default_factory=dict)
    statistics: dict[str, Statistic] = field(default_factory=dict)
    homes: dict[str, str] = field(default_factory=dict)  # node -> the prefix of its parameters
    read: set[Place] = field(default_factory=set)  # declarations of numbers and of blocks' inputs that were read
    called: set[str] = field(default_factory=set)  # blocks and networks
    built: set[str] = field(default_factory=set)  # networks whose parameters exist
    network_inputs: dict[str, dict[str, Input | None]] = field(default_factory=dict)
    sites: dict[Place, list[str]] = field(default_factory=dict)  # a step in the file -> the names it took
    steps: int = 0

    def refuse(self, place: Place, message: str, trail: Trail = ()) -> BrokenSpec:
        """Enters a mistake. Each place is reported once, however often a block or a repeat expands it."""
        if all(mistake.place != place for mistake in self.mistakes):
            self.mistakes.append(Mistake(place, message, trail))
        return BrokenSpec()

    def forgiven(self, part: str, name: str) -> bool:
        """Whether a mistake removed this name (or all names) of a part of the file."""
        return any(path[0] in (part, "*") and (len(path) == 1 or name in path) for path in self.architecture.left_out)

    def add_site(self, place: Place, frame: GraphBody, name: str) -> None:
        """Notes that the step at this place of the file took this name."""
        self.sites.setdefault(place, []).append(frame.prefix + name)

    def count_step(self, place: Place, trail: Trail) -> None:
        self.steps += 1
        if self.steps > MOST_STEPS:
            self.refuse(place, f"the file expands to more than {MOST_STEPS:,} steps", trail)
            raise Stopped
