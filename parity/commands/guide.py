"""Owns the overview of commands for newcomers: in groups, in the order of a first day, each with an example.

It refuses to know what a command does.
"""

from __future__ import annotations

from collections.abc import Iterator

import rich_click as click

from parity.commands.options import DRIVING, OBSERVING

GROUPS = (
    ("Look, without a framework", ("list", "show", "atlas", "recommend")),
    ("Install frameworks", ("env", "doctor")),
    ("Compare numbers", ("check", "bisect", "compare", "fingerprint")),
    ("Measure, and make a report", ("bench", "run", "report", "site", "diff", "plot")),
    ("Move weights and models", ("weights", "export")),
    ("Keep house", ("completion", "clean", "schema")),
)
EXAMPLES = {
    "list": "parity list architectures",
    "show": "parity show resnet18",
    "atlas": "parity atlas torch keras",
    "doctor": "parity doctor",
    "env build": "parity env build torch keras",
    "env add": "parity env add torch timm transformers",
    "env list": "parity env list",
    "env measure": "parity env measure torch keras",
    "env remove": "parity env remove torch",
    "check": "parity check lenet adam --framework torch",
    "bisect": "parity bisect lenet --framework torch",
    "compare": "parity compare torch=mine.old:build keras=mine.port:build --inputs 4x3x32x32",
    "fingerprint": "parity fingerprint torch.optim.Adam --set amsgrad=true",
    "bench": "parity bench lenet --batch-size 32",
    "run": "parity run quick",
    "report": "parity report --check",
    "site": "parity site -o site",
    "plot": "parity plot optimizers sgd momentum adam -o paths.svg",
    "diff": "parity diff reports .parity/reports/quick",
    "recommend": "parity recommend --task vision --needs float64 --weights speed=3,agreement=2",
    "weights import": "parity weights import resnet18 weights.npz --framework torch --size full",
    "weights export": "parity weights export resnet18 weights/weights.pt --framework torch --size full",
    "weights check": "parity weights check lenet --framework torch",
    "export": "parity export lenet --onnx lenet.onnx",
    "completion install": "parity completion install bash",
    "completion show": "parity completion show zsh",
    "clean": "parity clean",
    "schema": "parity schema",
}
"""Command -> an example line, which works as it stands except for files and modules of the reader's own."""
ACCEPTED = {"compare": OBSERVING, "fingerprint": DRIVING}
"""Command -> the frameworks that it accepts, where no option `--framework` lists them first."""


def arrange(root: click.Group) -> None:
    """Puts the commands of a group in order, and an example below the help of each."""
    click.rich_click.COMMAND_GROUPS = {
        "parity": [{"name": title, "commands": list(names)} for title, names in GROUPS],
    }
    for name, command in commands(root):
        accepted = f"Frameworks: {ACCEPTED[name]}. " if name in ACCEPTED else ""
        command.epilog = f"{accepted}Example: {EXAMPLES[name]}"


def commands(group: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command that can be run, with the words that the user types for it, such as `env build`."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command
