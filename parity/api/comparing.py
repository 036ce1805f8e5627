"""Owns the functions that compare numbers: check, compare, bisect, fingerprint. It refuses to judge: the verbs do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from parity.api.call_text import call
from parity.documents.bench_results import Fingerprinted
from parity.documents.results import Checked
from parity.documents.table_results import Bisected
from parity.trials import collected, report_rows, selection
from parity.trials import options as asking
from parity.trials.options import words
from parity.verbs import bisect as bisecting
from parity.verbs import check as checking
from parity.verbs import compare as side_by_side
from parity.verbs import fingerprint as naming
from parity.verbs.compare import check_realization, result_document
from parity.verbs.terminal.target_arguments import typed

Side = str | tuple[str, Callable[..., object]]
"""A model of the user's own: as it is typed, or its framework and the function or class itself."""


def check(
    specs: str | Sequence[str],
    *,
    frameworks: str | Sequence[str] = (),
    dtypes: str | Sequence[str] = (),
    devices: str | Sequence[str] = ("cpu",),
    mode: str | None = None,
    size: str | None = None,
    seed: int = 0,
    case_id: str | None = None,
    nodes: bool = True,
    realizations: str | Sequence[str] = (),
    store: str | Path | None = None,
) -> Checked:
    """Holds each framework against the float64 reference: values, gradients, updates; every layer alone as well.

    Parameters:
        specs: names of specs or ops, kinds, families, `all`, or paths of your own YAML.
        frameworks: without names those that you have set, or those that train and are built. dtypes: `float64`, `float32`.
        devices: `cpu`, `gpu`, `tpu`. mode: `eager`, `compiled` or `default`; None is eager in float64, default otherwise.
        size: `small`, `full` or another of the spec's sizes; None is small, and full for a model of your own.
        seed: of every drawn number, from 0. case_id: judge only the case with this id. nodes: judge every layer alone as well.
        realizations: `FRAMEWORK=PACKAGE.MODULE:NAME`, an implementation or a model of your own.
        store: where records lie, so that nothing runs twice; None is what you have set, or `.parity`.

    Returns:
        `.failures` are the results that do not pass, in the unit of their tensor. A framework's fault raises nothing.

    Raises:
        SpecError: a spec has mistakes. UsageError: a word without meaning, or nothing selected.

    Example:
        >>> import parity
        >>> result = parity.check("mlp", frameworks="torch", dtypes="float64", nodes=False)
        >>> result
        Checked: 1 cases × frameworks: 1 agrees
    """
    options: dict[str, object] = {"frameworks": frameworks, "dtypes": dtypes, "devices": devices, "mode": mode, "size": size}
    options |= {"seed": seed, "case_id": case_id, "nodes": nodes, "realizations": realizations, "store": store}
    command = call(check, "check", (specs,), options)
    named, own = words(specs), words(realizations)
    unread = (("dtypes", words(dtypes)), ("devices", words(devices) != ("cpu",)), ("mode", mode), ("case_id", case_id))
    if own and (models := checking.models_of(words(frameworks), own, (*unread, ("nodes=False", not nodes)))):
        return _of_own_models(named, models, "full" if size is None else size, seed, command)
    judged = checking.check(
        named,
        frameworks=frameworks,
        dtypes=dtypes,
        devices=devices,
        mode=mode,
        size="small" if size is None else size,
        seed=seed,
        nodes=nodes,
        case_id=case_id,
        realizations=own,
        store=store,
    )
    return checking.document(judged, checking.CheckCall(selection.files(named), own, asking.store(store)), command)


def _of_own_models(specs: Sequence[str], models: Mapping[str, str], size: str, seed: int, command: str) -> Checked:
    """Models of the user's own against specs; the map of their layers is written where the command writes it."""
    try:
        compared_pairs = check_realization.compared(specs, models, size=size, seed=seed, map_path=Path("weights-map.yaml"))
    except side_by_side.Crashed as error:
        sides = [*(f"spec={spec}" for spec in specs), *(f"{name}={target}" for name, target in models.items())]
        return result_document.crashed(sides, str(error), command, seed)
    return result_document.checked(compared_pairs, command, seed)


def compare(
    sides: Sequence[Side],
    *,
    size: str = "full",
    weights_map: str | Path | None = None,
    inputs: str | Sequence[str] = (),
    inputs_from: str | Path | None = None,
    weights: str | None = None,
    checkpoints: Sequence[str | Path] = (),
    map_path: str | Path | None = Path("weights-map.yaml"),
    seed: int = 0,
) -> Checked:
    """Two or three models of your own side by side, or one against a spec: where they part first, and why.

    Parameters:
        sides: `FRAMEWORK=PACKAGE.MODULE:BUILD` each, or a pair of a framework and a function or class that a file holds; the
            others are compared with the first, or with `spec=NAME`.
        size: of `spec=NAME`. weights_map: the map of layers that an earlier run wrote and you corrected.
        inputs: shapes with the batch: `3x16`, `3x7:0..99`, `3x7:bool`, with a name `ids=3x7:0..99`.
        inputs_from: a .npz file of example inputs, by their names.
        weights: `drawn` (the same in every model) or `own` (as each was built or loaded). None: `own` with checkpoints.
        checkpoints: a file of weights for each model, in their order; `-` for none.
        map_path: the file for the map that was found; None writes none. seed: of drawn weights and inputs, from 0.

    Returns:
        A case for each model; `.summary.departures` has layers and tested causes. A model that crashed is `not_compared`.

    Raises:
        UsageError: nothing to compare, inputs that are not known, layers without a counterpart.

    Example:
        >>> import parity, pathlib
        >>> _ = pathlib.Path("model.py").write_text('''
        ... from torch import nn
        ... INPUTS = ["3x4"]
        ... def build(): return nn.Sequential(nn.Linear(4, 2), nn.BatchNorm1d(2))
        ... def port(): return nn.Sequential(nn.Linear(4, 2), nn.BatchNorm1d(2, eps=0.001))
        ... ''')
        >>> result = parity.compare(["torch=model:build", "torch=model:port"])
        >>> result.verdict, result.summary.departures[0].layer
        ('differs', '1 (BatchNorm1d)')
    """
    options: dict[str, object] = {"size": size, "weights_map": weights_map, "inputs": inputs, "map_path": map_path}
    options |= {"seed": seed, "inputs_from": inputs_from, "weights": weights, "checkpoints": checkpoints}
    command = call(compare, "compare", (sides,), options)
    try:
        compared_pairs = side_by_side.compare(
            sides,
            size=size,
            weights_map=None if weights_map is None else Path(weights_map),
            inputs=words(inputs),
            inputs_from=None if inputs_from is None else Path(inputs_from),
            weights=weights,
            checkpoints=[Path(file) for file in checkpoints],
            seed=seed,
            map_path=None if map_path is None else Path(map_path),
        )
    except side_by_side.Crashed as error:
        return result_document.crashed([typed(side) for side in sides], str(error), command, seed)
    return result_document.checked(compared_pairs, command, seed)


def bisect(
    spec: str,
    framework: str,
    *,
    realizations: str | Sequence[str] = (),
    seed: int = 0,
    store: str | Path | None = None,
) -> Bisected:
    """The first layer, gradient or step of an architecture that departs in float64.

    Parameters:
        spec: an architecture. framework: one that trains.
        realizations: `FRAMEWORK=PACKAGE.MODULE:NAME`, an implementation of your own.
        seed: of every number that is drawn, from 0. store: as in `check`.

    Returns:
        `.node` is where it departs, empty where nothing does; `.departure` is the result that shows it. The command
        `parity bisect` writes a file that reproduces it, too.

    Raises:
        SpecError: the spec has mistakes. UsageError: no architecture, or a framework that does not train.

    Example:
        >>> import parity
        >>> parity.bisect("mlp", "torch")
        Bisected: torch agrees with mlp in float64: every layer alone, and the whole
    """
    departure, judged = bisecting.searched(spec, framework, words(realizations), seed, store)
    if departure is None:
        return Bisected(spec=spec, framework=framework, said=tuple(bisecting.agreement(spec, framework, judged)))
    shown = collected.result(departure.comparison, departure.judged.record.mode, departure.judged.trial.case.seed)
    how = f"{framework} departs first at {departure.node}: {report_rows.sentence(departure.comparison)}"
    return Bisected(spec=spec, framework=framework, node=departure.node, alone=departure.alone, departure=shown, said=(how,))


def fingerprint(
    target: str,
    framework: str | None = None,
    settings: Mapping[str, float | bool | str] | None = None,
    *,
    kind: str | None = None,
) -> Fingerprinted:
    """Which closed form an object follows: an optimizer, a layer, an initializer, a loss, the framework's or your own.

    Parameters:
        target: `torch.optim.Adam`, `torch=mypackage.module:Mine`, or with `framework` any import path.
        framework: whose it is, where the path does not say.
        settings: arguments of the object, by their names.
        kind: what it is, where its name does not say: `optimizer`, `normalization`, `pooling` and others.

    Returns:
        `.name` is the form, or `no match`; `.driven` is what it was tried with, and the name says nothing of anything else.

    Raises:
        UsageError: it does not exist, fails, is of no known kind, or its framework is not built.

    Example:
        >>> import parity
        >>> found = parity.fingerprint("torch.optim.Adagrad")
        >>> found.name.partition(",")[0], found.failures
        ('adagrad', ())
    """
    return naming.named_object(target, framework, settings or {}, kind)
