"""What drivers read off a probe: sizes for one to three axes, rows and boxes, the arguments of masks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from parity.execution.protocol import ProbeRequest
from parity.execution.worker import probe_arguments
from parity.fingerprinting.forms import attention, convolutions, draws


class Conv1d:
    """Goes along one axis."""


class Conv2DTranspose:
    """Along two."""


class Convolution:
    """Does not say: along two."""


class MaxPool3D:
    """Along three."""


def asked(
    make: Any, setting: str = "plain", arrays: Mapping[str, np.ndarray] = convolutions.INPUTS, **keywords: Any
) -> ProbeRequest:
    return ProbeRequest(make, setting, keywords, {}, frozenset(), arrays, "float64")


@pytest.mark.parametrize(
    ("make", "axes", "kernel", "block"),
    [
        (Conv1d, 1, 3, 2),
        (Conv2DTranspose, 2, (1, 3), (3, 2)),
        (Convolution, 2, (1, 3), (3, 2)),
        (MaxPool3D, 3, (1, 1, 3), (2, 3, 2)),
    ],
)
def test_sizes_are_those_of_the_axes(make: Any, axes: int, kernel: Any, block: Any) -> None:
    probe = asked(make, kernel_size=(1, 3), block=(2, 3, 2), padding="same", filters=1)
    assert probe_arguments.axes_of(probe) == axes
    assert probe_arguments.sized(probe) == {"kernel_size": kernel, "block": block, "padding": "same", "filters": 1}


def test_rows_are_told_from_kernels_and_volumes() -> None:
    assert set(probe_arguments.rows(asked(Conv1d))) == {"seven", "eight"}
    assert [array.shape for array in probe_arguments.box(asked(MaxPool3D))] == [(3, 4, 5), (2, 3, 2)]
    assert [array.shape for array in probe_arguments.box(asked(Convolution))] == [(4, 5), (3, 2)]
    with pytest.raises(ValueError, match="one axis"):
        probe_arguments.box(asked(Conv1d))


def test_matrices_alone_where_an_initializer_is_for_these() -> None:
    assert set(probe_arguments.shapes(asked(Convolution, "draw", draws.INPUTS))) == {"dense", "conv"}
    assert set(probe_arguments.shapes(asked(Convolution, "matrix", draws.INPUTS))) == {"dense"}


class UpsamplingBilinear2d:
    """Has one mode."""


def test_what_bears_a_mode_in_its_name_is_asked_for_that_alone() -> None:
    def check(make: Any, mode: str, *names: str) -> None:
        probe_arguments.check_mode(ProbeRequest(make, "", {}, {"mode": mode}, frozenset(names), {}, "float64"))

    check(UpsamplingBilinear2d, "bilinear")
    check(UpsamplingBilinear2d, "nearest", "mode")
    check(Convolution, "nearest")
    with pytest.raises(ValueError, match="its one mode is bilinear"):
        check(UpsamplingBilinear2d, "nearest")


def test_masks_go_by_the_name_that_a_callable_has() -> None:
    masked = probe_arguments.masked(asked(Convolution, "boolean mask", attention.INPUTS), ("query", "attention_mask"))
    assert masked and masked[0] == "attention_mask" and masked[1].dtype == bool
    numbers = probe_arguments.masked(asked(Convolution, "float mask", attention.INPUTS), ("mask",))
    assert numbers and numbers[0] == "mask" and numbers[1] is attention.INPUTS["bias"]
    unnamed = probe_arguments.masked(asked(Convolution, "boolean mask", attention.INPUTS), ())
    assert unnamed and unnamed[0] == "attn_mask"
    assert probe_arguments.masked(asked(Convolution, "plain", attention.INPUTS), ("mask",)) is None
    with pytest.raises(ValueError, match="takes no key mask"):
        probe_arguments.masked(asked(Convolution, "key mask", attention.INPUTS), ("attention_mask",))


def test_causality_goes_by_the_name_that_a_callable_has() -> None:
    probe = asked(Convolution, "causal", attention.INPUTS)
    assert probe_arguments.caused(probe, ("use_causal_mask",)) == {"use_causal_mask": True}
    assert probe_arguments.caused(probe, ()) == {"is_causal": True}
    assert probe_arguments.caused(asked(Convolution, "plain", attention.INPUTS), ("is_causal",)) == {}
    with pytest.raises(ValueError, match="causal"):
        probe_arguments.caused(probe, ("query",))
