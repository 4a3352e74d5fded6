"""Which measure for which recording: answers from the packaged table of power, as ``calibrate/power.py`` wrote it.

Strength is the share of each person's variance that both have in common; power is the share of simulated pairs in
which p is at most .05 against the measure's default surrogate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
import pandas as pd

from interbrain import measures
from interbrain.data.durations import seconds_of, told
from interbrain.data.errors import BadInput, RefusedScience
from interbrain.data.records import MODALITIES, MeasureRecord

TABLE = files("interbrain.report") / "power.tsv"
COLUMNS = (
    "kind", "noise", "rate_hz", "length_s", "strength", "lag_s", "measure", "surrogate", "band", "pairs", "draws",
    "found", "share", "se", "seconds", "date",
)  # fmt: skip
ENOUGH = 0.8
"""The power that counts as finding a coupling."""
UNSEEN = 0.2
"""A lag at which even the strongest coupling is found less often than this is called unseen."""
SHORTER, LONGER, SLOWER, FASTER = 1.5, 3.0, 2.0, 50.0
"""How far from what was simulated an answer is still given: factors on length and rate."""

_LIKE = {
    "fnirs": "haemodynamic",
    "eeg": "1/f",
    "motion": "ar(1)",
    "voice": "ar(1)",
    "eda": "1/f",
    "heart": "1/f",
    "misc": "ar(1)",
}
"""The noise that a modality is likened to unless another is named."""


@dataclass(frozen=True)
class Condition:
    """The simulated recordings that an answer rests on; ``kind`` is slow (continuous) or eeg (epochs of 1 s)."""

    kind: str
    noise: str
    rate_hz: float
    length_s: float


@dataclass(frozen=True, eq=False)
class Ranking:
    """What the table says of one recording.

    ``table`` has a row a measure and lag: ``rank``, ``measure``, ``surrogate``, ``band``, ``lag_s``, ``strength_80``
    (the weakest strength found with 80 % power; NaN where none that was tried), ``below`` (True where it is that or
    less), ``power`` and ``power_se`` at ``strength``, ``shortest_s`` (the shortest simulated length with 80 % power
    at ``strength``; NaN where none). ``blind`` says in words what each measure cannot see, ``notes`` what to keep in
    mind.
    """

    asked: str
    condition: Condition
    strength: float
    table: pd.DataFrame
    blind: dict[str, tuple[str, ...]]
    notes: tuple[str, ...]


def read_table() -> pd.DataFrame:
    """The packaged table, a row a measure and condition; columns :data:`COLUMNS`, rates in Hz, times in s."""
    with TABLE.open(encoding="utf-8") as file:
        return pd.read_csv(file, sep="\t", dtype={"date": str})


def rank_measures(
    length: str | float,
    *,
    rate: float,
    modality: str,
    noise: str | None = None,
    strength: float = 0.4,
    table: pd.DataFrame | None = None,
) -> Ranking:
    """Which measure finds coupling best in a recording like this.

    Parameters
    ----------
    length
        Seconds, or ``"40min"``; for EEG the sum of its 1-s epochs.
    rate
        Samples a second.
    modality
        ``"fnirs"``, ``"eeg"``, ``"motion"``, …
    noise
        What the signals are like: ``"white"``, ``"ar(1)"``, ``"haemodynamic"``, ``"1/f"``; absent, what the modality
        is likened to.
    strength
        Coupling to be found, 0.2 to 0.8.
    table
        Another table of the same columns; absent, the packaged one.

    Raises
    ------
    BadInput
        A length, rate, modality, noise or strength that is none.
    RefusedScience
        A recording that the table does not cover.
    """
    length_s = seconds_of(length) if isinstance(length, str) else float(length)
    rows = _alike(read_table() if table is None else table, modality, noise)
    strengths = sorted(rows.loc[rows["strength"] > 0, "strength"].unique())
    if not strengths[0] <= strength <= strengths[-1]:
        raise BadInput(f"strength is {strength:g}; the table has {strengths[0]:g} to {strengths[-1]:g}.")
    condition = _nearest(rows, length_s, rate, modality)
    here = _at(rows, condition)
    parts = [_lines(rows, here, condition, name, strength) for name in here["measure"].unique()]
    ranked = _ranked(pd.concat(parts, ignore_index=True))
    records = measures.records()
    return Ranking(
        asked=f"{modality}, {told(length_s)} at {rate:g} Hz",
        condition=condition,
        strength=strength,
        table=ranked,
        blind={name: _blind(records[name], here[here["measure"] == name]) for name in ranked["measure"].unique()},
        notes=_notes(here, condition, length_s, rate),
    )


def _alike(table: pd.DataFrame, modality: str, noise: str | None) -> pd.DataFrame:
    """Rows of the modality's kind and noise, and of the measures that are for it."""
    if modality not in MODALITIES:
        raise BadInput(f"there is no modality {modality!r}; there are: {', '.join(MODALITIES)}.")
    kind, noise = "eeg" if modality == "eeg" else "slow", noise or _LIKE[modality]
    records = measures.records()
    suits = [name in records and modality in records[name].modalities for name in table["measure"]]
    rows = table[(table["kind"] == kind) & np.array(suits, dtype=bool)]
    known = list(dict.fromkeys(rows["noise"]))
    if not known:
        raise RefusedScience(f"The table of power holds nothing for {modality}; it cannot say which measure to use.")
    if noise not in known:
        raise BadInput(f"noise {noise!r} was not simulated for {modality}; there are: {', '.join(known)}.")
    return rows[rows["noise"] == noise]


def _nearest(rows: pd.DataFrame, length_s: float, rate: float, modality: str) -> Condition:
    """The condition whose length, and then whose rate, is nearest (in ratio)."""
    if not (math.isfinite(length_s) and length_s > 0 and math.isfinite(rate) and rate > 0):
        raise BadInput(f"the recording is {length_s:g} s at {rate:g} Hz; both must be above 0.")
    shortest, longest = rows["length_s"].min(), rows["length_s"].max()
    if not shortest / SHORTER <= length_s <= longest * LONGER:
        raise RefusedScience(
            f"{told(length_s)} of {modality} is not covered: power was simulated for "
            f"{_listed(rows, 'length_s', told)}, and an answer is given from {told(shortest / SHORTER)} to "
            f"{told(longest * LONGER)}. "
            "Ask for a length in that range, or simulate your own recordings."
        )
    slowest, fastest = rows["rate_hz"].min(), rows["rate_hz"].max()
    if not slowest / SLOWER <= rate <= fastest * FASTER:
        raise RefusedScience(
            f"{rate:g} samples a second of {modality} are not covered: power was simulated at "
            f"{_listed(rows, 'rate_hz', '{:g}'.format)} Hz, and an answer is given from {slowest / SLOWER:g} to "
            f"{fastest * FASTER:g} Hz. Ask for a rate in that range."
        )
    near = _closest(rows, "length_s", length_s)
    near = _closest(near, "rate_hz", rate)
    first = near.iloc[0]
    return Condition(str(first["kind"]), str(first["noise"]), float(first["rate_hz"]), float(first["length_s"]))


def _listed(rows: pd.DataFrame, column: str, how: object) -> str:
    return ", ".join(how(v) for v in sorted(rows[column].unique()))  # type: ignore[operator]


def _closest(rows: pd.DataFrame, column: str, value: float) -> pd.DataFrame:
    away = np.abs(np.log(rows[column] / value))
    return rows[np.isclose(away, away.min())]


def _at(rows: pd.DataFrame, condition: Condition) -> pd.DataFrame:
    return rows[(rows["length_s"] == condition.length_s) & (rows["rate_hz"] == condition.rate_hz)]


def curve(rows: pd.DataFrame, measure: str, lag_s: float) -> pd.DataFrame:
    """``strength``, ``share``, ``se`` of one measure at one lag in one condition, from no coupling to the strongest.

    Strengths above one at which every pair was found were not simulated; power never falls with strength there.
    """
    own = rows[rows["measure"] == measure]
    none = own[own["strength"] == 0]
    some = own[(own["strength"] > 0) & (own["lag_s"] == lag_s)].sort_values("strength")
    found = pd.concat([none, some])[["strength", "share", "se"]].astype(float)
    left_out = sorted(set(rows.loc[rows["strength"] > found["strength"].max(), "strength"]))
    if left_out and len(some) and found["share"].iloc[-1] == 1.0:
        more = pd.DataFrame({"strength": left_out, "share": 1.0, "se": found["se"].iloc[-1]})
        found = pd.concat([found, more])
    return found.reset_index(drop=True)


def weakest_found(found: pd.DataFrame, power: float = ENOUGH) -> tuple[float, bool]:
    """Strength at which a :func:`curve` first reaches ``power``, by straight lines between those tried.

    NaN where none reaches it; True beside it where already the weakest one does, so that the answer is "or less".
    """
    strength, share = found["strength"].to_numpy(), np.maximum.accumulate(found["share"].to_numpy())
    reached = np.flatnonzero((share >= power) & (strength > 0))
    if not len(reached):
        return math.nan, False
    k = int(reached[0])
    if k <= 1:
        return float(strength[k]), True
    part = (power - share[k - 1]) / (share[k] - share[k - 1])
    return float(strength[k - 1] + part * (strength[k] - strength[k - 1])), False


def _lines(rows: pd.DataFrame, here: pd.DataFrame, condition: Condition, measure: str, strength: float) -> pd.DataFrame:
    own, lines = here[here["measure"] == measure].iloc[0], []
    for lag in sorted(here.loc[here["strength"] > 0, "lag_s"].unique()):
        found = curve(here, measure, lag)
        weakest, below = weakest_found(found)
        lines.append(
            {
                "measure": measure,
                "surrogate": own["surrogate"],
                "band": own["band"],
                "lag_s": lag,
                "strength_80": weakest,
                "below": below,
                "power": float(np.interp(strength, found["strength"], found["share"])),
                "power_se": float(np.interp(strength, found["strength"], found["se"])),
                "shortest_s": _shortest(rows, condition, measure, lag, strength),
            }
        )
    return pd.DataFrame(lines)


def _shortest(rows: pd.DataFrame, condition: Condition, measure: str, lag: float, strength: float) -> float:
    """The shortest simulated length whose power is enough; NaN where none is."""
    for length in sorted(rows["length_s"].unique()):
        there = _closest(rows[rows["length_s"] == length], "rate_hz", condition.rate_hz)
        found = curve(there, measure, lag)
        if np.interp(strength, found["strength"], found["share"], right=np.nan) >= ENOUGH:
            return float(length)
    return math.nan


def _ranked(lines: pd.DataFrame) -> pd.DataFrame:
    """Best mean power over the lags first, then the weaker strength found; measures within two standard errors of the
    best of a rank share it."""
    missing = lines["strength_80"].fillna(1.0)
    means = lines.assign(weak=missing, var=lines["power_se"] ** 2).groupby("measure", sort=False)
    own = pd.DataFrame({"power": means["power"].mean(), "weak": means["weak"].mean()})
    own["se"] = np.sqrt(means["var"].sum()) / means.size()
    own = own.sort_values(["power", "weak"], ascending=[False, True], kind="stable")
    ranks: dict[str, int] = {}
    best = own.iloc[0]
    for place, (name, row) in enumerate(own.iterrows(), start=1):
        if place == 1 or best["power"] - row["power"] > 2 * math.hypot(best["se"], row["se"]):
            best, rank = row, place
        ranks[str(name)] = rank
    order = {str(name): i for i, name in enumerate(own.index)}
    lines = lines.assign(rank=lines["measure"].map(ranks), order=lines["measure"].map(order))
    lines = lines.sort_values(["order", "lag_s"], kind="stable").drop(columns="order")
    return lines[["rank", *(c for c in lines.columns if c != "rank")]].reset_index(drop=True)


def _blind(record: MeasureRecord, own: pd.DataFrame) -> tuple[str, ...]:
    """What the record says, and the lags at which hardly any pair was found."""
    said = list(record.blind_to)
    for lag in sorted(own.loc[own["strength"] > 0, "lag_s"].unique()):
        found = curve(own, record.name, lag)
        if found["share"].max() < UNSEEN:
            said.append(f"a lag of {lag_text(lag)} here: {found['share'].iloc[-1]:.0%} found at the strongest coupling")
    return tuple(said)


def _notes(here: pd.DataFrame, condition: Condition, length_s: float, rate: float) -> tuple[str, ...]:
    notes = []
    if length_s < condition.length_s * 0.999:
        notes.append(f"Yours is shorter than the {told(condition.length_s)} simulated: expect less power than this.")
    elif length_s > condition.length_s * 1.001:
        notes.append(f"Yours is longer than the {told(condition.length_s)} simulated: expect more power than this.")
    if not math.isclose(rate, condition.rate_hz):
        matters = condition.noise == "white"
        why = (
            "white noise at a higher rate carries more"
            if matters
            else "the noise is slow against both, so it changes little"
        )
        notes.append(f"Simulated at {condition.rate_hz:g} Hz, yours has {rate:g} Hz: {why}.")
    error = here["se"].max()
    notes.append(
        f"{int(here['pairs'].min())} pairs a figure, {int(here['draws'].min())} surrogates a pair: powers have "
        f"standard errors up to {error:.2f}, and measures of one rank differ by less than two of them. One pair of "
        "places, no correction for several."
    )
    return tuple(notes)


def lag_text(lag_s: float) -> str:
    """``0``, ``1 s``, ``27 ms``."""
    return "0" if lag_s == 0 else f"{lag_s:g} s" if lag_s >= 1 else f"{1000 * lag_s:g} ms"
