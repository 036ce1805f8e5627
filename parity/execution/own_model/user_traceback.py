"""Owns what is told of a model that fails: the error, and the lines of the user's own code that led to it.

It refuses to show the lines of parity, and more than one of an installed package: the one that raised.
"""

from __future__ import annotations

import re
import sys
import sysconfig
import traceback
from collections.abc import Iterator
from pathlib import Path

from parity.execution.outcomes import tail

PACKAGES = {
    "cv2": "opencv-python-headless",
    "PIL": "pillow",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "PyYAML",
    "attr": "attrs",
    "dotenv": "python-dotenv",
    "google": "protobuf",
    "pytorch_lightning": "pytorch-lightning",
    "tensorflow_addons": "tensorflow-addons",
    "keras_hub": "keras-hub",
}
"""Module -> the package that brings it, where the two have different names."""
OURS = str(Path(__file__).parents[2])
INSTALLED = tuple({*sysconfig.get_paths().values(), *(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib"))})
COLOURS = re.compile(r"(\x1b|\\x1b)\[[0-9;]*m")
DEEPEST = 4
"""Errors that led to one another, which are told."""


def explained(error: BaseException, framework: str, target: str) -> str:
    """The error in a line, the user's lines, and what to do where it is known."""
    parts = [text for base_exception in _chain(error) for text in _one(base_exception)]
    if advice := _advice(error, framework, target):
        parts.insert(1, advice)
    return tail(COLOURS.sub("", "\n".join(parts)))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error, then those that it was raised from."""
    current: BaseException | None = error
    for _ in range(DEEPEST):
        if current is None:
            return
        yield current
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)


def _one(error: BaseException) -> Iterator[str]:
    if isinstance(error, SyntaxError):
        yield "".join(traceback.format_exception_only(error)).strip()
    else:
        yield f"{type(error).__name__}: {error}"
    frames = traceback.extract_tb(error.__traceback__)
    shown = [frame for frame in frames if not _foreign(frame.filename) and Path(frame.filename).is_file()]
    yield from (line.rstrip() for line in traceback.format_list(shown))
    if frames and shown and _foreign(frames[-1].filename) and not frames[-1].filename.startswith((OURS, "<")):
        yield f"  raised in {frames[-1].filename}:{frames[-1].lineno}"


def _foreign(file: str) -> bool:
    return file.startswith((OURS, "<", *INSTALLED)) or "/site-packages/" in file


def _advice(error: BaseException, framework: str, target: str) -> str:
    """What to do about a package that is not there, or a file that lies beside the model and is looked for elsewhere."""
    if isinstance(error, ModuleNotFoundError) and error.name:
        head = error.name.partition(".")[0]
        if head in sys.modules:
            return ""
        return (
            f"{target} needs `{head}`, which the environment of {framework} lacks: `parity env add {framework} "
            f"{PACKAGES.get(head, head.replace('_', '-'))}` installs it there (or PARITY_{framework.upper()}_PYTHON names an "
            "interpreter of yours that has it). A module of your own is found where PYTHONPATH has its folder"
        )
    if "operator torchvision::" in str(error):
        return (
            "the torchvision there was built for another build of torch (for CPU, or for CUDA): take both from one index, such "
            "as PIP_INDEX_URL=https://download.pytorch.org/whl/cpu"
        )
    if isinstance(error, FileNotFoundError) and isinstance(error.filename, str) and not Path(error.filename).is_absolute():
        for frame in reversed(traceback.extract_tb(error.__traceback__)):
            beside = Path(frame.filename).parent / error.filename
            if not _foreign(frame.filename) and beside.is_file():
                return (
                    f"{error.filename} is looked for in {Path.cwd()}, where the command runs, and lies beside the model: run "
                    f"the command in {beside.parent}, or open it as Path(__file__).parent / {error.filename!r}"
                )
    return ""
