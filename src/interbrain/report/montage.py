"""Where a place lies on a head seen from above, as far as its name tells: 10-20 labels and common regions.

Coordinates are ``(front, left)`` in a unit disc. They serve a drawing, not localisation.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

_ROWS = {
    "FP": 0.86, "AF": 0.66, "F": 0.45, "FC": 0.23, "FT": 0.23, "C": 0.0, "T": 0.0, "CP": -0.23, "TP": -0.23,
    "P": -0.45, "PO": -0.66, "O": -0.86, "I": -0.95, "N": 0.95,
}  # fmt: skip
_TEN_TWENTY = re.compile(r"^(FP|AF|FC|FT|CP|TP|PO|F|C|T|P|O|I|N)(Z|\d{1,2})$")

_REGIONS = {
    "ifg": (0.5, 0.62), "dlpfc": (0.62, 0.48), "vlpfc": (0.6, 0.62), "dmpfc": (0.72, 0.1), "mpfc": (0.84, 0.08),
    "vmpfc": (0.9, 0.06), "ofc": (0.86, 0.25), "pfc": (0.78, 0.3), "fpc": (0.88, 0.15), "sfg": (0.55, 0.2),
    "mfg": (0.5, 0.42), "pmc": (0.2, 0.45), "sma": (0.2, 0.08), "m1": (0.05, 0.45), "s1": (-0.1, 0.48),
    "stg": (0.02, 0.82), "sts": (-0.12, 0.84), "mtg": (-0.08, 0.9), "atl": (0.3, 0.85), "tpj": (-0.38, 0.74),
    "smg": (-0.28, 0.7), "ag": (-0.5, 0.62), "ipl": (-0.42, 0.58), "spl": (-0.55, 0.28), "pcc": (-0.5, 0.06),
    "precuneus": (-0.62, 0.08), "occipital": (-0.86, 0.25), "frontal": (0.65, 0.4), "temporal": (0.0, 0.84),
    "parietal": (-0.5, 0.4), "central": (0.05, 0.45),
}  # fmt: skip


def position(name: str) -> tuple[float, float] | None:
    """``(front, left)`` of a place, None where its name does not say."""
    return _ten_twenty(name) or _region(name)


def _ten_twenty(name: str) -> tuple[float, float] | None:
    found = _TEN_TWENTY.match(name.strip().upper())
    if not found:
        return None
    front = _ROWS[found[1]]
    if found[2] == "Z":
        return front, 0.0
    number = int(found[2])
    edge = math.sqrt(max(0.05, 0.92**2 - front**2))
    steps = {"FP": 1.1, "O": 1.1}.get(found[1], 4.0)
    share = math.ceil(number / 2) / steps
    return front, edge * min(share, 1.0) * (1 if number % 2 else -1)


def _region(name: str) -> tuple[float, float] | None:
    text = re.sub(r"[^a-z0-9]+", " ", name.lower().strip())
    side = 0
    for word, sign in (("left", 1), ("right", -1)):
        if word in text.split():
            side, text = sign, text.replace(word, "").strip()
    words = text.split()
    for word, sign in (("l", 1), ("r", -1)):
        if word in words:
            side = sign
            words.remove(word)
    key = "".join(words)
    if side == 0 and key[:1] in ("l", "r") and key[1:] in _REGIONS:
        side, key = (1 if key[0] == "l" else -1), key[1:]
    if key not in _REGIONS:
        return None
    front, out = _REGIONS[key]
    return (front, out * side) if side or out <= 0.1 else (front, 0.0)


def layout(names: Sequence[str]) -> tuple[dict[str, tuple[float, float]], bool]:
    """A place for every name, and whether all were known; else they are spread evenly and say nothing of anatomy."""
    known = {n: p for n in names if (p := position(n)) is not None}
    if len(known) == len(names) and len(set(known.values())) == len(names):
        return known, True
    n = len(names)
    rings = 1 if n <= 16 else 2
    out = {}
    for i, name in enumerate(names):
        ring = 0.86 if rings == 1 or i % 2 == 0 else 0.6
        angle = math.pi * ((i + 0.5) / n - 0.5) * 1.55
        out[name] = (ring * math.cos(angle), ring * math.sin(angle))
    return out, False
