"""Owns the arrays that the package contains, digits and photographs (sources and licences: `data/README.md`).

It refuses a file whose bytes are not the committed ones.
"""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np

from parity.trials.datasets.dataset import Array, DatasetError

FOLDER = Path(__file__).resolve().parent / "data"
SHA256 = {
    "digits": "b2dab7b501728c22e9119ad76740b2e17c77a231e42d1e592380d90886f1a05e",
    "photographs": "fd3698d916a64f8940eb69e3416d93e6677869c2593045d83e107bf326835587",
}


def arrays(name: str) -> dict[str, Array]:
    """The arrays of one file, as they were stored.

    `digits`: `images` (1797, 8, 8), grey 0…16, and `labels` (1797,), both uint8. `photographs`: `china` and `flower`, (427,
    640, 3) each, red, green and blue 0…255, uint8. Raises DatasetError if the file is missing or damaged.
    """
    file = FOLDER / f"{name}.npz"
    try:
        content = file.read_bytes()
    except OSError as error:
        raise DatasetError(f"{file}: {error.strerror}; install parity again") from error
    if hashlib.sha256(content).hexdigest() != SHA256[name]:
        raise DatasetError(f"{file} is damaged: its sha256 is not that of the committed file; install parity again")
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        return {key: stored[key] for key in stored.files}
