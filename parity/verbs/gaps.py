"""Owns the measurement of native objects with their own defaults: the formula, its gap to the definition, and the rounding.

It refuses to judge the gap: it is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from parity.atlas.canonical import NATIVES, OPTIMIZERS
from parity.execution.black_box import OTHERWISE
from parity.judgement import gaps
from parity.judgement.natives.kinds import FORMS, kind_of
from parity.reference_impl.rules import Rule
from parity.reporting.atlas import Gap
from parity.spec.specs import Optimizer, load
from parity.verbs import fingerprint, native
from parity.verbs.errors import UsageError


def measure(frameworks: Sequence[str]) -> list[Gap]:
    """Every object of the table."""
    return [
        gap
        for framework in frameworks
        for gap in (
            *optimizers(framework, OPTIMIZERS.get(framework, {})),
            *natives(framework, NATIVES.get(framework, {})),
        )
    ]


def left_out(frameworks: Sequence[str], measured: Sequence[Gap]) -> list[str]:
    """Objects of the table without a gap: they could not be driven, or no closed form explains them."""
    paths = [path for framework in frameworks for table in (OPTIMIZERS, NATIVES) for path in table.get(framework, {})]
    return [path for path in paths if path not in {gap.path for gap in measured}]


def optimizers(framework: str, table: Mapping[str, str]) -> Iterator[Gap]:
    """The form comes from separating values, the gaps from the object's defaults. An object without a form is left out."""
    specs = {path: _spec(name) for path, name in table.items()}
    asked = [fingerprint.Asked(path, path, {}) for path in table]
    rates = [{OTHERWISE: published(specs[path])["learning_rate"]} for path in table]
    told = fingerprint.drive(framework, asked)
    for one, separated, seen in zip(asked, told, fingerprint.drive(framework, asked, rates), strict=True):
        try:
            found, at_defaults = fingerprint.found(one.target, separated), fingerprint.seen_of(one.target, seen)
        except UsageError:
            continue
        if found.matches:
            spec = specs[one.path]
            same, all_defaults, rounding = gaps.of_optimizer(at_defaults, found.matches[0], Rule.of(spec), published(spec))
            values = {name: float(value) for name, value in at_defaults.hyperparameters.items()}
            yield Gap(one.path, framework, table[one.path], values, found.matches[0].form.name, same, all_defaults, rounding)


def _spec(name: str) -> Optimizer:
    spec = load(f"optimizers/{name}")
    if not isinstance(spec, Optimizer):
        raise TypeError(f"optimizers/{name} is no optimizer")
    return spec


def published(spec: Optimizer) -> dict[str, float]:
    """The spec's own values."""
    return {name: float(value) for name, value in spec.hyperparameters.items()}


def natives(framework: str, table: Mapping[str, str]) -> Iterator[Gap]:
    """The form comes from separating values, the gaps from the object's own epsilon and momentum. Without a form: left out."""
    asked = [native.Native(path, path, kind_of(path), {}) for path in table]
    for one, told, seen in zip(asked, native.drive(framework, asked), native.observe(framework, asked, True), strict=True):
        if isinstance(told, UsageError) or isinstance(seen, UsageError) or not told.facets[-1].names:
            continue
        name, arrays = told.facets[-1].names[0], seen[1]
        form = gaps.named(FORMS[one.kind](arrays), name)
        canonical = gaps.named(FORMS[one.kind](arrays), table[one.path])
        if form is None or canonical is None:
            continue
        semantic, rounding = gaps.of_native(arrays, form, canonical)
        values = {key.partition("/")[2]: float(value) for key, value in arrays.items() if key.startswith("known/")}
        values = {key: value for key, value in values.items() if key in ("epsilon", "momentum")}
        yield Gap(one.path, framework, table[one.path], values, name, semantic, None, rounding)
