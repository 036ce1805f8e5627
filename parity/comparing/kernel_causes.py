"""Owns the likely causes in how a layer reads its kernel: transposed, or mirrored along the axes of the image.

It refuses to name what it has not tested by running the layer again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from parity.comparing.call_pair import CallTrial
from parity.comparing.layer_mapping import LayerMap
from parity.execution.names import WEIGHT, array_name

Array = npt.NDArray[Any]
CHANNELS = 2
"""Number of a neutral kernel's first axes, which are channels."""


def turned_kernel(trial: CallTrial, layer_map: LayerMap) -> Iterator[str]:
    """A square kernel that one model transposes."""
    for role, placement in trial.placements(layer_map).items():
        shape = placement.neutral
        if len(shape) == 2 and shape[0] == shape[1]:
            native = trial.theirs.before[placement.native]
            arrays = {array_name(WEIGHT, placement.native): placement.write(placement.read(native).T, native)}
            if trial.misses(trial.alone(arrays)) <= trial.limit:
                yield f"transposed {role}: {trial.turned().title()} reads it the other way round than {trial.title()} (tested)"


def mirrored_kernel(trial: CallTrial, layer_map: LayerMap) -> Iterator[str]:
    """A kernel that one model reads mirrored along every axis of the image: Flax's ConvTranspose does, unless it is told
    `transpose_kernel=True`. Tested by running theirs with the kernel mirrored."""
    for role, placement in trial.placements(layer_map).items():
        if len(placement.neutral) > CHANNELS:
            native = trial.theirs.before[placement.native]
            mirrored = np.flip(placement.read(native), tuple(range(CHANNELS, len(placement.neutral))))
            arrays = {array_name(WEIGHT, placement.native): placement.write(mirrored, native)}
            if trial.misses(trial.alone(arrays)) <= trial.limit:
                yield (
                    f"mirrored {role}: {trial.turned().title()} reads it flipped along the axes of the image, compared with "
                    f"{trial.title()} (tested: with its kernel mirrored it gives the same output)"
                )
