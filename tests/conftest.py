"""Fixtures that every room's tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real recordings: ``INTERBRAIN_DATA``, else ``shared/data`` beside the repository."""
    path = Path(os.environ.get("INTERBRAIN_DATA", REPOSITORY.parent / "shared" / "data"))
    if not path.is_dir():
        reason = f"no folder of real recordings at {path}; set INTERBRAIN_DATA to it"
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return path
