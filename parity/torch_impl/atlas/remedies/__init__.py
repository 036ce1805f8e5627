"""The atlas's advice for PyTorch as code that runs: `question@framework` gives that framework's answer here, `question@alike`
one number in every framework. tests/conformance/test_advice_runs.py compares each with the other framework's number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from parity.torch_impl.atlas.answers import Answer, Inputs
from parity.torch_impl.atlas.remedies import defaults, layers, losses, numbers, optimizers, sequences, training

WRITTEN: Mapping[str, Answer] = {
    **layers.LAYERS,
    **sequences.SEQUENCES,
    **training.TRAINING,
    **optimizers.OPTIMIZERS,
    **losses.LOSSES,
    **numbers.NUMBERS,
    **defaults.DEFAULTS,
}


def _detached(answer: Answer) -> Answer:
    """The answer as numbers, without what torch records for gradients."""

    def detached(inputs: Inputs) -> Any:
        found = answer(inputs)
        return found.detach() if isinstance(found, Tensor) else found

    return detached


REMEDIES: Mapping[str, Answer] = {key: _detached(answer) for key, answer in WRITTEN.items()}
