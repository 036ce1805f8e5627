"""Owns the options and arguments that several commands share, each defined once. It refuses to know what a command does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import rich_click as click

from parity.commands import words
from parity.execution.frameworks import ATLAS, FINGERPRINTS, OWN_MODELS, names, offers, training, trains

Command = TypeVar("Command", bound=Callable[..., Any])


def offering(feature: str) -> str:
    """The frameworks that train and declare a feature, as a list in words. feature: "" for every framework that trains."""
    return ", ".join(name for name in training(every=True) if not feature or offers(name, feature))


ALL = ", ".join(name if trains(name) else f"{name} (forward only)" for name in names())
TRAINING = offering("")
ANSWERING, DRIVING, OBSERVING = (offering(feature) for feature in (ATLAS, FINGERPRINTS, OWN_MODELS))
"""The frameworks that a command accepts, from the declared features: `check`; `bench`, `run`, `bisect` and `weights`; `atlas`;
`fingerprint`; `compare`."""


def _framework(accepted: str) -> Callable[[Command], Command]:
    return click.option(
        "--framework", "-f", "frameworks", type=words.FRAMEWORK, multiple=True, help=f"{accepted}. May be repeated."
    )


FRAMEWORK, TRAINING_FRAMEWORK, ATLAS_FRAMEWORK = map(_framework, (ALL, TRAINING, ANSWERING))
DTYPE = click.option(
    "--dtype",
    "dtypes",
    type=words.DTYPE,
    multiple=True,
    help="float64 (tests the formula), float32 (tests practical use). Default: both.",
)
DEVICE = click.option(
    "--device",
    "devices",
    type=words.DEVICE,
    multiple=True,
    default=("cpu",),
    show_default=True,
    help="The device of the framework: cpu, gpu or tpu; `parity doctor` lists yours. The reference runs on the CPU.",
)
SEED = click.option(
    "--seed",
    type=click.IntRange(0, 2**63 - 1),
    default=0,
    show_default=True,
    help="The seed of the random inputs, weights and masks. Another seed is another case.",
)
NAMED_SIZES = "small, full, or another name in `sizes` of the spec. A spec without `small` has one size, full."
SIZE = click.option("--size", type=words.SIZE, default="small", show_default=True, help=NAMED_SIZES)
MODE = click.option(
    "--mode",
    type=words.MODE,
    default=None,
    help="eager, compiled or default, or a mode that `parity doctor` lists. Without it: eager in float64, default in float32.",
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
    help="Write a badge here: a picture if the name ends in .svg, else the JSON for shields.io.",
)
GITHUB = click.option(
    "--github", is_flag=True, help="Write annotations to GitHub's log, and the summary of the step (GITHUB_STEP_SUMMARY)."
)
FORMAT = click.option(
    "--format",
    "how",
    type=click.Choice(("table", "markdown", "csv", "json")),
    default="table",
    show_default=True,
    help="The output format. No name or number is cut off.",
)
REALIZATION = click.option(
    "--realization",
    "realizations",
    multiple=True,
    metavar="FRAMEWORK=MODULE:NAME",
    help="Test your own code instead of parity's: torch=my.module:build or torch=my/file.py:build.",
)
STORE = click.option(
    "--store",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="The folder of results; no case in it runs again. Default: PARITY_STORE, `store` of parity.toml, or .parity.",
)
SPECS = click.argument("specs", nargs=-1, required=True, metavar="SPEC…", type=words.SPEC)
