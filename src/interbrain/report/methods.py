"""The methods as paragraphs fit for a paper, from the plan and the records of what ran, with its references."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from interbrain.data.tables import EVERYBODY
from interbrain.report import confounds, views, words
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
        _together(results),
        *[_measure(results, a, bib) for a in results.analyses],
        _chance(results, bib),
        _comparisons(results),
        _corrections(results, bib),
        _course(results, bib),
        _reliability(results, bib),
        _outcome(results, bib),
        f"All computations were done with interbrain {results.provenance.get('interbrain', '')}".rstrip()
        + f"; random numbers follow from the seed {results.plan.get('seed', 'n/a')}.",
    ]
    return Methods(tuple(p for p in parts if p), tuple(bib.entries))


def _recordings(results: Results) -> str:
    sync = results["synchrony"]
    modalities = words.listing([_modality(results, m) for m in sorted(sync["modality"].unique())])
    segments = [s for s in sync["segment"].unique() if s]
    parts = f", in the segments {words.listing(segments)}" if len(segments) > 1 else ""
    made = "Simulated recordings" if results.simulated else "Recordings"
    if results.several:
        roles = dict.fromkeys(r for c in ("role_a", "role_b") for r in sync[c] if r != EVERYBODY)
        return (
            f"{made} of {words.count(len(results.groups), 'group')} ({words.listing(roles)}) in "
            f"{words.count(len(results.meetings), 'session')} were analysed: {modalities}{parts}. Every two members "
            "were measured with each other and kept apart by their roles; lags and phases are positive when the one "
            "named first is ahead."
        )
    return (
        f"{made} of {words.count(len(results.groups), results.unit)} ({results.roles[0]} and {results.roles[1]}) in "
        f"{words.count(len(results.meetings), 'session')} were analysed: {modalities}{parts}. The "
        f"{results.roles[0]} is "
        f"side A throughout; lags and phases are positive when the {results.roles[0]} is ahead."
    )


def _modality(results: Results, name: str) -> str:
    """``"heart activity"``, or ``"electrodermal activity of the patient with heart activity of the therapist"``."""
    parts = [_MODALITY.get(m, m) for m in name.split(" × ")]
    if len(parts) == 1:
        return parts[0]
    return " with ".join(f"{m} of the {role}" for m, role in zip(parts, results.roles))


_MODALITY = {
    "fnirs": "functional near-infrared spectroscopy (fNIRS)",
    "eeg": "electroencephalography (EEG)",
    "motion": "motion energy",
    "eda": "electrodermal activity",
    "heart": "heart activity",
    "voice": "voice",
}


def _preparation(results: Results, bib: Bibliography) -> str:
    used = {m for a in results.analyses for m in (a.get("modality"), a.get("modality_b") or a.get("modality"))}
    parts = []
    if "fnirs" in used and (f := results.plan.get("fnirs")):
        parts.append(_fnirs(results, f, bib))
    if "eeg" in used and (e := results.plan.get("eeg")):
        reference = "re-referenced to the average" if e.get("average_reference") else "kept in its reference"
        parts.append(f"EEG was {reference}; stretches of a channel that are flat were left out.")
    if used - {"fnirs", "eeg"} and (m := results.plan.get("motion")):
        smooth = float(m.get("smooth_s") or 0)
        how = f"smoothed over {smooth:g} s" if smooth else "not smoothed"
        scale = "scaled by each person's standard deviation" if m.get("scale") else "left in their own units"
        parts.append(f"Time series were {how} and {scale}.")
    if (q := results.plan.get("quality")) and parts:
        share = 100 * float(q.get("min_usable", 0.5))
        but = " (not in EEG)" if "eeg" in used else ""
        gaps = f"Gaps of at most {float(q.get('max_gap_s', 2)):g} s were bridged by straight lines{but}. "
        gaps = "" if used == {"eeg"} else gaps
        parts.append(
            f"{gaps}A segment entered the analysis where at least {share:.0f} % of its samples were usable in both "
            "people."
        )
    return " ".join(parts)


def _fnirs(results: Results, f: dict[str, Any], bib: Bibliography) -> str:
    low, high = f.get("band_hz", (0.01, 0.2))
    quality = results["quality"]
    quality = quality[quality["modality"] == "fnirs"]
    sci = quality[quality["figure"] == "sci"]
    band = f"band-pass filtered to {float(low):g}–{float(high):g} Hz (Butterworth, forwards and backwards)"
    if len(quality) and sci.empty:
        return f"Haemoglobin concentrations were taken as the files give them and {band}."
    coupling = "The scalp-coupling index could not be computed in these recordings, so all channels were kept."
    if sci.empty or sci["value"].notna().any():
        coupling = (
            f"Channels with a scalp-coupling index{bib.known('sci')} below {float(f.get('sci_threshold', 0.7)):g} were "
            f"{'left out' if f.get('drop_bad_channels', True) else 'marked and kept'}."
        )
    motion = (
        f"Motion artefacts were corrected by temporal derivative distribution repair{bib.known('tddr')}."
        if f.get("motion_correction") == "tddr"
        else "Motion artefacts were not corrected."
    )
    return (
        f"Light was converted to optical density. {coupling} {motion} Haemoglobin concentrations followed from the "
        f"modified Beer–Lambert law (partial pathlength factor {float(f.get('ppf', 6)):g}), using "
        f"MNE-Python{bib.known('mne')}, and were {band}."
    )


def _together(results: Results) -> str:
    """How two recordings came to one clock, and what happened to recordings that hold the same samples."""
    text = (
        "The two recordings of a session were placed by the study's stated offsets or the files' own clocks (taken as "
        "started together where there is neither), brought to the lower of their sampling rates and joined by whole "
        "samples over the time that both have; epochs, where recordings came as such, by their identity."
    )
    left = len(results.provenance.get("excluded_from_group_tests") or [])
    text += " All recordings were searched for stretches that occur twice"
    if not left:
        return f"{text}."
    kept = "it was" if left == 1 else "they were"
    held = f"{words.count(left, 'session')} held another's samples"
    return f"{text}; {held}, so {kept} left out of tests over {results.unit}s."


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
    if results.apart(str(analysis.get("name"))):
        text = f"In the analysis {analysis['name']}: {words.inside(text)}"
    if bands:
        text += f" Bands: {bands}."
    level = {"region": "regions (means of the stabilised values of their channel pairs)", "channel": "single channels"}
    levels = results["synchrony"].loc[results["synchrony"]["analysis"] == analysis.get("name"), "level"].unique()
    if len(levels) == 1 and levels[0] in level and analysis.get("modality") in ("fnirs", "eeg"):
        text += f" Values are reported for {level[levels[0]]}."
    scale = results.record_as_set({"analysis": analysis.get("name"), "measure": name})
    if scale is not None and scale.stabilise != "identity":
        text += (
            f" Tests and models used {_STABILISED.get(scale.stabilise, scale.stabilise)}, whose "
            "variance hardly depends on its mean."
        )
    if taken := confounds.method(analysis):
        text += f" {taken}"
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
            f"Within each {results.unit}, values were compared with {n} surrogates. "
            f"{said.rstrip('.')}{bib.cite(record.reference, record.doi)}. "
            f"They keep {record.keeps} and destroy {record.destroys}; the test assumes {record.assumes}."
            f"{_GUARD.get(str(name), '')}"
        )
    if (tests["test"] == "repair").any():
        shared = words.listing(["role", "session number", "segment", *views.shared_by_partners(results)])
        parts.append(
            "To ask whether synchrony goes beyond a shared situation, partners were re-paired over the study, keeping "
            f"{shared}, all recordings of a session number cut to one length. Whole courses were permuted "
            f"({words.number(int(results.plan.get('n_arrangements', 0)), decimals=0)} arrangements at most), since "
            "pairs that share a person are not independent."
        )
    return " ".join(parts)


_GUARD = {
    "circular_shift": " Shifts within the measure's memory keep part of the coupling: they count for p and are left "
    "out of the mean and spread of a session's surrogates.",
    "segment_shuffle": " Orders that leave a segment in its place keep part of the coupling: they count for p and are "
    "left out of the mean and spread of a session's surrogates.",
}


def _comparisons(results: Results) -> str:
    """Segments, arms and who leads: whole dyads are the unit."""
    unit = results.unit
    tests = results["tests"]
    names = tests["test"].unique()
    parts = []
    if any(n.startswith("contrast:") for n in names):
        parts.append(
            f"Segments were compared by the difference of synchrony above chance, averaged over a {unit}'s sessions; "
            f"the signs of whole {unit}s were flipped."
        )
    if any(n.startswith("condition:") for n in names):
        parts.append(
            f"Conditions were compared by the difference of a {unit}'s mean synchrony above chance in each; the "
            f"signs of whole {unit}s were flipped."
        )
    if any(n.startswith("arm:") for n in names):
        parts.append(
            f"Arms were compared by the difference of synchrony above chance, averaged over a {unit}'s sessions; "
            f"whole {unit}s were exchanged between arms."
            + (
                " All arms were tested at once by the spread of their means, each weighed by its standard error, and "
                "two by two with one maximum over pairs."
                if "arms" in names
                else ""
            )
        )
    leads = tests.loc[(tests["test"] == "leads") & tests["p"].notna(), "analysis"].unique()
    if any(views.has_profile(results, a) for a in leads):
        parts.append(
            "Who leads was tested by mean synchrony at positive lags minus that at negative lags, less the same in "
            f"surrogates; the signs of whole {unit}s were flipped."
        )
    if any(not views.has_profile(results, a) for a in leads):
        parts.append(
            f"Who leads was tested by the lag in seconds, averaged over a {unit}'s sessions, each weighed by its "
            f"synchrony above chance; the signs of whole {unit}s were flipped. It is read only where synchrony "
            "exceeds chance."
        )
    return " ".join(parts)


def _corrections(results: Results, bib: Bibliography) -> str:
    """What p is, and what it is corrected for."""
    tests, nulls = results["tests"], results["nulls"]
    if nulls.empty and tests.empty:
        return ""
    parts = [f"p is (1 + number at least as extreme)/(1 + number of surrogates or arrangements){bib.known('exact-p')}."]
    if views.n_distinct(results["synchrony"], "place_a", "place_b", "band", "direction") > 1:
        parts.append(
            "Over the places and bands of one signal, segment and null (a family), p was corrected by the distribution "
            f"of the largest standardised value{bib.known('max-statistic')}."
        )
    if chosen := results.plan.get("clusters"):
        parts.append(
            f"Places above {chosen['threshold']:g} SD of chance were joined with their neighbours (bands next to each "
            f"other{', channels named in the plan' * bool(chosen['places'])}), and the sum over a cluster was compared "
            f"with the largest under the same draws{bib.known('clusters')}."
        )
    if tests["p_fdr"].notna().any():
        parts.append(
            "Over the families of one kind of test the false discovery rate was held"
            f"{bib.known('fdr')}; a finding is claimed where both p are at most {results.alpha:g}."
        )
    return " ".join(parts)


def _course(results: Results, bib: Bibliography) -> str:
    unit = results.unit
    course = results["course"]
    fitted = course[course["slope"].notna()]
    if fitted.empty:
        return ""
    methods_ = [str(m) for m in fitted["method"].unique() if m]
    formulas = list(dict.fromkeys(m.partition("; left out: ")[0] for m in methods_))
    model = f" The model was {formulas[0]}" if formulas else ""
    model += f" (in other places or segments: {'; '.join(formulas[1:3])})." if len(formulas) > 1 else "." * bool(model)
    left = dict.fromkeys(x for m in methods_ for x in m.partition("; left out: ")[2].split(", ") if x)
    out = f" Left out where the data could not carry them: {words.listing(left)}." if left else ""
    kr = (
        f" Standard errors and degrees of freedom are those of Kenward and Roger{bib.known('kenward-roger')}."
        if "Kenward" in "".join(formulas)
        else f" {unit.capitalize()}s entered with weights fixed beforehand; standard errors follow the scatter of "
        f"whole {unit}s (CR2) with Satterthwaite degrees of freedom"
        f"{bib.known('cluster-robust')}, whatever correlates the sessions of one {unit}."
        if "CR2" in "".join(formulas)
        else ""
    )
    flips = (
        f" As a check that needs no normal distribution, the signs of whole {unit}s' own slopes were flipped; p "
        f"over places is that of the maximum under the same flips{bib.known('max-statistic')}. A change is claimed "
        "where the model and the flips agree; where they differ, the larger p is the one to believe."
        if fitted["p_signflip"].notna().any()
        else ""
    )
    return (
        "Change over sessions was fitted to the variance-stabilised value minus the mean of its surrogates (excess), "
        f"never to z, which grows with the length of a recording.{model}{out}{kr}{flips}"
    )


def _reliability(results: Results, bib: Bibliography) -> str:
    unit = results.unit
    rows = results["reliability"]
    known = rows[rows["reliability"].notna()]
    parts = set(known["part"])
    if not parts & {"within", "all"}:
        return ""
    split = (known["halves"] == "split").any()
    which = "first and last quarter against the two in the middle; odd against even epochs" if split else "early, late"
    out = (
        f"The error of one value was estimated from halves of each recording ({which}) and corrected to the length of "
        f"the whole{bib.known('split-half')}, with the dependence of neighbouring halves measured on surrogates. "
        "Reliability is one minus that error over the variance between values"
    )
    out += f"; within {unit}s it is that of change{bib.known('reliability-of-change')}" if "within" in parts else ""
    out += (
        f"; between {unit}s it is the intraclass correlation ICC(1,1){bib.known('icc')}" if "between" in parts else ""
    )
    return out + f". Intervals are those of F{bib.known('reliability-interval')}."


def _outcome(results: Results, bib: Bibliography) -> str:
    return " ".join(p for p in (_associations(results, bib), _instruments(results, bib)) if p)


def _associations(results: Results, bib: Bibliography) -> str:
    rows = results["outcome"]
    rows = rows[rows["estimate"].notna()]
    if rows.empty:
        return ""
    names = words.listing(sorted(results.instrument_name(i) for i in rows["instrument"].unique()))
    cited = bib.known("within-between")
    parts = [f"Associations of {names} with synchrony were separated into parts within and between persons{cited}."]
    within = rows[rows["part"] == "within"]
    if (within["lag_sessions"] == 0).any():
        parts.append(
            "Within persons, scores were regressed by least squares on the session's synchrony, as its deviation from "
            "the person's own line over sessions, beside a line over sessions of each person's own."
        )
    if within["method"].astype(str).str.contains("CR2").any():
        parts.append(
            "Their standard errors follow the scatter of whole persons (CR2, Satterthwaite)"
            f"{bib.known('cluster-robust')}."
        )
    for lag in sorted(int(v) for v in within["lag_sessions"].dropna().unique() if v > 0):
        later = "one session" if lag == 1 else f"{lag} sessions"
        parts.append(
            f"For scores {later} later the model held each person's own level, the number of the session, and "
            "synchrony in that later session."
        )
    if (rows["part"] == "between").any():
        parts.append("Between persons, a line was fitted through their means, after the trend over sessions that they "
                     "share was taken from scores and synchrony.")  # fmt: skip
    if views.n_distinct(rows, "place_a", "place_b") > 1 and "p_fdr" in rows and rows["p_fdr"].notna().any():
        parts.append(f"Over all associations of an analysis the false discovery rate was held{bib.known('fdr')}.")
    return " ".join(parts)


def _instruments(results: Results, bib: Bibliography) -> str:
    parts = []
    for name in sorted(results["scores"]["instrument"].unique()):
        record = results.instrument(str(name))
        if record is not None:
            cut = f"; cut-off {record.cutoff:g}" if record.cutoff is not None else ""
            reliable = f"; reliable change {record.reliable_change:g}" if record.reliable_change is not None else ""
            low, high = record.score_range
            parts.append(f"{record.title}{bib.cite(record.reference, record.doi)} ({low:g}–{high:g}{cut}{reliable}).")
    judged = results["scores"]["reliable"].dropna()
    if (judged.astype(str) != "").any():
        parts.append(
            "Change is called reliable where a score lies at least the instrument's reliable change"
            f"{bib.known('reliable-change')} from the person's first."
        )
    return " ".join(parts)
