"""The atlas's advice for Keras as code that runs: `question@framework` gives that framework's answer here, `question@alike`
one number in every framework. tests/conformance/test_advice_runs.py compares each with the other framework's number.
"""

from __future__ import annotations

from collections.abc import Mapping

from parity.keras_impl.atlas.asking import Answer
from parity.keras_impl.atlas.remedies import (
    activations,
    attention,
    convolution,
    convolution_shapes,
    convolution_windows,
    defaults,
    initializers,
    initializers_fans,
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

REMEDIES: Mapping[str, Answer] = {
    **activations.REMEDIES,
    **attention.REMEDIES,
    **convolution.REMEDIES,
    **convolution_shapes.REMEDIES,
    **convolution_windows.REMEDIES,
    **defaults.REMEDIES,
    **initializers.REMEDIES,
    **initializers_fans.REMEDIES,
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
