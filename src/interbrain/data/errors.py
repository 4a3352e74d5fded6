"""Errors that a user may see: what was got, what is allowed, what to do."""

from __future__ import annotations

from dataclasses import dataclass


class InterbrainError(ValueError):
    """Base of every error that interbrain raises on purpose; its text is shown to the user without a traceback."""


def shorten(error: object, longest: int = 200) -> str:
    """A library's text in one line that can be read."""
    line = " ".join(str(error).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


class BadInput(InterbrainError):
    """A file, a table or an argument is not what it must be."""


class CannotWrite(InterbrainError):
    """A file cannot be written: a full disk, a folder that is read-only."""


class RefusedScience(InterbrainError):
    """The analysis asked for would give a number that means something else than its name says."""


class IncompleteWarning(UserWarning):
    """Something that was asked for is not in the answer; the text says what and why."""


@dataclass(frozen=True)
class Problem:
    """One row of ``problems.tsv``: something that was skipped, repaired or is worth knowing.

    Parameters
    ----------
    where
        Place, from the large to the small: ``"group 03, session 2, patient, fnirs, S1_D1"``.
    what, why, done
        What was found (with the figure), why it matters, and what was done about it.
    costs_data
        True when data that the study holds did not enter the analysis; the run then exits with status 1.
    """

    where: str
    what: str
    why: str
    done: str
    costs_data: bool = True
