"""Makes the pages of the documentation that follow from the code (commands from click, functions from their docstrings, the
JSON schema, environment variables), and takes the pages beside docs/ in. mkdocs calls it (mkdocs.yml)."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import rich_click as click
from mkdocs.structure.files import File, Files

import parity
from parity.commands import guide
from parity.commands import parity as root
from parity.documents import schema

HERE = Path(__file__).resolve().parents[2]
PROJECT = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "specs/README.md")
"""Pages beside docs/ that are pages of the site as well."""
VARIABLES: Mapping[str, str] = {
    "PARITY_BASE_PYTHON": "The Python that environments are built from. Without it: this one if it is 3.11, else python3.11.",
    "PARITY_ENVIRONMENTS": "The folder of built environments. Without it: ~/.cache/parity/environments.",
    "PARITY_FRAMEWORKS": "The frameworks of a command without `--framework`, joined by commas; it counts before parity.toml.",
    "PARITY_INSTALLER": "`pip` or `uv`: the program that installs packages. Without it: uv if it is installed, else pip.",
    "PARITY_NAME_PYTHON": "An interpreter of your own for the framework NAME: PARITY_TORCH_PYTHON, PARITY_KERAS_JAX_PYTHON.",
    "PARITY_PASS_ENV": "Names of variables that workers may see beside the system's and the frameworks', joined by commas.",
    "PARITY_STORE": "The folder of requests and records. Without it: .parity.",
    "PARITY_THREADS": "How many threads a worker computes with.",
}
"""Variable -> what it sets. tests/docs/test_documentation.py holds it to the code."""
LINK = re.compile(r"\]\((?:\.\./)*((?:[\w.-]+/)*[\w.-]+)(#[\w-]*)?\)")


def on_files(files: Files, config: Any) -> Files:
    """Adds the pages that are not files of docs/."""
    for name in PROJECT:
        text = taken((HERE / name).read_text(encoding="utf-8"))
        files.append(File.generated(config, f"project/{name.replace('/', '-')}", content=text))
    made = {"commands": commands(), "python": functions(), "json": json_schema(), "environment": variables()}
    for name, text in made.items():
        files.append(File.generated(config, f"reference/{name}.md", content=text))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Links of docs/ to pages beside it lead to their place on the site."""
    if page.file.src_uri.startswith(("project/", "reference/")):
        return markdown
    up = "../" * page.file.src_uri.count("/")

    def there(match: re.Match[str]) -> str:
        name, anchor = match[1], match[2] or ""
        if match[0].startswith("](../") and name in PROJECT:
            return f"]({up}project/{name.replace('/', '-')}{anchor})"
        return match[0] if (HERE / "docs" / name).suffix == ".md" else f"]({up}index.md)" if "../" in match[0] else match[0]

    return LINK.sub(there, markdown)


def taken(text: str) -> str:
    """A page beside docs/ with links that hold on the site. What is no page of the site loses its link, and pictures of docs/
    are found."""

    def there(match: re.Match[str]) -> str:
        name, anchor = match[1], match[2] or ""
        if name in PROJECT:
            return f"]({name.replace('/', '-')}{anchor})"
        inside = name.removeprefix("docs/")
        if name.startswith("docs/") and (HERE / name).is_file() and name.endswith((".md", ".png")):
            return f"](../{inside}{anchor})"
        return "](../index.md)"

    return LINK.sub(there, text)


def commands() -> str:
    """Every command with its arguments and options."""
    parts = ["# Commands\n\nMade from the commands themselves; `parity COMMAND --help` says the same.\n"]
    for name, command in guide.commands(root):
        parts.append(f"\n## parity {name}\n\n{_plain(command.help or '')}\n")
        words = " ".join(parameter.make_metavar(click.Context(command)) for parameter in command.params if _argument(parameter))
        parts.append(f"\n```\n{guide.EXAMPLES[name]}\n```\n")
        if words:
            parts.append(f"\nArguments: `{words}`.\n")
        options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
        if options:
            parts.append("\n| option | meaning | default |\n|---|---|---|\n")
            parts += [f"| {_cell(', '.join(each.opts))} | {_plain(each.help or '')} | {_default(each)} |\n" for each in options]
    return "".join(parts)


def _argument(parameter: click.Parameter) -> bool:
    return isinstance(parameter, click.Argument)


def _default(option: click.Option) -> str:
    value = option.get_default(click.Context(root))
    return "" if value is None or value == () or value is False or "Sentinel" in str(value) else _cell(str(value))


def _cell(text: str) -> str:
    return f"`{text}`".replace("|", "\\|")


def _plain(text: str) -> str:
    """A help text on one line of a table, with nothing that Markdown or HTML would take."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def functions() -> str:
    """Every function of `import parity`: its signature and docstring."""
    parts = ["# Functions of `import parity`\n"]
    for name in sorted(parity.__all__):
        found = getattr(parity, name)
        if inspect.isfunction(found):
            signature = f"parity.{name}{inspect.signature(found)}".replace("'", "")
            parts.append(f"\n## {name}\n\n```\n{signature}\n```\n\n```text\n{inspect.getdoc(found)}\n```\n")
    return "".join(parts)


def json_schema() -> str:
    """Each object of the schema with its fields."""
    parts = [
        "# JSON\n\nWhat `--json` and `--format json` write; `parity schema` prints the schema itself (draft 2020-12). "
        "[ci.md](../ci.md) shows it in use.\n"
    ]
    for name, told in sorted(schema.schema()["$defs"].items()):
        parts.append(f"\n## {name}\n\n{_plain(told.get('description', '').partition(chr(10))[0])}\n")
        if "properties" in told:
            parts.append("\n| field | type | meaning |\n|---|---|---|\n")
            parts += [
                f"| `{field}` | {_cell(_type(each))} | {_plain(each.get('description', ''))} |\n"
                for field, each in told["properties"].items()
            ]
    return "".join(parts)


def _type(told: Mapping[str, Any]) -> str:
    if "$ref" in told:
        return str(told["$ref"]).rpartition("/")[2]
    if "anyOf" in told:
        return " or ".join(dict.fromkeys(_type(each) for each in told["anyOf"]))
    if "const" in told or "enum" in told:
        return ", ".join(map(str, told.get("enum", [told.get("const")])))
    return (
        f"list of {_type(told['items'])}" if told.get("type") == "array" and "items" in told else str(told.get("type", "any"))
    )


def variables() -> str:
    """The environment variables that a user may set."""
    rows = "".join(f"| `{name}` | {_plain(meaning)} |\n" for name, meaning in VARIABLES.items())
    return f"# Environment variables\n\n| variable | meaning |\n|---|---|\n{rows}"
