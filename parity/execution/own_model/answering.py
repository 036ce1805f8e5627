"""Owns the process of a user's own model: it builds the model and answers questions, one line each, arrays in files.

    python -m parity.execution.own_model.answering FRAMEWORK PACKAGE.MODULE:BUILD DTYPE

It refuses to compare: it never sees the other model. The user's code prints to stderr; stdout carries the answers.
"""

from __future__ import annotations

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
from parity.execution import endings, sources
from parity.execution.frameworks import find
from parity.execution.own_model.leaves import Call, Foreign

Arrays = dict[str, Any]


class Answering:
    """The questions that can be asked of a model, by name. Each takes the question and its arrays, and gives an answer and
    arrays. given: what stands as INPUTS beside `build`; images: where its framework has channels where the model tells nothing.
    """

    def __init__(
        self, model: Foreign, version: str, given: Any = None, images: str = "first", dtype: str = "", spec: bool = False
    ) -> None:
        self.model, self.version, self.given, self.images = model, version, given, images
        self.dtype, self.spec = dtype, spec

    def describe(self, _: Mapping[str, Any], __: Arrays) -> tuple[Any, Arrays]:
        given = list(self.given.values()) if isinstance(self.given, Mapping) else self.given
        answer = {"version": self.version, "inputs": given, "known": self.model.given_inputs(), "images": self.images}
        return {**answer, "spec": self.spec}, {}

    def trace(self, _: Mapping[str, Any], arrays: Arrays) -> tuple[Any, Arrays]:
        leaves, calls, outputs = self.model.trace(numbered(arrays, "input"))
        seen = self.model.forward(numbered(arrays, "input"))
        calls, exits = sources.found(calls, seen, numbered(arrays, "input"))
        answer = {
            "leaves": [asdict(leaf) for leaf in leaves],
            "calls": [asdict(call) for call in calls],
            "outputs": outputs,
            "exits": exits,
            "narrow": self._narrow(calls, seen),
        }
        return answer, {f"weight/{name}": array for name, array in self.model.weights().items()}

    def _narrow(self, calls: Sequence[Call], seen: Arrays) -> str:
        """What gives float32 first where float64 was asked for; "" for nothing."""
        if self.dtype != "float64":
            return ""
        titles = {f"out/{place}/": call.leaf for place, call in enumerate(calls)}
        named = (name for name, array in seen.items() if name.startswith(("out/", "output/")) and array.dtype == np.float32)
        first = next(named, "")
        return f"{titles.get(first[: first.rfind('/') + 1], 'the model')} gives float32" if first else ""

    def observe(self, question: Mapping[str, Any], arrays: Arrays) -> tuple[Any, Arrays]:
        self.model.set_weights(under(arrays, "weight"))
        inputs, loss = numbered(arrays, "input"), numbered(arrays, "loss")
        found = {f"eval/{name}": array for name, array in self.model.forward(inputs).items()}
        trained = self.model.train(inputs, loss, question["learning_rate"])
        return {}, {**found, **{f"train/{name}": array for name, array in trained.items()}}

    def forward(self, _: Mapping[str, Any], arrays: Arrays) -> tuple[Any, Arrays]:
        """With the weights as they are; what `rerun` knows from now on are this pass's calls."""
        return {}, self.model.forward(numbered(arrays, "input"))

    def rerun(self, question: Mapping[str, Any], arrays: Arrays) -> tuple[Any, Arrays]:
        return {}, self.model.rerun(question, arrays)


def built(framework: str, target: str, dtype: str) -> Answering:
    """The user's model. Raises whatever the user's code raises."""
    impl = importlib.import_module(f"{find(framework)[1].package}.foreign")
    impl.prepare(dtype)
    module_name, _, attribute = target.partition(":")
    module = importlib.import_module(module_name)
    build: Callable[[], Any] = getattr(module, attribute)
    model = build()
    if not isinstance(model, impl.MODEL):
        raise TypeError(f"{target} gives {type(model).__name__} where a {impl.MODEL.__name__} is needed: return the model")
    return Answering(impl.Model(model, dtype), impl.version(), getattr(module, "INPUTS", None), impl.IMAGES, dtype)


def under(arrays: Mapping[str, Any], prefix: str) -> Arrays:
    """What stands below a prefix, without it."""
    return {name[len(prefix) + 1 :]: array for name, array in arrays.items() if name.startswith(f"{prefix}/")}


def numbered(arrays: Mapping[str, Any], prefix: str) -> list[Any]:
    """`prefix/0`, `prefix/1` … in order."""
    found = under(arrays, prefix)
    return [found[str(place)] for place in range(len(found))]


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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
