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
from parity.commands.fingerprinting import fingerprint
from parity.commands.keeping import clean, schema
from parity.commands.measuring import bench, run
from parity.commands.options import (
    BADGE,
    DEVICE,
    DTYPE,
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
    TRAINING,
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
    """List architectures, initializers, optimizers, ops, suites and more.

    KIND is one of the kinds (architectures, initializers, optimizers, schedules, curvature, newton, layers, activations,
    losses, suites, ops, datasets, frameworks), `families`, or the name of one family, such as residual.
    """
    from parity.verbs import listing

    listing.show_list(kind, how)


@parity.command()
@click.argument("spec", type=words.SPEC)
@click.option("--size", type=words.SIZE, default="full", show_default=True, help=NAMED_SIZES)
@click.option(
    "--depth",
    type=click.IntRange(0),
    default=None,
    help="Show layers whose dotted names share this number of first parts as one row; 0 shows each layer."
    " Default: at most 100 rows in a terminal, each layer in a pipe.",
)
@click.option("--mermaid", is_flag=True, help="Print the network as a Mermaid flowchart, as GitHub draws it.")
@click.option("--svg", type=click.Path(path_type=Path, dir_okay=False), help="Write the network as a picture here.")
@FORMAT
def show(spec: str, size: str, depth: int | None, mermaid: bool, svg: Path | None, how: str) -> None:
    """Show layers, shapes, parameters and FLOPs of SPEC. No framework is needed.

    SPEC is an architecture, an initializer, an optimizer, a schedule or an op by name (lenet, adam, conv2d), or the path of a
    spec of your own (my_network.yaml).
    """
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
@click.option("--nodes/--no-nodes", default=True, show_default=True, help="Also test each layer alone.")
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
    """Compare the numbers of each framework with the float64 reference.

    SPEC is a name (lenet, adam, conv2d), a kind (optimizers, layers, losses, …; `parity list`), a family (residual), all,
    the path of a spec of your own (my_network.yaml), newton, curvature, or curvature/NAME.
    """
    from parity.verbs import check as verb
    from parity.verbs.result_files import Places

    return int(verb.main(places=Places(json_path, junit_path, badge_path, github), **options))


@parity.command()
@click.argument("spec", type=words.ARCHITECTURE)
@click.option("--framework", "-f", required=True, type=words.FRAMEWORK, help=f"The framework to search: {TRAINING}.")
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
    """Find the first layer, gradient or step that differs, and write a Python file that reproduces it."""
    from parity.verbs import bisect as verb

    return int(verb.main(**options))


@parity.command()
@click.argument("sides", nargs=-1, required=True, metavar="FRAMEWORK=MODEL…")
@click.option("--size", default="full", show_default=True, help=f"The size of `spec=NAME`: {NAMED_SIZES}")
@click.option(
    "--weights-map",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Use this map of layers and weights, which an earlier run wrote and you corrected.",
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
    help="Use these example inputs, in the layout of the first model; each array has the name of an input.",
)
@click.option(
    "--weights",
    metavar="drawn|own",
    help="drawn: random weights, equal in all models; own: the weights of each model. [default: drawn]",
)
@click.option(
    "--checkpoint",
    "checkpoints",
    multiple=True,
    type=click.Path(path_type=Path, allow_dash=True),
    metavar="FILE",
    help="Load a file of weights into each model, in the order of the models: a.pt, b.weights.h5, c.params; `-` for none."
    " Sets --weights own.",
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
    """Compare two or three models of your own, or one with spec=NAME: find the first layer that differs, and the cause.

    MODEL is package.module:build or path/to/model.py:Net. Arguments follow a `?`: 'torch=my/net.py:Net?hidden=20&bias=0'.
    """
    from parity.verbs import compare as verb
    from parity.verbs.result_files import Places

    return int(verb.main(places=Places(json_path, junit_path, badge_path, github), **options))


for command in (*reading.COMMANDS, bench, run, completion, clean, schema, export, fingerprint):
    parity.add_command(command)
parity.add_command(env)
parity.add_command(weights)
guide.arrange(parity)
