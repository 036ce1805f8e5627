"""Owns the functions that look at what there is, without a framework: list_, show, atlas_, doctor, schema, read.

It refuses to compute: the verbs do. Two names end in an underscore: `list` is Python's, and `parity.atlas` holds the questions.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from parity.documents import schema as documents
from parity.documents.bench_results import Fingerprinted, Timed
from parity.documents.results import Checked
from parity.documents.schema import PrintedTable
from parity.documents.table_results import Shown, Tabled
from parity.trials.options import words as several
from parity.verbs import atlas as asking
from parity.verbs import doctor as diagnosing
from parity.verbs import listing, showing


def list_(kind: str | None = None) -> Tabled:
    """The names that other functions take: architectures, initializers, optimizers, ops, frameworks, suites, families.

    Parameters:
        kind: one kind, or a family of architectures. Without it: all kinds.

    Returns:
        A table with the columns `kind` and `name`.

    Raises:
        UsageError: there is no such kind or family.

    Example:
        >>> import parity
        >>> parity.list_("linear").table.column("name")
        ('linear_regression', 'perceptron', 'softmax_regression')
    """
    return listing.listed(kind)


def show(spec: str, size: str = "full", depth: int | None = None) -> Shown:
    """A spec, from the spec alone: layers, shapes, parameters and FLOPs of an architecture, formulas of a rule.

    Parameters:
        spec: a name, or the path of your own YAML.
        size: `full` (as published), `small` (what `check` judges), or another of the spec's sizes.
        depth: join layers whose names are alike in so many parts; None and 0 join none.

    Returns:
        `.table` has a row a layer; `.parameters` and `.flops` are sums; `.mermaid` and `.svg` are diagrams. FLOPs count one
        example forward, a multiply-add as 2.

    Raises:
        SpecError: there is no such spec, or it has mistakes (all are told). UsageError: a suite, or a size of no architecture.

    Example:
        >>> import parity
        >>> parity.show("lenet").parameters
        61706
    """
    return showing.described(spec, size, depth or 0)


def atlas_(
    words: str | Sequence[str] = (),
    *,
    frameworks: str | Sequence[str] = (),
    item: str | None = None,
    measure: bool = False,
    output: str | Path | None = None,
    worst: int | None = None,
) -> Tabled:
    """What the defaults of each framework really do; between two of them, what changes if you move, and what to do.

    Parameters:
        words: at most one chapter, and frameworks. frameworks: further ones.
        item: one item (`batch_norm`) or question (`batch_norm.epsilon`) alone.
        measure: ask the frameworks that are installed here, instead of the answers that travel with parity.
        worst: of two frameworks, so many rows, ranked by what happens if they are not heeded.
        output: asks them as well, and writes atlas.md, atlas.html and their data into this folder.

    Returns:
        A row a question, with its name, each framework's answer and whether they differ. Of two frameworks only what differs.

    Raises:
        UsageError: a word that is neither a chapter nor a framework, or an item that there is not.

    Example:
        >>> import parity
        >>> found = parity.atlas_(["torch", "keras"], item="batch_norm.epsilon")
        >>> found.table.columns
        ('name', 'chapter', 'question', 'torch', 'keras', 'differs', 'what to do')
        >>> found.table.column("torch"), found.table.column("keras")
        (('1e-05',), ('0.001',))
    """
    return asking.answered(several(words), several(frameworks), item, measure, None if output is None else Path(output), worst)


def doctor() -> Tabled:
    """Which frameworks are there, with versions and devices, what is missing, and the command that mends it.

    Returns:
        A row a framework. `.failures` are those that are missing; `.exit_status` is 3 where one of the default ones is.

    Example:
        >>> import parity
        >>> parity.doctor().table.columns
        ('state', 'framework', 'version', 'devices', 'modes', 'interpreter', 'reason', 'mend')
    """
    return diagnosing.diagnosed()


def schema() -> dict[str, object]:
    """The JSON schema of what `.to_json()`, --json and --format json write.

    Returns:
        The schema (draft 2020-12), which docs/results.schema.json holds too.

    Example:
        >>> import parity
        >>> parity.schema()["title"]
        'What parity writes with --json and --format json'
    """
    return documents.schema()


def read(path: str | Path) -> Checked | Timed | Fingerprinted | PrintedTable:
    """What a file holds that --json has written, of this format or the first one.

    Parameters:
        path: the file.

    Returns:
        What the function of the same command gives: of `parity check --json FILE` a Checked.

    Raises:
        UsageError: it is no results file. OSError: it cannot be read.

    Example:
        >>> import parity, pathlib, tempfile
        >>> file = pathlib.Path(tempfile.mkdtemp()) / "list.json"
        >>> rows = '[{"kind": "suites", "name": "quick"}]'
        >>> text = '{"schema_version": 2, "verb": "list", "columns": ["kind", "name"], "rows": ' + rows + "}"
        >>> _ = file.write_text(text)
        >>> parity.read(file).columns
        ('kind', 'name')
    """
    return documents.read(Path(path))
