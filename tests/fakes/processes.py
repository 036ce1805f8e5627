"""Implementations whose process misbehaves on the case with seed 1, and is sound on every other. `processes:NAME` loads one.

They import what a worker may import, and are run only in processes of their own.
"""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import subprocess
import sys
import time
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from parity.execution import records
from parity.execution.protocol import Array, Description, Observation, Unsupported
from parity.execution.worker.__main__ import LITTLE
from parity.spec.cases import Case

BAD_SEED = 1
FOREVER = "import time; time.sleep(3600)"


def out_directory() -> Path:
    """Where this worker's records go."""
    return Path(sys.argv[2])


class SoundRealization:
    """Doubles its input. What it was handed comes back."""

    def __init__(self, case: Case) -> None:
        self.case, self.state = case, dict[str, Array]()

    def set_parameters(self, values: Mapping[str, Array]) -> None:
        self.state |= values

    def parameters(self) -> dict[str, Array]:
        return dict(self.state)

    def place(self, batch: Mapping[str, Array]) -> Any:
        return batch

    def forward(self, batch: Any, training: bool) -> Observation:
        return Observation(values={name: array * 2 for name, array in batch.items()})

    def gradients(self, batch: Any, phase: int = 0) -> Observation:
        return Observation(loss=np.float32(1))

    def step(self, batch: Any) -> Any:
        return 1.0

    def synchronize(self) -> None:
        return None


class Sound:
    """Does as it should."""

    name = "sound"

    def describe(self) -> Description:
        return Description("sound", "1.0", {"numpy": np.__version__}, ("cpu",), ("eager",), "eager", ("float32", "float64"))

    def sample(self, case: Case) -> Array:
        assert case.sampling is not None
        return np.full(case.sampling.shape, case.seed, case.dtype)

    def realize(self, case: Case) -> Any:
        if case.seed == BAD_SEED:
            self.misbehave(case)
        return SoundRealization(case)

    def misbehave(self, case: Case) -> None:
        return None


class Raises(Sound):
    def misbehave(self, case: Case) -> None:
        raise RuntimeError("no kernel for this shape")


class Declines(Sound):
    def misbehave(self, case: Case) -> None:
        raise Unsupported("no such layer")


class Segfaults(Sound):
    def misbehave(self, case: Case) -> None:
        ctypes.string_at(0)


class Aborts(Sound):
    def misbehave(self, case: Case) -> None:
        os.write(2, b"terminate called after throwing an instance of 'std::bad_alloc'\n")
        os.abort()


class DiesOfAnEarlierCase(Sound):
    """Sound alone; in a process that has had another case before, it crashes."""

    earlier = 0

    def realize(self, case: Case) -> Any:
        realization = super().realize(case)
        self.earlier += 1
        return realization

    def misbehave(self, case: Case) -> None:
        if self.earlier:
            ctypes.string_at(0)


class Exits(Sound):
    """Exit status 0, and no record."""

    def misbehave(self, case: Case) -> None:
        os._exit(0)


class ExitsWithStatus(Sound):
    def misbehave(self, case: Case) -> None:
        os._exit(3)


class CallsExit(Sound):
    def misbehave(self, case: Case) -> None:
        sys.exit(0)


class Hangs(Sound):
    """Hangs, deaf to SIGTERM."""

    def misbehave(self, case: Case) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            signal.pause()


class ThrowsMemoryError(Sound):
    def misbehave(self, case: Case) -> None:
        raise MemoryError("Unable to allocate 8 EiB")


class Greedy(Sound):
    """Takes memory without end: only under a limit."""

    def misbehave(self, case: Case) -> None:
        taken = []
        while True:
            taken.append(np.ones(1 << 24))


class ReturnsNothing(Sound):
    def realize(self, case: Case) -> Any:
        return Nothing(case) if case.seed == BAD_SEED else SoundRealization(case)


class Nothing(SoundRealization):
    def forward(self, batch: Any, training: bool) -> Observation:
        return Observation()


class ReturnsObjects(Sound):
    def realize(self, case: Case) -> Any:
        return Objects(case) if case.seed == BAD_SEED else SoundRealization(case)


class Objects(SoundRealization):
    def forward(self, batch: Any, training: bool) -> Observation:
        return Observation(values={"x": np.array([object()])})


class PrintsGarbage(Sound):
    """On stdout and stderr, before and during every case."""

    def __init__(self) -> None:
        os.write(1, bytes(range(256)) * 64)

    def misbehave(self, case: Case) -> None:
        os.write(1, b'{"format": 1, "outcome": "ran"}\n' * 1000)
        os.write(2, bytes(range(256)) * 1000)


class SpoilsRecords(Sound):
    """Garbage in the record file, without the end of a line, and in the file of progress."""

    def misbehave(self, case: Case) -> None:
        for name in ("records.jsonl", "progress.jsonl"):
            with (out_directory() / name).open("ab") as file:
                file.write(b'{"format": 1}\n\xff\xfe garbage\n[[[[\nnull\n{"key": []}\n{"torn": ')


class SpoilsItsRecord(Sound):
    """The record of the bad case reaches the disk garbled."""

    def realize(self, case: Case) -> Any:
        records.encode = garbled if case.seed == BAD_SEED else ENCODE
        return SoundRealization(case)


ENCODE = records.encode


def garbled(record: records.Record) -> str:
    return ENCODE(record).replace('"ran"', '"run"')


class LeavesOrphan(Sound):
    """A child in a session of its own, which would outlive everybody; its pid is left in the directory of the records."""

    def misbehave(self, case: Case) -> None:
        child = subprocess.Popen([sys.executable, "-c", FOREVER], start_new_session=True, stdin=subprocess.DEVNULL)
        (out_directory() / "orphan").write_text(str(child.pid))


class LeavesOrphanAndHangs(LeavesOrphan):
    def misbehave(self, case: Case) -> None:
        super().misbehave(case)
        signal.pause()


class HangsAtImport(Sound):
    def __init__(self) -> None:
        signal.pause()


class DiesAtImport(Sound):
    def __init__(self) -> None:
        os._exit(0)


class CannotLoad(Sound):
    def __init__(self) -> None:
        raise ImportError("libcudart.so.13: cannot open shared object file")


class Circle(SoundRealization):
    """A large one, that only a collection takes away."""

    def __init__(self, case: Case) -> None:
        super().__init__(case)
        self.itself = self

    def forward(self, batch: Any, training: bool) -> Observation:
        return Observation(values={"y": np.zeros(LITTLE, np.uint8)})


class LeavesCircles(Sound):
    """Each must be gone when the next is asked for."""

    def __init__(self) -> None:
        gc.disable()
        self.before: Callable[[], Circle | None] = lambda: None

    def realize(self, case: Case) -> Any:
        if self.before() is not None:
            raise RuntimeError("the realization before this one still stands")
        one = Circle(case)
        self.before = weakref.ref(one)
        return one


class Slow(Sound):
    """Every case takes a moment, so that a kill finds it at work."""

    def realize(self, case: Case) -> Any:
        time.sleep(0.005)
        return SoundRealization(case)
