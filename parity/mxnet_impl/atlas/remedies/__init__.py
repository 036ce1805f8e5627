"""The atlas's advice for MXNet as code that runs: `question@framework` gives that framework's answer here, `question@alike`
one number in every framework. tests/conformance/test_advice_runs.py compares each with the other framework's number.
"""

from __future__ import annotations

from collections.abc import Mapping

from parity.mxnet_impl.atlas.answers import Answer
from parity.mxnet_impl.atlas.remedies import defaults, layers, losses, numbers, optimizers, sequences, training

REMEDIES: Mapping[str, Answer] = {
    **layers.LAYERS,
    **sequences.SEQUENCES,
    **training.TRAINING,
    **optimizers.OPTIMIZERS,
    **losses.LOSSES,
    **numbers.NUMBERS,
    **defaults.DEFAULTS,
}
