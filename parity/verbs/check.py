"""Owns `parity check`: numerical agreement of frameworks with the reference, as a function and as a command."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote

from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table

from parity.errors import UsageError
from parity.execution import own_path
from parity.execution.frameworks import trains
from parity.judgement.verdicts import PASSING, exit_status
from parity.reporting import wording
from parity.spec import specs as language
from parity.spec.expansion import expand
from parity.spec.mistakes import short
from parity.trials import asked_frameworks, curvature, limits, networks, ops, output, rules, selection
from parity.trials import options as asking
from parity.trials.options import DTYPES, SIZES, STORE
from parity.trials.selection import Selection
from parity.trials.session import JudgedTrial, Session
from parity.trials.trial import Options, Trial
from parity.verbs import terminal
from parity.verbs.compare import own_model
from parity.verbs.terminal import progress, unasked
from parity.verbs.terminal.targets import own_realizations


@dataclass(frozen=True)
class CheckCall:
    """The parts of a call of `check` that a case does not hold. files: a spec's name -> the user's own YAML that holds it."""

    files: Mapping[str, str] = field(default_factory=dict)
    realizations: Sequence[str] = ()
    store: Path = STORE


def make_trials(selected: Selection, options: Options) -> list[Trial]:
    """Every case that the selection asks for, in the order of architectures, initializers, rules, second derivatives, ops."""
    initializer, optimizer = selection.initializer("glorot_uniform"), selection.optimizer("adam")
    made: list[Trial] = []
    alone: networks.Alone = {}
    for architecture in selected.architectures:
        made += networks.architecture_trials(architecture, initializer, optimizer, options, alone)
    for item in selected.initializers:
        made += rules.initializer_trials(item, options)
    for rule in selected.optimizers:
        made += rules.optimizer_trials(rule, options)
    for schedule in selected.schedules:
        made += rules.schedule_trials(schedule, options)
    for architecture in selected.curved:
        made += curvature.curvature_trials(architecture, initializer, options)
    for architecture in selected.convex:
        made += curvature.newton_trials(architecture, options)
    for op in selected.ops:
        made += ops.op_trials(op, initializer, options)
    return made


def _expand_own(specs: Sequence[str]) -> None:
    """Expands the user's own specs at full size, even if another size runs, to find mistakes and a wrong parameter count. Tests
    do so for parity's specs."""
    for word in specs:
        spec = language.load(word) if word.endswith((".yaml", ".yml")) else None
        if isinstance(spec, language.Architecture):
            expand(spec)


def check(
    specs: str | Sequence[str],
    *,
    frameworks: str | Sequence[str] = (),
    dtypes: str | Sequence[str] = DTYPES,
    devices: str | Sequence[str] = ("cpu",),
    mode: str | None = None,
    size: str = "small",
    seed: int = 0,
    nodes: bool = True,
    case_id: str | None = None,
    realizations: str | Sequence[str] = (),
    store: str | Path = STORE,
) -> list[JudgedTrial]:
    """Runs and judges cases. Raises SpecError, UsageError; a framework's fault is a verdict, never an exception.

    A single word may stand for a sequence of words.
    """
    specs, frameworks, dtypes, devices, realizations = map(asking.words, (specs, frameworks, dtypes, devices, realizations))
    asking.check(dtypes, devices, [mode] if mode else [])
    limits.check_numbers(seeds=[seed])
    selected = selection.select(specs)
    if size not in SIZES and not selected.architectures:
        raise UsageError(f"{' '.join(specs)}: no architecture, so there is no size `{short(size)}`")
    _expand_own(specs)
    own = own_realizations(realizations)
    named = asked_frameworks.asked(tuple(frameworks) or tuple(own))
    if strange := [name for name in own if name not in named]:
        raise UsageError(f"a realization of {strange[0]} is given, and {strange[0]} is not asked: add --framework {strange[0]}")
    chosen: list[Trial] = []
    for device in devices:
        options = Options(dtypes=tuple(dtypes) or DTYPES, device=device, mode=mode, size=size, seed=seed, nodes=nodes)
        with progress.bar(f"references on {device}", None):
            chosen += make_trials(selected, options)
    if case_id is not None:
        chosen = [trial for trial in chosen if trial.case.id == case_id]
        if not chosen:
            raise UsageError(f"no case {case_id} among {' '.join(specs)}", status=5)
    asking.place(Path(store))
    with progress.bar("running", len(chosen) * len(named)) as bar:
        places = own_path.of_caller() if own else ()
        session = Session(Path(store), named, own, python_path=places, on_record=bar.record, on_notice=bar.notice)
        return session.run(chosen)


def main(
    specs: Sequence[str],
    frameworks: Sequence[str],
    dtypes: Sequence[str],
    devices: Sequence[str],
    mode: str | None,
    size: str | None,
    seed: int,
    case_id: str | None,
    nodes: bool,
    realizations: Sequence[str],
    store: Path,
    json_path: Path | None,
    junit_path: Path | None,
) -> int:
    """The verb: prints one line per spec and all cases that do not pass, writes the requested files, returns the exit status.

    A model of the user's own is compared with the spec at full size unless a size is named, since it is built in one size.
    """
    output.reach(json_path, junit_path)
    if models := own_model.among(own_realizations(realizations)):
        if len(models) < len(realizations) or not set(frameworks) <= set(models):
            raise UsageError(f"{', '.join(models)}: a model of your own is compared alone")
        said = {"--dtype": dtypes, "--device": tuple(devices) != ("cpu",), "--mode": mode, "--case": case_id}
        said |= {"--no-nodes": not nodes, "--junit": junit_path}
        if unread := [word for word, given in said.items() if given]:
            raise UsageError(f"{', '.join(models)}: a model of your own is compared in both precisions, without {unread[0]}")
        return own_model.main(specs, models, "full" if size is None else size, seed, json_path)
    judged = check(
        specs,
        frameworks=frameworks,
        dtypes=dtypes,
        devices=devices,
        mode=mode,
        size="small" if size is None else size,
        seed=seed,
        nodes=nodes,
        case_id=case_id,
        realizations=realizations,
        store=store,
    )
    if json_path is not None:
        output.write_json(json_path, judged)
    if junit_path is not None:
        output.write_junit(junit_path, judged, PASSING)
    unasked.tell(tuple(frameworks) or tuple(own_realizations(realizations)))
    show(judged, called=CheckCall(selection.files(specs), realizations, store))
    return exit_status(judged_trial.verdict for judged_trial in judged)


def show(judged: Sequence[JudgedTrial], command: str = "", called: CheckCall = CheckCall()) -> None:
    """Prints a matrix of verdicts, then every failing case with the command that shows it again. command: the suite's command.

    A framework that is unavailable takes one line, since all of its cases are."""
    console, shown = terminal.console_of(), matrix(judged)
    terminal.show(shown, Measurement.get(console, console.options.update(max_width=1_000), shown).maximum)
    absent = Counter(
        (judged_trial.framework, judged_trial.record.reason)
        for judged_trial in judged
        if judged_trial.record.outcome == "unavailable"
    )
    for (framework, reason), count in absent.items():
        told = f"{framework}: {count} cases not compared: {reason}"
        terminal.say(told, colour="red")
    for judged_trial in judged:
        if judged_trial.verdict in PASSING or judged_trial.record.outcome == "unavailable":
            continue
        terminal.say(f"{judged_trial.framework} {judged_trial.trial.case.id}: {judged_trial.verdict}", colour="red")
        bad = sorted(
            (item for item in judged_trial.comparisons if item.verdict == judged_trial.verdict), key=output.share, reverse=True
        )
        for comparison in bad[:3]:
            terminal.say(f"    {output.sentence(comparison)}")
        terminal.say(f"    again: {again(judged_trial, command, called)}")
    counts = output.case_verdicts(judged)
    told = ", ".join(f"{count} {verdict.replace('_', ' ')}" for verdict, count in sorted(counts.items()))
    terminal.say(f"{len(judged)} cases × frameworks: {told}")
    for framework in output.forward_only(judged):
        told = "evaluation mode alone was judged: no gradient, no loss, no statistic, no update"
        terminal.say(f"{framework} runs forward only: {told}")


def again(judged_trial: JudgedTrial, command: str = "", called: CheckCall = CheckCall()) -> str:
    """The command that shows a case again. For a training run, which `check` does not run, it is the suite's command."""
    case = judged_trial.trial.case
    if case.task == "training" and command:
        return command
    spec = case.spec.split(":", 1)[0].split("[", 1)[0]
    size = "" if case.size == "small" else f" --size {case.size}"
    seed = f" --seed {case.seed}" if case.seed else ""
    device = "" if case.device == Options().device else f" --device {case.device}"
    mode = "" if case.mode == Options().mode_of(case.dtype) else f" --mode {quote(case.mode)}"
    where = f"--framework '{judged_trial.framework}' --dtype {case.dtype}{device}{mode}{size}{seed}"
    own = [f" --realization {quote(text)}" for text in called.realizations if text.partition("=")[0] == judged_trial.framework]
    store = "" if called.store == STORE else f" --store {quote(str(called.store))}"
    return f"parity check {quote(called.files.get(spec, spec))} {where}{''.join(own)}{store} --case '{case.id}'"


def matrix(judged: Sequence[JudgedTrial]) -> Table:
    """The table of specs by framework and precision: number of cases, worst verdict, and greatest share of a budget."""
    from parity.reporting import summary

    rows = output.rows(judged)
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("", no_wrap=True)
    table.add_column("cases", justify="right", no_wrap=True)
    columns = sorted({(row.framework, row.dtype) for row in rows}, key=lambda column: (column[0], column[1] != "float64"))
    for framework, dtype in columns:
        table.add_column(
            escape(f"{framework}\n{dtype}" if trains(framework) else f"{framework}\n{dtype}\nforward"), no_wrap=True
        )
    for kind in summary.KINDS:
        made = summary.matrix(rows, kind)
        for spec in made.specs:
            cells = [made.cells.get((spec, *column)) for column in columns]
            cases = sum(cell.cases for cell in cells if cell)
            table.add_row(escape(spec), str(cases), *(wording.cell_text(cell) if cell else "" for cell in cells))
    return table
