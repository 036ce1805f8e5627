"""Owns the process of a user's own model: it builds the model and answers questions, one line each, arrays in files.

    python -m parity.execution.own_model FRAMEWORK PACKAGE.MODULE:BUILD DTYPE

It refuses to compare: it never sees the other model. The user's code prints to stderr; stdout carries the answers.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from parity.execution import arrays as array_files
from parity.execution import outcomes, own_path
from parity.execution.frameworks import OWN_MODEL, find
from parity.execution.names import (
    EVAL,
    GIVEN,
    INPUT,
    INSTEAD,
    LOSS,
    OUTPUT,
    TRAIN,
    WEIGHT,
    in_order,
    numbers,
    put_under,
    under,
)
from parity.execution.own_model import sources
from parity.execution.own_model.layers import Call, OwnModel

Arrays = dict[str, Any]


class Answering:
    """The questions to a model: one method for each, by name. Each takes the question and its arrays, and gives an answer and
    arrays. given: the INPUTS beside `build` in the user's module; images: where the framework's images have their channels if
    the model does not tell.
    """

    def __init__(
        self, model: OwnModel, version: str, given: Any = None, images: str = "first", dtype: str = "", spec: bool = False
    ) -> None:
        self.model, self.version, self.given, self.images = model, version, given, images
        self.dtype, self.spec = dtype, spec

    def describe(self, _: Mapping[str, Any], __: Arrays) -> tuple[Any, Arrays]:
        given = list(self.given.values()) if isinstance(self.given, Mapping) else self.given
        answer = {"version": self.version, "inputs": given, "known": self.model.given_inputs(), "images": self.images}
        return {**answer, "spec": self.spec}, {}

    def trace(self, _: Mapping[str, Any], arrays: Arrays) -> tuple[Any, Arrays]:
        inputs = in_order(arrays, INPUT)
        leaves, calls, outputs = self.model.trace(inputs)
        kept = dict(self.model.weights())
        seen = self.model.forward(inputs)
        self.model.set_weights(kept)  # statistics may move in evaluation
        calls, exits = sources.found(calls, seen, inputs)
        answer = {
            "leaves": [asdict(leaf) for leaf in leaves],
            "calls": [asdict(call) for call in calls],
            "outputs": outputs,
            "exits": exits,
            "narrow": self._narrow(calls, seen),
        }
        return answer, put_under(self.model.weights(), WEIGHT)

    def _narrow(self, calls: Sequence[Call], seen: Arrays) -> str:
        """The first layer that gives float32 in a float64 run, in words; "" if none does."""
        if self.dtype != "float64":
            return ""
        for place, call in enumerate(calls):
            if any(array.dtype == np.float32 for array in under(seen, GIVEN, place).values()):
                return f"{call.leaf} gives float32"
        return "the model gives float32" if any(item.dtype == np.float32 for item in under(seen, OUTPUT).values()) else ""

    def observe(self, question: Mapping[str, Any], arrays: Arrays) -> tuple[Any, Arrays]:
        weights = under(arrays, WEIGHT)
        self.model.set_weights(weights)
        self.model.scaled, self.model.plain = bool(question.get("scaled")), bool(question.get("plain"))
        inputs, loss = in_order(arrays, INPUT), in_order(arrays, LOSS)
        found = put_under(self.model.forward(inputs), EVAL)
        self.model.set_weights(weights)  # statistics may have moved in evaluation
        trained = self.model.train(inputs, loss, question["learning_rate"])
        self.model.set_weights(weights)
        return {"draws": self.model.draws}, {**found, **put_under(trained, TRAIN)}

    def forward(self, _: Mapping[str, Any], arrays: Arrays) -> tuple[Any, Arrays]:
        """A forward pass with the current weights. From now on `rerun` repeats calls of this pass."""
        return {}, self.model.forward(in_order(arrays, INPUT))

    def functions(self, question: Mapping[str, Any], arrays: Arrays) -> tuple[Any, Arrays]:
        """A pass that reports functions, with the current weights. From now on `rerun` repeats calls of this pass."""
        instead = {number: in_order(arrays, INSTEAD, number) for number in numbers(arrays, INSTEAD)}
        return self.model.functions(in_order(arrays, INPUT), question["training"], tuple(question["between"]), instead)

    def rerun(self, question: Mapping[str, Any], arrays: Arrays) -> tuple[Any, Arrays]:
        return {}, self.model.rerun(question, arrays)


def built(framework: str, target: str, dtype: str) -> Answering:
    """The user's model, ready for questions. Raises whatever the user's code raises."""
    impl = importlib.import_module(f"{find(framework)[1].package}.{OWN_MODEL}")
    impl.prepare(dtype)
    own_path.extend()
    build: Callable[[], Any] = own_path.find(target)
    model = build()
    if not isinstance(model, impl.MODEL):
        raise TypeError(f"{target} gives {type(model).__name__} where a {impl.MODEL.__name__} is needed: return the model")
    inputs = getattr(sys.modules[target.partition(":")[0]], "INPUTS", None)
    return Answering(impl.Model(model, dtype), impl.version(), inputs, impl.IMAGES, dtype)


def main(arguments: Sequence[str]) -> int:
    """Answers until stdin ends. That a model cannot be built, or that a question fails, is an answer too."""
    framework, target, dtype = arguments
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def tell(answer: Mapping[str, Any]) -> None:
        answers.write(json.dumps(answer) + "\n")
        answers.flush()

    try:
        answering = built(framework, target, dtype)
    except Exception as error:  # the user's code may raise anything
        tell({"failed": outcomes.of_exception(error)[1]})
        return 1
    tell({"ready": True})
    for line in sys.stdin:
        tell(_answer(answering, json.loads(line)))
        _give_back()
    return 0


def _answer(answering: Answering, question: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to one question. Its arrays go to the file that the question names, and are not held in memory."""
    try:
        arrays = array_files.read_npz(Path(question["arrays"]), question["sha256"])
        answer, found = getattr(answering, question["ask"])(question, arrays)
        given = {name: np.asarray(item) for name, item in found.items()}
        return {"answer": answer, "sha256": array_files.write_npz(Path(question["answer"]), given, synced=False)}
    except Exception as error:  # the user's code may raise anything
        return {"failed": outcomes.of_exception(error)[1]}


def _give_back() -> None:
    """Returns freed memory to the system, which glibc would keep: the other models of a comparison need it."""
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(0)
