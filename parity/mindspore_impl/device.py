"""Owns the contact with the machine: precisions, threads, devices, versions, waiting, copies, and MindSpore's refusals.

It refuses to pick a precision or a mode for a case, and refuses weights that would have to be cast or completed.
"""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mindspore
import numpy as np

from parity.execution.protocol import Array, Held, Unsupported, check_native

DTYPES: Mapping[str, Any] = {"float64": mindspore.float64, "float32": mindspore.float32}
FILE = "weights.ckpt"
REFUSED_TYPE = ("must be a type of", "must be one of", "should be one of", "input type must be same", "supports types")
"""Words of MindSpore's errors for an op that has no form in float64."""
NO_KERNEL = ("unregistered", "Kernel select failed", "Unsupported op", "only supports Ascend", "Not found op")
"""Words of MindSpore's errors for an op that has no kernel on this device."""


def prepare() -> None:
    """Sets the request's number of threads. It lets each op of a PyNative run end before the next begins: otherwise the error
    of one op is raised later, by an op that can do what it is asked, and in another case."""
    if threads := int(os.environ.get("PARITY_THREADS", "0")):
        mindspore.context.set_context(runtime_num_threads=threads)
    mindspore.context.set_context(mode=mindspore.PYNATIVE_MODE)
    mindspore.runtime.launch_blocking()


def devices() -> tuple[str, ...]:
    return ("cpu",)


def versions() -> dict[str, str]:
    return {"mindspore": mindspore.__version__, "numpy": np.__version__, "python": platform.python_version()}


def settings() -> dict[str, str]:
    """Settings outside of the spec that can change a number or a time."""
    return {
        "threads": os.environ.get("PARITY_THREADS", "default"),
        "target": str(mindspore.context.get_context("device_target")),
    }


def synchronize(tensor: Any) -> None:
    """Returns when this tensor has its numbers; mindspore.runtime.synchronize does nothing on a CPU but print an error."""
    tensor.asnumpy()


def place(array: Array, dtype: Any) -> Any:
    """The array as a tensor, in memory of its own."""
    return mindspore.Tensor(np.array(array), dtype)


def assign(parameter: Any, array: Array, dtype: Any) -> None:
    """Sets a parameter in its own memory. After `Parameter.set_data` an optimizer that has already taken a step goes on to
    write into the memory of before, and the parameter no longer moves."""
    mindspore.ops.assign(parameter, place(array, dtype))


def array(tensor: Any) -> Array:
    """A copy as a NumPy array; `asnumpy` itself shares the tensor's memory."""
    return np.array(tensor.asnumpy())


@contextmanager
def refusing(dtype: str) -> Iterator[None]:
    """Inside it, MindSpore's own error for an op without a form in this precision, or on this device, becomes Unsupported."""
    try:
        yield
    except (TypeError, RuntimeError, ValueError, NotImplementedError) as error:
        words = (*NO_KERNEL, *(REFUSED_TYPE if dtype == "float64" else ()))
        if any(word in str(error) for word in words):
            raise Unsupported(f"MindSpore refuses {dtype} on a CPU: {_sentence(str(error))}") from error
        raise


def _sentence(message: str) -> str:
    """The part of MindSpore's message that names the op, without call stacks."""
    lines = [line.strip(" -") for line in message.splitlines() if line.strip(" -")]
    kept = []
    for line in lines:
        if "Call Stack" in line or "Traceback" in line:
            break
        kept.append(line)
    return " ".join(kept)[:400] or type(message).__name__


def written(weights: Mapping[str, Any]) -> bytes:
    """Parameters in MindSpore's own format, a checkpoint."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / FILE
        mindspore.save_checkpoint([{"name": name, "data": tensor} for name, tensor in weights.items()], str(file))
        return file.read_bytes()


def read(content: bytes, own: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters in a checkpoint. Raises ValueError unless their names, shapes and types are those of the model."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / FILE
        file.write_bytes(content)
        try:
            given = dict(mindspore.load_checkpoint(str(file)))
        except Exception as error:  # protobuf and MindSpore raise many kinds for a damaged file
            raise ValueError(f"{FILE} is no checkpoint of MindSpore: {error}") from error
    check_native(FILE, _held(given), _held(own))
    return given


def _held(weights: Mapping[str, Any]) -> Held:
    return {name: (tuple(item.shape), str(item.dtype)) for name, item in weights.items()}


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function in graph mode: mindspore.jit parses the source of every cell that it calls."""
    made: Callable[..., Any] = mindspore.jit(function)
    return made
