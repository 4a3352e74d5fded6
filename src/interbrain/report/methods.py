"""The methods as paragraphs fit for a paper, from the plan and the records of what ran, with its references."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from interbrain.report import views, words
from interbrain.report.citations import Bibliography
from interbrain.report.results import Results

_STABILISED = {
    "atanh": "Fisher's z",
    "atanh_sqrt": "Fisher's z of the root of the coherence",
    "identity": "values as they are",
}


@dataclass(frozen=True)
class Methods:
    """Paragraphs with reference numbers, and the references."""

    paragraphs: tuple[str, ...]
    references: tuple[tuple[str, str], ...]


def methods(results: Results) -> Methods:
    """Recordings, preparation, measures, chance, course, outcome: only what ran is described."""
    bib = Bibliography()
    parts = [
        _recordings(results),
        _preparation(results, bib),
        *[_measure(results, a, bib) for a in results.analyses],
        _chance(results, bib),
        _course(results, bib),
        _outcome(results, bib),
        f"All computations were done with interbrain {results.provenance.get('interbrain', '')}".rstrip()
        + f"; random numbers follow from the seed {results.plan.get('seed', 'n/a')}.",
    ]
    return Methods(tuple(p for p in parts if p), tuple(bib.entries))


def _recordings(results: Results) -> str:
    sync = results["synchrony"]
    modalities = words.listing([_MODALITY.get(m, m) for m in sorted(sync["modality"].unique())])
    segments = [s for s in sync["segment"].unique() if s]
    parts = f", in the segments {words.listing(segments)}" if len(segments) > 1 else ""
    made = "Simulated recordings" if results.simulated else "Recordings"
    return (
        f"{made} of {words.count(len(results.groups), 'dyad')} ({results.roles[0]} and {results.roles[1]}) in "
        f"{words.count(len(results.meetings), 'session')} were analysed: {modalities}{parts}. The "
        f"{results.roles[0]} is "
        f"side A throughout; lags and phases are positive when the {results.roles[0]} is ahead."
    )


_MODALITY = {
    "fnirs": "functional near-infrared spectroscopy (fNIRS)",
    "eeg": "electroencephalography (EEG)",
    "motion": "motion energy",
    "eda": "electrodermal activity",
    "heart": "heart activity",
    "voice": "voice",
}


def _preparation(results: Results, bib: Bibliography) -> str:
    used = {a.get("modality") for a in results.analyses}
    parts = []
    if "fnirs" in used and (f := results.plan.get("fnirs")):
        parts.append(_fnirs(f, bib))
    if "eeg" in used and (e := results.plan.get("eeg")):
        reference = (
            "re-referenced to their average" if e.get("average_reference") else "kept in the reference they came in"
        )
        parts.append(f"EEG epochs of the two people were matched by their identity and {reference}{bib.known('mne')}.")
    if used - {"fnirs", "eeg"} and (m := results.plan.get("motion")):
        smooth = float(m.get("smooth_s") or 0)
        how = f"smoothed over {smooth:g} s" if smooth else "not smoothed"
        scale = "scaled by each person's standard deviation" if m.get("scale") else "left in their own units"
        parts.append(f"Time series were {how} and {scale}.")
    if (q := results.plan.get("quality")) and parts:
        share = 100 * float(q.get("min_usable", 0.5))
        parts.append(
            f"A segment entered the analysis where at least {share:.0f} % of its samples were usable in both people."
        )
    return " ".join(parts)


def _fnirs(f: dict[str, Any], bib: Bibliography) -> str:
    low, high = f.get("band_hz", (0.01, 0.2))
    sci = bib.known("sci")
    dropped = " were left out" if f.get("drop_bad_channels", True) else " were marked"
    motion = (
        f" Motion artefacts were corrected by temporal derivative distribution repair{bib.known('tddr')}."
        if f.get("motion_correction") == "tddr"
        else " Motion artefacts were not corrected."
    )
    return (
        f"Light intensity was converted to optical density. Channels with a scalp-coupling index{sci} below "
        f"{float(f.get('sci_threshold', 0.7)):g}{dropped}.{motion} Signals were filtered to "
        f"{float(low):g}–{float(high):g} Hz and converted to "
        "haemoglobin concentrations by the modified Beer–Lambert law (partial pathlength factor "
        f"{float(f.get('ppf', 6)):g}), "
        f"using MNE-Python{bib.known('mne')}."
    )


def _measure(results: Results, analysis: dict[str, Any], bib: Bibliography) -> str:
    name = str(analysis.get("measure", ""))
    record = results.measure(name)
    bands = "; ".join(
        f"{b} {float(low):.3g}–{float(high):.3g} Hz" for b, (low, high) in (analysis.get("bands") or {}).items()
    )
    if record is None:
        first = f"Synchrony was measured by {name}."
        return first + (f" Bands: {bands}." if bands else "")
    said = record.methods or f"Synchrony was measured by {record.title[:1].lower()}{record.title[1:]}."
    text = f"{said.rstrip('.')}{bib.cite(record.reference, record.doi)}."
    if bands:
        text += f" Bands: {bands}."
    level = {"region": "regions (means of the stabilised values of their channel pairs)", "channel": "single channels"}
    levels = results["synchrony"].loc[results["synchrony"]["analysis"] == analysis.get("name"), "level"].unique()
    if len(levels) == 1 and levels[0] in level and analysis.get("modality") in ("fnirs", "eeg"):
        text += f" Values are reported for {level[levels[0]]}."
    if record.stabilise != "identity":
        text += (
            f" Tests and models used {_STABILISED.get(record.stabilise, record.stabilise)}, whose "
            "variance hardly depends on its mean."
        )
    if record.blind_to:
        text += f" This measure cannot see {words.listing(record.blind_to, 'or')}."
    return text


def _chance(results: Results, bib: Bibliography) -> str:
    parts = []
    tests = results["tests"]
    for name in dict.fromkeys(s for a in results.analyses for s in a.get("surrogates") or []):
        record = results.surrogate(str(name))
        n = max(
            (int(a.get("n_surrogates", 0)) for a in results.analyses if name in (a.get("surrogates") or [])), default=0
        )
        if record is None:
            parts.append(f"Each value was compared with {n} surrogates ({str(name).replace('_', ' ')}).")
            continue
        said = record.methods or f"Surrogates were made by {record.title.lower()}."
        parts.append(
            f"Within each dyad, values were compared with {n} surrogates. "
            f"{said.rstrip('.')}{bib.cite(record.reference, record.doi)}. "
            f"They keep {record.keeps} and destroy {record.destroys}; the test assumes {record.assumes}."
        )
    if (tests["test"] == "repair").any():
        parts.append(
            "To ask whether synchrony goes beyond a shared situation, partners were re-paired over the "
            "study, keeping role, "
            "session number, condition and arm, and whole courses were permuted "
            f"({words.number(int(results.plan.get('n_arrangements', 0)), decimals=0)} arrangements at most); "
            "pairs that share a "
            "person were never taken as independent."
        )
    if not parts:
        return ""
    n = 1 + int(tests["n_null"].max()) if len(tests) and tests["n_null"].notna().any() else 0
    parts.append(f"p is (1 + number at least as extreme)/(1 + number of surrogates){bib.known('exact-p')}.")
    if n and views.n_distinct(results["synchrony"], "place_a", "place_b") > 1:
        parts.append(
            "Over places, each value was standardised by its own surrogates and p was corrected by the "
            "distribution of the "
            f"maximum within its family{bib.known('max-statistic')}."
        )
    if tests["p_fdr"].notna().any():
        parts.append(f"Over families the false discovery rate was held{bib.known('fdr')}.")
    return " ".join(parts)


def _course(results: Results, bib: Bibliography) -> str:
    course = results["course"]
    fitted = course[course["slope"].notna()]
    if fitted.empty:
        return ""
    formulas = [m for m in fitted["method"].unique() if m]
    model = f" The model was {formulas[0]}." if formulas else ""
    more = f" In other places or segments: {'; '.join(formulas[1:3])}." if len(formulas) > 1 else ""
    kr = (
        f" Degrees of freedom are those of Kenward and Roger{bib.known('kenward-roger')}."
        if "Kenward" in "".join(formulas)
        else ""
    )
    flips = (
        " As a check that needs no normal distribution, the signs of whole dyads' slopes were flipped; p "
        "over places is the "
        f"maximum over a family under the same flips{bib.known('max-statistic')}."
        if fitted["p_signflip"].notna().any()
        else ""
    )
    return (
        "Change over sessions was fitted to the variance-stabilised value minus the mean of its surrogates "
        "(excess), never to "
        f"z, which grows with the length of a recording.{model}{more}{kr}{flips}"
    )


def _outcome(results: Results, bib: Bibliography) -> str:
    rows = results["outcome"]
    parts = []
    if rows["estimate"].notna().any():
        adjusted = words.listing(sorted({a for a in rows["adjusted_for"] if a}))
        names = words.listing(sorted(rows["instrument"].unique()))
        parts.append(
            f"Associations of {names} with synchrony were separated into a part within persons and one between them"
            f"{bib.known('within-between')}" + (f", adjusted for {adjusted}." if adjusted else ".")
        )
    for name in sorted(results["scores"]["instrument"].unique()):
        record = results.instrument(str(name))
        if record is not None:
            cut = f"; cut-off {record.cutoff:g}" if record.cutoff is not None else ""
            reliable = f"; reliable change {record.reliable_change:g}" if record.reliable_change is not None else ""
            low, high = record.score_range
            parts.append(f"{record.title} ({low:g}–{high:g}{cut}{reliable}){bib.cite(record.reference, record.doi)}.")
    if results["scores"]["reliable"].notna().any():
        parts.append(f"Reliable change follows Jacobson and Truax{bib.known('reliable-change')}.")
    return " ".join(parts)


def limits(results: Results) -> list[str]:
    """What this page does not show; only what applies."""
    sync, n = results["synchrony"], len(results.groups)
    a, b = results.roles
    out = [
        "It diagnoses nobody. Numbers here describe recordings; they are for research and supervision, and "
        "no score of a "
        "person follows from them.",
        "Synchrony beyond within-dyad surrogates can still come from what both people share: a task, a "
        "sound, a rhythm, "
        "speech in turns, or movement that reaches both recordings.",
    ]
    if n < 2:
        out.append(
            "One dyad was recorded. Nothing here generalises to other people, and partners could not be re-paired."
        )
    else:
        out.append(
            f"{words.count(n, 'dyad').capitalize()} were recorded. With so few, a true effect of ordinary "
            "size is easily "
            "missed, and one that is found tends to look larger than it is."
            if n < 40
            else f"{n} dyads were recorded; what holds for them need not hold in other places."
        )
    therapists = {t for t in sync["therapist"].unique() if t}
    people = set(sync["person_b"].unique())
    if n > 1 and (len(therapists) == 1 or len(people) == 1):
        out.append(f"All dyads share one {b}, so nothing generalises to other people in that role.")
    elif n > 1 and (results["tests"]["test"] == "repair").any():
        out.append(
            f"Re-pairing the {a} with another {b} also changes the {b}: what a single {b} does with everybody is in it."
        )
    if len(results.sessions) > 1:
        out.append(
            "The number of a session is also practice, familiarity and calendar time; without a comparison "
            "group this design "
            "cannot tell them apart."
        )
    if len(results["outcome"]):
        out.append(
            "An association with scores, within persons or between them, does not say which of the two came first."
        )
    if results.simulated:
        out.append(
            "These recordings were simulated. What is found here shows what the method can find, and says "
            "nothing about people."
        )
    return out
