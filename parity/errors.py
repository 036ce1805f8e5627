"""Owns the error that a user can correct. It refuses to hold any other."""

from __future__ import annotations


class UsageError(Exception):
    """A mistake of the caller. The message names the mistake and what to do. status: the exit status, 2, or 5 if nothing is
    selected."""

    def __init__(self, message: str, status: int = 2) -> None:
        super().__init__(message)
        self.status = status
