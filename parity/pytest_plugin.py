"""Owns the pytest plugin: a fixture with which a user's own test-suite asks for agreement. It refuses to run unless asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from parity.trials.session import JudgedTrial


@pytest.fixture
def assert_parity(tmp_path: Any) -> Callable[..., list[JudgedTrial]]:
    """`assert_parity(["lenet"], frameworks=["torch"])`: parity.check, failing with a sentence for each departure.

    Takes what parity.check takes, and returns what it returns. What could not be compared fails as well.
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
