"""Results folders as a run would leave them, drawn from a formula and a seed: for the tests of the report.

``full``: 8 dyads × 6 sessions, a third missing, 4 × 4 regions × HbO/HbR × rest/task, growth planted in one pair.
``one_dyad``: EEG of one pair, nothing above chance. ``motion``: 10 dyads once, one channel, lags, two arms,
re-pairings.
"""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from interbrain.data.tables import TABLES, frame, write_table

REGIONS = ("lIFG", "rIFG", "lTPJ", "rTPJ")
PLANTED = ("rTPJ", "rIFG")
SLOPE = 0.06
LAG_S = 1.0
WTC = {
    "analysis": "fnirs-wtc",
    "measure": "wtc",
    "modality": "fnirs",
    "level": "region",
    "band": "slow",
    "direction": "",
}


def _write(folder: Path, tables: dict[str, pd.DataFrame]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in TABLES:
        rows = tables.get(name, frame(name, []))
        write_table(name, rows[[c for c in frame(name, []).columns if c in rows]], folder)


def _json(folder: Path, name: str, content: dict) -> None:
    (folder / name).write_text(json.dumps(content, indent=1), encoding="utf-8")


def _kept(rng: np.random.Generator, n_dyads: int, n_sessions: int) -> list[tuple[str, int]]:
    cells = [(f"{g:02d}", s) for g in range(1, n_dyads + 1) for s in range(1, n_sessions + 1)]
    order = rng.permutation(len(cells))[: len(cells) // 3]
    lost = {cells[i] for i in order if cells[i][1] not in (1, n_sessions)}
    return [c for c in cells if c not in lost]


def _meetings(rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for (group, session), segment, signal, (a, b) in product(
        _kept(rng, 8, 6), ("rest", "task"), ("hbo", "hbr"), product(REGIONS, REGIONS)
    ):
        strength = {"hbo": 1.0, "hbr": 0.4}[signal] * (segment == "task") * ((a, b) == PLANTED)
        own = 0.05 * np.sin(int(group) * 2.1)
        excess = strength * (0.10 + (SLOPE + 0.2 * own) * (session - 1) + own) + rng.normal(0, 0.055)
        rows.append(
            {
                **WTC, "group": group, "session": session, "therapist": "T", "arm": "", "condition": "",
                "segment": segment, "signal_a": signal, "signal_b": signal, "person_a": f"P{group}", "person_b": "T",
                "role_a": "patient", "role_b": "therapist", "place_a": a, "place_b": b,
                "low_hz": 1 / 30, "high_hz": 1 / 8, "null": "circular_shift",
                "stabilised_null_mean": 0.71 + rng.normal(0, 0.01), "stabilised_null_sd": 0.058, "excess": excess,
                "phase": (0.5 if strength else 0) + rng.normal(0, 0.4 if strength else 2.0), "lag_s": np.nan,
                "coverage": 0.93, "n_effective": 24.0, "n_pairs": 4,
                "duration_s": 180.0 if segment == "rest" else 600.0,
                "usable": round(float(rng.uniform(0.78, 1.0)), 3), "n_null": 199,
                "family": f"{group}/{session}/{segment}",
            }
        )  # fmt: skip
    rows = pd.DataFrame(rows)
    own = np.random.default_rng(8)
    coupled = (rows["segment"] == "task") & (rows["place_a"] == PLANTED[0]) & (rows["place_b"] == PLANTED[1])
    rows["lag_s"] = np.where(coupled, LAG_S + own.normal(0, 0.4, len(rows)), own.normal(0, 3, len(rows)))
    rows["stabilised"] = rows["stabilised_null_mean"] + rows["excess"]
    rows["value"] = np.tanh(rows["stabilised"]) ** 2
    rows["null_mean"], rows["null_sd"] = np.tanh(rows["stabilised_null_mean"]) ** 2, 0.055
    rows["z"] = rows["excess"] / rows["stabilised_null_sd"]
    rows["p"] = ((1 + np.round(199 * _tail(rows["z"]))) / 200).clip(0.005, 1)
    rows["p_family"] = (rows["p"] * 16).clip(0, 1)
    return rows


def _tail(z: pd.Series) -> np.ndarray:
    return stats.norm.sf(np.asarray(z, dtype=float))


def _tests(rows: pd.DataFrame) -> pd.DataFrame:
    keys = [
        "analysis",
        "measure",
        "modality",
        "signal_a",
        "signal_b",
        "level",
        "place_a",
        "place_b",
        "band",
        "direction",
    ]
    out = []
    for key, cell in rows.groupby([*keys, "segment"], sort=True):
        base = dict(zip([*keys, "segment"], key))
        n = len(cell)
        z = cell["excess"].mean() / (0.058 / np.sqrt(n))
        p = max(1 / 200, round(float(_tail([z])[0]), 3))
        common = {"n_groups": 8, "n_meetings": n, "smallest_p": 0.005, "note": ""}
        out.append(
            {**base, **common, "test": "within", "null": "circular_shift", "estimate": cell["value"].mean(),
             "null_mean": cell["null_mean"].mean(), "null_sd": 0.055 / np.sqrt(n), "z": z, "p": p,
             "p_family": min(1.0, p if p < 0.006 else p * 16),
             "family": f"{base['signal_a']}/{base['segment']}", "n_null": 199, "bound": "surrogates"}
        )  # fmt: skip
        zr = cell["excess"].mean() / 0.02
        pr = max(1 / 2000, round(float(_tail([zr])[0]), 4))
        out.append(
            {**base, **common, "test": "repair", "null": "partners", "estimate": cell["stabilised"].mean(),
             "null_mean": 0.71, "null_sd": 0.02, "z": zr, "p": pr, "p_family": min(1.0, pr * 16),
             "family": f"{base['signal_a']}/{base['segment']}", "n_null": 1999, "smallest_p": 0.0005,
             "bound": "arrangements"}
        )  # fmt: skip
    tests = pd.DataFrame(out)
    best = tests.groupby(["test", "family"])["p_family"].transform("min")
    tests["p_fdr"] = (best * 2).clip(upper=1)
    return pd.concat([tests, _contrast(rows, keys), _leads(rows, keys)], ignore_index=True)


def _leads(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Lags in seconds, for a measure without a profile."""
    out = []
    for key, cell in rows.groupby([*keys, "segment"], sort=True):
        base = dict(zip([*keys, "segment"], key))
        weight = cell["excess"].clip(lower=0)
        total = (weight * cell["lag_s"]).groupby(cell["group"]).sum()
        lag = (total / weight.groupby(cell["group"]).sum()).dropna()
        p = max(2 / 256, float(stats.ttest_1samp(lag, 0).pvalue))
        out.append(
            {**base, "test": "leads", "null": "circular_shift", "estimate": lag.mean(), "null_mean": 0.0,
             "null_sd": np.sqrt((lag**2).sum()) / 8, "z": lag.mean() / (np.sqrt((lag**2).sum()) / 8), "p": p,
             "p_family": p if p < 0.008 else min(1.0, 16 * p), "p_fdr": 0.02,
             "family": f"leads/{base['signal_a']}/{base['segment']}", "n_null": 256, "n_groups": 8,
             "n_meetings": len(cell), "smallest_p": 2 / 256, "bound": "sign flips", "note": ""}
        )  # fmt: skip
    return pd.DataFrame(out)


def _contrast(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    out = []
    for key, cell in rows.groupby(keys, sort=True):
        by = cell.pivot_table(index=["group", "session"], columns="segment", values="excess")
        d = (by["task"] - by["rest"]).groupby("group").mean()
        z = d.mean() / (d.std() / np.sqrt(len(d)))
        p = max(0.005, round(float(2 * _tail([abs(z)])[0]), 3))
        out.append(
            {**dict(zip(keys, key)), "segment": "", "test": "contrast:task-rest", "null": "sign_flips",
             "estimate": d.mean(), "null_mean": 0.0, "null_sd": d.std() / np.sqrt(len(d)), "z": z, "p": p,
             "p_family": p if p < 0.006 else min(1.0, p * 16), "family": key[3], "n_null": 199, "n_groups": 8,
             "n_meetings": len(by),
             "smallest_p": 0.0039, "bound": "dyads", "note": ""}
        )  # fmt: skip
    return pd.DataFrame(out)


def _course(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    keys = [
        "analysis",
        "measure",
        "modality",
        "signal_a",
        "signal_b",
        "level",
        "place_a",
        "place_b",
        "band",
        "direction",
    ]
    course, groups = [], []
    for key, cell in rows.groupby([*keys, "segment"], sort=True):
        base = dict(zip([*keys, "segment"], key))
        own = {}
        for group, mine in cell.groupby("group"):
            slope, level = np.polyfit(mine["session"], mine["excess"], 1)
            own[group] = slope
            groups.append(
                {**base, "null": "circular_shift", "group": group, "therapist": "T", "arm": "",
                 "level_at_first": level + slope,
                 "slope": slope, "slope_own": slope, "n_meetings": len(mine)}
            )  # fmt: skip
        values = np.array(list(own.values()))
        slope, se = values.mean(), values.std(ddof=1) / np.sqrt(len(values))
        p = float(2 * stats.t.sf(abs(slope / se), 7))
        common = {"null": "circular_shift", "df": 6.8, "n_groups": 8, "n_meetings": len(cell), "note": "",
                  "method": "excess ~ session + (1 + session | group); fixed weights, cluster-robust CR2"}  # fmt: skip
        course.append(
            {**base, **common, "term": "session", "slope": slope, "se": se, "ci_low": slope - 2.38 * se,
             "ci_high": slope + 2.38 * se, "p": p, "p_family": min(1.0, max(p * 16, 2 / 256)), "p_signflip": max(p,
             2 / 256)}
        )  # fmt: skip
    return pd.DataFrame(course), pd.DataFrame(groups)


def _scores(rng: np.random.Generator, rows: pd.DataFrame) -> pd.DataFrame:
    out = []
    meetings = rows[["group", "session"]].drop_duplicates()
    for instrument, start, change, reliable in (("PHQ-9", 15.0, -1.4, 6.0), ("WAI-SR", 40.0, 1.0, np.nan)):
        for group, mine in meetings.groupby("group"):
            first = start + rng.normal(0, 3)
            for session in mine["session"]:
                score = round(float(np.clip(first + change * (session - 1) + rng.normal(0, 1.2), 0, 60)))
                delta = score - round(float(first))
                out.append(
                    {"group": group, "participant": f"P{group}", "role": "patient", "instrument": instrument,
                     "session": session, "when": "after", "score": score, "change_from_first": delta,
                     "reliable": _reliable(delta, reliable) if session > 1 else "",
                     "below_cutoff": score < 10 if instrument == "PHQ-9" else np.nan}
                )  # fmt: skip
    return pd.DataFrame(out)


def _reliable(delta: float, limit: float) -> str:
    if not np.isfinite(limit):
        return ""
    return "no" if abs(delta) < limit else ("better" if delta < 0 else "worse")


def _outcome() -> pd.DataFrame:
    base = {
        **WTC, "signal_a": "hbo", "signal_b": "hbo", "place_a": PLANTED[0], "place_b": PLANTED[1], "segment": "task",
        "null": "circular_shift", "participant_role": "patient", "when": "after", "adjusted_for": "session",
        "method": "mixed model",
        "n_groups": 8, "n_scores": 32, "note": "",
    }  # fmt: skip
    figures = [
        ("PHQ-9", 0, "within", -9.4, 2.6, 21.0, 0.0015), ("PHQ-9", 0, "between", -3.0, 12.0, 5.2, 0.81),
        ("PHQ-9", 1, "within", -2.1, 3.4, 15.0, 0.55), ("WAI-SR", 0, "within", 2.2, 3.9, 22.0, 0.58),
        ("WAI-SR", 0, "between", 10.0, 21.0, 5.1, 0.65), ("WAI-SR", 1, "within", 1.0, 4.0, 15.0, 0.81),
    ]  # fmt: skip
    return pd.DataFrame(
        [
            {**base, "instrument": i, "lag_sessions": lag, "part": part, "estimate": e, "se": se, "df": df, "p": p,
             "p_fdr": p,
             "ci_low": e - 2.2 * se, "ci_high": e + 2.2 * se}
            for i, lag, part, e, se, df, p in figures
        ]
    )  # fmt: skip


def _quality(rng: np.random.Generator, rows: pd.DataFrame, channels: list[str], modality: str) -> pd.DataFrame:
    out = []
    people = rows[["group", "session", "person_a", "person_b", "role_a", "role_b"]].drop_duplicates()
    for _, m in people.iterrows():
        for side, channel in product("ab", channels):
            sci = float(np.clip(0.95 - rng.exponential(0.08), 0, 1))
            out.append(
                {"group": m["group"], "session": m["session"], "person": m[f"person_{side}"], "role": m[f"role_{side}"],
                 "modality": modality, "segment": "", "channel": channel, "kind": "hbo", "figure": "sci",
                 "value": sci, "threshold": 0.7, "decision": "kept" if sci >= 0.7 else "dropped"}
            )  # fmt: skip
    return pd.DataFrame(out)


def _map(folder: Path, rng: np.random.Generator) -> None:
    (folder / "maps").mkdir(exist_ok=True)
    t = np.arange(0, 600, 2.0)
    period = 2.0 ** np.linspace(2, 7, 61)
    ridge = np.exp(-(((np.log2(period)[:, None] - 4.0) / 0.5) ** 2)) * np.exp(-(((t[None] - 330) / 140) ** 2))
    smooth = np.cumsum(rng.normal(size=(61, 300)), axis=1)
    smooth = (smooth - smooth.min()) / np.ptp(smooth)
    fast = np.arange(0, 600, 0.5)
    common = np.sin(2 * np.pi * fast / 16) * np.exp(-(((fast - 330) / 140) ** 2))
    np.savez(
        folder / "maps" / "fnirs-wtc.npz",
        rsq=np.clip(0.25 * smooth + 0.75 * ridge, 0, 0.99), phase=0.6 + 0.3 * smooth, period=period, t=t,
        coi=1.2 * np.minimum(t + 2, 602 - t), null95=0.5 + 0.12 * np.linspace(0, 1, 61), t_signal=fast,
        signal_a=common + 0.5 * rng.normal(size=len(fast)), signal_b=np.roll(common,
        3) + 0.5 * rng.normal(size=len(fast)),
        labels=np.array(["fnirs-wtc", "08", "6", "task", "hbo", "rTPJ", "rIFG", "patient", "therapist", "08/ses-6"]),
        segment_names=np.array(["rest", "task"]), segment_start=np.array([0.0, 180.0]), segment_stop=np.array([180.0,
        600.0]),
    )  # fmt: skip


def _provenance(folder: Path, name: str, **more: object) -> None:
    _json(
        folder,
        "provenance.json",
        {
            "interbrain": "0.1.0", "python": "3.12.4", "libraries": {"numpy": "2.1.0", "scipy": "1.14.0"},
            "seed": 20260101, "study": {"name": name, "simulated": False, "root_name": name},
            "inputs": [{"file": f"sub-{i:02d}/nirs.snirf", "sha256": f"{i:064x}"} for i in range(1, 5)],
            "command": f"interbrain run {name} results", "started": "2026-03-02T10:00:00", "workers": 2, "truth": None,
            "roles": ["patient", "therapist"], **more,
        },
    )  # fmt: skip
    steps = {
        "read": 2.1,
        "prepare": 14.2,
        "pair": 8.0,
        "surrogates": 61.5,
        "re-pair": 9.9,
        "course": 3.3,
        "outcome": 1.2,
    }
    _json(
        folder,
        "timing.json",
        {"steps": [{"step": k, "seconds": v} for k, v in steps.items()], "total_s": sum(steps.values())},
    )


def _plan(folder: Path, text: str) -> None:
    (folder / "plan.toml").write_text(text, encoding="utf-8")


def full(folder: Path) -> Path:
    rng = np.random.default_rng(7)
    rows = _meetings(rng)
    course, groups = _course(rows)
    pairings = _pairings(rows[(rows["segment"] == "task") & (rows["signal_a"] == "hbo")], rng)
    problems = pd.DataFrame(
        [
            {"where": "group 03, session 2, patient, fnirs, S3_D2", "what": "scalp coupling 0.41", "costs_data": True,
             "why": "below 0.7 the optode does not see the scalp", "done": "channel left out"},
            {"where": "group 05, session 4, therapist, fnirs", "what": "the file ends after 402 s of 780 s",
             "why": "the recording was cut", "done": "the first 402 s were used", "costs_data": True},
            {"where": "group 06, session 1", "what": "clocks differ by 0.13 s", "why": "two devices",
             "done": "shifted by one sample", "costs_data": False},
        ]
    )  # fmt: skip
    _write(
        folder,
        {
            "synchrony": rows, "nulls": rows, "tests": _tests(rows), "course": course, "course_groups": groups,
            "pairings": pairings, "scores": _scores(rng, rows), "outcome": _outcome(), "problems": problems,
            "quality": _quality(rng, rows, [f"S{s}_D{d}" for s, d in product(range(1, 5), range(1, 5))], "fnirs"),
        },
    )  # fmt: skip
    _map(folder, rng)
    truth = {
        "planted": [{"place_a": PLANTED[0], "place_b": PLANTED[1], "signal": "hbo", "segment": "task",
        "slope_per_session": SLOPE}],
        "sentence": "Coupling of the patient's rTPJ with the therapist's rIFG grows; nothing else does.",
    }  # fmt: skip
    _provenance(folder, "demo", truth=truth, n_surrogates=199, hours=6.9,
                study={"name": "A small simulated study", "simulated": True, "root_name": "study"})  # fmt: skip
    _plan(folder, 'seed = 20260101\nalpha = 0.05\ncontrast = ["task", "rest"]\n[[analysis]]\nname = "fnirs-wtc"\n'
          'modality = "fnirs"\nmeasure = "wtc"\nsignals = ["hbo", "hbr"]\nsurrogates = ["circular_shift"]\n'
          'n_surrogates = 199\nrepair = true\nlevel = "region"\n'
          '[analysis.bands]\nslow = [0.0333, 0.125]\n')  # fmt: skip
    return folder


def _pairings(rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    keys = ("analysis", "measure", "modality", "signal_a", "signal_b", "level", "place_a", "place_b", "band",
            "direction", "condition", "segment", "session")  # fmt: skip
    out = []
    for session in sorted(rows["session"].unique()):
        cell = rows[rows["session"] == session].to_dict("records")
        for r, other in product(cell, sorted({r["group"] for r in cell})):
            real = r["group"] == other
            stable = r["stabilised"] if real else 0.71 + rng.normal(0, 0.05)
            out.append({**{k: r[k] for k in keys}, "group_a": r["group"], "group_b": other, "real": real,
                        "excluded": "", "stabilised": stable, "value": np.tanh(stable) ** 2})  # fmt: skip
    return pd.DataFrame(out)


def one_dyad(folder: Path) -> Path:
    rng = np.random.default_rng(3)
    channels = ["Fp1", "Fp2", "F3", "Fz", "F4", "C3", "Cz", "C4", "P3", "Pz", "P4", "O1", "O2"]
    rows = []
    for measure, band, (a, b) in product(("plv", "imcoh"), ("theta", "alpha"), product(channels, channels)):
        z = float(rng.normal())
        rows.append(
            {"group": "01", "session": 1, "segment": "whole", "analysis": f"eeg-{measure}", "measure": measure,
             "modality": "eeg", "signal_a": "eeg", "signal_b": "eeg", "person_a": "p1", "person_b": "p2",
             "role_a": "person1", "role_b": "person2", "level": "channel", "place_a": a, "place_b": b, "band": band,
             "direction": "", "value": 0.2 + 0.04 * z, "stabilised": 0.2 + 0.04 * z, "lag_s": np.nan, "phase": 0.1,
             "coverage": 1.0, "n_effective": 25, "n_pairs": 1, "duration_s": 25.0, "usable": 0.76,
             "null": "segment_shuffle", "null_mean": 0.2, "null_sd": 0.04, "stabilised_null_mean": 0.2,
             "stabilised_null_sd": 0.04, "excess": 0.04 * z, "z": z, "n_null": 199, "family": f"{measure}/{band}",
             "p": max(0.005, round(float(_tail([z])[0]), 3)), "p_family": max(0.21, min(1.0,
             120 * float(_tail([z])[0])))}
        )  # fmt: skip
    rows = pd.DataFrame(rows).assign(therapist="", arm="", condition="")
    _write(folder, {"synchrony": rows, "nulls": rows})
    _provenance(folder, "eeg-pair", roles=["person1", "person2"], hours=0.007)
    _plan(folder, "seed = 1\nalpha = 0.05\n" + "".join(
        f'[[analysis]]\nname = "eeg-{m}"\nmodality = "eeg"\nmeasure = "{m}"\nsurrogates = ["segment_shuffle"]\n'
        "n_surrogates = 199\n[analysis.bands]\ntheta = [4.0, 7.5]\nalpha = "
"[7.5, 11.0]\n" for m in ("plv", "imcoh")))  # fmt: skip
    return folder


def motion(folder: Path) -> Path:
    rng = np.random.default_rng(11)
    place = {"analysis": "motion-wlcc", "measure": "wlcc", "modality": "motion", "signal_a": "motion",
             "signal_b": "motion", "level": "channel", "place_a": "MEA", "place_b": "MEA", "band": "",
             "direction": ""}  # fmt: skip
    groups = [f"{g:02d}" for g in range(1, 11)]
    arms = {g: "continued" if int(g) <= 5 else "dropout" for g in groups}
    rows, lags, pairings = [], [], []
    steps = np.round(np.arange(-5, 5.01, 0.2), 2)
    for g in groups:
        value = 0.106 + 0.01 * np.sin(int(g)) + rng.normal(0, 0.006)
        z = (value - 0.085) / 0.006
        rows.append(
            {**place, "group": g, "session": 1, "therapist": f"T{g}", "arm": arms[g], "condition": "",
             "segment": "whole",
             "person_a": f"P{g}", "person_b": f"T{g}", "role_a": "patient", "role_b": "therapist", "value": value,
             "stabilised": value, "lag_s": 0.4, "phase": np.nan, "coverage": 0.9, "n_effective": 30, "n_pairs": 1,
             "duration_s": 600.0, "usable": 0.9, "null": "segment_shuffle", "null_mean": 0.085, "null_sd": 0.006,
             "stabilised_null_mean": 0.085, "stabilised_null_sd": 0.006, "excess": value - 0.085, "z": z,
             "p": max(0.005, round(float(_tail([z])[0]), 3)), "n_null": 199, "family": g,
             "p_family": max(0.005, round(float(_tail([z])[0]), 3))}
        )  # fmt: skip
        bump = 0.05 * np.exp(-(((steps - 0.6) / 0.9) ** 2)) * (0.6 + 0.4 * np.sin(int(g)))
        for lag, v in zip(steps, 0.085 + bump + rng.normal(0, 0.004, len(steps))):
            lags.append({**place, "group": g, "session": 1, "arm": arms[g], "segment": "whole", "lag_s": lag,
            "value": v,
                         "null_mean": 0.085, "null_sd": 0.008, "n_null": 199})  # fmt: skip
        for h in groups:
            v = value if g == h else 0.0923 + rng.normal(0, 0.009)
            pairings.append({**place, "session": 1, "condition": "", "segment": "whole", "group_a": g, "group_b": h,
                             "real": g == h, "excluded": "", "value": v, "stabilised": v})  # fmt: skip
    mean = float(np.mean([r["value"] for r in rows]))
    base = {**place, "segment": "whole", "p_fdr": np.nan, "family": "all", "n_groups": 10, "n_meetings": 10, "note": ""}
    tests = [
        {**base, "test": "within", "null": "segment_shuffle", "estimate": mean, "null_mean": 0.085, "null_sd": 0.002,
         "z": (mean - 0.085) / 0.002, "p": 0.005, "p_family": 0.005, "n_null": 199, "smallest_p": 0.005,
         "bound": "surrogates"},
        {**base, "test": "repair", "null": "partners", "estimate": mean, "null_mean": 0.0923, "null_sd": 0.0048,
         "z": (mean - 0.0923) / 0.0048, "p": 0.003, "p_family": 0.003, "n_null": 1999, "smallest_p": 0.0005,
         "bound": "arrangements"},
        {**base, "test": "leads", "null": "segment_shuffle", "estimate": 0.0093, "null_mean": 0.0, "null_sd": 0.0033,
         "z": 2.8, "p": 0.01, "p_family": 0.01, "n_null": 199, "smallest_p": 0.005, "bound": "surrogates"},
        {**base, "test": "arm:continued-dropout", "null": "permutation", "estimate": 0.004, "null_mean": 0.0,
         "null_sd": 0.006, "z": 0.67, "p": 0.52, "p_family": 0.52, "n_null": 252, "smallest_p": 0.004,
         "bound": "arrangements"},
    ]  # fmt: skip
    _write(folder, {"synchrony": pd.DataFrame(rows), "nulls": pd.DataFrame(rows),
                    "lags": pd.DataFrame(lags).assign(therapist="", condition=""),
                    "tests": pd.DataFrame(tests), "pairings": pd.DataFrame(pairings)})  # fmt: skip
    _provenance(folder, "motion-therapy", hours=1.67)
    _plan(folder, 'seed = 1\nalpha = 0.05\n[[analysis]]\nname = "motion-wlcc"\nmodality = "motion"\nmeasure = "wlcc"\n'
          'surrogates = ["segment_shuffle"]\nn_surrogates = 199\nrepair = true\n')  # fmt: skip
    return folder


@cache
def shared(kind: str) -> Path:
    """One folder of each kind a process, for tests that only read it; gone when the process ends."""
    parent = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, parent, ignore_errors=True)
    return {"full": full, "one_dyad": one_dyad, "motion": motion}[kind](parent / kind)
