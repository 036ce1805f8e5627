"""Owns what the atlas advises for Keras about the fans of grouped, depthwise and transposed kernels, as code that runs.

It refuses advice without a call.
"""

from __future__ import annotations

from collections.abc import Mapping

from keras import initializers

from parity.keras_impl.atlas.asking import Answer
from parity.keras_impl.atlas.remedies.building import drawn

REMEDIES: Mapping[str, Answer] = {
    "he_normal.depthwise_fan@torch": drawn(initializers.HeNormal(), 3, 3, 503, 2, scale=(503 / 1) ** 0.5),
    "glorot_uniform.depthwise_fan@torch": drawn(initializers.GlorotUniform(), 3, 3, 503, 2, scale=(505 / 1007) ** 0.5),
}
