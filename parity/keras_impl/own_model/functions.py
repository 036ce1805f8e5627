"""Owns what a user's Keras model does in `call` outside of layers: operations of TensorFlow, and random numbers.

Random draws are made to keep everything, so that all masks are equal. Each draw is recorded with its line of the user's code.
It refuses to look inside of layers of a known class, and to judge.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras.src import backend
from tensorflow.python import pywrap_tfe
from tensorflow.python.eager import core, execute
from tensorflow.python.framework import op_def_registry

from parity.execution.own_model.functions import KEPT, CalledFunction, example_draws, users_line
from parity.execution.own_model.nesting import plain
from parity.execution.protocol import Array

UNIFORM = ("RandomUniform", "StatelessRandomUniform", "StatelessRandomUniformV2")
NORMAL = (
    *("RandomStandardNormal", "StatelessRandomNormal", "StatelessRandomNormalV2"),
    *("TruncatedNormal", "StatelessTruncatedNormal", "StatelessTruncatedNormalV2"),
)
UNTOLD = ("Identity", "Shape", "Const", "VarHandleOp", "AssignVariableOp", "Assert", "StopGradient")
"""Operations that are not recorded: they change no number."""

PACKAGES = tuple(str(Path(item.__file__).parent) for item in (tf, keras))
PATCHED = ((backend.random, "dropout"), (tf.nn, "dropout"), (tf.nn.experimental, "stateless_dropout"))
"""Functions of dropout, and the modules in which callers look them up."""

EXECUTING = ((pywrap_tfe, "TFE_Py_FastPathExecute"), (execute, "execute"))
"""The places where TensorFlow looks up the functions that execute an operation eagerly."""


class Functions:
    """A context that records operations while a model runs. scaled, told, given, place: as in
    parity/torch_impl/own_model/functions.py."""

    def __init__(
        self,
        scaled: bool,
        calls: list[CalledFunction] | None,
        replaced: Mapping[int, Sequence[Array]],
        place: Callable[[], tuple[int, bool]],
    ) -> None:
        self.scaled, self.told, self.given, self.place = scaled, calls, replaced, place
        self.draws: list[dict[str, Any]] = []
        self._busy = False
        self._kept = [(holder, name, getattr(holder, name)) for holder, name in (*PATCHED, *EXECUTING)]

    def __enter__(self) -> Functions:
        for holder, name in PATCHED:
            setattr(holder, name, self.dropped)
        for (holder, name), function in zip(EXECUTING, (_slowly, self._executed), strict=True):
            setattr(holder, name, function)
        return self

    def __exit__(self, *_: object) -> None:
        for holder, name, function in self._kept:
            setattr(holder, name, function)

    def dropped(self, inputs: Any, rate: Any, noise_shape: Any = None, *_: Any, form: str = "", **__: Any) -> Any:
        """The replacement for dropout, which keeps everything."""
        share = float(rate)
        if share:
            self._tell("dropout", form or _form(inputs, noise_shape), share)
        return inputs / (1 - share) if self.scaled and 0 < share < 1 else inputs + 0

    def _tell(self, what: str, form: str, rate: float | None) -> None:
        self.draws.append({"what": what, "form": form, "rate": rate, "where": users_line(PACKAGES)[0], "call": self.place()[0]})

    def _executed(self, op_name: Any, num_outputs: int, inputs: Any, attrs: Any, ctx: Any, name: Any = None) -> Any:
        """Replaces TensorFlow's function that executes an operation eagerly."""
        gave = execute.quick_execute(op_name, num_outputs, inputs, attrs, ctx, name)
        if self._busy or not isinstance(gave, list) or not gave:
            return gave
        self._busy = True
        try:
            return self._called(op_name.decode() if isinstance(op_name, bytes) else str(op_name), inputs, attrs, gave) or gave
        finally:
            self._busy = False

    def _called(self, name: str, inputs: Any, attributes: Any, outputs: Any) -> Any:
        if name in (*UNIFORM, *NORMAL):
            self._tell("draw", "uniform" if name in UNIFORM else "normal", None)
            return [_drawn(output, name in UNIFORM) for output in outputs]
        return None if self.told is None else self._recorded(name, inputs, attributes, outputs)

    def _recorded(self, name: str, inputs: Any, attributes: Any, outputs: Any) -> Any:
        call, inside = self.place()
        gave = [output for output in outputs if output.dtype.is_floating or output.dtype.is_bool]
        if inside or not gave or name in UNTOLD or self.told is None:
            return None
        number, new = len(self.told), None
        if number in self.given:
            new = [tf.constant(array, dtype=output.dtype) for output, array in zip(outputs, self.given[number], strict=False)]
        settings = {str(word): plain(value) for word, value in zip(attributes[::2], attributes[1::2], strict=False)}
        settings = {word: value for word, value in settings.items() if not word.startswith("T") and word not in ("Index", "N")}
        taken: list[Array] = []
        for word, input_ in zip(_names(name, dict(zip(attributes[::2], attributes[1::2], strict=False))), inputs, strict=False):
            if input_.dtype.is_floating and input_.shape.rank:
                settings[word] = f"in{len(taken)}"
                taken.append(np.asarray(input_))
            elif input_.dtype not in (tf.resource, tf.string, tf.variant):
                settings[word] = np.asarray(input_).tolist() if tf.size(input_) <= 16 else "many"
        where, code = users_line(PACKAGES)
        arrays = [np.asarray(item) for item in (new or outputs)]
        self.told.append(CalledFunction(name, settings, where, code, call, taken, arrays))
        return new


def _slowly(*_: Any) -> Any:
    """Refuses TensorFlow's fast path, which bypasses Python, so that TensorFlow calls `execute`."""
    raise core._FallbackException


def known_class(layer: Any) -> bool:
    """Whether a layer's computation is Keras's own; a Lambda layer's computation is the user's."""
    return type(layer).__module__.startswith("keras.") and not isinstance(layer, keras.layers.Lambda)


def reseeded() -> None:
    """Seeds all generators, so that remaining random numbers are the same in every pass."""
    random.seed(0)
    np.random.seed(0)
    tf.random.set_seed(0)


def quiet(layer: Any, functions: Callable[[], Functions | None]) -> Callable[..., Any] | None:
    """A replacement for the call of a layer that draws its noise itself; None for any other layer."""
    forms = {keras.layers.AlphaDropout: "alpha", keras.layers.GaussianDropout: "gaussian"}
    form = next((word for kind, word in forms.items() if isinstance(layer, kind)), "")

    def call(inputs: Any, training: bool = False) -> Any:
        listening = functions()
        return inputs if not training or listening is None else listening.dropped(inputs, layer.rate, form=form)

    return call if form else None


def _form(inputs: Any, noise_shape: Any) -> str:
    """The numbers that are dropped together: `element` for single ones, `channels` for a channel of an image or sequence."""
    if noise_shape is None:
        return "element"
    sizes = [1 if size == 1 else 0 for size in np.asarray(noise_shape).tolist()]
    own = [place for place, joined in enumerate(sizes) if not joined and place]
    joined = [place for place, size in enumerate(sizes) if size and inputs.shape[place] != 1]
    if not joined:
        return "element"
    return "channels" if len(own) == 1 else f"along axes {joined}"


def _drawn(like: Any, uniform: bool) -> Any:
    if uniform:
        return tf.fill(like.shape, tf.constant(KEPT, like.dtype))
    sizes = tuple(like.shape)
    column = np.asarray(example_draws(sizes[0] if sizes else 1)).reshape(-1, *(1,) * (len(sizes) - 1))
    return tf.constant(np.broadcast_to(column if sizes else column[0], sizes), like.dtype)


def _names(name: str, attributes: Mapping[str, Any]) -> Iterator[str]:
    """The operation's name for each of its input tensors."""
    declared = op_def_registry.get(name)
    for argument in declared.input_arg if declared else ():
        if argument.number_attr:
            yield from (f"{argument.name}{place}" for place in range(int(attributes.get(argument.number_attr, 1))))
        else:
            yield str(argument.name)
