"""Owns tensors that are computed only when they are read: two deep networks have more tensors than memory should hold.

It refuses to know what the tensors mean.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy.typing as npt

Array = npt.NDArray[Any]
SMALL = 1 << 16
"""Greatest size in bytes of a tensor that is kept for good once it is computed."""
HELD = 4
"""How many mappings keep their large tensors: the last ones that computed one."""


class LazyTensors(Mapping[str, Array]):
    """dtype -> tensor. make: computes the tensor of a dtype, the same each time. Small tensors are kept for good, large tensors
    while this mapping is among the last HELD that computed one."""

    _latest: ClassVar[deque[LazyTensors]] = deque(maxlen=HELD)

    def __init__(self, dtypes: Sequence[str], make: Callable[[str], Array]) -> None:
        self._dtypes, self._make = tuple(dtypes), make
        self._made: dict[str, Array] = {}

    def __getitem__(self, dtype: str) -> Array:
        if dtype not in self._dtypes:
            raise KeyError(dtype)
        if dtype not in self._made:
            self._made[dtype] = self._make(dtype)
            if self._made[dtype].nbytes > SMALL:
                self._hold()
        return self._made[dtype]

    def __iter__(self) -> Iterator[str]:
        return iter(self._dtypes)

    def __len__(self) -> int:
        return len(self._dtypes)

    def _hold(self) -> None:
        """Notes that this mapping computed a large tensor. The mapping that was noted longest ago drops its large tensors."""
        latest = LazyTensors._latest
        if any(tensors is self for tensors in latest):
            return
        if len(latest) == HELD:
            oldest = latest.popleft()
            oldest._made = {dtype: array for dtype, array in oldest._made.items() if array.nbytes <= SMALL}
        latest.append(self)
