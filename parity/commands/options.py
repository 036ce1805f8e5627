"""Owns the options and arguments that several commands share, each defined once. It refuses to know what a command does."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from parity.execution.frameworks import names, trains

NAMES = ", ".join(name if trains(name) else f"{name} (forward only)" for name in names())
FRAMEWORK = click.option("--framework", "-f", "frameworks", multiple=True, help=f"{NAMES}. May be repeated.")
DEVICE = click.option("--device", "devices", multiple=True, default=("cpu",), show_default=True, help="cpu, gpu or tpu.")
SEED = click.option(
    "--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True, help="The seed of all random numbers."
)
NAMED_SIZES = "small, full, or another of the spec's `sizes`."
SIZE = click.option("--size", default="small", show_default=True, help=NAMED_SIZES)
MODE = click.option(
    "--mode", default=None, help="eager, compiled or default. Without it: eager in float64, the framework's default otherwise."
)
FINGERPRINTED = (
    *("optimizer", "initializer", "normalization", "pooling", "convolution", "transposed_convolution", "recurrent", "resizing"),
    *("attention", "ctc", "loss"),
)
JSON = click.option(
    "--json", "json_path", type=click.Path(path_type=Path, dir_okay=False), help="Write the results to this file."
)
REALIZATION = click.option(
    "--realization",
    "realizations",
    multiple=True,
    metavar="FRAMEWORK=PACKAGE.MODULE:NAME",
    help="Use your own implementation of the framework. `check` also takes a function that builds a model of your own.",
)
STORE = click.option(
    "--store",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(".parity"),
    show_default=True,
    help="The folder of requests and records.",
)
SPECS = click.argument("specs", nargs=-1, required=True, metavar="SPEC…")
