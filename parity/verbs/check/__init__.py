"""Owns `parity check`: numerical agreement of frameworks with the reference, as a function and as a command."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from parity.documents.results import Checked
from parity.errors import UsageError
from parity.execution import own_path
from parity.judgement.verdicts import exit_status
from parity.spec import specs as language
from parity.spec.expansion import expand
from parity.spec.mistakes import short
from parity.trials import collected, curvature, limits, networks, ops, rules, selected_frameworks, selection
from parity.trials import options as asking
from parity.trials.options import SIZES
from parity.trials.selection import Selection
from parity.trials.session import JudgedTrial, Session
from parity.trials.trial import Options, Trial
from parity.verbs.check.verdict_table import CheckCall, again, matrix_table, show
from parity.verbs.compare import check_realization
from parity.verbs.result_files import Places
from parity.verbs.terminal import not_built, progress, tables, verbosity
from parity.verbs.terminal.target_arguments import own_realizations

__all__ = ["CheckCall", "again", "check", "main", "make_trials", "show"]


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
    dtypes: str | Sequence[str] = (),
    devices: str | Sequence[str] = ("cpu",),
    mode: str | None = None,
    size: str = "small",
    seed: int = 0,
    nodes: bool = True,
    case_id: str | None = None,
    realizations: str | Sequence[str] = (),
    store: str | Path | None = None,
) -> list[JudgedTrial]:
    """Runs and judges cases. Raises SpecError, UsageError; a framework's fault is a verdict, never an exception.

    A single word may stand for a sequence of words. dtypes, store: without them what the user has set (trials/config.py),
    or both precisions and `.parity`.
    """
    specs, frameworks, dtypes, devices, realizations = map(asking.words, (specs, frameworks, dtypes, devices, realizations))
    dtypes, store = asking.dtypes(dtypes), asking.store(store)
    asking.check(dtypes, devices, [mode] if mode else [])
    limits.check_numbers(seeds=[seed])
    selected = selection.select(specs)
    if size not in SIZES and not selected.architectures:
        raise UsageError(f"{' '.join(specs)}: no architecture, so there is no size `{short(size)}`")
    _expand_own(specs)
    own = own_realizations(realizations)
    named = selected_frameworks.chosen(tuple(frameworks) or tuple(own))
    if strange := [name for name in own if name not in named]:
        raise UsageError(f"a realization of {strange[0]} is given, and {strange[0]} is not asked: add --framework {strange[0]}")
    chosen: list[Trial] = []
    for device in devices:
        options = Options(dtypes=dtypes, device=device, mode=mode, size=size, seed=seed, nodes=nodes)
        with progress.bar(f"references on {device}", None):
            chosen += make_trials(selected, options)
    if case_id is not None:
        chosen = [trial for trial in chosen if trial.case.id == case_id]
        if not chosen:
            raise UsageError(f"no case {case_id} among {' '.join(specs)}", status=5)
    asking.place(store)
    with progress.bar("running", len(chosen) * len(named)) as bar:
        session = Session(
            store, named, own, python_path=own_path.of_caller() if own else (), on_record=bar.record, on_notice=bar.notice
        )
        return session.run(chosen)


def models_of(frameworks: Sequence[str], realizations: Sequence[str], unread: Sequence[tuple[str, object]]) -> dict[str, str]:
    """The models of the user's own among the realizations; they are compared alone. unread: options that then mean nothing.

    Raises UsageError where other realizations stand beside them, or such an option is given.
    """
    models = check_realization.among(own_realizations(realizations))
    if models and (len(models) < len(realizations) or not set(frameworks) <= set(models)):
        raise UsageError(f"{', '.join(models)}: a model of your own is compared alone")
    if models and (stated := [word for word, value in unread if value]):
        raise UsageError(f"{', '.join(models)}: a model of your own is compared in both precisions, without {stated[0]}")
    return models


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
    store: Path | None,
    places: Places,
    how: str = "table",
) -> int:
    """The verb: prints one line per spec and all cases that do not pass, writes the requested files, returns the exit status.

    A model of the user's own is compared with the spec at full size unless a size is named, since it is built in one size.
    """
    places.reach()
    unread = (("--dtype", dtypes), ("--device", tuple(devices) != ("cpu",)), ("--mode", mode), ("--case", case_id))
    if models := models_of(frameworks, realizations, (*unread, ("--no-nodes", not nodes))):
        return check_realization.main(specs, models, "full" if size is None else size, seed, places)
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
    called = CheckCall(selection.files(specs), realizations, asking.store(store))
    not_built.tell(tuple(frameworks) or tuple(own_realizations(realizations)))
    if how == "table":
        show(judged, called=called)
    else:
        tables.write(matrix_table(judged), how, "table")
    places.write(document(judged, called, verbosity.typed()))
    return exit_status(judged_trial.verdict for judged_trial in judged)


def document(judged: Sequence[JudgedTrial], called: CheckCall, command: str) -> Checked:
    """The results as they leave parity. command: what was asked."""
    return collected.checked(judged, command, lambda judged_trial: again(judged_trial, called=called))
