"""How a parameter of a node says its unit and range."""

from __future__ import annotations

from typing import Any


def about(unit: str, low: float, high: float, what: str) -> dict[str, Any]:
    """Metadata of a field: a number for all regions or an array ``(region,)``, between ``low`` and ``high``."""
    return {"unit": unit, "low": low, "high": high, "about": what}
