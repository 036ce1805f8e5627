"""Owns the verbs of the command line and their options. It refuses to contain logic: each verb is a function of parity.verbs.

Imports inside the commands keep `parity --help` fast.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click

from parity import __version__
from parity.commands import guide
from parity.commands.environments import env
from parity.commands.options import DEVICE, FINGERPRINTED, FRAMEWORK, JSON, MODE, NAMED_SIZES, REALIZATION, SEED, SPECS, STORE
from parity.commands.weights import weights
from parity.verbs.passing import PASS_ENV
from parity.verbs.terminal import pulse


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="parity")
@click.pass_context
def parity(context: click.Context) -> None:
    """Do deep-learning frameworks compute the same numbers, and how fast do they train?"""
    pulse.begin(context.invoked_subcommand or "parity", None)
    context.with_resource(pulse.beating())


@parity.command("list")
@click.argument("kind", required=False)
def list_(kind: str | None) -> None:
    """List architectures, initializers, optimizers, ops, suites and more; with KIND, one kind or the members of one family."""
    from parity.verbs import listing

    listing.show_list(kind)


@parity.command()
@click.argument("spec")
@click.option("--size", default="full", show_default=True, help=NAMED_SIZES)
def show(spec: str, size: str) -> None:
    """Show layers, shapes, parameters and FLOPs of SPEC, from the spec alone."""
    from parity.verbs import showing

    showing.show(spec, size)


@parity.command()
def doctor() -> int:
    """Show each framework with version and devices; for a missing framework, the command that installs it."""
    from parity.verbs import doctor as verb

    return verb.doctor()


@parity.command()
@SPECS
@FRAMEWORK
@click.option("--dtype", "dtypes", multiple=True, help="float64, float32. Default: both.")
@DEVICE
@MODE
@click.option("--size", default=None, help=f"{NAMED_SIZES} Default: small; full for a model of your own.")
@SEED
@click.option("--case", "case_id", help="Run only the case with this id.")
@click.option("--nodes/--no-nodes", default=True, show_default=True, help="Judge every layer alone as well.")
@REALIZATION
@STORE
@JSON
@click.option(
    "--junit", "junit_path", type=click.Path(path_type=Path, dir_okay=False), help="Write a JUnit report to this file."
)
@PASS_ENV
def check(**options: Any) -> int:
    """Compare the numbers of each framework with the float64 reference."""
    from parity.verbs import check as verb

    return int(verb.main(**options))


@parity.command()
@click.argument("spec")
@click.option("--framework", "-f", required=True, help="The framework to search, such as torch.")
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
@PASS_ENV
def compare(**options: Any) -> int:
    """Two or three models of your own, or one against spec=NAME: outputs, layers, gradients, a step, and why they part.

    MODEL is package.module:build or path/to/model.py:Net; arguments stand behind a `?`: 'torch=my/net.py:Net?hidden=20&bias=0'.
    """
    from parity.verbs import compare as verb

    return int(verb.main(**options))


@parity.command()
@SPECS
@FRAMEWORK
@DEVICE
@click.option("--mode", "modes", multiple=True, default=("default",), show_default=True)
@click.option("--batch-size", "batch_sizes", type=click.IntRange(1, 1_000_000), multiple=True, default=(32,), show_default=True)
@click.option(
    "--processes",
    type=click.IntRange(1, 1_000),
    default=5,
    show_default=True,
    help="The number of fresh processes per measurement.",
)
@click.option("--size", default="full", show_default=True, help=NAMED_SIZES)
@STORE
@JSON
@PASS_ENV
def bench(**options: Any) -> int:
    """Measure the training speed of every framework that passes `check`."""
    from parity.verbs import bench as verb

    return int(verb.main(**options))


@parity.command()
@click.argument("suite")
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
@PASS_ENV
def run(**options: Any) -> int:
    """Check, train, time and report a SUITE; after an interruption, the same command resumes."""
    from parity.verbs import run as verb

    return int(verb.main(**options))


@parity.command()
@click.argument("target", metavar="OBJECT")
@click.option("--framework", "-f", default=None, help="The framework of OBJECT, if the import path does not show it.")
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


@parity.command()
@click.argument("results", type=click.Path(path_type=Path, exists=True), required=False)
@click.option("--output", "-o", type=click.Path(path_type=Path, file_okay=False), default=Path("reports"), show_default=True)
@click.option("--check", "verify", is_flag=True, help="Write nothing; fail if the pages would change.")
@click.option(
    "--seal", is_flag=True, help="Accept data that were edited or written by an earlier parity, and write a new seal."
)
def report(results: Path | None, output: Path, verify: bool, seal: bool) -> int:
    """Write the pages of a report, README.md and index.html, from the data in RESULTS (default: OUTPUT/data)."""
    from parity.verbs import report as verb

    return verb.main(results, output, verify, seal)


@parity.command()
@click.argument("reports", type=click.Path(path_type=Path, exists=True, file_okay=False), required=False)
@click.option("--output", "-o", type=click.Path(path_type=Path, file_okay=False), default=Path("site"), show_default=True)
@click.option("--check", "verify", is_flag=True, help="Write nothing; fail if the site would change.")
@click.option("--front", is_flag=True, help="The start page and the data alone: what a repository keeps.")
def site(reports: Path | None, output: Path, verify: bool, front: bool) -> int:
    """Every record below REPORTS as a site of linked pages, for a browser and from a disk. Default: the committed records."""
    from parity.verbs import site as verb

    return verb.main(reports, output, verify, front)


@parity.command()
@click.option("--task", default="anything", show_default=True, help="anything, vision, language, generation, transfer, tables.")
@click.option("--device", default="cpu", show_default=True)
@click.option("--needs", default="", help="What it must have: onnx,float64,small-install.")
@click.option("--weights", default="", help="What counts, and how much: speed=3,agreement=2.")
@click.option("--from", "source", default="", help="The framework that your code comes from; porting counts with it alone.")
@click.option("--mode", default="default", show_default=True, help="Speed in this mode alone; modes are never mixed.")
@click.option("--retired", is_flag=True, help="Frameworks that are retired as well.")
@click.option(
    "--reports", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Other records than the committed."
)
@JSON
def recommend(**options: Any) -> int:
    """Which framework to pick, from committed records: an order under your weights, with the evidence behind each place."""
    from parity.verbs import recommend as verb

    return verb.main(**options)


@parity.command()
@click.argument("words", nargs=-1, metavar="[CHAPTER] [FRAMEWORK…]")
@FRAMEWORK
@click.option("--measure", is_flag=True, help="Measure again, with the frameworks that are installed here.")
@click.option("--item", help="Show only one item (batch_norm) or one question (batch_norm.epsilon).")
@click.option("--worst", type=click.IntRange(1), help="With two frameworks: show so many rows, the largest consequences first.")
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, file_okay=False),
    help="Measure again, and write atlas.md, atlas.html and data to this folder.",
)
def atlas(**options: Any) -> int:
    """Show how each framework's defaults behave; with two frameworks, the changes if you move from the first to the second."""
    from parity.verbs import atlas as verb

    return verb.main(**options)


@parity.command()
@click.argument("spec")
@click.option(
    "--onnx",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    metavar="FILE",
    help="Write the model to this file.",
)
@click.option(
    "--weights",
    "weights_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A neutral .npz file of `parity weights export`. Without it: initial values, drawn as `check` draws them.",
)
@click.option("--opset", type=click.IntRange(1), default=None, help="The version of ONNX's operator set. Without it: 17.")
@click.option("--network", help="One network of a spec with several, such as generator.")
@click.option("--size", default="full", show_default=True, help=NAMED_SIZES)
@SEED
def export(**options: Any) -> int:
    """Write SPEC and its weights as an ONNX model that takes a batch of any size, and check the file."""
    from parity.verbs import export as verb

    return verb.to_onnx(**options)


parity.add_command(env)
parity.add_command(weights)
guide.arrange(parity)
