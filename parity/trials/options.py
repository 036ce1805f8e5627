"""Owns the check of words given as values: precisions, devices, modes; and of folders that must be writable.

It refuses to guess what a typo meant.

If a framework lacks one of these, its cases are `unsupported` or `unavailable`. A word that no
framework could know is the caller's mistake.
"""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from parity.errors import UsageError
from parity.spec.mistakes import did_you_mean, short
from parity.trials import config

STORE = Path(".parity")
"""The default folder of records."""
DTYPES = ("float64", "float32")
"""The precisions that are judged; both are the default."""
DEVICES = ("cpu", "gpu", "tpu")
SIZES = ("small", "full")
"""Sizes that every architecture has. A file may define more; a network is asked only in sizes that it has."""
MODES = ("default", "eager", "compiled", "compiled[xla]", "channels_last", "compiled[channels_last]", "fused")
ELSEWHERE = {
    **dict.fromkeys(("double", "fp64", "f64", "torch.float64", "64"), "float64"),
    **dict.fromkeys(("single", "float", "fp32", "f32", "torch.float32", "32"), "float32"),
    **dict.fromkeys(("cuda", "cuda:0", "mps", "rocm", "xpu"), "gpu"),
    **dict.fromkeys(("graph", "jit", "compile", "torch.compile", "hybrid", "hybridized"), "compiled"),
    "xla": "compiled[xla]",
}
"""What people say elsewhere -> the word here, for "did you mean"."""


def check(dtypes: Iterable[str] = (), devices: Iterable[str] = (), modes: Iterable[str] = ()) -> None:
    """Raises UsageError for the first unknown word."""
    for what, words_given, words_known in (("precision", dtypes, DTYPES), ("device", devices, DEVICES), ("mode", modes, MODES)):
        for word in words_given:
            if word not in words_known:
                close = meant(word, words_known)
                raise UsageError(f"there is no {what} `{short(word)}`; there are {', '.join(words_known)}{close}")


def words(words_given: str | Sequence[str]) -> tuple[str, ...]:
    """The words as a sequence; a single word may stand for a sequence."""
    return (words_given,) if isinstance(words_given, str) else tuple(words_given)


def meant(word: str, words_known: Sequence[str]) -> str:
    """`; did you mean …?`: a word that is said elsewhere, or one that is spelled alike; nothing where none is near."""
    here = ELSEWHERE.get(word.lower(), "")
    return f"; did you mean `{here}`?" if here in words_known else did_you_mean(word, words_known)


def dtypes(words_given: Sequence[str]) -> tuple[str, ...]:
    """The precisions that are asked: those given, those that the user has set, or both. Raises UsageError."""
    if words_given:
        return tuple(words_given)
    chosen, where = config.dtypes()
    for word in chosen:
        if word not in DTYPES:
            close = meant(word, DTYPES)
            raise UsageError(f"{where}: there is no precision `{short(word)}`; there are {', '.join(DTYPES)}{close}")
    return chosen or DTYPES


def store(path: str | Path | None) -> Path:
    """Where records lie: the place given, the one that the user has set, or `.parity`."""
    return Path(path) if path is not None else config.store() or STORE


def place(*folders: Path) -> None:
    """Makes the folders before hours of work begin. Raises UsageError if no file can be
    written there, and OSError for a full disk."""
    for folder in folders:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise
            raise UsageError(f"{folder} can hold no files ({error.strerror}); name another place") from error
