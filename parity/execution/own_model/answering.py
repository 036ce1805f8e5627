"""Owns the process of a user's own model: it builds the model and answers questions, one line each, arrays in files.

    python -m parity.execution.own_model FRAMEWORK PACKAGE.MODULE:BUILD DTYPE

It refuses to compare: it never sees the other model. The user's code prints to stderr; stdout carries the answers.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from parity.execution import arrays as array_files
from parity.execution import endings, own_path
from parity.execution.frameworks import OWN_MODEL, find
from parity.execution.names import EVAL, GIVEN, INPUT, LOSS, TAKEN, TRAIN, WEIGHT, array_name, in_order, put_under, under
from parity.execution.own_model.leaves import Call, Foreign

Arrays = dict[str, Any]


class Answering:
    """The questions that can be asked of a model, by name. Each takes the question and its arrays, and gives an answer and
    arrays. given: what stands as INPUTS beside `build`; images: where its framework has channels where the model tells nothing.
    """

    def __init__(self, model: Foreign, version: str, given: Any = None, images: str = "first") -> None:
        self.model, self.version, self.given, self.images = model, version, given, images

    def describe(self, _: Mapping[str, Any], __: Arrays) -> tuple[Any, Arrays]:
        given = list(self.given.values()) if isinstance(self.given, Mapping) else self.given
        return {"version": self.version, "inputs": given, "known": self.model.given_inputs(), "images": self.images}, {}

    def trace(self, _: Mapping[str, Any], arrays: Arrays) -> tuple[Any, Arrays]:
        leaves, calls, outputs = self.model.trace(in_order(arrays, INPUT))
        calls = with_sources(calls, self.model.forward(in_order(arrays, INPUT)))
        answer = {"leaves": [asdict(leaf) for leaf in leaves], "calls": [asdict(call) for call in calls], "outputs": outputs}
        return answer, put_under(self.model.weights(), WEIGHT)

    def observe(self, question: Mapping[str, Any], arrays: Arrays) -> tuple[Any, Arrays]:
        self.model.set_weights(under(arrays, WEIGHT))
        inputs, loss = in_order(arrays, INPUT), in_order(arrays, LOSS)
        found = put_under(self.model.forward(inputs), EVAL)
        trained = self.model.train(inputs, loss, question["learning_rate"])
        return {}, {**found, **put_under(trained, TRAIN)}

    def forward(self, _: Mapping[str, Any], arrays: Arrays) -> tuple[Any, Arrays]:
        """With the weights as they are; what `rerun` knows from now on are this pass's calls."""
        return {}, self.model.forward(in_order(arrays, INPUT))

    def rerun(self, question: Mapping[str, Any], arrays: Arrays) -> tuple[Any, Arrays]:
        return {}, self.model.rerun(question, arrays)


def with_sources(calls: Sequence[Call], seen: Mapping[str, Any]) -> list[Call]:
    """The calls with what feeds what: a tensor comes from the last call that gave the same numbers, in whatever shape."""
    given: dict[bytes, int] = {}
    found = []
    for place, call in enumerate(calls):
        taken = [np.asarray(seen[array_name(TAKEN, place, slot)]) for slot in range(len(call.inputs))]
        found.append(replace(call, sources=tuple(given.get(array.tobytes(), -1) for array in taken)))
        for number in range(len(call.outputs)):
            array = np.asarray(seen[array_name(GIVEN, place, number)])
            given |= {one.tobytes(): place for one in (np.maximum(array, 0), array)}
    return found


def built(framework: str, target: str, dtype: str) -> Answering:
    """The user's model. Raises whatever the user's code raises."""
    impl = importlib.import_module(f"{find(framework)[1].package}.{OWN_MODEL}")
    impl.prepare(dtype)
    own_path.extend()
    build: Callable[[], Any] = own_path.find(target)
    model = build()
    if not isinstance(model, impl.MODEL):
        raise TypeError(f"{target} gives {type(model).__name__} where a {impl.MODEL.__name__} is needed: return the model")
    inputs = getattr(sys.modules[target.partition(":")[0]], "INPUTS", None)
    return Answering(impl.Model(model, dtype), impl.version(), inputs, impl.IMAGES)


def main(arguments: Sequence[str]) -> int:
    """Answers until stdin ends. A model that cannot be built, and a question that fails, are answers too."""
    framework, target, dtype = arguments
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def tell(answer: Mapping[str, Any]) -> None:
        answers.write(json.dumps(answer) + "\n")
        answers.flush()

    try:
        answering = built(framework, target, dtype)
    except Exception as error:  # the user's code may raise anything
        tell({"failed": endings.of_exception(error)[1]})
        return 1
    tell({"ready": True})
    for line in sys.stdin:
        question = json.loads(line)
        try:
            arrays = array_files.read_npz(Path(question["arrays"]), question["sha256"])
            answer, found = getattr(answering, question["ask"])(question, arrays)
            digest = array_files.write_npz(Path(question["answer"]), {name: np.asarray(one) for name, one in found.items()})
            tell({"answer": answer, "sha256": digest})
        except Exception as error:
            tell({"failed": endings.of_exception(error)[1]})
    return 0
