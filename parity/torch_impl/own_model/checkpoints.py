"""Owns how a user's torch model gets the weights of a file: `torch.load` with `weights_only`, which runs no code of the file.

It refuses a file that does not hold exactly the model's own tensors.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from parity.execution.own_target import Mistyped, near

INSIDE = ("state_dict", "model_state_dict", "model", "weights", "net")
"""Where training loops put the weights among what else they keep."""
PREFIXES = ("module.", "_orig_mod.", "model.")
"""What DataParallel, torch.compile and wrappers put before the names."""
COUNTER = "num_batches_tracked"
"""A buffer that files of torch before 0.4.1 lack."""
NAMED = 4


def load(model: nn.Module, file: Path) -> None:
    """Raises Mistyped where the file cannot be read so, or does not fit."""
    try:
        found = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever the reader says of a file
        whole = "Weights only load failed" in str(error)
        told = "it holds more than tensors, and parity runs no code of a file: save model.state_dict() alone"
        why = told if whole else (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise Mistyped(f"{file} cannot be read as weights (torch.load with weights_only): {why}") from error
    own = model.state_dict()
    given = _fitting(_weights(found), own)
    lacking = [name for name in own if name not in given and not name.endswith(COUNTER)]
    over = [name for name in given if name not in own]
    if lacking or over:
        parts = [f"it lacks {_some(lacking)}"] if lacking else []
        parts += [f"the model has no {_some(over)}{near(over[0], lacking or list(own))}"] if over else []
        raise Mistyped(f"{file} does not fit the model: {'; '.join(parts)}")
    for name, tensor in given.items():
        if tuple(tensor.shape) != tuple(own[name].shape):
            raise Mistyped(
                f"{file} does not fit the model: {name} is {tuple(tensor.shape)}, and {tuple(own[name].shape)} in the model"
            )
    model.load_state_dict(given, strict=False)


def _weights(found: Any) -> Mapping[str, Any]:
    """The table of tensors in what was read."""
    for name in INSIDE:
        if isinstance(found, Mapping) and isinstance(found.get(name), Mapping):
            found = found[name]
    if not isinstance(found, Mapping):
        return {}
    return {name: one for name, one in found.items() if isinstance(name, str) and isinstance(one, torch.Tensor)}


def _fitting(given: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Without a prefix that all names have and the model has not."""
    for prefix in PREFIXES:
        bare = {name.removeprefix(prefix): one for name, one in given.items()}
        if given and all(name.startswith(prefix) for name in given) and set(bare) & set(own) and not set(given) & set(own):
            return bare
    return dict(given)


def _some(names: list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(f'`{name}`' for name in names[:NAMED])}{more}"
