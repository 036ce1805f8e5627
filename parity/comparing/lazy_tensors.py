"""Owns tensors that are made when they are looked at: two deep networks have more of them than memory should hold.

It refuses to know what they are.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy.typing as npt

Array = npt.NDArray[Any]
SMALL = 1 << 20
"""Bytes of a tensor that is kept once it is made."""
HELD = 4
"""How many mappings keep their large tensors: those that were looked at last."""


class LazyTensors(Mapping[str, Array]):
    """dtype -> tensor. make: gives the tensor of a dtype, the same each time. Small ones are kept, large ones for a while."""

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
        """This one is the latest; the one that was looked at longest ago lets go of its large tensors."""
        latest = LazyTensors._latest
        if any(tensors is self for tensors in latest):
            return
        if len(latest) == HELD:
            oldest = latest.popleft()
            oldest._made = {dtype: array for dtype, array in oldest._made.items() if array.nbytes <= SMALL}
        latest.append(self)
