"""Owns the measurement of native objects with their own defaults: the formula, its gap to the definition, and the rounding.

It refuses to judge the gap; it is only shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from parity.atlas.canonical import INITIALIZERS, NATIVES, OPTIMIZERS, Definition
from parity.errors import UsageError
from parity.execution.names import KNOWN, under
from parity.execution.worker.native_optimizers import OTHERWISE
from parity.fingerprinting import gaps
from parity.fingerprinting.forms import draws, gates
from parity.fingerprinting.forms.form import Arrays, Facet, Form
from parity.fingerprinting.forms.kinds import LIBRARIES, kind_of
from parity.reference_impl.distributions import Claim, claim
from parity.reference_impl.rules import Rule
from parity.reporting.atlas import DefaultGap
from parity.spec.cases import Sampling
from parity.spec.specs import Initializer, Optimizer, load
from parity.verbs import fingerprint
from parity.verbs.fingerprint import driving, objects


def measure(frameworks: Sequence[str]) -> list[DefaultGap]:
    """The gaps of all objects in the tables of these frameworks."""
    return [
        gap
        for framework in frameworks
        for gap in (
            *optimizers(framework, OPTIMIZERS.get(framework, {})),
            *natives(framework, NATIVES.get(framework, {})),
            *initializers(framework, INITIALIZERS.get(framework, {})),
        )
    ]


def left_out(frameworks: Sequence[str], measured: Sequence[DefaultGap]) -> list[str]:
    """The objects of the tables without a gap: they could not be driven, or no closed form explains them."""
    tables: tuple[Mapping[str, Mapping[str, Definition]], ...] = (OPTIMIZERS, NATIVES, INITIALIZERS)
    paths = [path for framework in frameworks for table in tables for path in table.get(framework, {})]
    return [path for path in paths if path not in {gap.path for gap in measured}]


def optimizers(framework: str, table: Mapping[str, str]) -> Iterator[DefaultGap]:
    """The gaps of optimizers. The form is found with values that tell forms apart, the gaps are measured with the object's
    defaults. An object without a form is left out."""
    specs = {path: _spec(name) for path, name in table.items()}
    native_objects = [driving.NativeObject(path, path, {}) for path in table]
    rates = [{OTHERWISE: published(specs[path])["learning_rate"]} for path in table]
    records = driving.drive(framework, native_objects)
    for native_object, separated, record in zip(
        native_objects, records, driving.drive(framework, native_objects, rates), strict=True
    ):
        try:
            native_fingerprint, at_defaults = (
                fingerprint.fingerprint_of(native_object.target, separated),
                driving.seen_of(native_object.target, record),
            )
        except UsageError:
            continue
        if native_fingerprint.matches:
            spec = specs[native_object.path]
            same, all_defaults, rounding = gaps.of_optimizer(
                at_defaults, native_fingerprint.matches[0], Rule.of(spec), published(spec)
            )
            values = {name: float(value) for name, value in at_defaults.hyperparameters.items()}
            yield DefaultGap(
                native_object.path,
                framework,
                table[native_object.path],
                values,
                native_fingerprint.matches[0].form.name,
                same,
                all_defaults,
                rounding,
            )


def _spec(name: str) -> Optimizer:
    spec = load(f"optimizers/{name}")
    if not isinstance(spec, Optimizer):
        raise TypeError(f"optimizers/{name} is no optimizer")
    return spec


def published(spec: Optimizer) -> dict[str, float]:
    """The hyper-parameters in the spec."""
    return {name: float(value) for name, value in spec.hyperparameters.items()}


def natives(framework: str, table: Mapping[str, Definition]) -> Iterator[DefaultGap]:
    """The gaps of other native objects. The form is found with values that tell forms apart, the gaps are measured with the
    object's own epsilon and momentum. An object without a form is left out."""
    targets = [objects.NativeTarget(path, path, kind_of(path), {}) for path in table]
    for target, driven, observed in zip(
        targets, objects.drive(framework, targets), objects.observe(framework, targets, True), strict=True
    ):
        if not (isinstance(driven, UsageError) or isinstance(observed, UsageError)):
            yield from _native(framework, target, table[target.path], driven.facets, observed[1])


def _native(
    framework: str, target: objects.NativeTarget, definition: Definition, named_facets: Sequence[Facet], arrays: Arrays
) -> Iterator[DefaultGap]:
    """The gap of one object: the greatest parts over the facets that the definition names. A definition that is a single name
    concerns the last facet."""
    meant = {named_facets[-1].about: definition} if isinstance(definition, str) else definition
    facets = [facet for facet in named_facets if facet.about in meant]
    library = LIBRARIES[target.kind][1](arrays, LIBRARIES[target.kind][0])
    parts = [_parts(arrays, library[facet.about], facet.names, meant[facet.about]) for facet in facets]
    measured = [part for part in parts if part is not None]
    if not measured or len(measured) < len(parts):
        return
    same, laid_out, rounding = (max(part[place] for part in measured) for place in range(3))
    names = {facet.about: facet.names[0] for facet in facets}
    values = {key: float(value) for key, value in under(arrays, KNOWN).items()}
    values = {key: value for key, value in values.items() if key in ("epsilon", "momentum")}
    published = laid_out if target.kind == "recurrent" else None
    text = [_text({about: every[about] for about in names}) for every in (names, meant)]
    yield DefaultGap(target.path, framework, text[1], values, text[0], same, published, rounding)


def _parts(arrays: Arrays, forms: Sequence[Form], names: Sequence[str], meant: str) -> tuple[float, float, float] | None:
    """Three parts of a facet's gap: the formula against the definition with its gates in the object's order, the same with the
    gates in the definition's order, and the rounding. None if a form is missing."""
    form = gaps.named(forms, names[0]) if names else None
    sides = [gaps.named(forms, gates.in_order_of(meant, names[0])), gaps.named(forms, meant)] if form else []
    if form is None or None in sides:
        return None
    (same, rounding), (laid_out, _) = (gaps.of_native(arrays, form, item) for item in sides if item)
    return same, laid_out, rounding


def _text(names: Mapping[str, str]) -> str:
    return next(iter(names.values())) if len(names) == 1 else "; ".join(f"{about}: {name}" for about, name in names.items())


SHOWN = "conv"
"""The kernel of the probe whose spread the table shows."""


def initializers(framework: str, table: Mapping[str, str]) -> Iterator[DefaultGap]:
    """The gaps of initializers. The distribution is found from draws, its gap to the spec's from both formulas. An object
    without a distribution is left out."""
    targets = [objects.NativeTarget(path, path, "initializer", {}) for path in table]
    for target, observed in zip(targets, objects.observe(framework, targets, True), strict=True):
        explaineds = [] if isinstance(observed, UsageError) else draws.explained(observed[1])
        if explaineds:
            claims = {shape: claimed(table[target.path], shape) for shape in explaineds[0].deviations}
            shown = SHOWN if SHOWN in claims else next(iter(claims))
            values = gaps.parameters_of_draw(explaineds[0], shown)
            meant = ", ".join(f"{name} {value:.4g}" for name, value in gaps.parameters_of_claim(claims[shown]).items())
            same = gaps.of_draw(explaineds[0], claims)
            yield DefaultGap(
                target.path, framework, f"{table[target.path]}: {meant}", values, explaineds[0].name, same, None, None
            )


def claimed(name: str, shape: str) -> Claim:
    """The spec's claim on a kernel (out, in, …) of the probe."""
    spec = load(f"initializers/{name}")
    if not isinstance(spec, Initializer):
        raise TypeError(f"initializers/{name} is no initializer")
    sizes = draws.SHAPES[shape]
    ends = int(draws.FANS["fan_in"](sizes)), int(draws.FANS["fan_out"](sizes))
    arguments = {key: float(value) for key, value in spec.arguments.items()}
    return claim(spec, arguments, Sampling(sizes, "kernel", *ends))
