"""Owns the commands that read what is on record or in the store, and write it in another form: reports, the site, the atlas.

It refuses to compute: every command hands its options to parity.verbs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click

from parity.commands import words
from parity.commands.options import (
    ATLAS_FRAMEWORK,
    FORMAT,
    JSON,
)

TASKS = "anything, vision, language, generation, transfer, tables"
CRITERIA = "agreement, speed, porting, size, upkeep"
NEEDS = "float64, float32, training, forward-only, second-derivatives, deterministic, onnx, small-install, maintained"
"""The words of `parity recommend`, written here so that `parity --help` stays fast; a test compares them."""


@click.command()
@click.argument("results", type=click.Path(path_type=Path, exists=True), required=False)
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("reports"),
    show_default=True,
    help="The folder of the pages.",
)
@click.option("--check", "verify", is_flag=True, help="Write nothing; fail if the pages would change.")
@click.option(
    "--seal", is_flag=True, help="Accept data that were edited or that an earlier parity wrote, and write new checksums."
)
def report(results: Path | None, output: Path, verify: bool, seal: bool) -> int:
    """Write the pages of a report, README.md and index.html, from the data in RESULTS (default: OUTPUT/data)."""
    from parity.verbs import report as verb

    return verb.main(results, output, verify, seal)


@click.command()
@click.argument("reports", type=click.Path(path_type=Path, exists=True, file_okay=False), required=False)
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("site"),
    show_default=True,
    help="The folder of the site.",
)
@click.option("--check", "verify", is_flag=True, help="Write nothing; fail if the site would change.")
@click.option(
    "--front", is_flag=True, help="Write only the start page and the tables, as this repository keeps them in reports/site."
)
def site(reports: Path | None, output: Path, verify: bool, front: bool) -> int:
    """Write the results in REPORTS as static HTML pages, which also work from file://.

    Default: the results that come with parity.
    """
    from parity.verbs import site as verb

    return verb.main(reports, output, verify, front)


@click.command()
@click.option("--task", default="anything", show_default=True, help=f"The kind of networks: {TASKS}.")
@click.option("--device", default="cpu", show_default=True, help="The device on which the results were measured.")
@click.option("--needs", default="", help=f"Requirements, joined by commas: {NEEDS}, install<=MEGABYTES.")
@click.option(
    "--weights",
    default="",
    help=f"The importance of each criterion: speed=3,agreement=2. Criteria: {CRITERIA}."
    " A criterion that you leave out has no importance.",
)
@click.option("--from", "source", default="", help="The framework of your present code: rate the effort of porting from it.")
@click.option("--mode", default="default", show_default=True, help="Compare speed in this mode; modes are never mixed.")
@click.option("--retired", is_flag=True, help="Include retired frameworks.")
@click.option(
    "--reports",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The folder of results to use instead of those that come with parity.",
)
@JSON
def recommend(**options: Any) -> int:
    """Rank the frameworks by criteria whose importance you choose, from stored results, with the evidence for each place."""
    from parity.verbs import recommend as verb

    return verb.main(**options)


@click.command()
@click.argument("words", nargs=-1, metavar="[CHAPTER] [FRAMEWORK…]", type=words.CHAPTER)
@ATLAS_FRAMEWORK
@click.option("--measure", is_flag=True, help="Measure again with the frameworks that are installed here.")
@click.option("--item", type=words.ITEM, help="Show only one item (batch_norm) or one question (batch_norm.epsilon).")
@click.option(
    "--worst", type=click.IntRange(1), help="With two frameworks: show this number of rows, the largest consequences first."
)
@click.option("--for", "model", help="Keep the layers that a model uses: lenet, torch=package.module:build.")
@click.option("--inputs", multiple=True, help="The shapes that the model of --for takes, as in compare: 4x3x32x32.")
@click.option("--history", is_flag=True, help="Show what changed from release to release of a framework, and in which one.")
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, file_okay=False),
    help="Measure again, and write atlas.md, atlas.html and data to this folder.",
)
@FORMAT
def atlas(**options: Any) -> int:
    """List default values and behaviours of the frameworks; with two frameworks, the differences between them and what to do.

    Two frameworks are FROM and TO: your code uses the first and moves to the second. CHAPTER is a group of questions, such as
    losses.
    """
    from parity.verbs import atlas as verb

    return verb.main(**options)


@click.command()
@click.argument("first", type=click.Path(path_type=Path, exists=True))
@click.argument("second", type=click.Path(path_type=Path, exists=True))
@FORMAT
def diff(first: Path, second: Path, how: str) -> int:
    """Show what changed from FIRST to SECOND: verdicts, defaults, speed beyond noise. Each is a report's folder, or a file that
    `check --json` wrote."""
    from parity.verbs import diff as verb

    return verb.main(first, second, how)


@click.command()
@click.argument("subject", type=words.FIGURE)
@click.argument("names", nargs=-1)
@click.option("--output", "-o", type=click.Path(path_type=Path, dir_okay=False), required=True, help="FILE.svg, .png or .pdf.")
@click.option("--width", type=int, default=800, show_default=True, help="In pixels, 96 an inch.")
@click.option("--height", type=int, default=500, show_default=True, help="In pixels.")
@click.option("--initializer", "initializers", multiple=True, help="Of activations and gradients. May be repeated.")
@click.option("--rate", type=float, default=0.05, show_default=True, help="The learning rate of optimizers and descents.")
@click.option("--steps", type=int, default=60, show_default=True, help="The length of optimizers and descents.")
@click.option("--size", default="small", show_default=True, help="Of the architecture whose depth is drawn.")
@click.option(
    "--reports", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Other records than the committed."
)
def plot(**options: Any) -> int:
    """Draw a figure: loss, drift and speed from records; activations, gradients, initializers, optimizers and descents from
    specs alone. SUBJECT is one of these words, NAMES are specs."""
    from parity.verbs import plot as verb

    return verb.main(**options)


COMMANDS = (report, site, recommend, atlas, diff, plot)
