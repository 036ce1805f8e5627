"""Owns the console script: it turns errors into sentences and results into exit statuses (docs/design.md). It refuses to define
a verb."""

from __future__ import annotations

import errno
import io
import os
import sys
import traceback

import rich_click as click

from parity import escaping
from parity.commands import parity

UNWRITABLE = (
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.EEXIST),
    *(errno.ENAMETOOLONG, errno.ELOOP),
)
NO_PLACE = (errno.ENOENT, errno.EINVAL, errno.EOPNOTSUPP, errno.ENXIO, errno.ENODEV)
"""Errors of the system for a place that can hold no file at all, such as a path below /proc."""
CLOSED = 141
"""Exit status if the reader of the output has gone (128 + SIGPIPE, as in a shell). It says nothing about agreement."""
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def main() -> None:
    """The console script. Exit status: docs/design.md."""
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # plugins would read every installed package's metadata
    _speak_plainly()
    sys.exit(status(sys.argv[1:]))


def status(arguments: list[str]) -> int:
    """Runs one command line and returns its exit status; every error becomes a sentence."""
    from parity.errors import UsageError
    from parity.execution.damaged_files import Damaged
    from parity.spec.mistakes import SpecError

    try:
        result = parity.main(args=arguments, standalone_mode=False, prog_name="parity")
    except click.ClickException as error:
        printed = io.StringIO()
        error.show(printed)
        _say(printed.getvalue().rstrip("\n"))
        return 2
    except UsageError as error:
        _say(str(error))
        return error.status
    except (SpecError, Damaged) as error:
        _say(str(error))
        return 2
    except BlockingIOError as error:  # another parity process writes to the same store
        _say(str(error))
        return 3
    except (KeyboardInterrupt, click.Abort):
        _say("interrupted; what was recorded is kept, the same command goes on from there")
        return 130
    except BrokenPipeError:
        return CLOSED
    except SystemExit as error:  # rich exits with 1 on a closed pipe, which would mean that something differs
        return CLOSED if error.code == 1 else int(error.code or 0)
    except MemoryError:
        _say("the memory of this machine does not hold it; take a smaller size, batch or network")
        return 3
    except OSError as error:
        return _of_the_system(error)
    except Exception:  # only here a fault of parity itself becomes an exit status
        return _internal()
    return result if isinstance(result, int) else 0


def _of_the_system(error: OSError) -> int:
    """The exit status for an error of the system: 2 if the named place is at fault, which the caller can correct; 3
    (incomplete) for a full disk."""
    where = f"{error.filename}: " if error.filename else ""
    named = error.filename is not None and not os.fspath(error.filename).startswith(os.path.dirname(__file__))
    if error.errno in UNWRITABLE or (error.errno in NO_PLACE and named):
        _say(f"{where}{error.strerror}; name another place (--store, --json, --junit, --output, PARITY_ENVIRONMENTS)")
        return 2
    if error.errno in FULL:
        _say(f"{where}{error.strerror}; what was recorded is kept: make room, the same command goes on from there")
        return 3
    return _internal()


def _internal() -> int:
    _say(traceback.format_exc())
    _say("internal error of parity; please report it with the lines above")
    return 4


def _say(text: str) -> None:
    """Prints a sentence on stderr, with foreign text in it made safe."""
    sys.stderr.write(f"{escaping.terminal(text)}\n")


def _speak_plainly() -> None:
    """Makes streams write characters that the terminal's encoding lacks in plain form (`✓` as `+`), instead of raising an
    error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=escaping.HANDLER)
