"""Owns `parity bench torch=mine:build keras=port:build`: models of the user's own, timed after `compare` has passed.

It refuses to time what was not compared, or what differs.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from parity.documents import schema
from parity.errors import UsageError
from parity.execution import own_path
from parity.execution.launcher.environments import installed
from parity.execution.names import INPUT, numbered
from parity.execution.own_model.model_client import Conversation, Crashed
from parity.judgement import budgets
from parity.judgement.verdicts import PASSING, exit_status, worst
from parity.reporting import speeds as timed
from parity.reporting.results import Results, Speed
from parity.spec.mistakes import short
from parity.trials import limits, report_rows
from parity.trials.bench_rounds import CONTROL
from parity.verbs import bench, terminal
from parity.verbs import compare as comparing
from parity.verbs.bench.bench_result import Benched, compact, complaints, measured, status
from parity.verbs.compare.printing import ComparedModel, ComparedPair
from parity.verbs.terminal import progress, timings, verbosity

DTYPE, DEVICE = "float32", "cpu"
STEP = {True: "training step", False: "evaluation"}
ABOUT = {
    True: "timed: forward, backward and SGD on the mean square of the outputs, with each model's own weights",
    False: "timed: a pass in evaluation mode, with each model's own weights",
}
LIMITS = (
    "as each is written: torch and MXNet as `build` gives them, Keras as a compiled graph; dropout keeps everything, as in "
    "compare"
)


def compared(sides: Sequence[str], inputs: Sequence[str], inputs_from: Path | None, seed: int) -> list[ComparedPair]:
    """The comparison that comes before the clock. Raises what `compare` raises."""
    if any(side.startswith("spec=") for side in sides):
        raise UsageError("a spec is timed by its name alone: parity bench lenet; beside models of your own it cannot be timed")
    return comparing.compare(sides, inputs=inputs, inputs_from=inputs_from, seed=seed)


def take(pairs: Sequence[ComparedPair], training: bool, processes: int, threads: int, seed: int) -> Benched:
    """Fresh processes in shuffled order, the first model twice (A/A). After Ctrl-C what was measured stays."""
    models = [pairs[0].base, *(pair.other for pair in pairs)]
    cells = [*((model, "") for model in models), (models[0], CONTROL)]
    found: dict[tuple[str, str], list[dict[str, Any]]] = {(model.label, role): [] for model, role in cells}
    order, interrupted = random.Random(seed), False  # noqa: S311  no secret
    try:
        with progress.bar("timing", processes * len(cells)) as bar:
            for number in range(processes):
                for model, role in order.sample(cells, len(cells)):
                    samples = _samples(model, pairs[0], training, threads)
                    found[(model.label, role)].append(compact(samples, number))
                    bar.advance(model.side)
    except KeyboardInterrupt:
        interrupted = True
    made = [_speed(model, role, found[(model.label, role)], pairs, training, processes) for model, role in cells]
    return Benched(timed.settled(made), (), interrupted)


def _samples(model: ComparedModel, pair: ComparedPair, training: bool, threads: int) -> dict[str, Any]:
    entered = pair.entered[model.label]
    names = ["" if name.isdigit() else name for name in entered]
    plan = {"foreign": budgets.FOREIGN, "steal": budgets.STEAL}
    place, interpreter = own_path.of_caller(), installed(model.framework).interpreter
    with Conversation(model.framework, interpreter, model.target, DTYPE, place, timed=threads) as process:
        asked = numbered(entered.values(), INPUT)
        answer, _ = process.ask("time", asked, names=names, training=training, threads=threads, plan=plan)
    return dict(answer)


def _verdict(model: ComparedModel, pairs: Sequence[ComparedPair]) -> str:
    """The worst of the comparisons that the model is in."""
    return worst(pair.verdict for pair in pairs if model in (pair.base, pair.other))


def _speed(
    model: ComparedModel,
    role: str,
    samples: Sequence[dict[str, Any]],
    pairs: Sequence[ComparedPair],
    training: bool,
    asked: int,
) -> Speed:
    batch = next(iter(pairs[0].entered[model.label].values())).shape[0]
    verdict = _verdict(model, pairs) if samples else "interrupted"
    return Speed(
        case=f"{model.side}/{DTYPE}/{DEVICE}",
        spec=f"models of your own, {STEP[training]}",
        framework=model.label,
        framework_version=model.version,
        device=DEVICE,
        dtype=DTYPE,
        mode="as written",
        batch_size=int(batch),
        processes=list(samples),
        verdict=verdict,
        size="full",
        role=role,
        asked=asked,
    )


def speeds(
    sides: Sequence[str], inputs: Sequence[str], inputs_from: str | Path | None, training: bool, processes: int
) -> list[Speed]:
    """The same for Python. Models that differ have cells without samples, with their verdict. Raises what `compare` raises,
    UsageError where a model crashes, KeyboardInterrupt."""
    limits.check_numbers(processes=processes)
    try:
        pairs = compared(sides, inputs, None if inputs_from is None else Path(inputs_from), 0)
        if any(pair.verdict not in PASSING for pair in pairs):
            models = (pairs[0].base, *(pair.other for pair in pairs))
            verdicts = {
                model.label: worst(pair.verdict for pair in pairs if model in (pair.base, pair.other)) for model in models
            }
            return [replace(_speed(model, "", [], pairs, training, 0), verdict=verdicts[model.label]) for model in models]
        found = take(pairs, training, processes, bench.THREADS, 0)
    except Crashed as error:
        raise UsageError(str(error)) from error
    if found.interrupted:
        raise KeyboardInterrupt
    return list(found.speeds)


def dispatch(inputs: Sequence[str], inputs_from: Path | None, evaluation: bool, **options: Any) -> int:
    """The command: models of the user's own hold an `=`, architectures do not. Raises UsageError for a mixture, and for an
    option that means nothing beside what is timed."""
    specs, own = options["specs"], [spec for spec in options["specs"] if "=" in spec]
    if not own:
        if inputs or inputs_from is not None or evaluation:
            raise UsageError("--inputs, --inputs-from and --evaluation are of models of your own: torch=mine:build")
        return bench.main(**options)
    if len(own) < len(specs):
        spec = next(spec for spec in specs if spec not in own)
        raise UsageError(f"`{short(spec)}` is an architecture beside models of your own: time them in two commands")
    unread = {"frameworks": (), "devices": ("cpu",), "modes": ("default",), "batch_sizes": (32,), "size": "full"}
    if moved := [
        key for key, usual in {**unread, "optimizer": bench.OPTIMIZER, "again": False}.items() if options[key] != usual
    ]:
        word = moved[0].removesuffix("s").replace("_", "-")
        raise UsageError(f"--{word} is of architectures; a model of your own is timed as it is written")
    return main(own, inputs, inputs_from, not evaluation, options["processes"], bench.THREADS, options["json_path"])


def main(
    sides: Sequence[str],
    inputs: Sequence[str],
    inputs_from: Path | None,
    training: bool,
    processes: int,
    threads: int,
    json_path: Path | None,
    seed: int = 0,
) -> int:
    """The verb: compares, times, prints. 1 where the models differ: then nothing is timed."""
    report_rows.reach(json_path)
    limits.check_numbers(processes=processes)
    try:
        pairs = compared(sides, inputs, inputs_from, seed)
        for pair in pairs:
            terminal.say(f"{pair.other.side} against {pair.base.side}: {pair.verdict}")
        if any(pair.verdict not in PASSING for pair in pairs):
            again = " ".join(["parity compare", *sides, *(f"--inputs {item}" for item in inputs)])
            terminal.say(f"not timed, since the models differ; to see where: {again}", error=True)
            return exit_status(pair.verdict for pair in pairs)
        found = take(pairs, training, processes, threads, seed)
    except Crashed as error:
        terminal.say(error, error=True)
        return 3
    for line in told(found, pairs, training):
        terminal.say(line)
    if json_path is not None:
        ranked = tuple(timings.ranked(Results("bench", "parity bench", speeds=found.speeds)))
        report_rows.replace(json_path, schema.spelled(measured(found.speeds, verbosity.typed(), ranked)))
    for line in complaints(found):
        terminal.say(line, error=True)
    return status(found)


def told(found: Benched, pairs: Sequence[ComparedPair], training: bool) -> Iterator[str]:
    """The table is printed; these lines stand below it."""
    timings.show(Results("bench", "parity bench", speeds=found.speeds))
    for model in (pairs[0].base, *(pair.other for pair in pairs)):
        yield f"{model.label}: {model.side}, {model.version}"
    yield f"{ABOUT[training]}; {LIMITS}"
