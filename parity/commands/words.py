"""Owns the words that an option or argument may have, as the shell completes them. It refuses to judge a word: the verbs do.

What is completed is asked of the verbs when the shell asks, so that `parity --help` stays fast.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import rich_click as click
from click.shell_completion import CompletionItem

from parity.execution.frameworks import names


class Word(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.4 alone
    """A word of an open list. Every word passes: where it has no meaning, the verb says which there are."""

    def __init__(self, name: str, words: Callable[[], Iterable[str]]) -> None:
        self.name = name
        self.known = words

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The words that begin so; where there is none, files of one's own."""
        items = [CompletionItem(word) for word in self.known() if word.startswith(incomplete)]
        return items or ([CompletionItem(incomplete, type="file")] if self.name == "spec" else [])


def _listed(*kinds: str) -> Callable[[], list[str]]:
    def words() -> list[str]:
        from parity.verbs.listing import KINDS

        return [name for kind in kinds for name in KINDS[kind]()]

    return words


def _specs() -> list[str]:
    kinds = ("architectures", "initializers", "optimizers", "schedules", "ops")
    words = ("all", "layers", "activations", "losses", "curvature", "newton", *kinds[:4])
    return [*words, *_listed(*kinds)()]


def _kinds() -> list[str]:
    from parity.verbs.listing import FAMILIES, KINDS

    return [*KINDS, FAMILIES]


def _chapters() -> list[str]:
    from parity.verbs.atlas import CHAPTERS

    return [*CHAPTERS, *names()]


def _questions() -> list[str]:
    from parity.verbs.atlas import QUESTIONS

    return list(
        dict.fromkeys(
            [*(question.name.partition(".")[0] for question in QUESTIONS), *(question.name for question in QUESTIONS)]
        )
    )


def _of_options(name: str) -> Callable[[], tuple[str, ...]]:
    def words() -> tuple[str, ...]:
        from parity.verbs.listing import WORDS

        return WORDS[name]

    return words


FRAMEWORK = Word("framework", names)
SPEC = Word("spec", _specs)
ARCHITECTURE = Word("spec", _listed("architectures"))
SUITE = Word("suite", _listed("suites"))
KIND = Word("kind", _kinds)
CHAPTER = Word("word", _chapters)
ITEM = Word("item", _questions)
DTYPE, DEVICE, MODE, SIZE = (Word(name, _of_options(name)) for name in ("dtype", "device", "mode", "size"))
