"""Owns the commands that read what is on record or in the store, and write it in another form: reports, the site, the atlas.

It refuses to compute: every command hands its options to parity.verbs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click

from parity.commands import words
from parity.commands.options import (
    FORMAT,
    FRAMEWORK,
    JSON,
)


@click.command()
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


@click.command()
@click.argument("reports", type=click.Path(path_type=Path, exists=True, file_okay=False), required=False)
@click.option("--output", "-o", type=click.Path(path_type=Path, file_okay=False), default=Path("site"), show_default=True)
@click.option("--check", "verify", is_flag=True, help="Write nothing; fail if the site would change.")
@click.option("--front", is_flag=True, help="The start page and the data alone: what a repository keeps.")
def site(reports: Path | None, output: Path, verify: bool, front: bool) -> int:
    """Write every record below REPORTS as linked pages that a browser opens from a disk. Default: the committed records."""
    from parity.verbs import site as verb

    return verb.main(reports, output, verify, front)


@click.command()
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
    """Recommend a framework from committed records: an order under your weights, with the evidence for each place."""
    from parity.verbs import recommend as verb

    return verb.main(**options)


@click.command()
@click.argument("words", nargs=-1, metavar="[CHAPTER] [FRAMEWORK…]", type=words.CHAPTER)
@FRAMEWORK
@click.option("--measure", is_flag=True, help="Measure again, with the frameworks that are installed here.")
@click.option("--item", type=words.ITEM, help="Show only one item (batch_norm) or one question (batch_norm.epsilon).")
@click.option("--worst", type=click.IntRange(1), help="With two frameworks: show so many rows, the largest consequences first.")
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
    """Show how each framework's defaults behave; with two frameworks, the changes if you move from the first to the second."""
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
