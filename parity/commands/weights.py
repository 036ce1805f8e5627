"""Owns the commands of `parity weights`. It refuses to compute: every command hands its options to parity.verbs."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from parity.commands import words
from parity.commands.options import ALL, SIZE, TRAINING_FRAMEWORK


@click.group()
def weights() -> None:
    """Convert weights between a framework's own format and a neutral .npz file, bit for bit."""


@weights.command("import")
@click.argument("spec", type=words.ARCHITECTURE)
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--framework", "-f", required=True, type=words.FRAMEWORK, help=f"{ALL}.")
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("weights"),
    show_default=True,
    help="The folder of the framework's files.",
)
@SIZE
def weights_import(spec: str, file: Path, framework: str, output: Path, size: str) -> int:
    """Convert a neutral FILE to the framework's own files, in the folder of --output."""
    from parity.verbs import weights as verb

    return verb.to_native(spec, file, framework, output, size)


@weights.command("export")
@click.argument("spec", type=words.ARCHITECTURE)
@click.argument("native", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--framework", "-f", required=True, type=words.FRAMEWORK, help=f"{ALL}.")
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("weights.npz"),
    show_default=True,
    help="The neutral file.",
)
@SIZE
def weights_export(spec: str, native: tuple[Path, ...], framework: str, output: Path, size: str) -> int:
    """Convert the framework's own files (NATIVE) to a neutral .npz file with the spec's names and layouts.

    A file of another origin is accepted if its arrays have the names and shapes that `parity weights import` writes.
    """
    from parity.verbs import weights as verb

    return verb.to_neutral(spec, native, framework, output, size)


@weights.command("check")
@click.argument("specs", nargs=-1, type=words.ARCHITECTURE)
@TRAINING_FRAMEWORK
def weights_check(specs: tuple[str, ...], frameworks: tuple[str, ...]) -> int:
    """Convert random weights of each architecture (size small) to each framework's format and back, and compare them."""
    from parity.verbs import weights as verb

    return verb.check(specs, frameworks)
