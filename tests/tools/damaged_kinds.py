"""The kinds of file in committed data, in the store, and of users. The other kinds are in damaged_store.py."""

from __future__ import annotations

from dataclasses import asdict, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from parity.comparing import layer_mapping, mapfile
from parity.errors import UsageError
from parity.execution import records, request
from parity.execution.frameworks import TABLE
from parity.execution.launcher import planning
from parity.execution.records import Record
from parity.judgement.comparison import Comparison
from parity.reference_impl.training import TrainingRun
from parity.reporting import atlas, history, installs, pages, results
from parity.reporting.installs import InstallRecord
from parity.reporting.results import Results, Speed
from parity.spec import source, specs
from parity.spec.cases import Case
from parity.spec.mistakes import SpecError
from parity.trials import bench_rounds, full_size
from parity.trials.reference_cache import remembered
from parity.trials.session import JudgedTrial
from parity.trials.trial import Trial
from parity.verbs import native_files
from tests.comparing.test_comparing import dense, model
from tests.execution.test_sealed import atlas_of
from tests.reporting.test_pages import made, row, speed, trained
from tests.tools.damaged_kind import Kind
from tests.tools.damaged_store import (
    answer_kind,
    arrays_kind,
    collected_kind,
    lines_kind,
    marker_kind,
    native_file_kind,
    neutral_kind,
    order_kind,
    plan_kind,
    progress_kind,
    records_kind,
    request_kind,
)


def _results(name: str) -> Kind:
    def make(folder: Path) -> Path:
        rows = [row(case=f"lenet/{place}", error=place * 1e-9) for place in range(6)]
        curves = [trained("mlp", run, losses=[2.0, 1.5, 1.0]) for run in ("reference", "torch", "keras")]
        results.write(made(rows=rows, curves=curves, speeds=[speed("torch", 2.0), speed("keras", 3.0), *_further()]), folder)
        return folder / name

    return Kind(name, make, lambda path: asdict(results.read(path.parent)))


def _hostile(name: str) -> Kind:
    """A file with any content and a valid seal: either a field is refused, or pages are made from it."""

    def read(path: Path) -> Any:
        found: Results = results.read(path.parent, trusted=True)
        return pages.markdown(found), list(pages.trainings(found)), [path.parent / one for one in pages.trainings(found)]

    return Kind(f"{name}, sealed anew", _results(name).make, read, corrected=True)


def _pictures(name: str) -> Kind:
    def read(path: Path) -> Any:
        return pages.figures_of(results.read(path.parent, trusted=True))

    return Kind(f"pictures of {name}", _results(name).make, read, corrected=True)


def _settled() -> Kind:
    def make(folder: Path) -> Path:
        case = Case("mlp", "agreement", "float32")
        judged = []
        for framework in ("torch", "keras", "mxnet"):
            record = Record("a" * 64, case.id, framework, "ran", "float32", seconds=1.5)
            found = [Comparison(case.id, "loss", "loss", "agrees", "float32", error=1e-9, budget=2e-9)]
            judged.append(JudgedTrial(Trial(case, {}, full_size._settled, "architectures"), framework, record, found, Path()))
        full_size._write(folder / "mlp.jsonl", judged)
        return folder / "mlp.jsonl"

    def read(path: Path) -> Any:
        return [(one.framework, one.record, one.comparisons) for one in full_size._settled_before(path)]

    return Kind("settled network", make, read)


def _further() -> list[Speed]:
    """Timed cells with everything that newer data has."""
    item = replace(speed("torch", *[2.0] * 5), size="full", flops=1e6, checked_batch=2, dropping=True, asked=5)
    for number, process in enumerate(item.processes):
        process.update(round=number, products_per_second=50.0, warmup={"steps": 12, "flat": True, "kind": "slowing"})
        for block in process["blocks"]:
            block.update(throttled=0.0, minor_faults=7, rss_bytes=10**8)
    return [item, replace(item, role="A/A"), replace(item, role="peak", spec="matrix_product")]


def _round() -> Kind:
    def make(folder: Path) -> Path:
        key = ("mlp", "default", 32, "torch", "")
        block = {"steps": 3, "wall_ns": 10**8, "foreign": 0.0, "steal": 0.0}
        sampled = bench_rounds.Sampled(key, 0, "ran", "agrees", "", "eager", "1", {"torch": "1"}, {"blocks": [block]})
        bench_rounds.write(folder / "round0.jsonl", [sampled, replace(sampled, key=(*key[:4], "A/A"))])
        return folder / "round0.jsonl"

    return Kind("round of a bench", make, bench_rounds.read)


CASE = Case("net", "training", "float32", steps=2)


def _reference() -> Kind:
    def compute() -> TrainingRun:
        return TrainingRun(np.array([2.0, 1.0]), {"a.kernel": np.arange(6.0).reshape(2, 3)})

    def make(folder: Path) -> Path:
        remembered(folder, CASE, "rule", "draws", compute)
        return next((folder / "references").iterdir())

    def read(path: Path) -> Any:
        run = remembered(path.parents[1], CASE, "rule", "draws", compute)
        return {"losses": run.losses, **run.final}

    return Kind("reference run", make, read)


MODELS = [model("a", dense("one", 5, 7), dense("two", 7, 3)), model("b", dense("x", 5, 7, True), dense("y", 7, 3, True))]


def _map() -> Kind:
    def make(folder: Path) -> Path:
        text = mapfile.text(layer_mapping.automatic(MODELS), {"a": "torch=m:build", "b": "keras=m:build"})
        (folder / "weights-map.yaml").write_text(text)
        return folder / "weights-map.yaml"

    def read(path: Path) -> Any:
        document = source.read_file(path)
        if document.mistakes:
            raise SpecError(document.mistakes)
        try:
            found = mapfile.parsed(document.table, MODELS)
        except ValueError as error:  # as parity.verbs.compare tells it
            raise UsageError(f"{path}: {error}") from error
        for match in found.matches:
            for placements in match.weights.values():
                for one in placements.values():
                    native = np.arange(np.prod(one.shape), dtype=float).reshape(one.shape)
                    one.write(one.read(native), native)
        return found

    return Kind("map of weights", make, read, corrected=True)


def _spec(name: str, kind: str) -> Kind:
    def make(folder: Path) -> Path:
        text = (specs.folder() / kind / f"{name}.yaml").read_text(encoding="utf-8")
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
        return folder / f"{name}.yaml"

    return Kind(f"{kind}/{name}", make, lambda path: specs.load(str(path)).model_dump_json(), corrected=True)


def _atlas() -> Kind:
    def make(folder: Path) -> Path:
        return atlas_of(folder)

    def read(path: Path) -> Any:
        rows, versions, gaps = atlas.read(path)
        return [asdict(one) for one in rows], versions, [asdict(gap) for gap in gaps]

    return Kind("atlas.json", make, read)


def _hostile_atlas() -> Kind:
    def read(path: Path) -> Any:
        return list(atlas.rendered(*atlas.read(path, trusted=True), Path("x")).values())

    return Kind("atlas.json, sealed anew", atlas_of, read, corrected=True)


def _history() -> Kind:
    told = [("1.0", {"a.b": "1", "a.c": "x"}), ("1.1", {"a.b": "2", "a.c": "x"})]

    def read(path: Path) -> Any:
        found, made = history.read(path)
        return [made, *(asdict(one) for one in found)]

    return Kind(
        history.FILE,
        lambda folder: history.write([history.of_answers("keras", {"numpy": "2.4.6"}, told)], "2026-12-01", folder),
        read,
    )


def _installs() -> Kind:
    def make(folder: Path) -> Path:
        each = [
            InstallRecord(name, "2.13.0", 795.5, 10, "3.11.7", ">=3.10", 1.9, "Linux", "2026-12-01")
            for name in ("torch", "jax")
        ]
        installs.write(each, folder / installs.FILE)
        return folder / installs.FILE

    return Kind(installs.FILE, make, lambda path: [asdict(one) for one in installs.read(path)])


DATA = ("manifest.json", "comparisons.jsonl", "training.jsonl", "speed.jsonl")
KINDS: tuple[Kind, ...] = (
    *map(_results, DATA),
    *map(_hostile, DATA),
    *(_atlas(), _hostile_atlas(), _installs(), _history(), _settled(), _round(), _reference(), lines_kind(), _map()),
    *(_spec("lenet", "architectures"), _spec("adam", "optimizers"), _spec("glorot_uniform", "initializers")),
    *(
        _spec("quick", "suites"),
        neutral_kind(),
        records_kind(),
        arrays_kind(),
        request_kind(request.FILE),
        request_kind("1.npz"),
    ),
    *(
        plan_kind(request.FILE),
        plan_kind(f"{planning.RESULTS}/{records.FILE}"),
        collected_kind(),
        order_kind(),
        marker_kind(),
        answer_kind(),
        progress_kind(),
    ),
    *(native_file_kind(""), native_file_kind(native_files.ENDING)),
    *(import_module("tests.tools.damaged_params").KINDS if "mxnet" in TABLE else ()),
)


SLOW: tuple[Kind, ...] = tuple(_pictures(name) for name in ("training.jsonl", "speed.jsonl"))
"""Kinds that run only by name: drawing a picture takes a tenth of a second, and an abort of the library ends the process."""
