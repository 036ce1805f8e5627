"""Every verb speaks through `terminal.say`, `write` and `show`: what others wrote is made safe at one place."""

from __future__ import annotations

import ast
from pathlib import Path

import parity

WAYS = ("print", "Console", "click.echo", "click.secho")


def speaking(source: str) -> list[str]:
    """What in a source writes to the terminal by another way than `terminal.say`, `write` and `show`."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in WAYS:
            found.append(ast.unparse(node.func))
        if isinstance(node, ast.Attribute) and ast.unparse(node) in ("sys.stdout", "sys.stderr"):
            found.append(ast.unparse(node))
    return found


def test_every_verb_speaks_through_the_escaping() -> None:
    package = Path(parity.__file__).parent
    own = package / "verbs" / "terminal"
    found_in = (*package.glob("*.py"), *(package / "commands").rglob("*.py"), *(package / "verbs").rglob("*.py"))
    files = [path for path in found_in if own not in path.parents]
    found = {str(path.relative_to(package)): speaking(path.read_text(encoding="utf-8")) for path in files}
    assert {name: ways for name, ways in found.items() if ways} == {"cli.py": found["cli.py"]}
    assert set(found["cli.py"]) == {"sys.stdout", "sys.stderr"}
    assert speaking("Console().print(1)\nprint(2)\nclick.echo(3)\nsys.stdout.write('4')") == [
        *("print", "click.echo", "Console", "sys.stdout"),
    ]
