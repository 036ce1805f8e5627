"""Owns how a user's torch model gets the weights of a file: `.safetensors`, or `torch.load` with `weights_only`, which runs no
code of the file.

It refuses a file that does not hold exactly the model's own tensors.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import torch
from torch import nn

from parity.execution.damaged_files import parsed, read_text
from parity.execution.own_target import Mistyped, near

SAFE = ".safetensors"
TYPES: Mapping[str, torch.dtype] = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}
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
        loaded = _safetensors(file) if file.suffix == SAFE else torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever the reader says of a file
        whole = "Weights only load failed" in str(error)
        message = "it holds more than tensors, and parity runs no code of a file: save model.state_dict() alone"
        why = message if whole else (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise Mistyped(f"{file} cannot be read as weights: {why}") from error
    own = model.state_dict()
    arrays = _fitting(_weights(loaded), own)
    lacking = [name for name in own if name not in arrays and not name.endswith(COUNTER)]
    over = [name for name in arrays if name not in own]
    if lacking or over:
        parts = [f"it lacks {_some(lacking)}"] if lacking else []
        parts += [f"the model has no {_some(over)}{near(over[0], lacking or list(own))}"] if over else []
        raise Mistyped(f"{file} does not fit the model: {'; '.join(parts)}")
    for name, tensor in arrays.items():
        if tuple(tensor.shape) != tuple(own[name].shape):
            raise Mistyped(
                f"{file} does not fit the model: {name} is {tuple(tensor.shape)}, and {tuple(own[name].shape)} in the model"
            )
    model.load_state_dict(arrays, strict=False)


def _safetensors(file: Path) -> dict[str, torch.Tensor]:
    """The tensors of a .safetensors file: 8 bytes with the size of a JSON header, the header, the numbers.
    (github.com/huggingface/safetensors, Format.) Raises ValueError where it is not whole."""
    content = file.read_bytes()
    begin = 8 + int.from_bytes(content[:8], "little")
    if not 8 < begin <= len(content):
        raise ValueError("it has no header of safetensors")
    header = parsed(read_text(content[8:begin]))
    tensors = {}
    for name, item in header.items():
        if name != "__metadata__":
            start, end = item["data_offsets"]
            kind, shape = TYPES[item["dtype"]], tuple(item["shape"])
            if not 0 <= start <= end <= len(content) - begin or end - start != prod(shape) * kind.itemsize:
                raise ValueError(f"the numbers of {name} are not there")
            data = bytearray(content[begin + start : begin + end])
            tensors[name] = (torch.frombuffer(data, dtype=kind) if data else torch.empty(0, dtype=kind)).reshape(shape)
    return tensors


def _weights(loaded: Any) -> Mapping[str, Any]:
    """The table of tensors in what was read."""
    for name in INSIDE:
        if isinstance(loaded, Mapping) and isinstance(loaded.get(name), Mapping):
            loaded = loaded[name]
    if not isinstance(loaded, Mapping):
        return {}
    return {name: item for name, item in loaded.items() if isinstance(name, str) and isinstance(item, torch.Tensor)}


def _fitting(arrays: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Without a prefix that all names have and the model has not."""
    for prefix in PREFIXES:
        bare = {name.removeprefix(prefix): item for name, item in arrays.items()}
        if arrays and all(name.startswith(prefix) for name in arrays) and set(bare) & set(own) and not set(arrays) & set(own):
            return bare
    return dict(arrays)


def _some(names: list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(f'`{name}`' for name in names[:NAMED])}{more}"
