"""Owns the options and arguments that several commands share, each defined once. It refuses to know what a command does."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from parity.commands import words
from parity.execution.frameworks import names, trains

NAMES = ", ".join(name if trains(name) else f"{name} (forward only)" for name in names())
FRAMEWORK = click.option(
    "--framework", "-f", "frameworks", type=words.FRAMEWORK, multiple=True, help=f"{NAMES}. May be repeated."
)
DTYPE = click.option(
    "--dtype",
    "dtypes",
    type=words.DTYPE,
    multiple=True,
    help="float64 (is it the same?), float32 (as it is used). Default: both.",
)
DEVICE = click.option(
    "--device",
    "devices",
    type=words.DEVICE,
    multiple=True,
    default=("cpu",),
    show_default=True,
    help="Where the framework computes: cpu, gpu, tpu. The reference is always computed on the CPU.",
)
SEED = click.option(
    "--seed",
    type=click.IntRange(0, 2**63 - 1),
    default=0,
    show_default=True,
    help="Of every number that is drawn: inputs, weights, masks. Another seed is another case.",
)
NAMED_SIZES = "small, full, or another of the spec's `sizes`."
SIZE = click.option("--size", type=words.SIZE, default="small", show_default=True, help=NAMED_SIZES)
MODE = click.option(
    "--mode", type=words.MODE, default=None, help="eager, compiled or default. Without it: eager in float64, default otherwise."
)
FINGERPRINTED = (
    *("optimizer", "initializer", "normalization", "pooling", "convolution", "transposed_convolution", "recurrent", "resizing"),
    *("attention", "ctc", "loss"),
)
JSON = click.option(
    "--json",
    "json_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the results here; `parity schema` describes them.",
)
JUNIT = click.option("--junit", "junit_path", type=click.Path(path_type=Path, dir_okay=False), help="Write a JUnit file here.")
BADGE = click.option(
    "--badge",
    "badge_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a badge here: a picture where the name ends in .svg, else the JSON that shields.io reads.",
)
GITHUB = click.option(
    "--github", is_flag=True, help="Annotations for GitHub's log, and the summary of the step (GITHUB_STEP_SUMMARY)."
)
FORMAT = click.option(
    "--format",
    "how",
    type=click.Choice(("table", "markdown", "csv", "json")),
    default="table",
    show_default=True,
    help="How the rows are printed; none is folded or cut.",
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
STORE = click.option(
    "--store",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="Where records lie, so that nothing runs twice. Default: PARITY_STORE, `store` of parity.toml, or .parity.",
)
SPECS = click.argument("specs", nargs=-1, required=True, metavar="SPEC…", type=words.SPEC)
