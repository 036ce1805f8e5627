"""parity: do deep-learning frameworks compute the same thing, and how fast do they train it?

Each command is a function, with the command's defaults: `parity.check("lenet", frameworks="torch")` is
`parity check lenet --framework torch`. Words that are joined in a command are joined by `_`: `parity.env_build`. Two names end
in `_`: `list_`, since `list` is Python's, and `atlas_`, since `parity.atlas` holds the questions. What a function gives back
shows itself in one line, as a table in a notebook (`_repr_html_`), as a frame of pandas (`.to_frame()`) and as JSON
(`.to_json()`); `.failures` is what does not pass.

Importing this package imports nothing else: a worker's interpreter has numpy and one framework only. A name is loaded when it
is first used; __init__.pyi tells type checkers and editors where.
"""

from __future__ import annotations

from importlib import import_module

__version__ = "0.1.0"

_PLACES = {
    **dict.fromkeys(("list_", "show", "atlas_", "doctor", "schema", "read"), "parity.api.inspecting"),
    **dict.fromkeys(("check", "compare", "bisect", "fingerprint"), "parity.api.comparing"),
    **dict.fromkeys(("bench", "run", "report"), "parity.api.running"),
    **dict.fromkeys(("weights_import", "weights_export", "weights_check", "export"), "parity.api.weight_files"),
    **dict.fromkeys(("env_build", "env_add", "env_list", "env_measure", "env_remove", "clean"), "parity.api.housekeeping"),
    **dict.fromkeys(("recommend", "site"), "parity.api.choosing"),
    **dict.fromkeys(("Checked", "CaseResult", "Result", "Summary", "Machine"), "parity.documents.results"),
    **dict.fromkeys(("Timed", "Timing", "Fingerprinted"), "parity.documents.bench_results"),
    **dict.fromkeys(("Tabled", "Shown", "Written", "Bisected"), "parity.documents.table_results"),
    **dict.fromkeys(("DataTable",), "parity.documents.tables"),
    **dict.fromkeys(("UsageError",), "parity.errors"),
    **dict.fromkeys(("SpecError",), "parity.spec.mistakes"),
}
"""Name -> the module that holds it."""
__all__ = ["__version__", *_PLACES]  # noqa: PLE0604 - names of a table


def __getattr__(name: str) -> object:
    if name in _PLACES:
        return getattr(import_module(_PLACES[name]), name)
    from difflib import get_close_matches

    near = get_close_matches(name, _PLACES, 1)
    raise AttributeError(f"module 'parity' has no attribute {name!r}{f'; did you mean {near[0]!r}?' if near else ''}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__doc__", "__file__", "__name__", "__path__"])
