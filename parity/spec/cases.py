"""Owns the case: one thing run once, named by its coordinates, and its JSON for the worker.

It refuses to know where cases come from (suites) and how they are judged. It uses the
standard library only, since workers import it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from parity.spec.graph import Graph

FORMAT = 1
TASKS = (
    *("agreement", "sampling", "training", "speed", "overhead", "question", "weights", "fingerprint", "native", "schedule"),
    "curvature",
)
TIMED = ("speed", "overhead")
"""Tasks with a clock: their processes are pinned, and their records never stand for new ones."""


@dataclass(frozen=True)
class Sampling:
    """The array that an initializer is asked for: a parameter of this shape, role and fans.

    groups: a kernel holds this many convolutions side by side, each with these fans. transposed: the first
    axis of the shape holds the inputs and the second the channels (a transposed convolution). If the
    initializer reads no fans, they are 1 and False.
    """

    shape: tuple[int, ...]
    role: str
    fan_in: int
    fan_out: int
    count: int = 1  # how many draws, with seeds seed, seed+1, …
    groups: int = 1
    transposed: bool = False


@dataclass(frozen=True)
class Case:
    """One thing run once. `id` is its coordinates.

    spec: the name asked for (`lenet`; `lenet:conv1` for one node alone; `lenet[masks]` for a variant).
    initializer, optimizer: names of specs, `none` without one. arguments, hyperparameters: their values, complete.
    (Where weights are moved, the arguments are settings of the native format, such as the opset of ONNX.)
    For a native object (task native), initializer is its kind, and optimizer its import path.
    mode: eager | compiled | default (what a user of the framework gets without asking).
    steps: optimizer steps to observe (agreement), to train (training), to time (speed); or of Newton's method (curvature).
    """

    spec: str
    task: str
    dtype: str
    initializer: str = "none"
    optimizer: str = "none"
    device: str = "cpu"
    mode: str = "default"
    seed: int = 0
    size: str = "small"
    graph: Graph | None = None
    sampling: Sampling | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    hyperparameters: Mapping[str, float] = field(default_factory=dict)
    batch_size: int = 3
    steps: int = 0
    activations: bool = True

    @property
    def id(self) -> str:
        spec = self.spec if self.size == "small" else f"{self.spec}@{self.size}"
        parts = [spec, self.initializer, self.optimizer, self.dtype, self.device, self.mode, f"seed{self.seed}"]
        if self.task in ("training", *TIMED):
            parts.append(self.task)
        return "/".join(parts)

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = {item.name: getattr(self, item.name) for item in fields(self)}
        data["graph"] = self.graph.to_json() if self.graph else None
        data["sampling"] = dict(vars(self.sampling), shape=list(self.sampling.shape)) if self.sampling else None
        data["arguments"], data["hyperparameters"] = dict(self.arguments), dict(self.hyperparameters)
        return {"format": FORMAT, **data}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Case:
        if data.get("format") != FORMAT:
            raise ValueError(f"case format {data.get('format')!r} is not {FORMAT}: write the request with this parity again")
        values = {key: value for key, value in data.items() if key != "format"}
        if values["graph"] is not None:
            values["graph"] = Graph.from_json(values["graph"])
        if values["sampling"] is not None:
            sampling = values["sampling"]
            values["sampling"] = Sampling(**{**sampling, "shape": tuple(sampling["shape"])})
        return Case(**values)
