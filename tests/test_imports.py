"""Who may import whom (DESIGN.md §3), read from the source of the package: nothing is imported here."""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from parity.execution.frameworks import TABLE, training

PACKAGE = Path(__file__).parents[1] / "parity"
Sources = Mapping[str, str]
"""Module name -> source. A package bears its own name: `parity.spec` is parity/spec/__init__.py."""

FORMULAS = ("parity.formulas.formula", "parity.formulas.syntax", "parity.formulas.rounding")
WORKER_SPEC = ("parity", "parity.spec", "parity.spec.graph", "parity.spec.cases", *FORMULAS)
WORKER_RUNTIME = tuple(
    f"parity.execution.{name}"
    for name in (
        "arrays",
        "black_box",
        "decoding",
        "endings",
        "forms",
        "frameworks",
        "implementations",
        "inspection",
        "newton",
        "probing",
        "protocol",
        "records",
        "request",
        "tasks",
        "timing",
        "worker",
    )
)
TRAINING = {"keras_impl": ("keras", "tensorflow", "h5py"), "torch_impl": ("torch",), "mxnet_impl": ("mxnet",)}
FRAMEWORKS = {**TRAINING, "onnx_impl": ("onnx", "onnxruntime")}

ROOMS = {
    "parity": (),
    "parity.spec": (),
    "parity.execution": (),
    "parity.spec.*": ("parity", "parity.spec", "parity.spec.*", "parity.ops", "parity.ops.definition"),
    "parity.ops*": ("parity.ops", "parity.ops.*", *FORMULAS),
    "parity.reference_impl*": ("parity.reference_impl*", "parity.ops*", "parity.spec*"),
    "parity.execution.*": ("parity", "parity.execution", "parity.execution.*", "parity.spec*"),
    "parity.judgement*": (
        *("parity.judgement*", "parity.reference_impl*", "parity.ops*", "parity.spec*"),
        *("parity.execution.records", "parity.execution.frameworks", "parity.execution.newton"),
    ),
    "parity.comparing*": (
        *("parity.comparing*", "parity.execution.own_model.leaves"),
        *("parity.judgement.budgets", "parity.judgement.comparison"),
    ),
    "parity.atlas*": ("parity.atlas", "parity.atlas.*", "parity.judgement.budgets"),
    "parity.reporting*": (
        "parity",
        "parity.reporting*",
        "parity.judgement*",
        "parity.execution.worker.timing",
        "parity.atlas*",
    ),
    "parity.verbs*": (
        *("parity", "parity.verbs*", "parity.reporting*", "parity.judgement*", "parity.reference_impl*", "parity.comparing*"),
        "parity.atlas*",
        *("parity.execution*", "parity.ops*", "parity.spec*"),
    ),
    "parity.commands": ("parity", "parity.verbs*"),
    "parity.cli": ("parity.commands", "parity.errors", "parity.spec.mistakes"),
    "parity.__main__": ("parity.cli",),
    "parity.pytest_plugin": ("parity.verbs*", "parity.judgement*"),
    **{
        f"parity.{name}*": (
            f"parity.{name}",
            f"parity.{name}.*",
            *WORKER_SPEC,
            "parity.execution.protocol",
            "parity.execution.own_model.leaves",
            "parity.execution.called",
            "parity.execution.worker.driving",
        )
        for name in FRAMEWORKS
    },
}
"""Room -> what it may import of the package. The last pattern that a module matches is its room."""

OUTSIDE = {
    "parity": (),
    "parity.__main__": (),
    "parity.commands": ("rich_click",),
    "parity.cli": ("rich_click",),
    "parity.pytest_plugin": ("pytest",),
    "parity.spec*": ("pydantic", "pydantic_core", "ruamel"),
    "parity.ops*": ("numpy",),
    "parity.reference_impl*": ("numpy",),
    "parity.execution*": ("numpy",),
    "parity.trials.datasets*": ("numpy", "sklearn", "PIL"),
    "parity.comparing*": ("numpy",),
    "parity.judgement*": ("numpy", "ruamel"),
    "parity.atlas*": ("numpy",),
    "parity.reporting*": ("numpy", "jinja2", "markupsafe", "vl_convert"),
    "parity.verbs*": ("numpy", "rich", "rich_click"),
    **{f"parity.{name}*": ("numpy", *allowed) for name, allowed in FRAMEWORKS.items()},
    **dict.fromkeys(WORKER_SPEC, ()),
    **{
        f"parity.execution.{name}": ()
        for name in ("launcher", "process", "supervisor", "isolation", "endings", "records", "request", "frameworks", "timing")
    },
    "parity.execution.launcher.environments": (),
    "parity.execution.own_model.leaves": (),
    "parity.execution.called": (),
    "parity.execution.launcher.diagnosis": (),
    "parity.formulas.formula": ("numpy",),
}
"""Module -> packages beyond the standard library that it may import. The last pattern that matches counts."""

FORBIDDEN_CALLS = ("eval", "exec", "__import__", "hasattr")
FORBIDDEN_MODULES = ("pickle", "shelve", "marshal", "dill")


def sources() -> dict[str, str]:
    found = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file.read_text()
    return found


def imports(name: str, every: Sources) -> set[str]:
    """Modules that a module imports anywhere in it; `from parity.ops import TABLE` imports parity.ops."""
    found = set()
    for node in ast.walk(ast.parse(every[name])):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            if node.level or node.module is None:
                found.add("(relative)")
                continue
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (inner & set(every)) or {node.module}
    return found


def closure(name: str, every: Sources) -> set[str]:
    """All modules of the package that come with an import, their packages' __init__ included."""
    seen: set[str] = set()
    left = {name}
    while left:
        module = left.pop()
        seen.add(module)
        reached = {found for found in imports(module, every) if found in every}
        for found in list(reached):
            reached |= {found.rsplit(".", count)[0] for count in range(1, found.count(".") + 1)}
        left |= reached - seen
    return seen


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
    wanted = {*WORKER_SPEC, "parity.execution", *WORKER_RUNTIME} - set(FORMULAS)
    assert closure("parity.execution.worker", sources()) == wanted


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
    assert closure("parity.execution.own_model.answering", sources()) == {
        *("parity", "parity.execution", "parity.spec", "parity.spec.cases", "parity.spec.graph"),
        *(f"parity.execution.{name}" for name in ("foreign", "leaves", "arrays", "records", "endings", "frameworks")),
    }


def test_the_launcher_needs_the_standard_library_alone() -> None:
    every = sources()
    reached = {found for module in closure("parity.execution.launcher.launching", every) for found in imports(module, every)}
    assert {found.split(".")[0] for found in reached} <= {*sys.stdlib_module_names, "parity"}


def test_the_backend_of_keras_is_touched_in_three_files() -> None:
    every = sources()
    touching = {name for name in every if any(found.split(".")[0] == "tensorflow" for found in imports(name, every))}
    assert touching <= {f"parity.keras_impl.{name}" for name in ("model", "device", "functions")}


def test_implementations_have_the_same_files() -> None:
    forward = {"__init__", "framework", "layers", "model", "device"}
    wanted = {*forward, "initializers", "optimizers", "foreign", "kinds"}
    for name in FRAMEWORKS:
        found = {file.stem for file in (PACKAGE / name).glob("*.py")}
        assert (wanted if name in TRAINING else forward) <= found


def test_what_trains_is_what_has_every_file() -> None:
    packages = {name: entry.package.removeprefix("parity.") for name, entry in TABLE.items()}
    assert {packages[name] for name in training()} == set(TRAINING) and set(packages.values()) == set(FRAMEWORKS)


WRONG = {
    "parity.spec.graph": "import numpy",
    "parity.spec.source": "from parity.judgement import budgets",
    "parity.ops.dense": "from parity.reference_impl import walk",
    "parity.execution.worker": "def run():\n    import torch",
    "parity.execution.protocol": "import click",
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
