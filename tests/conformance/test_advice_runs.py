"""Each piece of the atlas's advice, run: what it gives in one framework is the other framework's own number.

A framework's remedies are held against every other framework that is installed here; each is run in its own interpreter, once.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from advised import Given, against, failures, keys_of, measured, settings, told

from parity.execution.frameworks import training
from parity.execution.launcher.environments import Unavailable, installed


@lru_cache(maxsize=1)
def standing() -> tuple[str, ...]:
    """The frameworks that are installed here and have an atlas."""
    found = []
    for name in training():
        try:
            installed(name)
        except Unavailable:
            continue
        found.append(name)
    return tuple(found)


def test_what_is_advised_gives_the_other_frameworks_numbers(framework: str) -> None:
    """Remedies, and defaults that are told to be set, with the value as it is written: `keras.layers.ELU(alpha=1)`."""
    if framework not in training():
        pytest.skip("the atlas's advice names the frameworks that run by default")
    others = [name for name in standing() if name != framework]
    if not others:
        pytest.skip(f"{framework} stands alone: there is no other framework's number")
    mine = [one for one in settings() if one.framework == framework and one.wanted in others]
    keys, values = keys_of(framework), measured(framework, others, mine)
    compared = [key for key in keys if against(key, framework, values)]
    assert len(keys) > 200 and len(compared) > 100 and len(mine) > 10
    assert failures(framework, values, keys) == []
    assert told(mine, values) == []


def test_wrong_advice_is_told() -> None:
    """The number of the other framework, moved by what `pass its square` was off by, 0.2 %."""
    key = "adagrad.epsilon_form@torch"
    right = {("keras", key): Given(np.array([0.5, 0.25])), ("torch", "adagrad.epsilon_form"): Given(np.array([0.5, 0.25]))}
    assert against(key, "keras", right) and failures("keras", right, [key]) == []
    assert failures("keras", {**right, ("keras", key): Given(np.array([0.5, 0.2505]))}, [key])
    assert failures("keras", {**right, ("keras", key): Given(None, "crashed: TypeError")}, [key])
    assert failures("keras", {**right, ("torch", "adagrad.epsilon_form"): Given(None, "unsupported")}, [key])
