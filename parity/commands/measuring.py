"""Owns the commands that measure: `bench` and `run`. It refuses to measure: parity.verbs does.

Imports inside the commands keep `parity --help` fast.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click

from parity.commands import words
from parity.commands.options import BADGE, DEVICE, GITHUB, JSON, JUNIT, NAMED_SIZES, SPECS, STORE, TRAINING_FRAMEWORK
from parity.verbs.pass_env import PASS_ENV
from parity.verbs.terminal import verbosity


@click.command()
@SPECS
@TRAINING_FRAMEWORK
@DEVICE
@click.option(
    "--mode",
    "modes",
    type=words.MODE,
    multiple=True,
    default=("default",),
    show_default=True,
    help="A mode that `parity doctor` lists. May be repeated.",
)
@click.option(
    "--batch-size",
    "batch_sizes",
    type=click.IntRange(1, 1_000_000),
    multiple=True,
    default=(32,),
    show_default=True,
    help="The number of examples in a batch. May be repeated.",
)
@click.option(
    "--processes",
    type=click.IntRange(1, 1_000),
    default=5,
    show_default=True,
    help="The number of processes in which each cell is measured.",
)
@click.option("--size", type=words.SIZE, default="full", show_default=True, help=NAMED_SIZES)
@click.option("--optimizer", default="adam", show_default=True, help="The optimizer, with its default hyper-parameters.")
@click.option("--again", is_flag=True, help="Measure again. By default complete undisturbed rounds in the store are reused.")
@click.option("--inputs", multiple=True, metavar="SHAPE", help="Input shapes of your own models, as in `compare`: 32x3x64x64.")
@click.option(
    "--inputs-from", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.npz", help="The same, as in `compare`."
)
@click.option("--evaluation", is_flag=True, help="Time a pass of your own models in evaluation mode, not a training step.")
@click.option(
    "--twin",
    type=click.Path(path_type=Path, file_okay=False),
    help="Alternate with the hand-written steps in this folder (benchmarks), and print the ratio.",
)
@click.option("--best", is_flag=True, help="With --twin: the hand-written step in its best form, such as a fused optimizer.")
@STORE
@JSON
@PASS_ENV
def bench(twin: Path | None, best: bool, **options: Any) -> int:
    """Measure the training speed of each framework that passes `check`, or of models of your own that pass `compare`.

    SPEC is an architecture by name, a family, or the path of a spec of your own. Models of your own:
    parity bench torch=mine:build keras=port:build --inputs 32x3x64x64.
    """
    from parity.verbs.bench import overheads, own_models

    return own_models.dispatch(**options) if twin is None else overheads.dispatch(twin=twin, best=best, **options)


@click.command()
@click.argument("suite", type=words.SUITE)
@TRAINING_FRAMEWORK
@STORE
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="The folder of the report. Default: a folder with the name of the suite, below STORE/reports.",
)
@click.option(
    "--plan",
    type=click.Path(path_type=Path, file_okay=False),
    help="Run no case: write requests for another machine to this folder.",
)
@click.option(
    "--collect",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Run no case: judge the records that another machine wrote to this folder.",
)
@click.option("--so-far", is_flag=True, help="Run no case: report the full-size networks of SUITE that are finished.")
@JSON
@JUNIT
@BADGE
@GITHUB
@verbosity.options
@PASS_ENV
def run(json_path: Path | None, junit_path: Path | None, badge_path: Path | None, github: bool, **options: Any) -> int:
    """Check, train, time and report a SUITE. After an interruption, the same command resumes.

    SUITE is a name of `parity list suites`, or the path of a suite of your own (my_suite.yaml).
    """
    from parity.verbs import run as verb
    from parity.verbs.result_files import Places

    return int(verb.main(places=Places(json_path, junit_path, badge_path, github), **options))
