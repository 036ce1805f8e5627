"""The atlas's advice for PyTorch as code that runs: `question@framework` gives that framework's answer here, `question@alike`
one number in every framework. tests/conformance/test_advice_runs.py compares each with the other framework's number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from parity.torch_impl.atlas.asking import Answer, Inputs
from parity.torch_impl.atlas.remedies import (
    activations,
    attention,
    convolution,
    convolution_shapes,
    convolution_windows,
    defaults,
    initializers,
    kinks,
    losses,
    losses_reductions,
    normalization,
    numerics,
    numerics_arithmetic,
    optimizers,
    optimizers_schedules,
    optimizers_steps,
    recurrent,
    training,
)

WRITTEN: Mapping[str, Answer] = {
    **activations.REMEDIES,
    **attention.REMEDIES,
    **convolution.REMEDIES,
    **convolution_shapes.REMEDIES,
    **convolution_windows.REMEDIES,
    **defaults.REMEDIES,
    **initializers.REMEDIES,
    **kinks.REMEDIES,
    **losses.REMEDIES,
    **losses_reductions.REMEDIES,
    **normalization.REMEDIES,
    **numerics.REMEDIES,
    **numerics_arithmetic.REMEDIES,
    **optimizers.REMEDIES,
    **optimizers_schedules.REMEDIES,
    **optimizers_steps.REMEDIES,
    **recurrent.REMEDIES,
    **training.REMEDIES,
}


def _detached(answer: Answer) -> Answer:
    """The answer as numbers, without what torch records for gradients."""

    def detached(inputs: Inputs) -> Any:
        output = answer(inputs)
        return output.detach() if isinstance(output, Tensor) else output

    return detached


REMEDIES: Mapping[str, Answer] = {key: _detached(answer) for key, answer in WRITTEN.items()}
