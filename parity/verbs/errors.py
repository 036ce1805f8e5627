"""Owns the error that a user can mend. It refuses to hold any other."""

from __future__ import annotations


class UsageError(Exception):
    """A mistake of the caller: the message names the thing and what to do. `status` is the exit status (2; 5: nothing selected)."""

    def __init__(self, message: str, status: int = 2) -> None:
        super().__init__(message)
        self.status = status
