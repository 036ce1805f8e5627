"""Owns the verbs of the command line and their options. It refuses to contain logic: each verb is a function of parity.verbs.

Imports inside the commands keep `parity --help` fast.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click

from parity import __version__
from parity.commands import guide, reading, words
from parity.commands.completion import completion
from parity.commands.environments import env
from parity.commands.exporting import export
from parity.commands.keeping import clean, schema
from parity.commands.options import (
    BADGE,
    DEVICE,
    DTYPE,
    FINGERPRINTED,
    FORMAT,
    FRAMEWORK,
    GITHUB,
    JSON,
    JUNIT,
    MODE,
    NAMED_SIZES,
    REALIZATION,
    SEED,
    SPECS,
    STORE,
)
from parity.commands.root import Root
from parity.commands.weights import weights
from parity.verbs.pass_env import PASS_ENV
from parity.verbs.terminal import progress_lines, verbosity


@click.group(cls=Root, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="parity")
@click.pass_context
def parity(context: click.Context) -> None:
    """Do deep-learning frameworks compute the same numbers, and how fast do they train?"""
    verbosity.begin()
    progress_lines.begin(context.invoked_subcommand or "parity", None)
    context.with_resource(progress_lines.beating())


@parity.command("list")
@click.argument("kind", required=False, type=words.KIND)
@FORMAT
def list_(kind: str | None, how: str) -> None:
    """List architectures, initializers, optimizers, ops, suites and more; with KIND, one kind or the members of one family."""
    from parity.verbs import listing

    listing.show_list(kind, how)


@parity.command()
@click.argument("spec", type=words.SPEC)
@click.option("--size", type=words.SIZE, default="full", show_default=True, help=NAMED_SIZES)
@click.option(
    "--depth",
    type=click.IntRange(0),
    default=None,
    help="Join layers whose names are alike in so many parts; 0 joins none. Default: a terminal shows at most 100 rows.",
)
@click.option("--mermaid", is_flag=True, help="Print the network as a Mermaid flowchart, as GitHub draws it.")
@click.option("--svg", type=click.Path(path_type=Path, dir_okay=False), help="Write the network as a picture here.")
@FORMAT
def show(spec: str, size: str, depth: int | None, mermaid: bool, svg: Path | None, how: str) -> None:
    """Show layers, shapes, parameters and FLOPs of SPEC, from the spec alone."""
    from parity.verbs import showing

    showing.show(spec, size, depth, mermaid, svg, how)


@parity.command()
@FORMAT
def doctor(how: str) -> int:
    """Show each framework with version and devices; for a missing framework, the command that installs it."""
    from parity.verbs import doctor as verb

    return verb.doctor(how)


@parity.command()
@SPECS
@FRAMEWORK
@DTYPE
@DEVICE
@MODE
@click.option("--size", type=words.SIZE, default=None, help=f"{NAMED_SIZES} Default: small; full for a model of your own.")
@SEED
@click.option("--case", "case_id", help="Run only the case with this id.")
@click.option("--nodes/--no-nodes", default=True, show_default=True, help="Judge every layer alone as well.")
@REALIZATION
@STORE
@JSON
@JUNIT
@BADGE
@GITHUB
@FORMAT
@verbosity.options
@PASS_ENV
def check(json_path: Path | None, junit_path: Path | None, badge_path: Path | None, github: bool, **options: Any) -> int:
    """Compare the numbers of each framework with the float64 reference."""
    from parity.verbs import check as verb
    from parity.verbs.result_files import Places

    return int(verb.main(places=Places(json_path, junit_path, badge_path, github), **options))


@parity.command()
@click.argument("spec", type=words.ARCHITECTURE)
@click.option("--framework", "-f", required=True, type=words.FRAMEWORK, help="The framework to search, such as torch.")
@REALIZATION
@SEED
@STORE
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("bisect"),
    show_default=True,
    help="The folder for the Python file.",
)
@PASS_ENV
def bisect(**options: Any) -> int:
    """Find the first layer, gradient or step that departs, and write a Python file that reproduces it."""
    from parity.verbs import bisect as verb

    return int(verb.main(**options))


@parity.command()
@click.argument("sides", nargs=-1, required=True, metavar="FRAMEWORK=MODEL…")
@click.option("--size", default="full", show_default=True, help=f"Of `spec=NAME`: {NAMED_SIZES}")
@click.option(
    "--weights-map",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="The map of layers and weights that an earlier run wrote and you corrected.",
)
@click.option(
    "--inputs",
    multiple=True,
    metavar="SHAPE",
    help="The shape of an input, batch first: 3x16, 3x7:0..99 (integers), 3x7:bool; ids=3x7:0..99 with a name.",
)
@click.option(
    "--inputs-from",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.npz",
    help="Example inputs, as the first model takes them; the names of the arrays are those of its inputs.",
)
@click.option(
    "--weights", metavar="drawn|own", help="drawn: the same in every model; own: as each was built or loaded. [default: drawn]"
)
@click.option(
    "--checkpoint",
    "checkpoints",
    multiple=True,
    type=click.Path(path_type=Path, allow_dash=True),
    metavar="FILE",
    help="Weights of each model, in their order: a.pt, b.weights.h5, c.params; `-` for none. Then --weights is own.",
)
@click.option(
    "--map-to",
    "map_path",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("weights-map.yaml"),
    show_default=True,
    help="Write the map of layers and weights to this file.",
)
@SEED
@JSON
@JUNIT
@BADGE
@GITHUB
@verbosity.options
@PASS_ENV
def compare(json_path: Path | None, junit_path: Path | None, badge_path: Path | None, github: bool, **options: Any) -> int:
    """Compare two or three models of your own, or one with spec=NAME: find the first layer that departs, and its cause.

    MODEL is package.module:build or path/to/model.py:Net; arguments stand behind a `?`: 'torch=my/net.py:Net?hidden=20&bias=0'.
    """
    from parity.verbs import compare as verb
    from parity.verbs.result_files import Places

    return int(verb.main(places=Places(json_path, junit_path, badge_path, github), **options))


@parity.command()
@SPECS
@FRAMEWORK
@DEVICE
@click.option("--mode", "modes", type=words.MODE, multiple=True, default=("default",), show_default=True)
@click.option("--batch-size", "batch_sizes", type=click.IntRange(1, 1_000_000), multiple=True, default=(32,), show_default=True)
@click.option(
    "--processes",
    type=click.IntRange(1, 1_000),
    default=5,
    show_default=True,
    help="The number of fresh processes per measurement.",
)
@click.option("--size", type=words.SIZE, default="full", show_default=True, help=NAMED_SIZES)
@click.option("--optimizer", default="adam", show_default=True, help="An optimizer; its hyper-parameters are the default ones.")
@click.option("--again", is_flag=True, help="Measure again what the store has measured.")
@click.option(
    "--twin",
    type=click.Path(path_type=Path, file_okay=False),
    help="Alternate with the steps that are written by hand in this folder (benchmarks), and print what ours cost over them.",
)
@click.option("--best", is_flag=True, help="With --twin: the hand-written step in its best form, such as a fused optimizer.")
@STORE
@JSON
@PASS_ENV
def bench(twin: Path | None, best: bool, **options: Any) -> int:
    """Measure the training speed of every framework that passes `check`."""
    from parity.verbs import bench as verb
    from parity.verbs.bench import overheads

    return int(verb.main(**options) if twin is None else overheads.main(twin=twin, best=best, **options))


@parity.command()
@click.argument("suite", type=words.SUITE)
@FRAMEWORK
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
    help="Run nothing: write requests for another machine to this folder.",
)
@click.option(
    "--collect",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Run nothing: judge the records that another machine wrote to this folder.",
)
@click.option("--so-far", is_flag=True, help="Run nothing: report the large networks of SUITE that are finished.")
@verbosity.options
@PASS_ENV
def run(**options: Any) -> int:
    """Check, train, time and report a SUITE; after an interruption, the same command resumes."""
    from parity.verbs import run as verb

    return int(verb.main(**options))


@parity.command()
@click.argument("target", metavar="OBJECT")
@click.option(
    "--framework",
    "-f",
    default=None,
    type=words.FRAMEWORK,
    help="The framework of OBJECT, if the import path does not show it.",
)
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="An argument of the object: nesterov=true.")
@click.option(
    "--as", "kind", type=click.Choice(FINGERPRINTED), default=None, help="The kind of OBJECT, if the name does not show it."
)
@JSON
@PASS_ENV
def fingerprint(**options: Any) -> int:
    """Find the formula that OBJECT follows: torch.optim.Adam, keras.layers.BatchNormalization, your own: torch=mine:Mine."""
    from parity.verbs import fingerprint as verb

    return int(verb.main(**options))


for command in (*reading.COMMANDS, completion, clean, schema, export):
    parity.add_command(command)
parity.add_command(env)
parity.add_command(weights)
guide.arrange(parity)
