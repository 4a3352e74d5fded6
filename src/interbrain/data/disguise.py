"""What hides whom a recording is of: another date, and other names for channels that are not a montage's own."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

UNTOLD = "interbrain check STUDY says what it is; --deidentify does not repeat text that may hold names"
"""Ends every sentence that stands for one that a file, or a library that read it, had a part in."""

_MONTAGE = re.compile(
    r"S\d+_D\d+"
    r"|[NI]z|(A|F|C|T|P|O|I|M|Fp|AFp?|AFF|FFT|FFC|FT|FTT|FCC|FC|TTP|CCP|TP|TPP|CP|CPP|PPO|PO|POO|OI)(z|\d{1,2}h?)"
    r"|(EEG|EOG|VEOG|HEOG|ECG|EMG|GSR|ch)[ -]?\d{0,3}"
    r"|\d{1,3}",
    re.IGNORECASE,
)
"""Optode pairs, electrodes of the 10-5 system, numbers: names that say where a channel is, never whose it is."""

_ORDINARY = frozenset(
    """motion mea eda gsr scr heart hr ibi rr ppg cardiac resp respiratory temperature voice audio pitch misc x y z acc
    pat patient th therapist parent child mother father left right head body hbo hbr time""".split()  # noqa: SIM905
)
UNITS = frozenset(("V", "S", "uM", "C", "mV", "µV", "uV", "nV", "uS", "bpm", "Hz", "g", "m", "mm", "s", "ms", "%"))


@dataclass(frozen=True)
class Disguise:
    """One group's shift in time, and what the study's neutral names are made with.

    Parameters
    ----------
    shift_s
        Whole seconds added to every date of the group: intervals within it stay.
    secret
        Known only to who has the recordings; it enters no file.
    """

    shift_s: int
    secret: str

    def channel(self, name: str) -> str:
        """The name itself where it is a montage's or an ordinary word, else one that stands for it everywhere."""
        if _MONTAGE.fullmatch(name) or name.lower() in _ORDINARY:
            return name
        return "c-" + keyed(self.secret, "channel", name)[:8]

    def instant(self, text: str) -> str | None:
        """An ISO 8601 date or instant, moved; None where it is none."""
        try:
            moved = datetime.fromisoformat(text) + timedelta(seconds=self.shift_s)
        except (ValueError, OverflowError):
            return None
        return moved.date().isoformat() if len(text) == 10 else moved.isoformat(timespec="microseconds")


def keyed(secret: str, *parts: str) -> str:
    """A hash that nobody can try out names against without the secret."""
    return hmac.new(secret.encode(), "\t".join(parts).encode(), hashlib.sha256).hexdigest()
