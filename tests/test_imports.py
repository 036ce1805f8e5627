"""Who may import whom (docs/design.md, Who may import whom), read from the source of the package: nothing is imported here."""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from fnmatch import fnmatchcase

import pytest
from package_imports import PACKAGE, Sources, closure, imports, sources

from parity.execution.frameworks import FEATURES, TABLE

FORMULAS = ("parity.formulas", "parity.formulas.formula", "parity.formulas.syntax", "parity.formulas.rounding")
WORKER_SPEC = ("parity", "parity.spec", "parity.spec.graph", "parity.spec.graph_facts", "parity.spec.cases", *FORMULAS)
SHARED = tuple(
    f"parity.execution.{name}"
    for name in (
        *(
            "arrays",
            "damaged_files",
            "outcomes",
            "frameworks",
            "names",
            "newton",
            "own_path",
            "own_target",
            "protocol",
            "records",
        ),
        "request",
    )
)
"""What the processes share: the harness, a worker, a user's own model."""
WORKER_RUNTIME = (
    *("parity.execution", "parity.execution.worker", *SHARED),
    *(
        f"parity.execution.worker.{name}"
        for name in ("__main__", "native_optimizers", "greedy_decoding", "target_kind", "implementations")
    ),
    *(
        f"parity.execution.worker.{name}"
        for name in ("default_arguments", "machine_load", "native_objects", "overhead", "speed", "tasks", "timing")
    ),
)


def pinned(implementation: str) -> tuple[str, ...]:
    """The packages that an implementation may import: what its own requirements install (tensorflow_cpu is tensorflow,
    orbax_checkpoint is orbax)."""
    texts = [file.read_text() for file in (PACKAGE / implementation / "requirements").glob("*.txt")]
    pins = [line for text in texts for line in text.splitlines() if "==" in line and not line.startswith("#")]
    names = [line.partition("==")[0].lower().replace("-", "_") for line in pins]
    return tuple(sorted({*names, *(name.removesuffix("_cpu").removesuffix("_checkpoint") for name in names)}))


FRAMEWORKS = {entry.package.removeprefix("parity."): pinned(entry.package.removeprefix("parity.")) for entry in TABLE.values()}
COMPLETE = [
    entry.package.removeprefix("parity.") for entry in TABLE.values() if entry.trains and set(entry.features) == set(FEATURES)
]
"""Implementations that have everything; the same names stand for the same things in each of them."""

ROOMS = {
    "parity": (),
    "parity.escaping": (),
    "parity.spec": (),
    "parity.execution": (),
    "parity.formulas*": FORMULAS,
    "parity.spec.*": ("parity", "parity.spec", "parity.spec.*", "parity.ops", "parity.ops.definition", *FORMULAS),
    "parity.ops*": ("parity.ops", "parity.ops.*", *FORMULAS),
    "parity.reference_impl*": ("parity.reference_impl*", "parity.ops*", "parity.spec*", "parity.formulas*"),
    "parity.execution.*": ("parity", "parity.execution", *SHARED, "parity.spec.graph", "parity.spec.cases"),
    "parity.execution.worker*": (*WORKER_SPEC, "parity.execution", *SHARED, "parity.execution.worker*"),
    "parity.execution.launcher*": (*WORKER_SPEC, "parity.escaping", "parity.execution", *SHARED, "parity.execution.launcher*"),
    "parity.execution.own_model*": ("parity", "parity.execution", *SHARED, "parity.execution.own_model*"),
    **dict.fromkeys(
        ("parity.execution.own_model.timed", "parity.execution.own_model.model_server"),
        ("parity.execution", *SHARED, "parity.execution.own_model*", "parity.execution.worker.*"),
    ),
    "parity.execution.own_model.model_client": (
        "parity.execution",
        *SHARED,
        "parity.execution.launcher*",
        "parity.execution.own_model.turns",
    ),
    "parity.judgement*": (
        *("parity.judgement*", "parity.reference_impl*", "parity.ops*", "parity.spec*", "parity.formulas*"),
        *("parity.execution.names", "parity.execution.records", "parity.execution.frameworks", "parity.execution.newton"),
    ),
    "parity.fingerprinting*": (
        *("parity.fingerprinting*", "parity.judgement.budgets", "parity.formulas*", "parity.execution.names"),
        *("parity.reference_impl.rules", "parity.reference_impl.distributions", "parity.reference_impl.replay"),
    ),
    "parity.comparing*": (
        *("parity.comparing*", "parity.execution.names", "parity.execution.own_model.layers"),
        *("parity.judgement.budgets", "parity.judgement.comparison", "parity.judgement.verdicts"),
    ),
    "parity.atlas*": ("parity.atlas", "parity.atlas.*", "parity.judgement.budgets"),
    "parity.reporting*": (
        *(
            "parity",
            "parity.escaping",
            "parity.execution.frameworks",
            "parity.execution.sealed",
            "parity.execution.damaged_files",
        ),
        *("parity.reporting*", "parity.judgement*", "parity.fingerprinting*", "parity.atlas*"),
    ),
    "parity.errors": (),
    "parity.documents*": (
        *("parity.documents*", "parity.escaping", "parity.errors", "parity.judgement.verdicts"),
        *("parity.reporting.speeds", "parity.reporting.wording"),
    ),
    "parity.api*": ("parity.api*", "parity.documents*", "parity.trials*", "parity.verbs*", "parity.spec.specs"),
    "parity.trials*": (
        *(
            "parity",
            "parity.documents*",
            "parity.escaping",
            "parity.trials*",
            "parity.errors",
            "parity.judgement*",
            "parity.reference_impl*",
        ),
        *("parity.execution*", "parity.ops*", "parity.spec*", "parity.formulas*", "parity.reporting.results"),
    ),
    "parity.verbs*": (
        *("parity.trials*", "parity.errors", "parity.documents*"),
        *("parity", "parity.verbs*", "parity.reporting*", "parity.judgement*", "parity.reference_impl*", "parity.comparing*"),
        *("parity.atlas*", "parity.fingerprinting*", "parity.escaping", "parity.formulas*"),
        *("parity.execution*", "parity.ops*", "parity.spec*"),
    ),
    "parity.commands*": ("parity", "parity.commands*", "parity.verbs*", "parity.execution.frameworks"),
    "parity.cli": (
        "parity.commands",
        "parity.escaping",
        "parity.errors",
        "parity.spec.mistakes",
        "parity.execution.damaged_files",
    ),
    "parity.__main__": ("parity.cli",),
    "parity.pytest_plugin": (
        *("parity.api*", "parity.documents*", "parity.verbs*", "parity.trials*", "parity.errors", "parity.judgement*"),
        "parity.escaping",
    ),
    **{
        f"parity.{name}*": (
            f"parity.{name}",
            f"parity.{name}.*",
            *WORKER_SPEC,
            "parity.execution.names",
            "parity.execution.protocol",
            *("parity.execution.own_target", "parity.execution.damaged_files"),
            *(f"parity.execution.own_model.{name}" for name in ("functions", "calling", "layers", "nesting")),
            "parity.execution.worker.probe_arguments",
        )
        for name in FRAMEWORKS
    },
}
"""Room -> what it may import of the package. The last pattern that a module matches is its room."""

OUTSIDE = {
    "parity": (),
    "parity.escaping": (),
    "parity.__main__": (),
    "parity.commands*": ("rich_click", "click"),
    "parity.cli": ("rich_click",),
    "parity.pytest_plugin": ("pytest",),
    "parity.spec*": ("pydantic", "pydantic_core", "ruamel"),
    "parity.ops*": ("numpy",),
    "parity.reference_impl*": ("numpy",),
    "parity.execution*": ("numpy",),
    "parity.comparing*": ("numpy",),
    "parity.judgement*": ("numpy", "ruamel"),
    "parity.fingerprinting*": ("numpy",),
    "parity.atlas*": ("numpy",),
    "parity.reporting*": ("numpy", "jinja2", "markupsafe"),
    "parity.errors": (),
    "parity.documents*": ("pydantic", "typing_extensions"),
    **dict.fromkeys(("parity.documents.frames", "parity.documents.base_result"), ("pydantic", "pandas")),
    "parity.api*": (),
    "parity.trials*": ("numpy",),
    "parity.trials.datasets*": ("numpy",),
    "parity.verbs*": ("numpy", "rich", "rich_click"),
    "parity.verbs.plot.files": ("matplotlib",),
    **{f"parity.{name}*": ("numpy", *allowed) for name, allowed in FRAMEWORKS.items()},
    "parity.formulas*": (),
    **dict.fromkeys(WORKER_SPEC, ()),
    **{
        f"parity.execution.{name}": ()
        for name in ("damaged_files", "outcomes", "names", "own_path", "own_target", "records", "request", "frameworks")
    },
    "parity.execution.worker.timing": (),
    "parity.execution.worker.machine_load": (),
    "parity.execution.launcher*": (),
    "parity.execution.launcher.planning": ("numpy",),
    **{f"parity.execution.own_model.{name}": () for name in ("calling", "user_traceback", "layers", "nesting")},
}
"""Module -> packages beyond the standard library that it may import. The last pattern that matches counts."""

FORBIDDEN_CALLS = ("eval", "exec", "__import__", "hasattr")
FORBIDDEN_MODULES = ("pickle", "shelve", "marshal", "dill")


def last_match(name: str, table: Mapping[str, tuple[str, ...]]) -> tuple[str, ...] | None:
    found = [allowed for pattern, allowed in table.items() if fnmatchcase(name, pattern)]
    return found[-1] if found else None


def violations(every: Sources) -> list[str]:
    """Every import that the tables do not allow."""
    found = []
    for name in every:
        room, outside = last_match(name, ROOMS), last_match(name, OUTSIDE)
        if room is None or outside is None:
            found.append(f"{name} belongs to no room")
            continue
        for imported in sorted(imports(name, every)):
            top = imported.split(".")[0]
            if top == "parity":
                allowed = any(fnmatchcase(imported, pattern) for pattern in room)
            else:
                allowed = top in sys.stdlib_module_names or top in outside
            if not allowed:
                found.append(f"{name} imports {imported}")
    return found


def dangers(every: Sources) -> list[str]:
    """try: import, eval and its kin, pickle, a shell."""
    found = []
    for name, source in every.items():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Try) and any(isinstance(item, ast.Import | ast.ImportFrom) for item in node.body):
                handled = [ast.unparse(handler.type) for handler in node.handlers if handler.type]
                if any("ImportError" in text or "ModuleNotFoundError" in text for text in handled):
                    found.append(f"{name}:{node.lineno} tries to import")
            if isinstance(node, ast.Call):
                if isinstance(node.func, ast.Name) and node.func.id in FORBIDDEN_CALLS:
                    found.append(f"{name}:{node.lineno} calls {node.func.id}")
                if any(word.arg == "shell" for word in node.keywords):
                    found.append(f"{name}:{node.lineno} asks for a shell")
        found += [f"{name} imports {module}" for module in imports(name, every) if module.split(".")[0] in FORBIDDEN_MODULES]
    return found


def test_every_import_goes_in_its_direction() -> None:
    assert violations(sources()) == []


def test_nothing_dangerous_is_called() -> None:
    assert dangers(sources()) == []


def test_the_worker_brings_nothing_of_the_harness_with_it() -> None:
    wanted = {*WORKER_SPEC, *WORKER_RUNTIME} - {*FORMULAS, "parity.spec.graph_facts"}
    assert closure("parity.execution.worker.__main__", sources()) == wanted


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_an_implementation_sees_the_protocol_and_the_graph_alone(name: str) -> None:
    every = sources()
    seen = closure(f"parity.{name}.framework", every)
    assert {module for module in seen if f".{name}" not in module} <= {
        *WORKER_SPEC,
        "parity.execution",
        "parity.execution.protocol",
    }


def test_the_process_of_a_users_model_brings_nothing_of_the_harness_with_it() -> None:
    assert closure("parity.execution.own_model.model_server", sources()) == {
        *("parity", "parity.execution", "parity.spec", "parity.spec.cases", "parity.spec.graph"),
        *(
            f"parity.execution.own_model{name}"
            for name in ("", ".model_server", ".calling", ".user_traceback", ".layers", ".tensor_sources")
        ),
        *(f"parity.execution.{name}" for name in ("arrays", "damaged_files", "names", "own_path", "own_target", "records")),
        *("parity.execution.outcomes", "parity.execution.frameworks"),
        *(
            "parity.execution.own_model.timed",
            "parity.execution.protocol",
            "parity.execution.newton",
            "parity.execution.worker",
        ),
        *(
            f"parity.execution.worker.{name}"
            for name in ("default_arguments", "greedy_decoding", "machine_load", "speed", "tasks", "timing")
        ),
    }


def test_the_launcher_needs_the_standard_library_alone() -> None:
    every = sources()
    reached = {found for module in closure("parity.execution.launcher.launching", every) for found in imports(module, every)}
    assert {found.split(".")[0] for found in reached} <= {*sys.stdlib_module_names, "parity"}


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_a_backend_of_keras_is_touched_in_its_own_folder(backend: str) -> None:
    every = {name: source for name, source in sources().items() if name.startswith("parity.keras_impl")}
    touching = {name for name in every if any(found.split(".")[0] == backend for found in imports(name, every))}
    own = {name for name in touching if name.startswith(f"parity.keras_impl.on_{backend}.")}
    models = {f"parity.keras_impl.own_model.{name}" for name in ("functions", "timed")}
    assert own and touching - own <= (models if backend == "tensorflow" else set())


def test_implementations_have_the_same_files() -> None:
    forward = {"__init__", "framework", "layers", "model", "device"}
    complete = {*forward, "initializers", "optimizers", "rules", "schedules", "wiring", "fingerprint"}
    for name in FRAMEWORKS:
        found = {file.stem for file in (PACKAGE / name).glob("*.py")}
        assert (complete if name in COMPLETE else forward) <= found


@pytest.mark.parametrize("name", TABLE)
def test_a_feature_is_declared_where_its_files_are(name: str) -> None:
    folder = PACKAGE / TABLE[name].package.removeprefix("parity.")
    for feature, modules in FEATURES.items():
        places = {module: folder / module.replace(".", "/") for module in modules}
        found = {name for name, place in places.items() if place.is_dir() or place.with_suffix(".py").is_file()}
        assert found == (set(modules) if feature in TABLE[name].features else set()), feature


@pytest.mark.parametrize("name", TABLE)
def test_an_implementation_has_the_same_names_for_the_same_things(name: str) -> None:
    """The table of ops is layers.LAYERS; Implementation and Realization stand in framework.py."""
    folder = PACKAGE / TABLE[name].package.removeprefix("parity.")
    framework = ast.parse((folder / "framework.py").read_text())
    assert {"Implementation", "Realization"} <= {node.name for node in framework.body if isinstance(node, ast.ClassDef)}
    layers = ast.parse((folder / "layers.py").read_text())
    (table,) = [node.value for node in layers.body if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "LAYERS"]
    assert isinstance(table, ast.Dict)
    spelled = {key.value for key in table.keys if isinstance(key, ast.Constant)}
    assert "dense" in spelled


WRONG = {
    "parity.spec.graph": "import numpy",
    "parity.spec.source": "from parity.judgement import budgets",
    "parity.ops.dense": "from parity.reference_impl import walk",
    "parity.execution.worker.__main__": "def run():\n    import torch",
    "parity.execution.worker.tasks": "from parity.execution.launcher import planning",
    "parity.execution.own_model.layers": "from parity.execution.worker import tasks",
    "parity.execution.protocol": "import click",
    "parity.execution.names": "import numpy",
    "parity.execution.launcher.launching": "import numpy as np",
    "parity.torch_impl.layers": "from keras import ops",
    "parity.keras_impl.layers": "from parity.torch_impl.layers import dense",
    "parity.mxnet_impl.model": "from parity.execution.records import append",
    "parity.reporting.pages": "from parity.execution.launcher.launching import launch",
    "parity.commands": "from parity.judgement import budgets",
    "parity.cli": "from parity.verbs import check",
    "parity.judgement.budgets": "from . import verdicts",
    "parity.new_room.module": "import os",
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_import_is_seen(name: str) -> None:
    assert len(violations({**dict.fromkeys(sources(), ""), name: WRONG[name]})) == 1


@pytest.mark.parametrize(
    "source",
    [
        "try:\n    import torch\nexcept ImportError:\n    torch = None",
        "eval('1')",
        "import pickle",
        "from pickle import loads",
        "subprocess.run('ls', shell=True)",
    ],
)
def test_a_danger_is_seen(source: str) -> None:
    assert len(dangers({"parity.x": source})) == 1
