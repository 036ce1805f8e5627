"""Owns the contact with the machine: threads, precisions, versions, and a model ready to run in ONNX Runtime.

It refuses to write models and to know an op.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as native

from parity.execution.protocol import Array, Unsupported

DTYPES: Mapping[str, Any] = {"float64": np.float64, "float32": np.float32}
LEVELS = {
    "eager": onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL,
    "compiled": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL,
}
"""Mode -> level of optimization. eager: node by node, as written. compiled: ONNX Runtime's default, which fuses nodes."""

ERRORS_ONLY = 3
LACKING = re.compile(r"Could not find an implementation for (?P<found>\w+)|(?P<run>\w+) operator does not support double yet")
"""ONNX Runtime's errors for an operator without a kernel for a type. Some operators raise them only when they run."""


class LoadedModel:
    """A model loaded into ONNX Runtime."""

    def __init__(self, model: bytes, mode: str, dtype: str) -> None:
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = LEVELS[mode]
        options.log_severity_level = ERRORS_ONLY
        options.intra_op_num_threads = int(os.environ.get("PARITY_THREADS", "0"))
        options.inter_op_num_threads = 1
        self.dtype = dtype
        self.native = self._told(lambda: onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"]))
        self.inputs = tuple(get_input.name for get_input in self.native.get_inputs())

    def run(self, outputs: Sequence[str], fed: Mapping[str, Array]) -> dict[str, Array]:
        """The outputs by name. fed: name -> array of at least every input of the model."""
        inputs = {name: fed[name] for name in self.inputs}
        results = self._told(lambda: self.native.run(list(outputs), inputs))
        return dict(zip(outputs, results, strict=True))

    def _told(self, ask: Callable[[], Any]) -> Any:
        """The result of `ask`. Raises Unsupported if ONNX Runtime lacks a kernel; other errors are faults of the model."""
        try:
            return ask()
        except (native.NotImplemented, native.RuntimeException) as error:
            lacking = LACKING.search(str(error))
            if lacking is None:
                raise
            name = lacking["found"] or lacking["run"]
            raise Unsupported(f"ONNX Runtime {onnxruntime.__version__} has no {self.dtype} kernel of {name}") from error


def devices() -> tuple[str, ...]:
    return ("cpu",)


def versions() -> dict[str, str]:
    packages = {"onnxruntime": onnxruntime.__version__, "onnx": onnx.__version__}
    return packages | {"numpy": np.__version__, "python": platform.python_version()}


def settings() -> dict[str, str]:
    """Settings outside of the spec that can change a number or a time."""
    return {"threads": os.environ.get("PARITY_THREADS", "0"), "provider": "CPUExecutionProvider"}
