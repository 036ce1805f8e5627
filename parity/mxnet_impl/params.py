"""Owns the check of a `.params` file before MXNet reads it: whether its bytes are exactly those of the arrays it declares.

mxnet.nd.load trusts a damaged number of axes or bytes, and allocates that much memory. It refuses to read numbers.
(src/ndarray/ndarray.cc of MXNet 1.9.1: NDArray::Save, NDArray::Load, NDArray::LegacyLoad.)
"""

from __future__ import annotations

from math import prod
from struct import Struct

LIST = 0x112
VERSION_1, VERSION_2, VERSION_3 = 0xF993FAC8, 0xF993FAC9, 0xF993FACA
WIDTHS = {0: 4, 1: 8, 2: 2, 3: 1, 4: 4, 5: 1, 6: 8, 7: 1}
"""Type flag -> bytes of a number."""
DENSE, MOST_AXES = 0, 32
UINT32, INT32, UINT64 = Struct("<I"), Struct("<i"), Struct("<Q")


def check(content: bytes) -> None:
    """Raises ValueError for a damaged file: sizes, counts and names must use up exactly its bytes."""
    reader = _ParamsReader(content)
    if reader.number(UINT64) != LIST:
        raise ValueError("it does not begin as a list of arrays does")
    reader.skip(8)
    arrays = reader.number(UINT64)
    for _ in range(reader.possible(arrays, "arrays")):
        _pass_array(reader)
    names = reader.number(UINT64)
    if names not in (0, arrays):
        raise ValueError(f"it has {arrays} arrays and {names} names")
    names_met = set()
    for _ in range(reader.possible(names, "names")):
        name = reader.take(reader.possible(reader.number(UINT64), "letters of a name"))
        if name in names_met:
            raise ValueError(f"two arrays are called {name!a}")
        names_met.add(name)
    if reader.place != len(content):
        raise ValueError(f"{len(content) - reader.place} bytes stand behind its end")


def _pass_array(reader: _ParamsReader) -> None:
    version = reader.number(UINT32)
    width = 8
    if version in (VERSION_2, VERSION_3):
        if reader.number(INT32) != DENSE:
            raise ValueError("an array is sparse, and weights are dense")
        axes = reader.number(INT32)
    elif version == VERSION_1:
        axes = reader.number(UINT32)
    else:
        axes, width = version, 4  # the first format: no version before the number of axes, 32 bits per axis
    if not 0 <= axes <= MOST_AXES:
        raise ValueError(f"an array has {axes} axes")
    sizes = [reader.number(UINT64 if width == 8 else UINT32) for _ in range(axes)]
    if not axes and version != VERSION_3:
        return  # an array that was never made has neither device nor numbers
    reader.skip(8)  # device and its number
    flag = reader.number(INT32)
    if flag not in WIDTHS:
        raise ValueError(f"an array has type {flag}, which MXNet does not")
    reader.skip(reader.possible(prod(sizes) * WIDTHS[flag], "bytes of an array"))


class _ParamsReader:
    """Bytes from first to last."""

    def __init__(self, content: bytes) -> None:
        self.content, self.place = content, 0

    def possible(self, count: int, what: str) -> int:
        """The count. Raises ValueError if fewer bytes than that are left."""
        if count > len(self.content) - self.place:
            raise ValueError(f"it claims {count} {what}, and {len(self.content) - self.place} bytes are left")
        return count

    def take(self, count: int) -> bytes:
        self.possible(count, "bytes")
        self.place += count
        return self.content[self.place - count : self.place]

    def skip(self, count: int) -> None:
        self.possible(count, "bytes")
        self.place += count

    def number(self, kind: Struct) -> int:
        return int(kind.unpack(self.take(kind.size))[0])
