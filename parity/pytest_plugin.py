"""Owns the pytest plugin: a fixture that checks agreement in a user's own test suite. It refuses to run unless asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from parity.trials.session import JudgedTrial


@pytest.fixture
def assert_parity(tmp_path: Any) -> Callable[..., list[JudgedTrial]]:
    """`assert_parity(["lenet"], frameworks=["torch"])` runs parity.check, and fails with a sentence for each departure.

    Its parameters and its result are those of parity.check. A case that could not be compared fails as well.
    """

    def checked(specs: list[str], **options: Any) -> list[JudgedTrial]:
        from parity import escaping
        from parity.judgement.verdicts import PASSING
        from parity.trials import output
        from parity.verbs.check import check

        judged = check(specs, **{"store": tmp_path / "parity", **options})
        bad = [
            f"{judged_trial.framework} {judged_trial.trial.case.id}: {output.sentence(comparison)}"
            for judged_trial in judged
            if judged_trial.verdict not in PASSING
            for comparison in judged_trial.comparisons
            if comparison.verdict == judged_trial.verdict
        ]
        if bad:
            pytest.fail(escaping.terminal("\n".join(bad)), pytrace=False)
        return judged

    return checked
