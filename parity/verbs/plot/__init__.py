"""Owns `parity plot`: a figure for a lecture or a paper, from records or from the reference, in any size.

It refuses to run a framework: curves and speeds are on record, and the rest follows from the specs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from parity.errors import UsageError
from parity.reporting import figures, illustrated, speeds
from parity.reporting.evidence import RecordedEvidence, TrainedNetwork
from parity.reporting.pictures import Picture
from parity.spec import specs
from parity.spec.expansion import expand
from parity.spec.mistakes import did_you_mean, short
from parity.spec.specs import Architecture, Initializer, Optimizer
from parity.trials import illustrations
from parity.verbs import terminal
from parity.verbs.plot import files
from parity.verbs.site import gathering

Kind = TypeVar("Kind", Architecture, Initializer, Optimizer)
INITIALIZERS = ("glorot_uniform", "he_normal", "lecun_normal", "normal")
"""Drawn side by side where the user names none: three that follow the fans, and one that does not."""


@dataclass(frozen=True)
class PlotOptions:
    """What the subjects read beside the names."""

    initializers: Sequence[str]
    rate: float
    steps: int
    size: str
    reports: Path | None


def main(
    subject: str,
    names: Sequence[str],
    output: Path,
    width: int,
    height: int,
    initializers: Sequence[str],
    rate: float,
    steps: int,
    size: str,
    reports: Path | None,
) -> int:
    """Writes the figure. 0, or 5 where nothing of it is on record."""
    files.checked(output, width, height)
    picture = drawn(subject, names, PlotOptions(initializers, rate, steps, size, reports))
    if picture is None:
        terminal.say(f"{subject} of {', '.join(names)}: not on record here; `parity run quick` makes such records", error=True)
        return 5
    files.write(picture, output, width, height)
    terminal.say(f"wrote {output}: {picture.title}. {picture.alternative}")
    return 0


def drawn(subject: str, names: Sequence[str], options: PlotOptions) -> Picture | None:
    """The picture; None where no record bears it. Raises UsageError for a subject or a name without meaning."""
    if subject not in SUBJECTS:
        close = did_you_mean(subject, SUBJECTS)
        raise UsageError(f"there is no figure of `{short(subject)}`; there are {', '.join(SUBJECTS)}{close}")
    if not names:
        raise UsageError(f"name what the figure is of: parity plot {subject} {EXAMPLES[subject]} -o {subject}.svg")
    return SUBJECTS[subject](names, options)


def _training(names: Sequence[str], options: PlotOptions) -> TrainedNetwork | None:
    _one(names, Architecture, "architecture")
    evidence = RecordedEvidence(gathering.gather(gathering.place(options.reports), brief=True))
    return next((network for network in evidence.trained if names[0] in (network.name, network.curves[0].spec)), None)


def _loss(names: Sequence[str], options: PlotOptions) -> Picture | None:
    network = _training(names, options)
    return figures.loss_curves(network.curves) if network else None


def _drift(names: Sequence[str], options: PlotOptions) -> Picture | None:
    network = _training(names, options)
    return figures.drift(network.curves) if network else None


def _speed(names: Sequence[str], options: PlotOptions) -> Picture | None:
    _one(names, Architecture, "architecture")
    material = gathering.gather(gathering.place(options.reports), brief=True)
    for suite in material.suites:
        for (spec, _, _), workload in speeds.workloads(suite.results).items():
            if spec.partition(" ")[0] == names[0] and any(not cell.why for cell in workload.cells):
                return figures.speed_bars(workload.cells)
    return None


def _optimizers(names: Sequence[str], options: PlotOptions) -> Picture:
    found = [illustrations.trajectory(_spec(name, Optimizer, "optimizer"), options.rate, options.steps) for name in names]
    return illustrated.paths(found, illustrations.CURVATURES, _valley(options))


def _descents(names: Sequence[str], options: PlotOptions) -> Picture:
    found = [illustrations.trajectory(_spec(name, Optimizer, "optimizer"), options.rate, options.steps) for name in names]
    return illustrated.descents(found, _valley(options))


def _valley(options: PlotOptions) -> str:
    return f"On (x² + 20·y²)/2: {options.steps} steps, learning rate {options.rate:g}"


def _distributions(names: Sequence[str], _: PlotOptions) -> Picture:
    return illustrated.densities([illustrations.distribution(_spec(name, Initializer, "initializer")) for name in names])


def _by_depth(gradients: bool) -> Callable[[Sequence[str], PlotOptions], Picture]:
    def picture(names: Sequence[str], options: PlotOptions) -> Picture:
        graph = expand(_one(names, Architecture, "architecture"), options.size)
        chosen = options.initializers or INITIALIZERS
        found = [illustrations.by_depth(graph, _spec(name, Initializer, "initializer")) for name in chosen]
        return illustrated.depths(found, gradients)

    return picture


def _one(names: Sequence[str], kind: type[Kind], word: str) -> Kind:
    if len(names) > 1:
        raise UsageError(f"this figure is of one {word}, and there are {len(names)}: name one")
    return _spec(names[0], kind, word)


def _spec(name: str, kind: type[Kind], word: str) -> Kind:
    found = specs.load(name)
    if not isinstance(found, kind):
        raise UsageError(f"{short(name)} is no {word}; `parity list {word}s` shows them")
    return found


SUBJECTS: Mapping[str, Callable[[Sequence[str], PlotOptions], Picture | None]] = {
    "loss": _loss,
    "drift": _drift,
    "speed": _speed,
    "activations": _by_depth(gradients=False),
    "gradients": _by_depth(gradients=True),
    "initializers": _distributions,
    "optimizers": _optimizers,
    "descents": _descents,
}
"""What a figure can be of -> how it is made."""
EXAMPLES = {
    **dict.fromkeys(("loss", "drift", "speed"), "lenet"),
    **dict.fromkeys(("activations", "gradients"), "vgg16"),
    "initializers": "glorot_uniform he_normal",
    **dict.fromkeys(("optimizers", "descents"), "sgd momentum adam"),
}
