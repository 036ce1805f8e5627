"""Owns a native optimizer as a black box: the object behind an import path, and its arguments by the names that formulas use.

It refuses to know a formula and to import a framework; the framework's own `drive` makes the steps.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from parity.execution.names import (
    BATCH,
    BATCHES,
    HYPERPARAMETER,
    PARAMETER,
    PARAMETERS,
    RATE,
    array_name,
    group_of,
    numbers,
    put_under,
    under,
)
from parity.execution.protocol import Array, Drive, Framework, Unsupported
from parity.spec.cases import Case

NAMES: Mapping[str, tuple[str, ...]] = {
    "learning_rate": ("learning_rate", "lr", "step_size"),
    "momentum": ("momentum", "gamma2", "mu"),
    "dampening": ("dampening",),
    "rho": ("rho", "alpha", "gamma1", "decay_rate"),
    "beta_1": ("beta_1", "beta1", "b1"),
    "beta_2": ("beta_2", "beta2", "b2"),
    "epsilon": ("epsilon", "eps"),
    "weight_decay": ("weight_decay", "wd"),
    "schedule_decay": ("schedule_decay", "momentum_decay"),
    "accumulator": ("initial_accumulator_value",),
    "rate_decay": ("lr_decay",),
    "l1": ("l1", "lamda1", "l1_regularization_strength"),
    "l2": ("l2", "l2_regularization_strength"),
    "beta": ("beta", "gamma"),
    "beta_2_decay": ("beta_2_decay", "beta2_decay"),
    "epsilon_1": ("epsilon_1",),
    "epsilon_2": ("epsilon_2",),
    "clip_threshold": ("clip_threshold", "d"),
    "clip_value": ("clip_value", "clipvalue", "clip_gradient"),
    "clip_norm": ("clip_norm", "clipnorm"),
    "clip_global_norm": ("clip_global_norm", "global_clipnorm"),
    "trust": ("trust", "trust_coefficient", "trust_coef", "eta"),
    "eta_minus": ("eta_minus",),
    "eta_plus": ("eta_plus",),
    "smallest_step": ("smallest_step",),
    "largest_step": ("largest_step",),
}
"""A hyper-parameter's name in formulas -> the names that classes use. The first of these that a class has is taken; a name in
the class's own signature goes before a name in a base class's."""

OTHERWISE = "rate_otherwise"
"""Hyper-parameter of a case: the learning rate for an object without a default rate, if it runs with its defaults."""

PAIRS: Mapping[str, tuple[str, str]] = {
    "betas": ("beta_1", "beta_2"),
    "eps": ("epsilon_1", "epsilon_2"),
    "etas": ("eta_minus", "eta_plus"),
    "step_sizes": ("smallest_step", "largest_step"),
}
"""Argument that holds a pair -> the two hyper-parameters in it. torch has such arguments for Adam, Rprop and Adafactor; their
defaults are pairs too."""


def fingerprint(
    framework: Framework, case: Case, initial: Mapping[str, Array], batches: list[dict[str, Array]]
) -> dict[str, Array]:
    """The weights after every step (`parameters/<name>`, steps first), and each known hyper-parameter (`hyperparameter/…`).

    case.optimizer: the object's import path; case.hyperparameters: values by the formulas' names, set if the object has them;
    case.arguments: values by the object's own names, which take precedence. Raises Unsupported if it is no optimizer.
    """
    make = resolve(case.optimizer)
    keywords, hyperparameters = chosen(case.optimizer, make, case.hyperparameters, case.arguments)
    rates = tuple(hyperparameters["learning_rate"] * float(batch.pop(RATE)) for batch in batches)
    parameters_by_step = framework.drive(Drive(make, keywords, initial, tuple(batches), rates))
    arrays = put_under({name: np.asarray(value, np.float64) for name, value in hyperparameters.items()}, HYPERPARAMETER)
    return arrays | put_under({name: np.stack([after[name] for after in parameters_by_step]) for name in initial}, PARAMETERS)


def packed(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """The gradients of all steps in one array per weight, and the rates in one array, since files of many arrays are slow."""
    weights, steps = under(arrays, PARAMETER), numbers(arrays, BATCH)
    every = {name: np.stack([arrays[array_name(BATCH, step, name)] for step in steps]) for name in (*weights, RATE)}
    return put_under(weights, PARAMETER) | put_under(every, BATCHES)


def unpacked(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """The arrays with `batch/<step>/<name>` from `batches/<name>` and `parameter/<step>/<name>` from `parameters/<name>`; any
    other array is kept."""
    flat = {name: array for name, array in arrays.items() if group_of(name) not in (BATCHES, PARAMETERS)}
    for several, word in ((BATCHES, BATCH), (PARAMETERS, PARAMETER)):
        for name, steps in under(arrays, several).items():
            flat |= {array_name(word, step, name): array for step, array in enumerate(steps)}
    return flat


def batches(arrays: Mapping[str, Array]) -> list[dict[str, Array]]:
    """Each step's gradients and its rate, from packed arrays."""
    every = under(arrays, BATCHES)
    return [{name: array[step] for name, array in every.items()} for step in range(len(every[RATE]))]


def resolve(path: str) -> Callable[..., Any]:
    """The object at `package.module:Name` or `package.module.Name`."""
    module, separator, name = path.partition(":") if ":" in path else path.rpartition(".")
    if not (module and separator and name):
        raise Unsupported(f"`{path}` is no import path: package.module.Name, or package.module:Name")
    holder = _imported(module, path)
    try:
        for part in name.split("."):
            holder = getattr(holder, part)
    except AttributeError as error:
        raise Unsupported(f"`{path}` does not exist: {module} has no `{name}`") from error
    if not callable(holder):
        raise Unsupported(f"`{path}` cannot be called: it is of type {type(holder).__name__}")
    made: Callable[..., Any] = holder
    return made


def _imported(module: str, path: str) -> Any:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not (module == error.name or module.startswith(f"{error.name}.")):
            raise Unsupported(f"`{path}` cannot be imported: {error}") from error
        parent = _named_by_its_parent(module, path)
        if parent is None:
            raise Unsupported(f"`{path}` does not exist: no module `{module}`") from error
        return parent
    except Exception as error:  # whatever the user's module raises
        raise Unsupported(f"`{path}` cannot be imported: {type(error).__name__}: {error}") from error


def _named_by_its_parent(module: str, path: str) -> Any:
    """The object behind a name by which a package offers a module: `mxnet.init` is mxnet.initializer. None if there is none."""
    parent, _, name = module.rpartition(".")
    try:
        return getattr(_imported(parent, path), name, None) if parent else None
    except Unsupported:
        return None


def chosen(
    path: str, make: Callable[..., Any], wanted: Mapping[str, float], own: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, float]]:
    """The object's keyword arguments, and the values of its hyper-parameters by the formulas' names, defaults included."""
    every = dict(arguments(make))
    for name in own:
        if name not in every:
            raise Unsupported(f"`{path}` has no argument `{name}`; it has {', '.join(every) or 'none'}")
    keywords: dict[str, Any] = dict(own)
    hyperparameters: dict[str, float] = {}
    pairs = [name for name in PAIRS if name in every and _is_pair(every[name].default)]
    for canonical, spelling in _spelled(make, [name for name in every if name not in pairs]):
        if spelling in own:
            hyperparameters[canonical] = float(own[spelling])
        elif canonical in wanted:
            keywords[spelling] = hyperparameters[canonical] = wanted[canonical]
        elif _is_number(every[spelling].default):
            hyperparameters[canonical] = float(every[spelling].default)
    for pair in pairs:
        if pair not in own and all(name in wanted for name in PAIRS[pair]):
            hyperparameters |= {name: wanted[name] for name in PAIRS[pair]}
            keywords[pair] = tuple(wanted[name] for name in PAIRS[pair])
        elif pair not in own and all(_is_number(value) for value in every[pair].default):
            hyperparameters |= dict(zip(PAIRS[pair], map(float, every[pair].default), strict=True))
    rate = next((spelling for spelling in NAMES["learning_rate"] if spelling in every), None)
    if rate is not None and "learning_rate" not in hyperparameters and OTHERWISE in wanted:
        keywords[rate] = hyperparameters["learning_rate"] = wanted[OTHERWISE]
    if "learning_rate" not in hyperparameters:
        raise Unsupported(f"`{path}` is no optimizer: none of its arguments is a learning rate ({', '.join(every) or 'none'})")
    return keywords, hyperparameters


def _spelled(make: Callable[..., Any], names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each hyper-parameter that the object has, and the object's name for it."""
    own = {name for name, _ in arguments(make, inherited=False)}
    for canonical, spellings in NAMES.items():
        present = [spelling for spelling in spellings if spelling in names]
        if present:
            yield canonical, next((spelling for spelling in present if spelling in own), present[0])


def _is_pair(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 2


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def arguments(make: Callable[..., Any], inherited: bool = True) -> Iterator[tuple[str, inspect.Parameter]]:
    """The named arguments of a class or function. If a constructor has **kwargs, the arguments of its base classes follow,
    unless `inherited` is False."""
    makers: list[Any] = (
        [vars(base)["__init__"] for base in make.__mro__ if "__init__" in vars(base)] if isinstance(make, type) else [make]
    )
    names = {"self"}
    for maker in makers:
        try:
            signature = inspect.signature(maker)
        except (TypeError, ValueError):
            return
        for name, parameter in signature.parameters.items():
            if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY) and name not in names:
                names.add(name)
                yield name, parameter
        if not inherited or all(parameter.kind is not parameter.VAR_KEYWORD for parameter in signature.parameters.values()):
            return
