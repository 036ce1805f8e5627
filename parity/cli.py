"""Owns the console script: errors become sentences, results exit statuses (DESIGN.md §7). It refuses to define a verb."""

from __future__ import annotations

import os
import sys
import traceback

import rich_click as click

from parity.commands import parity


def main() -> None:
    """The console script. Exit status: DESIGN.md §7."""
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # it would read the metadata of every installed package
    sys.exit(status(sys.argv[1:]))


def status(arguments: list[str]) -> int:
    """Runs one command line and returns its exit status; every error becomes a sentence."""
    from parity.spec.mistakes import SpecError
    from parity.verbs.errors import UsageError

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
        return 0
    except Exception:  # the one place that turns a fault of parity itself into its own status
        traceback.print_exc()
        click.echo("internal error of parity; please report it with the lines above", err=True)
        return 4
    return result if isinstance(result, int) else 0
