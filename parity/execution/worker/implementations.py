"""Owns the import of an implementation: a framework of the table, or a user's own realization.

It refuses to be imported by the harness: only the worker's process loads frameworks.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from parity.execution import own_path, own_target
from parity.execution.frameworks import ANSWERS, DEFAULTS, FINGERPRINT, FRAMEWORK, REMEDIES, find
from parity.execution.protocol import Array, Description, Drive, Framework, ProbeRequest, Realization
from parity.execution.worker.target_kind import MODEL, form
from parity.spec.cases import Case


def load(name: str, realization: str | None = None) -> Framework:
    """The Framework of this name, imported and constructed. realization: None for the table's framework; `package.module:Class`
    for a Framework of the user's; `package.module:function` for a function that realizes cases, while the table's framework
    describes and samples."""
    if realization is None:
        made: Framework = importlib.import_module(f"{find(name)[1].package}.{FRAMEWORK}").Implementation()
        return made
    if ":" not in realization:
        raise ValueError(f"realization {realization!r} is not of the form package.module:name")
    target: Any = own_path.find(realization)
    if form(target) != MODEL and own_target.parsed(realization).arguments:
        raise ValueError(f"{realization}: arguments are of a model; what realizes cases takes none")
    if isinstance(target, type) and form(target) != MODEL:
        framework: Framework = target()
        return framework
    if form(target) == MODEL:
        raise ValueError(
            f"{realization} realizes no case, so it builds a model of your own: `parity compare spec=… {name}={realization}`"
        )
    return OwnRealization(name, load(name), target)


def answers(name: str) -> tuple[Mapping[str, str], Mapping[str, Callable[..., Any]]]:
    """The places of a framework's defaults, and its answers to the atlas's questions."""
    package = find(name)[1].package
    defaults: Mapping[str, str] = importlib.import_module(f"{package}.{DEFAULTS}").DEFAULTS
    answers: dict[str, Callable[..., Any]] = {}
    for file in ANSWERS:
        answers |= importlib.import_module(f"{package}.{file}").ANSWERS
    answers |= importlib.import_module(f"{package}.{REMEDIES}").REMEDIES
    return defaults, answers


def drivers(name: str) -> Mapping[str, Callable[[ProbeRequest], Mapping[str, Array]]]:
    """Kind -> the function that drives native objects of this kind."""
    by_kind: Mapping[str, Callable[[ProbeRequest], Mapping[str, Array]]]
    by_kind = importlib.import_module(f"{find(name)[1].package}.{FINGERPRINT}").DRIVERS
    return by_kind


@dataclass
class OwnRealization:
    """A framework of the table whose `realize` is a user's function."""

    name: str
    framework: Framework
    build: Callable[[Case], Realization]

    def describe(self) -> Description:
        return self.framework.describe()

    def sample(self, case: Case) -> Array:
        return self.framework.sample(case)

    def realize(self, case: Case) -> Realization:
        return self.build(case)

    def scheduled(self, case: Case) -> Array:
        return self.framework.scheduled(case)

    def drive(self, request: Drive) -> list[dict[str, Array]]:
        return self.framework.drive(request)
