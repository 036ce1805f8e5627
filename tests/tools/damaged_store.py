"""The kinds of file between processes, and weights: records, requests, plans, arrays, answers, markers, native files."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from parity.atlas.chapters import QUESTIONS
from parity.atlas.question import Answer, answered
from parity.execution import arrays as array_files
from parity.execution import records, request, sealed
from parity.execution.damaged_files import Damaged
from parity.execution.launcher import environments, plan, planning
from parity.execution.launcher.worker_process import Progress
from parity.execution.records import Record
from parity.spec import specs
from parity.spec.graph import Graph
from parity.verbs import native_files, weights
from parity.verbs.run.planned_elsewhere import collect_plan
from parity.verbs.weights import neutral
from tests.tools.damaged_kind import Kind
from tests.tools.requests_for_fakes import write as write_request

MLP: Graph = weights.graph("mlp", "small")


def neutral_kind() -> Kind:
    def make(folder: Path) -> Path:
        numbers = np.random.RandomState(0)
        arrays = {f"parameter/{one.name}": numbers.standard_normal(one.shape).astype("f") for one in MLP.parameters}
        array_files.write_npz(folder / "weights.npz", arrays)
        return folder / "weights.npz"

    return Kind("neutral weights", make, lambda path: neutral.read(path, MLP))


def records_kind() -> Kind:
    def make(folder: Path) -> Path:
        for number in range(5):
            key = f"{number}" * 64
            records.append(folder, Record(key, f"case {number}", "torch", "ran", "float32", seconds=number + 0.5))
        return folder / records.FILE

    def read(path: Path) -> Any:
        if path.is_dir():
            raise Damaged(f"{path} is a directory")  # the system's own word, which the command line tells
        reading = records.read(path.parent)
        return reading.latest(), bool(reading.notices)

    def same(whole: Any, found: Any) -> bool:
        """Whether no record differs; a missing record is no fault, since it is computed again."""
        return all(whole[0].get(key) == record for key, record in found[0].items())

    return Kind("records", make, read, same=same)


def arrays_kind() -> Kind:
    def make(folder: Path) -> Path:
        stored = array_files.store(folder, "a" * 64, {"x": np.arange(50.0), "y": np.ones((3, 5), "f")}, "float32")
        (folder / "stored.json").write_text(json.dumps(asdict(stored)))
        return folder / stored.file

    def read(path: Path) -> Any:
        told = json.loads((path.parents[1] / "stored.json").read_text())
        return array_files.load(path.parents[1], records.StoredArrays(**told))

    return Kind("arrays of a record", make, read)


def request_kind(name: str) -> Kind:
    def make(folder: Path) -> Path:
        write_request(folder / "request", "Sound", 3)
        return folder / "request" / name

    def read(path: Path) -> Any:
        asked = request.read(path.parent)
        found = [array_files.read_npz(asked.directory / str(one.arrays), str(one.sha256)) for one in asked.entries]
        return {"request": request.encode(asked), **{str(place): one["batch/0/x"] for place, one in enumerate(found)}}

    return Kind(f"{name} of a request", make, read)


def plan_kind(name: str) -> Kind:
    """The kind of a plan that comes back: request.json, or the records of its results."""

    def make(folder: Path) -> Path:
        asked = write_request(folder / "plan" / "torch", "Sound", 3)
        out = asked.directory / planning.RESULTS
        out.mkdir()
        for one in asked.entries:
            case = one.case
            records.append(out, Record(one.key, case.id, "fake", "ran", case.dtype, seconds=0.5))
        return folder / "plan" / "torch" / name

    def read(path: Path) -> Any:
        if path.is_dir():
            raise Damaged(f"{path} is a directory")
        folder = path.parents[1] if name == request.FILE else path.parents[2]
        return [(request.encode(asked), reading.latest()) for asked, reading in planning.collect(folder)]

    def same(whole: Any, found: Any) -> bool:
        return len(whole) == len(found) and all(
            one[0] == other[0] and all(one[1].get(key) == record for key, record in other[1].items())
            for one, other in zip(whole, found, strict=True)
        )

    return Kind(f"{name} of a plan", make, read, same=same)


def marker_kind() -> Kind:
    def make(folder: Path) -> Path:
        place = folder / "torch-torch-cpu-0123456789ab"
        place.mkdir()
        told = environments.BuiltEnvironment("torch", "torch", "cpu", "3.11.7", "pins.txt", place)
        (place / environments.MARKER).write_text(json.dumps({**asdict(told), "directory": str(place)}))
        return place / environments.MARKER

    def read(path: Path) -> Any:
        os.environ["PARITY_ENVIRONMENTS"] = str(path.parents[1])
        return [(one.framework, one.variant, one.accelerator, one.directory) for one in environments.standing()]

    return Kind("marker of an environment", make, read)


def answer_kind() -> Kind:
    """The kind of a worker's answer about a default: bytes of JSON in an array."""
    question = next(one for one in QUESTIONS if one.name == "batch_norm.epsilon")

    def make(folder: Path) -> Path:
        (folder / "default.json").write_text(json.dumps({"where": "torch.nn.BatchNorm2d(eps)", "default": 1e-05}))
        return folder / "default.json"

    def read(path: Path) -> Any:
        if path.is_dir():
            raise Damaged(f"{path} is a directory")
        try:
            found = answered(question, {"default": np.frombuffer(path.read_bytes(), np.uint8)})
        except (
            KeyError,
            ValueError,
            TypeError,
            AttributeError,
            ArithmeticError,
            RecursionError,
        ):  # as parity.verbs.atlas tells it
            raise Damaged(f"{path}: no answer that can be read") from None
        if not isinstance(found, Answer) or not isinstance(found.text, str):
            raise TypeError("an answer is words")
        return found

    return Kind("answer to the atlas", make, read, corrected=True)


def lines_kind() -> Kind:
    def make(folder: Path) -> Path:
        sealed.write_sealed_lines(folder / "lines.jsonl", [json.dumps({"a": number}) for number in range(9)])
        return folder / "lines.jsonl"

    return Kind("sealed lines", make, lambda path: sealed.read_sealed_lines(path, "write it again"))


def progress_kind() -> Kind:
    def make(folder: Path) -> Path:
        asked = write_request(folder / "request", "Sound", 3)
        (folder / "progress.jsonl").write_text("".join(json.dumps({"key": one.key}) + "\n" for one in asked.entries))
        return folder / "progress.jsonl"

    def read(path: Path) -> Any:
        if path.is_dir():
            raise Damaged(f"{path} is a directory")
        progress = Progress(request.read(path.parent / "request"), path)
        progress.start = 0
        return {entry.key for entry in progress.begun()}

    return Kind("progress", make, read, same=lambda whole, found: found <= whole)


def native_file_kind(ending: str) -> Kind:
    """The kind of a file of weights that parity wrote, or of its checksum; no framework reads it."""

    def make(folder: Path) -> Path:
        native_files.write(folder / "weights.params", bytes(range(200)))
        return folder / f"weights.params{ending}"

    def read(path: Path) -> Any:
        if path.is_dir() and not ending:
            raise Damaged(f"{path} is a directory")  # click refuses it before
        found, unverified = native_files.read("mxnet", [path.parent / "weights.params"])
        return found["weights.params"], unverified

    return Kind(f"native weights{ending}", make, read)


def collected_kind() -> Kind:
    """The kind of a suite's plan with damaged records, judged as `parity run --collect` does."""
    suite = specs.parse("name: tiny\nentries:\n  - {task: sampling, specs: [ones], frameworks: [torch], dtypes: [float32]}\n")

    def make(folder: Path) -> Path:
        from parity.spec.suites import Suite
        from parity.verbs.run.planned_elsewhere import write_plan

        assert isinstance(suite, Suite)
        write_plan(suite, ["torch"], folder / "plan")
        return next((folder / "plan").glob("*/request.json"))

    def read(path: Path) -> Any:
        from parity.spec.suites import Suite

        assert isinstance(suite, Suite)
        return [(one.framework, one.trial.case.id, one.verdict) for one in collect_plan(suite, ["torch"], path.parents[1])]

    return Kind("a suite's plan", make, read)


def order_kind() -> Kind:
    """The kind of the order in which a plan runs, read as the launcher of another machine does."""

    def make(folder: Path) -> Path:
        runs = [
            plan.PlannedRun("torch-float32", "results"),
            *(plan.PlannedRun("timed0-0-torch", f"round{n}") for n in range(3)),
        ]
        plan.write(folder, runs)
        return folder / plan.FILE

    return Kind("the order of a plan", make, lambda path: [[run.request, run.results] for run in plan.read(path.parent)])


def native_kind(framework: str, checksum: bool) -> Kind:
    """The kind of a file that the framework's worker wrote and reads again, with or without a checksum beside it."""

    def make(folder: Path) -> Path:
        numbers = np.random.RandomState(0)
        arrays = {f"parameter/{one.name}": numbers.standard_normal(one.shape).astype("f") for one in MLP.parameters}
        np.savez(folder / "before.npz", **{name: np.asarray(array) for name, array in arrays.items()})
        weights.to_native("mlp", folder / "before.npz", framework, folder / "native", "small")
        path = next(path for path in (folder / "native").iterdir() if path.suffix != native_files.ENDING)
        if not checksum:
            native_files.beside(path).unlink()
        return path

    def read(path: Path) -> Any:
        if path.is_dir():
            raise Damaged(f"{path} is a directory")
        weights.to_neutral("mlp", [path], framework, path.parents[1] / "after.npz", "small")
        with np.load(path.parents[1] / "after.npz") as found:
            return {name: found[name] for name in found.files}

    return Kind(f"weights of {framework}{'' if checksum else ' without a checksum'}", make, read, corrected=not checksum)
