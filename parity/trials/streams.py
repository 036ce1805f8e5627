"""Owns the random streams: uniform, normal and integer numbers that are the same on every processor.

Numbers come only from integers, + - * /, square roots, powers of two and tables, which IEEE 754 rounds in only one way. It
refuses log, sin and pow of NumPy and of the C library, whose last digit depends on the processor's instructions, and LAPACK,
whose order of summation does.
"""

from __future__ import annotations

import hashlib
import math
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Size = int | tuple[int, ...]

CHUNK = 1 << 15
"""How many numbers are computed at once: they stay in a processor's cache."""

_LOG_2, _LOG_2_TAIL = 0.6931471805599453, 2.3190468138462996e-17
_LOG_10 = 2.302585092994046
_PI, _PI_TAIL = 3.141592653589793, 1.2246467991473532e-16
"""ln 2 and π are each a double, and a second double for the rest."""

_ATANH = tuple(1 / (2 * k + 1) for k in range(13))
_EXPONENTIAL = tuple(1 / math.factorial(k) for k in range(16))
_SINE = tuple((-1) ** k / math.factorial(2 * k + 1) for k in range(12))
"""Coefficients of the power series, the lowest first."""


class Stream(np.random.RandomState):
    """The frozen generator MT19937, with floats that every processor rounds alike.

    RandomState's integers and its doubles of [0, 1) are exact already. `uniform` and `standard_normal` use the same doubles in
    the same order as RandomState does, and differ from its results in the last place at most.
    """

    _spare: float | None = None

    def uniform(self, low: float = 0.0, high: float = 1.0, size: Size = ()) -> Array:  # type: ignore[override]
        """low + (high - low)·u with u from [0, 1), in two roundings: compilers may fuse RandomState's into one."""
        return np.asarray(self.random_sample(size) * (high - low) + low)

    def standard_normal(self, size: Size = ()) -> Array:  # type: ignore[override]
        """Pairs by the polar method (Marsaglia & Bray 1964, SIAM Review 6), as RandomState has it."""
        shape = (size,) if isinstance(size, int) else size
        count, spare = math.prod(shape), self._spare
        drawn = np.empty(count)
        begin = int(spare is not None and count > 0)
        if begin:
            drawn[0], self._spare = spare, None
        while begin < count:
            pairs = self._pairs(min(CHUNK, (count - begin + 1) // 2))
            taken = pairs[: count - begin]
            drawn[begin : begin + len(taken)] = taken
            begin += len(taken)
            if len(taken) < len(pairs):
                self._spare = float(pairs[-1])
        return drawn.reshape(shape)

    def _pairs(self, tries: int) -> Array:
        """Normals from those pairs of uniforms that fall into the unit circle. tries: how many pairs to draw."""
        ends = 2.0 * self.random_sample((tries, 2)) - 1.0
        squares = ends[:, 0] * ends[:, 0] + ends[:, 1] * ends[:, 1]
        inside = (squares < 1.0) & (squares != 0.0)
        squares = squares[inside]
        factors = np.sqrt(-2.0 * log(squares) / squares)
        return np.asarray((factors[:, None] * ends[inside][:, ::-1]).reshape(-1))


def stream(*coordinates: object) -> Stream:
    """The stream with these coordinates as its name."""
    digest = hashlib.sha256("/".join(str(coordinate) for coordinate in coordinates).encode()).digest()
    return Stream(np.frombuffer(digest, dtype=np.uint32))


def log(x: Array) -> Array:
    """ln x of positive doubles, within three units in the last place: ln m + e·ln 2 for x = m·2^e,
    with ln m = 2·artanh((m - 1)/(m + 1))."""
    fraction, exponent = np.frexp(x)
    low = fraction < math.sqrt(0.5)
    fraction, exponent = np.where(low, 2.0 * fraction, fraction), exponent - low
    s = (fraction - 1.0) / (fraction + 1.0)
    return np.asarray(exponent * _LOG_2 + (exponent * _LOG_2_TAIL + 2.0 * s * _series(_ATANH, s * s)))


def power_of_ten(x: Array) -> Array:
    """10**x for |x| from 1 to 300, within 5·|x| units in the last place: 2**k·e**r with x·ln 10 = k·ln 2 + r."""
    k = np.rint(x * (_LOG_10 / _LOG_2))
    r = (x * _LOG_10 - k * _LOG_2) - k * _LOG_2_TAIL
    return np.asarray(np.ldexp(_series(_EXPONENTIAL, r), k.astype(np.int64)))


def sine(x: Array) -> Array:
    """sin x, with x in radians and |x| below 20, within 3e-16."""
    k = np.rint(x / _PI)
    r = (x - k * _PI) - k * _PI_TAIL
    return np.asarray(np.where(k % 2 == 0, 1.0, -1.0) * r * _series(_SINE, r * r))


def orthonormal_columns(tall: Array) -> Array:
    """Q of tall = Q·R, with a positive diagonal of R, by Gram-Schmidt done twice (Giraud
    et al. 2005, Numerische Mathematik 101).

    tall: (rows, columns), rows >= columns, of full rank.
    """
    rows = np.ascontiguousarray(tall.T)
    for place in range(len(rows)):
        before, row = rows[:place], rows[place]
        for _ in range(2):
            row = row - ((before * row).sum(axis=1)[:, None] * before).sum(axis=0)
        rows[place] = row / np.sqrt((row * row).sum())
    return np.ascontiguousarray(rows.T)


def _series(coefficients: tuple[float, ...], x: Array) -> Array:
    """Σ coefficients[k]·x^k, by Horner's rule."""
    total = np.full_like(x, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        total = total * x + coefficient
    return total
