"""A kernel that one model reads otherwise: transposed, or mirrored along the image. Layers and their runs are made by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from parity.comparing import kernel_causes
from parity.comparing.layouts import Placement
from parity.execution.names import WEIGHT, array_name

Array = npt.NDArray[Any]
NUMBERS = np.random.RandomState(3)
SQUARE, IMAGE = NUMBERS.standard_normal((5, 5)), NUMBERS.standard_normal((3, 2, 4, 4))


@dataclass
class OneModel:
    before: Mapping[str, Array]


@dataclass
class OneCall:
    """Stands in for a CallTrial: a layer whose output is its kernel, as it reads it."""

    kernel: Array
    reads: Callable[[Array], Array]
    limit: float = 1e-12
    theirs: OneModel = field(init=False)

    def __post_init__(self) -> None:
        self.theirs = OneModel({"w": self.kernel})

    def placements(self, _: Any) -> dict[str, Placement]:
        return {"kernel": Placement("w", self.kernel.shape)}

    def alone(self, arrays: Mapping[str, Array]) -> Array:
        return self.reads(arrays[array_name(WEIGHT, "w")])

    def misses(self, got: Array) -> float:
        return float(np.abs(got - self.kernel).max())

    def turned(self) -> OneCall:
        return self

    def title(self) -> str:
        return "layer"


def mirrored(kernel: Array) -> Array:
    return np.flip(kernel, (2, 3))


@pytest.mark.parametrize(
    ("cause", "kernel", "reads", "told"),
    [
        (kernel_causes.turned_kernel, SQUARE, np.transpose, "transposed kernel"),
        (kernel_causes.turned_kernel, SQUARE, np.sin, ""),
        (kernel_causes.turned_kernel, IMAGE, mirrored, ""),
        (kernel_causes.mirrored_kernel, IMAGE, mirrored, "mirrored kernel"),
        (kernel_causes.mirrored_kernel, IMAGE, lambda kernel: np.flip(kernel, 3), ""),
        (kernel_causes.mirrored_kernel, SQUARE, np.transpose, ""),
    ],
)
def test_a_kernel_read_otherwise_is_named_where_the_run_agrees(
    cause: Callable[..., Any], kernel: Array, reads: Callable[[Array], Array], told: str
) -> None:
    found = list(cause(OneCall(kernel, reads), None))
    assert len(found) == bool(told)
    assert all(one.startswith(told) for one in found)
