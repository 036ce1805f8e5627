"""Owns what a user's gluon block does in `forward` outside of blocks: operators of MXNet, and random numbers.

Random draws are made to keep everything, so that all masks are equal. Each draw is recorded with its line of the user's code.
It refuses to look inside of blocks of a known class, and to judge.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from parity.execution.own_model.functions import KEPT, CalledFunction, example_draws, users_line
from parity.execution.protocol import Array
from parity.mxnet_impl.device import mxnet

UNIFORM = ("_random_uniform", "random_uniform", "uniform", "_sample_uniform", "sample_uniform")
NORMAL = ("_random_normal", "random_normal", "normal", "_sample_normal", "sample_normal")
UNTOLD = ("Cast", "cast", "identity", "_copy", "BlockGrad", "stop_gradient")
rnn = mxnet.gluon.rnn
PACKAGES = (str(Path(mxnet.__file__).parent),)
HOLDER = mxnet.ndarray.register
"""The module in which the functions of operators look up the function that invokes an operator."""


class Functions:
    """A context that records operators while a block runs. scaled, told, given, place: see
    parity/torch_impl/own_model/functions.py.
    plain: whether log_softmax uses MXNet's own kernel (differences.yaml, `log softmax of oneDNN`)."""

    def __init__(
        self,
        scaled: bool,
        calls: list[CalledFunction] | None,
        replaced: Mapping[int, Sequence[Array]],
        place: Callable[[], tuple[int, bool]],
        plain: bool = False,
    ) -> None:
        self.scaled, self.told, self.given, self.place, self.plain = scaled, calls, replaced, place, plain
        self.draws: list[dict[str, Any]] = []
        self._invoke, self._busy = HOLDER._imperative_invoke, False

    def __enter__(self) -> Functions:
        HOLDER._imperative_invoke = self._invoked
        return self

    def __exit__(self, *_: object) -> None:
        HOLDER._imperative_invoke = self._invoke

    def _invoked(self, handle: Any, arrays: Any, keys: Any, values: Any, out: Any, *more: Any) -> Any:
        name = sys._getframe(1).f_code.co_name
        if self.plain and name == "log_softmax" and "temperature" not in keys:
            keys, values = [*keys, "temperature"], [*values, 1.0]
        if self._busy:
            return self._invoke(handle, arrays, keys, values, out, *more)
        self._busy = True
        try:
            settings = dict(zip(keys, values, strict=True))
            made = self._drawn(name, arrays, settings)
            if made is None:
                made = self._invoke(handle, arrays, keys, values, out, *more)
                if name in (*UNIFORM, *NORMAL):
                    self._tell("draw", "uniform" if name in UNIFORM else "normal", None)
                    made[:] = _numbers(made, name in UNIFORM, settings)
            return made if self.told is None else self._recorded(name, arrays, settings, made)
        finally:
            self._busy = False

    def _drawn(self, name: str, arrays: Sequence[Any], settings: Mapping[str, Any]) -> Any:
        if name != "Dropout":
            return None
        rate = float(settings.get("p", 0.5))
        if not rate or (str(settings.get("mode", "training")) != "always" and not mxnet.autograd.is_training()):
            return arrays[0] * 1
        axes = str(settings.get("axes", "()")).strip("()[] ")
        self._tell("dropout", "channels" if axes else "element", rate)
        return arrays[0] / (1 - rate) if self.scaled and rate < 1 else arrays[0] * 1

    def _tell(self, what: str, form: str, rate: float | None) -> None:
        self.draws.append({"what": what, "form": form, "rate": rate, "where": users_line(PACKAGES)[0], "call": self.place()[0]})

    def _recorded(self, name: str, arrays: Sequence[Any], settings: Mapping[str, Any], made: Any) -> Any:
        call, inside = self.place()
        outputs = list(made) if isinstance(made, list | tuple) else [made]
        cast = bool(arrays) and arrays[0].dtype != outputs[0].dtype
        if inside or (name in UNTOLD and not cast) or self.told is None:
            return made
        if len(self.told) in self.given:
            for output, array in zip(outputs, self.given[len(self.told)], strict=True):
                output[:] = mxnet.nd.array(array, dtype=output.dtype)
        where, code = users_line(PACKAGES)
        words = {str(word): str(value) for word, value in settings.items()}
        taken = [array.asnumpy() for array in arrays]
        self.told.append(CalledFunction(name, words, where, code, call, taken, [output.asnumpy() for output in outputs]))
        return made


def reseeded() -> None:
    """Seeds all generators, so that remaining random numbers are the same in every pass."""
    random.seed(0)
    np.random.seed(0)
    mxnet.random.seed(0)


def _numbers(like: Any, uniform: bool, settings: Mapping[str, Any]) -> Any:
    low, high = (float(settings.get(word, usual)) for word, usual in (("low", 0.0), ("high", 1.0)))
    if uniform:
        return low + (high - low) * KEPT
    mean, deviation = float(settings.get("loc", 0.0)), float(settings.get("scale", 1.0))
    column = np.asarray(example_draws(like.shape[0])).reshape(-1, *(1,) * (len(like.shape) - 1))
    return mxnet.nd.array(np.broadcast_to(mean + deviation * column, like.shape), dtype=like.dtype)


def begins_in(block: Any, dtype: str) -> None:
    """Makes a cell begin in this precision: an unrolled cell makes its first state in float32, whatever it was cast to."""
    if isinstance(block, rnn.RecurrentCell):
        object.__setattr__(block, "begin_state", partial(block.begin_state, dtype=dtype))


def without_dropout(block: Any) -> None:
    """Switches off dropout that is a setting of a block with another purpose; functions.py handles all other dropout."""
    if isinstance(block, rnn.LSTM | rnn.GRU):
        block._dropout = 0.0
