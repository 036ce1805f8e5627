"""A `.params` file is measured before MXNet reads it: what it claims must be there, no more and no less."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from parity.mxnet_impl import params
from tests.tools.damaged_params import file_of

ARRAYS = {"weight": np.ones((3, 5)), "bias": np.ones(3)}


def test_a_whole_file_of_mxnet_passes() -> None:
    params.check(file_of(ARRAYS))
    params.check(file_of({}))


def test_a_file_of_mxnet_with_another_length_is_refused() -> None:
    whole = file_of(ARRAYS)
    for length in range(len(whole)):
        with pytest.raises(ValueError):
            params.check(whole[:length])
    with pytest.raises(ValueError, match="stand behind its end"):
        params.check(whole + b"\0")


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (struct.pack("<Q", params.LIST), struct.pack("<Q", 1), "does not begin"),
        (struct.pack("<qq", 3, 5), struct.pack("<qq", 2**40, 2**40), "it claims"),
        (struct.pack("<Iii", params.VERSION_2, 0, 2), struct.pack("<Iii", params.VERSION_2, 1, 2), "is sparse"),
        (struct.pack("<Iii", params.VERSION_2, 0, 2), struct.pack("<Iii", params.VERSION_2, 0, 2**30), "axes"),
        (struct.pack("<Iii", params.VERSION_2, 0, 2), struct.pack("<Iii", 0x12345678, 0, 2), "axes"),
        (struct.pack("<qiii", 5, 1, 0, 0), struct.pack("<qiii", 5, 1, 0, 99), "has type 99"),
        (struct.pack("<Q", 4) + b"bias", struct.pack("<Q", 2**50) + b"bias", "it claims"),
    ],
)
def test_what_a_file_of_mxnet_claims_must_be_there(before: bytes, after: bytes, told: str) -> None:
    whole = file_of(ARRAYS)
    assert before in whole
    with pytest.raises(ValueError, match=told):
        params.check(whole.replace(before, after, 1))


def test_two_arrays_of_one_name_are_refused() -> None:
    one, two = file_of({"a": np.ones(2)}), file_of({"a": np.ones(2), "b": np.ones(2)})
    params.check(one)
    with pytest.raises(ValueError, match="two arrays"):
        params.check(two[:-1] + b"a")
