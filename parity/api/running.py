"""Owns the functions that take longer or write: bench, run, report, plot. It refuses to compute: the verbs do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from parity.api.call_text import call
from parity.documents.bench_results import Timed
from parity.documents.table_results import Written
from parity.trials.options import store as store_of
from parity.trials.options import words
from parity.verbs import bench as timing
from parity.verbs import plot as plotting
from parity.verbs import report as reporting
from parity.verbs import run as suites
from parity.verbs import terminal
from parity.verbs.bench import bench_result, overheads, own_models
from parity.verbs.result_files import Places


def bench(
    specs: str | Sequence[str],
    *,
    frameworks: str | Sequence[str] = (),
    devices: str | Sequence[str] = ("cpu",),
    modes: str | Sequence[str] = ("default",),
    batch_sizes: Sequence[int] = (32,),
    processes: int = timing.PROCESSES,
    size: str = "full",
    store: str | Path | None = None,
    optimizer: str = timing.OPTIMIZER,
    again: bool = False,
    inputs: str | Sequence[str] = (),
    inputs_from: str | Path | None = None,
    evaluation: bool = False,
    twin: str | Path | None = None,
    best: bool = False,
) -> Timed:
    """Training speed, only of what passes `check`: fresh processes, all cells of a round side by side.

    Parameters:
        specs: architectures; or models of your own (`torch=mine:build`), which must pass `compare`.
        frameworks: those that train, as in `check`. devices: as in `check`. store: as in `check`.
        modes: `default`, `eager`, `compiled`. batch_sizes: examples a step.
        processes: fresh ones a cell. size: `full` (as published) or `small`.
        optimizer: its name; it has its default hyper-parameters. again: measure anew what the store has measured.
        inputs: of models of your own, as in `compare`. inputs_from: a file of them, as in `compare`.
        evaluation: time a pass in evaluation mode of models of your own, not a training step.
        twin: a folder of hand-written steps (`benchmarks`): alternate with them. best: with theirs in their best form.

    Returns:
        `.results` are the raw samples of each cell, in nanoseconds; `.table` has their medians in milliseconds a step;
        `.failures` are the cells without a number. With `twin`, `.overheads` are ratios to the hand-written steps, and
        nothing else is measured.

    Raises:
        SpecError: a spec has mistakes. UsageError: no architecture, or a word without meaning.

    Example:
        >>> import parity
        >>> result = parity.bench("mlp", frameworks="torch", size="small", processes=1)
        >>> [(cell["framework"], cell["verdict"]) for cell in result.results]
        [('torch', 'agrees')]
    """
    own = {"inputs": words(inputs), "inputs_from": inputs_from, "evaluation": evaluation}
    if any("=" in spec for spec in words(specs)):
        timed = own_models.speeds(words(specs), words(inputs), inputs_from, not evaluation, processes)
        return bench_result.measured(timed, call(bench, "bench", (specs,), {**own, "processes": processes}))
    options: dict[str, object] = {"frameworks": frameworks, "devices": devices, "modes": modes, "batch_sizes": batch_sizes}
    options |= {"processes": processes, "size": size, "store": store, "optimizer": optimizer, "again": again}
    asked: dict[str, Any] = dict(options)
    command = call(bench, "bench", (specs,), {**options, "twin": twin, "best": best})
    if twin is None:
        return bench_result.measured(timing.bench(specs, **asked), command)
    cells, interrupted = overheads.taken(specs, twin=Path(twin), best=best, **asked)
    if interrupted:
        raise KeyboardInterrupt
    return bench_result.measured([], command, overheads=overheads.rows(cells))


def run(
    suite: str,
    *,
    frameworks: str | Sequence[str] = (),
    store: str | Path | None = None,
    output: str | Path | None = None,
    plan: str | Path | None = None,
    collect: str | Path | None = None,
    so_far: bool = False,
    json: str | Path | None = None,
) -> Written:
    r"""Checks, trains and times what a suite asks for, and writes its report; resumes.

    Parameters:
        suite: a name (`quick`), or the path of your own YAML.
        frameworks: those that train, as in `check`. store: as in `check`.
        output: the report's folder; None is a folder named like the suite, below `store`/reports.
        plan: write self-contained requests here instead. collect: judge what came back here.
        so_far: run nothing; report what large networks have settled so far.
        json: a file for what was judged, which `parity.read` reads as `Checked`.

    Returns:
        The files of the report, and in `.said` what the command would print. `.exit_status` is the command's: 1 where
        something differs.

    Raises:
        SpecError: the suite or a spec has mistakes. UsageError: no such suite, or a word without meaning.

    Example:
        >>> import parity, pathlib
        >>> entry = "{task: agreement, specs: [sgd], dtypes: [float64]}"
        >>> _ = pathlib.Path("mine.yaml").write_text(f"name: mine\nentries: [{entry}]\n")
        >>> parity.run("mine.yaml", frameworks="torch", plan="plan").files[0].name
        'request.json'
    """
    place, planned, back, kept_json = (None if path is None else Path(path) for path in (output, plan, collect, json))
    given = suite, words(frameworks), None if store is None else Path(store), place, planned, back, so_far, Places(kept_json)
    with terminal.heard() as said:
        status = suites.main(*given)
    folder = planned or place or store_of(store) / suites.REPORTS / Path(suite).stem
    kept = sorted(folder.rglob("request.json")) if planned else [folder / "index.html", folder / "README.md"]
    return Written(files=tuple(path for path in kept if path.is_file()), said=tuple(said), status=status)


def report(
    results: str | Path | None = None,
    *,
    output: str | Path = Path("reports"),
    verify: bool = False,
    seal: bool = False,
) -> Written:
    """The pages of a report, from its committed data alone.

    Parameters:
        results: the folder of the data; None is `output`/data. output: where the pages go.
        verify: write nothing; the status is 1 if a page would change.
        seal: trust data that were edited, or are of an earlier parity, and seal them anew.

    Returns:
        The pages.

    Raises:
        UsageError: the folder holds no results. Damaged: a file is not whole.

    Example:
        >>> import parity
        >>> parity.report("reports/data", output="reports", verify=True).exit_status
        0
    """
    folder = Path(output)
    with terminal.heard() as said:
        status = reporting.main(None if results is None else Path(results), folder, verify, seal)
    pages = [path for path in (folder / "README.md", folder / "index.html") if path.is_file()]
    return Written(files=tuple(pages), said=tuple(said), status=status)


def plot(
    subject: str,
    names: str | Sequence[str] = (),
    *,
    output: str | Path,
    width: int = 800,
    height: int = 500,
    initializers: str | Sequence[str] = (),
    rate: float = 0.05,
    steps: int = 60,
    size: str = "small",
    reports: str | Path | None = None,
) -> Written:
    """A figure for a lecture or a paper, as SVG, PNG or PDF.

    Parameters:
        subject: `loss`, `drift` and `speed` come from records; `activations` and `gradients` (by depth), `initializers`,
            `optimizers` and `descents` from the specs alone.
        names: an architecture; several initializers or optimizers. output: a file that ends in .svg, .png or .pdf.
        width: in pixels, 96 an inch. height: in pixels. initializers: of activations and gradients. size: of the architecture
            whose depth is drawn. rate: the learning rate of optimizers and descents. steps: how many of them.
        reports: other records than the committed ones.

    Returns:
        The file, and in `.said` what it shows, in words. `.exit_status` is 5 where nothing of it is on record.

    Raises:
        UsageError: no such subject, a name of another kind, or Matplotlib is missing for PNG and PDF.

    Example:
        >>> import parity, pathlib, tempfile
        >>> file = pathlib.Path(tempfile.mkdtemp()) / "paths.svg"
        >>> parity.plot("optimizers", ["sgd", "adam"], output=file).files == (file,)
        True
    """
    place, records = Path(output), None if reports is None else Path(reports)
    options = (words(initializers), rate, steps, size, records)
    with terminal.heard() as said:
        status = plotting.main(subject, words(names), place, width, height, *options)
    return Written(files=(place,) if status == 0 else (), said=tuple(said), status=status)
