"""Numbers and names as a reader should see them: significant digits, p-values, labels of places and signals."""

from __future__ import annotations

import math
from collections.abc import Iterable

_SIGNALS = {"hbo": "HbO", "hbr": "HbR", "hbt": "HbT", "eeg": "EEG", "eda": "EDA"}
_SEGMENTS = {"whole": "whole session"}
_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def decimals_for(step: float, digits: int = 2) -> int:
    """Decimals that show ``step`` with so many significant digits; at most 6."""
    if not math.isfinite(step) or step == 0:
        return 2
    return max(0, min(6, digits - 1 - math.floor(math.log10(abs(step)))))


def number(value: float, digits: int = 2, decimals: int | None = None) -> str:
    """``0.1234`` → ``0.12``; a real minus sign; ``n/a`` where unknown."""
    if value is None or not math.isfinite(value):
        return "n/a"
    places = decimals_for(value, digits) if decimals is None else decimals
    text = f"{value:,.{places}f}"
    if float(text.replace(",", "")) == 0:
        text = text.removeprefix("-")
    return text.replace("-", "−").replace(",", "\u202f")


def estimate(value: float, low: float, high: float) -> tuple[str, str]:
    """A value and its interval ("low to high") with the same decimals: two digits of the interval's half width."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return number(value), "unknown"
    places = decimals_for((high - low) / 2, 2)
    return number(value, decimals=places), f"{number(low, decimals=places)} to {number(high, decimals=places)}"


def with_spread(value: float, spread: float) -> str:
    """``0.371 ± 0.009``: both to the digit that the spread allows."""
    if not math.isfinite(spread):
        return number(value)
    places = _known(spread)
    return f"{number(value, decimals=places)}\u00a0±\u00a0{number(spread, decimals=places)}"


def like(value: float, spread: float) -> str:
    """A value with the digits that its spread allows."""
    return number(value, decimals=_known(spread)) if math.isfinite(spread) else number(value)


def _known(spread: float) -> int:
    """Decimals down to the first digit of a spread; to the second where the first is a one."""
    first = f"{abs(spread):e}"[0]
    return decimals_for(spread, 2 if first == "1" else 1)


def p_text(p: float, sign: bool = True) -> str:
    """``p = .005``, ``p < .001``, ``p > .99``; without the sign just the number."""
    if p is None or not math.isfinite(p):
        return "p unknown" if sign else "n/a"
    if p < 0.001:
        return "p\u00a0<\u00a0.001" if sign else "< .001"
    if p > 0.99:
        return "p\u00a0>\u00a0.99" if sign else "> .99"
    text = f"{p:.3f}" if p < 0.1 else f"{p:.2f}"
    text = text.lstrip("0")
    return f"p\u00a0=\u00a0{text}" if sign else text


def count(n: int, noun: str, plural: str | None = None) -> str:
    """``one dyad``, ``eight dyads``: words to twelve, then figures."""
    return f"{cardinal(n)} {noun if n == 1 else (plural or f'{noun}s')}"


def figures(n: int, noun: str) -> str:
    """``1 dyad``, ``8 dyads``: always in figures."""
    return f"{number(n, decimals=0)} {noun}{'s' * (n != 1)}"


def were(n: int, noun: str) -> str:
    """``one association was``, ``six associations were``."""
    return f"{count(n, noun)} {'was' if n == 1 else 'were'}"


def cardinal(n: int) -> str:
    """``no``, ``one`` … ``twelve``, then figures."""
    return _WORDS[n] if 0 <= n < len(_WORDS) else number(n, decimals=0)


def share(k: int, n: int, noun: str, plural: str | None = None) -> str:
    """``six of eight dyads``, ``both dyads``, ``all eight dyads``, ``none of eight dyads``."""
    if k == n == 2:
        return f"both {plural or f'{noun}s'}"
    if k == n and n > 1:
        return f"all {count(n, noun, plural)}"
    first = "none" if k == 0 else (cardinal(k) if n < len(_WORDS) else number(k, decimals=0))
    return f"{first} of {count(n, noun, plural)}"


def with_unit(text: str, unit: str) -> str:
    """``0.063 z``; the number alone where the measure has no unit."""
    return f"{text}\u00a0{unit}" if unit else text


def inside(title: str) -> str:
    """A title in the middle of a sentence: small first letter, unless it begins with an abbreviation."""
    return title if title[1:2].isupper() or title[1:2] == "-" else title[:1].lower() + title[1:]


def listing(items: Iterable[str], joint: str = "and") -> str:
    """``a, b and c``."""
    items = list(items)
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {joint} {items[-1]}"


def adjusted_for(terms: str) -> str:
    """``"session, synchrony at session t + 1"`` → ``"session and synchrony in that later session"``."""
    said = ["synchrony in that later session" if t.startswith("synchrony at ") else t for t in terms.split(", ")]
    return listing(said)


def signal_name(signal: str) -> str:
    return _SIGNALS.get(signal.lower(), signal)


def signals_name(signal_a: str, signal_b: str) -> str:
    """One name where both sides give the same signal, else "A with B"."""
    if signal_a == signal_b:
        return signal_name(signal_a)
    return f"{signal_name(signal_a)} with {signal_name(signal_b)}"


def segment_name(segment: str) -> str:
    return _SEGMENTS.get(segment, segment)


def confound_name(name: str) -> str:
    """``"global"`` is no word for a reader."""
    return "the mean over channels" if name == "global" else name


def seconds(value: float) -> str:
    """``0.42 s``, ``38 s``, ``2 min 05 s``."""
    if value < 10:
        return f"{number(value, 2)} s"
    if value < 100:
        return f"{value:.0f} s"
    return f"{int(value // 60)} min {int(value % 60):02d} s"


def lag(value: float, spread: float = math.nan) -> str:
    """A time between two people, without its sign: ``1.02 s``, ``38 ms``; with the digits that a spread allows."""
    size, unit, factor = abs(value), "s", 1.0
    if size < 0.1:
        unit, factor = "ms", 1000.0
    return f"{like(size * factor, max(spread * factor, 0.01))}\u00a0{unit}"


def opening(name: str) -> str:
    """A name at the head of a sentence: a large first letter where the name has none; ``PDT`` and ``eCBT`` stay."""
    return name[:1].upper() + name[1:] if name.islower() else name


def sentence(text: str) -> str:
    """First letter large; a full stop at the end."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
