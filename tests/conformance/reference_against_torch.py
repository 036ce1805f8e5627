"""Every example of the reference's ops against torch in float64: outputs, new statistics and all gradients to 1e-10.

Runs in torch's environment, which has numpy and torch and nothing of the harness:
PYTHONPATH=. python tests/conformance/reference_against_torch.py. Prints a line per example; exit status 1 if one differs.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch_definitions import TABLE as DEFINITIONS

from parity.ops import TABLE
from parity.ops.definition import Example, ParameterRule, Run, evaluate

BATCH, TOLERANCE = 3, 1e-10


def complete(op: ModuleType, example: Example) -> tuple[dict[str, Any], dict[str, Any]]:
    """Attributes with all defaults, shapes with the inputs that are filled from another role."""
    attributes, shapes = dict(example.attributes), dict(example.shapes)
    for one in inspect.signature(op.signature).parameters.values():
        if one.kind is one.KEYWORD_ONLY and one.default is not one.empty:
            attributes.setdefault(one.name, one.default)
        elif isinstance(one.default, str):
            shapes.setdefault(one.name, shapes[one.default])
    return attributes, shapes


def drawn(op: ModuleType, example: Example, attributes: Mapping[str, Any], shapes: Mapping[str, Any]) -> dict[str, Any]:
    """Inputs, parameters, statistics and masks by role."""
    random = np.random.RandomState(11)
    arrays: dict[str, Any] = {}
    for role, shape in shapes.items():
        low, high = example.limits.get(role, (0, example.below.get(role, 1) - 1))
        if "Integers" in str(op.signature.__annotations__[role]):
            arrays[role] = random.randint(low, high + 1, (BATCH, *shape)).astype(np.int64)
        else:
            limited = role in example.limits
            size = (BATCH, *shape)
            arrays[role] = random.uniform(low, high, size) if limited else random.standard_normal(size)
    for rule in op.signature(**shapes, **attributes):
        if isinstance(rule, ParameterRule):
            arrays[rule.role] = 0.5 * random.standard_normal(rule.shape)
        else:
            arrays[rule.role] = 0.5 + random.random_sample(rule.shape)
    if "masks" in vars(op):
        for role, shape in op.masks(shapes, **attributes).items():
            arrays[role] = 2.0 * random.randint(0, 2, (BATCH, *shape))
    return arrays


def by_suffix(outputs: Any) -> dict[str, Any]:
    return dict(outputs) if isinstance(outputs, Mapping) else {"": outputs}


def error(name: str, example: Example) -> float:
    """The greatest difference over all tensors, relative to each tensor's greatest element (or 1)."""
    op = TABLE[name]
    attributes, shapes = complete(op, example)
    arrays = drawn(op, example, attributes, shapes)
    run = Run("float64")
    given, saved = evaluate(op, run, arrays, attributes)
    ours = by_suffix(given)
    tensors = {role: torch.tensor(array) for role, array in arrays.items()}
    moving = {role for role in arrays if role.startswith("running_")}
    leaves = [role for role, one in tensors.items() if one.is_floating_point() and role != "mask" and role not in moving]
    for role in leaves:
        tensors[role].requires_grad_()
    theirs = by_suffix(DEFINITIONS[name](tensors, attributes))
    if set(ours) != set(theirs):
        raise ValueError(f"{name}: outputs {sorted(ours)} here, {sorted(theirs)} in torch")
    random = np.random.RandomState(12)
    weights = {suffix: random.standard_normal(np.shape(ours[suffix])) for suffix in ours if suffix not in moving}
    sum((theirs[suffix] * torch.tensor(weight)).sum() for suffix, weight in weights.items()).backward()  # type: ignore[union-attr]
    dy = {suffix: np.asarray(weight) for suffix, weight in weights.items()}
    gradients = op.vjp(run, saved, dy if len(dy) > 1 else dy[""])
    pairs = [(ours[suffix], theirs[suffix].detach().numpy()) for suffix in ours]
    pairs += [(gradients[role], tensors[role].grad.numpy()) for role in leaves]  # type: ignore[union-attr]
    return max(float(np.max(np.abs(a - b)) / max(1.0, np.max(np.abs(b)))) for a, b in pairs)


def main() -> int:
    torch.set_num_threads(1)
    missing = sorted(set(DEFINITIONS) - set(TABLE))
    worst, count = 0.0, 0
    for name in sorted(DEFINITIONS):
        for example in TABLE[name].EXAMPLES:
            found = error(name, example)
            agrees = found <= TOLERANCE  # False for NaN
            worst, count = max(worst, found) if agrees else np.inf, count + 1
            print(f"{'agrees ' if agrees else 'DIFFERS'} {name} {example.name}: {found:.1e}")  # noqa: T201
    print(f"{count} examples of {len(DEFINITIONS)} ops, greatest error {worst:.1e}; not in the table: {missing}")  # noqa: T201
    return 0 if worst <= TOLERANCE and not missing else 1


if __name__ == "__main__":
    sys.exit(main())
