"""Owns the process of a user's own model: it builds the model and answers questions, one line each, arrays in files.

    python -m parity.execution.own_model FRAMEWORK TARGET DTYPE [CHECKPOINT]

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
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from parity.execution import arrays as array_files
from parity.execution import own_path, own_target
from parity.execution.frameworks import CHECKPOINTS, OWN_MODEL, find
from parity.execution.names import (
    EVAL,
    GIVEN,
    INPUT,
    INSTEAD,
    LOSS,
    OUTPUT,
    TRAIN,
    WEIGHT,
    array_name,
    in_order,
    numbers,
    put_under,
    under,
)
from parity.execution.own_model import calling, tensor_sources, user_traceback
from parity.execution.own_model.calling import Calling
from parity.execution.own_model.layers import Call, OwnLayer, OwnModel, Shape
from parity.execution.own_target import Mistyped

Arrays = dict[str, Any]


class Answering:
    """The questions that can be asked of a model, by name. Each takes the question and its arrays, and gives an answer and
    arrays. given: what stands as INPUTS beside `build`; images: where its framework has channels where the model tells nothing;
    load: puts the weights of the user's checkpoint into the model, once its first run has built it.
    """

    def __init__(
        self,
        model: OwnModel,
        version: str,
        inputs: Any = None,
        images: str = "first",
        dtype: str = "",
        spec: bool = False,
        load: Callable[[], None] = lambda: None,
    ) -> None:
        self.model, self.version, self.given, self.images = model, version, inputs, images
        self.dtype, self.spec, self.load = dtype, spec, load
        self.order: list[int] = []

    def describe(self, _: Mapping[str, Any], __: Arrays) -> tuple[Any, Arrays]:
        named = isinstance(self.given, Mapping)
        input_texts = [f"{name}={text}" for name, text in self.given.items()] if named else self.given
        answer = {"version": self.version, "inputs": input_texts, "known": self.model.given_inputs(), "images": self.images}
        return {**answer, "spec": self.spec}, {}

    def trace(self, question: Mapping[str, Any], arrays: Arrays) -> tuple[Any, Arrays]:
        """names: of the inputs; stated: whether a person gave them to this model; outputs: paths of all outputs, in the order
        in which they are to be told from now on."""
        inputs, self.order, names = in_order(arrays, INPUT), [], tuple(question.get("names", ()))
        if question.get("stated") and (refusal := calling.mistyped(names, self.model.accepts(names))):
            raise Mistyped(refusal)
        leaves, calls, outputs = self._traced(inputs, names)
        self.load()
        self.load = lambda: None
        named = list(self.model.named)
        self.order = [named.index(name) for name in question.get("outputs", ())]
        kept = dict(self.model.weights())
        outputs_told = self._told(self.model.forward(inputs))
        self.model.set_weights(kept)  # statistics may move in evaluation
        calls, exits = tensor_sources.traced_sources(calls, outputs_told, inputs)
        answer = {
            "leaves": [asdict(leaf) for leaf in leaves],
            "calls": [asdict(call) for call in calls],
            "outputs": [outputs[place] for place in self.order] or outputs,
            "named": [named[place] for place in self.order] or named,
            "exits": exits,
            "narrow": self._narrow(calls, outputs_told),
        }
        return answer, put_under(self.model.weights(), WEIGHT)

    def _traced(self, inputs: Sequence[Any], names: tuple[str, ...]) -> tuple[list[OwnLayer], list[Call], list[Shape]]:
        """With the inputs handed over in the first way that the model takes them. Raises what it raised in the likely way."""
        refused: Exception | None = None
        for way in calling.ways(names, len(inputs), self.model.accepts(names)):
            self.model.calling = Calling(names, way)
            try:
                return self.model.trace(inputs)
            except Exception as error:  # the user's code may raise anything
                refused = refused or error
                if isinstance(error, KeyError) and (refusal := calling.sought(error, names)):
                    refused = Mistyped(refusal)
        raise refused or ValueError("the model is called in no way")

    def _told(self, arrays: Arrays) -> Arrays:
        """What a pass gave, its outputs in the order that was asked for."""
        moved = {array_name(OUTPUT, number): arrays[array_name(OUTPUT, place)] for number, place in enumerate(self.order)}
        return {**arrays, **moved}

    def _loss(self, arrays: Arrays) -> list[Any]:
        """The weights of the loss in the model's own order."""
        loss = in_order(arrays, LOSS)
        return [loss[self.order.index(place)] for place in range(len(loss))] if self.order else loss

    def _narrow(self, calls: Sequence[Call], arrays: Arrays) -> str:
        """The first layer that gives float32 in a float64 run, in words; "" if none does."""
        if self.dtype != "float64":
            return ""
        for place, call in enumerate(calls):
            if any(array.dtype == np.float32 for array in under(arrays, GIVEN, place).values()):
                return f"{call.leaf} gives float32"
        return "the model gives float32" if any(item.dtype == np.float32 for item in under(arrays, OUTPUT).values()) else ""

    def observe(self, question: Mapping[str, Any], arrays: Arrays) -> tuple[Any, Arrays]:
        weights = under(arrays, WEIGHT)
        self.model.set_weights(weights)
        self.model.scaled, self.model.plain = bool(question.get("scaled")), bool(question.get("plain"))
        inputs = in_order(arrays, INPUT)
        evaluated = put_under(self._told(self.model.forward(inputs)), EVAL)
        self.model.set_weights(weights)  # statistics may have moved in evaluation
        trained = self._told(self.model.train(inputs, self._loss(arrays), question["learning_rate"]))
        self.model.set_weights(weights)
        return {"draws": self.model.draws}, {**evaluated, **put_under(trained, TRAIN)}

    def forward(self, _: Mapping[str, Any], arrays: Arrays) -> tuple[Any, Arrays]:
        """With the weights as they are; what `rerun` knows from now on are this pass's calls."""
        return {}, self._told(self.model.forward(in_order(arrays, INPUT)))

    def functions(self, question: Mapping[str, Any], arrays: Arrays) -> tuple[Any, Arrays]:
        """A pass that reports functions, with the current weights. From now on `rerun` repeats calls of this pass."""
        instead = {number: in_order(arrays, INSTEAD, number) for number in numbers(arrays, INSTEAD)}
        between = tuple(question["between"])
        calls, outputs = self.model.functions(in_order(arrays, INPUT), question["training"], between, instead)
        return calls, self._told(outputs)

    def rerun(self, question: Mapping[str, Any], arrays: Arrays) -> tuple[Any, Arrays]:
        return {}, self.model.rerun(question, arrays)


def built(framework: str, target: str, dtype: str, checkpoint: str = "") -> Answering:
    """The user's model. Raises Mistyped where the target is no model's, and whatever the user's code raises."""
    package = find(framework)[1].package
    impl = importlib.import_module(f"{package}.{OWN_MODEL}")
    impl.prepare(dtype)
    own_path.extend()
    own = own_target.parsed(target)
    sys.argv[:] = [own.place]  # what the user's module reads of its command line, as a script without arguments
    module = own_path.module_of(own)
    model = _model(own_path.attribute(module, own), own, impl.MODEL)
    load: Callable[[], None] = lambda: None  # noqa: E731
    if checkpoint:
        load = partial(importlib.import_module(f"{package}.{CHECKPOINTS}").load, model, Path(checkpoint))
    return Answering(impl.Model(model, dtype), impl.version(), getattr(module, "INPUTS", None), impl.IMAGES, dtype, load=load)


def _model(attribute: Any, own: own_target.Target, kind: type) -> Any:
    """A model, or what a function or a class gives with the arguments that are asked."""
    name = f"{kind.__module__.partition('.')[0]}'s {kind.__name__}"
    if isinstance(attribute, kind):
        if own.arguments:
            raise Mistyped(f"`{own.name}` is a model already and takes no arguments: name its class, or a function")
        return attribute
    if not callable(attribute):
        raise Mistyped(
            f"`{own.name}` is of type {type(attribute).__name__}: name a function or a class that gives a model ({name})"
        )
    model = own_target.called(own, attribute)
    if not isinstance(model, kind):
        raise Mistyped(f"`{own.name}` gives {type(model).__name__} where a model ({name}) is needed: return the model alone")
    return model


def main(arguments: Sequence[str]) -> int:
    """Answers until stdin ends. A model that cannot be built, and a question that fails, are answers too."""
    framework, target, dtype, *checkpoint = arguments
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def tell(answer: Mapping[str, Any]) -> None:
        answers.write(json.dumps(answer) + "\n")
        answers.flush()

    try:
        answering = built(framework, target, dtype, *checkpoint)
    except (Exception, SystemExit) as error:  # the user's code may raise anything
        tell(_failure(error, framework, target))
        return 1
    tell({"ready": True})
    for line in sys.stdin:
        tell(_answer(answering, json.loads(line), framework, target))
        _give_back()
    return 0


def _failure(error: BaseException, framework: str, target: str) -> dict[str, Any]:
    """A mistake of whoever typed the command is one sentence; anything else is told with the user's lines."""
    return (
        {"mistake": str(error)}
        if isinstance(error, Mistyped)
        else {"failed": user_traceback.explained(error, framework, target)}
    )


def _answer(answering: Answering, question: Mapping[str, Any], framework: str, target: str) -> dict[str, Any]:
    """What is said of one question; its arrays lie in the file that the question names, and nothing here holds them on."""
    try:
        arrays = array_files.read_npz(Path(question["arrays"]), question["sha256"])
        answer, arrays_given = getattr(answering, question["ask"])(question, arrays)
        written = {name: np.asarray(item) for name, item in arrays_given.items()}
        return {"answer": answer, "sha256": array_files.write_npz(Path(question["answer"]), written, synced=False)}
    except Exception as error:  # the user's code may raise anything
        return _failure(error, framework, target)


def _give_back() -> None:
    """Returns freed memory to the system, which glibc would keep: the other models of a comparison need it."""
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(0)
