"""Owns the framework under test: its description on this machine, and the realization of a case.

It refuses to know ops (layers.py) and to judge: the process that runs this file never sees an expected number.
"""

from __future__ import annotations

from parity.execution.protocol import Array, Description, Drive, Unsupported
from parity.spec.cases import Case
from parity.mindspore_impl import device, tape
from parity.mindspore_impl.model import Realization

MODES, DEFAULT_MODE = ("eager",), "eager"
"""Modes. A framework that compiles also has "compiled". The default is the mode that its user gets without asking."""


class Implementation:
    """The worker constructs this class by its name, once for each process, and asks it one case after the other."""

    name = "mindspore"

    def describe(self) -> Description:
        """`parity doctor` prints it, every record contains it, and a case outside of it is refused before it is built."""
        return Description(
            name=self.name,
            version=tape.__version__,
            versions=device.versions(),
            devices=device.devices(),
            modes=MODES,
            default_mode=DEFAULT_MODE,
            dtypes=tuple(device.DTYPES),
            settings=device.settings(),
        )

    def realize(self, case: Case) -> Realization:
        """Builds the case. Raise Unsupported, with a reason that a reader understands, for everything that is not right yet."""
        if case.graph is None:
            raise ValueError(f"{case.id}: a case without a graph")
        if case.steps:
            raise Unsupported(f"no optimizer yet, and this case trains {case.steps} steps of {case.optimizer}")
        return Realization(case, case.graph)

    # Each of these three serves one kind of case. Write it when you want that kind's cells (docs/adding-a-framework.md).

    def sample(self, case: Case) -> Array:
        raise Unsupported(f"no initializer yet: {case.initializer} is not drawn")

    def scheduled(self, case: Case) -> Array:
        raise Unsupported(f"no schedule yet: {case.optimizer} is not followed")

    def drive(self, asked: Drive) -> list[dict[str, Array]]:
        raise Unsupported("no optimizer yet, so none can be driven")
