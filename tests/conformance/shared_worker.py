"""Answers for many of the user's models in one process: `python shared_worker.py FRAMEWORK`, in the framework's environment.

A line is a question of parity.execution.own_model.answering, with `target`, `dtype` and `path`; `build` makes the model. It refuses to
compare.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from parity.execution import arrays as array_files
from parity.execution import endings
from parity.execution.frameworks import find
from parity.execution.own_model import answering


def main(framework: str) -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    impl = importlib.import_module(f"{find(framework)[1].package}.foreign")
    live: dict[str, Any] = {}
    for line in sys.stdin:
        question = json.loads(line)
        try:
            impl.prepare(question["dtype"])
            if question["ask"] == "build":
                sys.path[:0] = [one for one in question["path"] if one not in sys.path]
                if framework == "keras":  # names count from 1 in every model, as in a process of its own
                    importlib.import_module("keras").utils.clear_session()
                    impl.prepare(question["dtype"])
                live[question["name"]] = answering.built(framework, question["target"], question["dtype"])
                told: dict[str, Any] = {"ready": True}
            else:
                arrays = array_files.read_npz(Path(question["arrays"]), question["sha256"])
                answer, found = getattr(live[question["name"]], question["ask"])(question, arrays)
                arrays = {name: np.asarray(one) for name, one in found.items()}
                told = {"answer": answer, "sha256": array_files.write_npz(Path(question["answer"]), arrays)}
        except Exception as error:
            told = {"failed": endings.of_exception(error)[1]}
        answers.write(json.dumps(told) + "\n")
        answers.flush()


if __name__ == "__main__":
    main(sys.argv[1])
