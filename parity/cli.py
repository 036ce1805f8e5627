"""Owns the console script: errors become sentences, results exit statuses (docs/design.md). It refuses to define a verb."""

from __future__ import annotations

import errno
import os
import sys
import traceback

import rich_click as click

from parity.commands import parity

UNWRITABLE = (
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.EEXIST),
    *(errno.ENAMETOOLONG, errno.ELOOP),
)
CLOSED = 141
"""Whoever read the output went away (128 + SIGPIPE, as a shell has it): nothing is said of agreement."""
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def main() -> None:
    """The console script. Exit status: docs/design.md."""
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # it would read the metadata of every installed package
    sys.exit(status(sys.argv[1:]))


def status(arguments: list[str]) -> int:
    """Runs one command line and returns its exit status; every error becomes a sentence."""
    from parity.errors import UsageError
    from parity.spec.mistakes import SpecError

    try:
        result = parity.main(args=arguments, standalone_mode=False, prog_name="parity")
    except click.ClickException as error:
        error.show()
        return 2
    except UsageError as error:
        click.echo(str(error), err=True)
        return error.status
    except SpecError as error:
        click.echo(str(error), err=True)
        return 2
    except BlockingIOError as error:  # another parity writes to the same store
        click.echo(str(error), err=True)
        return 3
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted; what was recorded is kept, the same command goes on from there", err=True)
        return 130
    except BrokenPipeError:
        return CLOSED
    except SystemExit as error:  # rich's answer to a closed pipe is 1, which would say that something differs
        return CLOSED if error.code == 1 else int(error.code or 0)
    except OSError as error:
        return _of_the_system(error)
    except Exception:  # the one place that turns a fault of parity itself into its own status
        return _internal()
    return result if isinstance(result, int) else 0


def _of_the_system(error: OSError) -> int:
    """What the place that was named does not allow is the caller's to mend (2), a full disk leaves a run incomplete (3)."""
    where = f"{error.filename}: " if error.filename else ""
    if error.errno in UNWRITABLE:
        click.echo(
            f"{where}{error.strerror}; name another place (--store, --json, --junit, --output, PARITY_ENVIRONMENTS)", err=True
        )
        return 2
    if error.errno in FULL:
        click.echo(
            f"{where}{error.strerror}; what was recorded is kept: make room, the same command goes on from there", err=True
        )
        return 3
    return _internal()


def _internal() -> int:
    traceback.print_exc()
    click.echo("internal error of parity; please report it with the lines above", err=True)
    return 4
