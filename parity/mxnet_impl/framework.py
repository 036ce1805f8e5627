"""Owns MXNet as the harness sees it: what it is on this machine, one draw of an initializer, a case realized.

It refuses to know layers, rules and distributions.
"""

from __future__ import annotations

import numpy as np

from parity.execution.protocol import Array, Description, Driven, Unsupported
from parity.mxnet_impl import device, initializers, optimizers, schedules
from parity.mxnet_impl.device import mxnet
from parity.mxnet_impl.model import Realization
from parity.spec.cases import Case

MODES = ("compiled", "eager")
DTYPES = ("float32", "float64")


class Implementation:
    """compiled: blocks hybridized with static memory and shapes. eager: the same blocks, operator by operator."""

    name = "mxnet"

    def describe(self) -> Description:
        return Description(
            name=self.name,
            version=mxnet.__version__,
            versions={"mxnet": mxnet.__version__, "numpy": np.__version__},
            devices=device.devices(),
            modes=MODES,
            default_mode="compiled",
            dtypes=DTYPES,
            settings=device.settings(),
        )

    def sample(self, case: Case) -> Array:
        return initializers.sample(case)

    def scheduled(self, case: Case) -> Array:
        return schedules.rates(case)

    def drive(self, asked: Driven) -> list[dict[str, Array]]:
        return optimizers.drive(asked)

    def realize(self, case: Case) -> Realization:
        if case.dtype not in DTYPES:
            raise Unsupported(
                f"mxnet_impl realizes {' and '.join(DTYPES)}; {case.dtype} would need its mixed-precision package"
            )
        if case.mode not in (*MODES, "default"):
            raise Unsupported(f"MXNet has no mode {case.mode}; it has {' and '.join(MODES)}")
        if case.device not in device.devices():
            raise Unsupported(f"this build of MXNet has no {case.device}; it has {', '.join(device.devices())}")
        return Realization(case)
