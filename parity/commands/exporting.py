"""Owns the command that writes an ONNX model. It refuses to write one: parity.verbs does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click

from parity.commands import words
from parity.commands.options import NAMED_SIZES, SEED

OPSETS = range(17, 24)
"""The opsets that the implementation of ONNX writes; a test compares the two."""


@click.command()
@click.argument("spec", type=words.ARCHITECTURE)
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
    help="A neutral .npz file of `parity weights export --size full`. Without it: random initial values.",
)
@click.option(
    "--opset", type=click.IntRange(OPSETS[0], OPSETS[-1]), default=None, help="The version of ONNX's operator set. Default: 17."
)
@click.option("--network", help="Export this network, if SPEC contains several: generator.")
@click.option("--size", type=words.SIZE, default="full", show_default=True, help=NAMED_SIZES)
@SEED
def export(**options: Any) -> int:
    """Write SPEC and its weights as an ONNX model that takes a batch of any size, and check the file."""
    from parity.verbs import export as verb

    return verb.to_onnx(**options)
