"""The page of the calibration of false dyads, from its tables."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from scipy.stats import beta

from calibrate._kept import markdown

HEAD = """# False dyads

Which recordings are taken for one that are not, and which are found that are? Some settings were chosen after a first
look and are not independent of this page: the score of 12 (after the real movement, whose strangers reach 6.9), the
correlation of .95 for refusing two people who met (after a simulated common input of .86), and how the channels of a
seam are counted (after eight simulated caps). All others were set beforehand.

Worlds: *white* (2 channels, 10 Hz), *red* (AR(1) 0.95, 2 channels, 25 Hz), *walk* (one random walk, 8 Hz), *light*
(raw light of a simulated cap, 16 channels, 5 Hz), *brain* (1/f, alpha and mains at 50 Hz, 6 mixed channels, 200 Hz),
*real movement* (31 different dyads, 25 Hz)."""


def share(hits: float, n: float) -> str:
    """``hits/n``."""
    return f"{hits:.0f}/{n:.0f}"


def at_most(hits: float, n: float) -> float:
    """Upper end of the one-sided 95 % interval of Clopper and Pearson."""
    return float(beta.ppf(0.95, hits + 1, n - hits)) if hits < n else 1.0


def page(tables: Mapping[str, pd.DataFrame]) -> str:
    parts = [HEAD, _strangers(tables["strangers"])]
    if "real" in tables:
        parts.append(_real(tables["real"].iloc[0]))
    parts += [_synchrony(tables["synchrony"]), _grid(tables["changed"], "tolerant", "A whole recording, changed",
        "A copy under another label among other recordings, found by the tolerant search "
        "(the exact one finds rescaled copies only):")]  # fmt: skip
    parts.append(_grid(tables["part"], "as_is", "A stretch of one recording inside another",
        "As it is, by either search; columns are the stretch's length in s:"))  # fmt: skip
    parts.append(_grid(tables["part"], "altered", "", "Resampled to 4/5, with noise at 20 dB:"))
    parts += [_seams(tables["seam"]), _bodies(tables["body"]), _marks(tables["marks"])]
    return "\n\n".join(p for p in parts if p)


def _strangers(table: pd.DataFrame) -> str:
    kinds = ("twins", "copies", "seams", "heart", "marks")
    rows = [
        [r["cell"], f"{r['studies']:.0f}", *(f"{r[k]:.0f}" for k in kinds), f"{r['best_score']:.1f}",
         f"{r['best_locking']:.2f}"]
        for _, r in table.iterrows()
    ]  # fmt: skip
    n = table["studies"].sum()
    false = {k: int(table[k].sum()) for k in kinds}
    most = ", ".join(f"{k} {v} (at most {at_most(v, n):.1%} of studies)" for k, v in false.items())
    return (
        "## False alarms in a study of 30 recordings\n\nStudies of 30 independent recordings (435 pairs; marks: the 15 "
        "dyads) with any false finding. Over all worlds: "
        f"{most}, the bound being that of a one-sided 95% interval. The highest score of any two strangers stands "
        "beside the 12 that is needed, the highest phase locking of two hearts beside the 0.8.\n\n"
        + markdown(["world", "studies", *kinds, "highest score", "highest locking"], rows)
    )


def _real(r: pd.Series) -> str:
    return (
        "## Real recordings of strangers\n\n"
        f"Movement of 31 dyads, {r['pairs']:.0f} pairs of people who did not meet: {r['twins']:.0f} exact twins, "
        f"{r['copies']:.0f} changed copies (highest score {r['best_score']:.1f}), {r['seams']:.0f} seams. Steps at the "
        f"same sample are found in {r['steps']:.0f} of these pairs, lines of one frequency in {r['lines']:.0f}. These "
        "are not all chance: the steps stand 20 s apart (the key frames of one kind of camera), and the lines at whole "
        "numbers of Hz."
    )


def _synchrony(table: pd.DataFrame) -> str:
    rows = [
        [r["cell"], *(share(r[k], r["n"]) for k in ("refused", "told", "heart", "steps", "lines"))]
        for _, r in table.iterrows()
    ]
    return (
        "## True synchrony, and what cannot be told from a copy\n\nPairs of people who met. *Refused*: taken for one "
        "recording, not measured. *Told*: they agree so much that one input to both is possible; measured. *Heart*: "
        "one heart in both (not sought in movement). *Steps* and *lines*: told as marks of a machine. *One input r*: "
        "one series reaches both people and makes up r of the variance at every frequency; above 0.9 that is refused "
        "or told, and no software can know better.\n\n"
        + markdown(["pairs", "refused", "told", "heart", "steps, drop-outs", "lines"], rows)
    )


def _grid(table: pd.DataFrame, column: str, title: str, text: str) -> str:
    both = table["cell"].str.split("|", expand=True)
    wide = pd.DataFrame({"world": both[0], "what": both[1], "share": [share(h, n) for h, n in zip(
        table[column], table["n"])]})  # fmt: skip
    worlds, what = list(dict.fromkeys(wide["world"])), list(dict.fromkeys(wide["what"]))
    cells = wide.set_index(["world", "what"])["share"]
    if column == "tolerant":
        body = markdown(["change", *worlds], [[w, *(cells.get((k, w), "–") for k in worlds)] for w in what])
    else:
        body = markdown(["world", *what], [[k, *(cells.get((k, w), "–") for w in what)] for k in worlds])
    return (f"## {title}\n\n" if title else "") + f"{text}\n\n{body}"


def _seams(table: pd.DataFrame) -> str:
    rows = []
    for _, r in table.iterrows():
        world, lost = r["cell"].split("|")
        rows.append([world, lost, share(r["right"], r["n"]), share(r["wrong"], r["wrong_of"])])
    return (
        "## One recording cut into pieces\n\nSix recordings cut in the middle, some samples lost there: pieces that "
        "were joined rightly, and pairs of strangers' ends that were joined. A seam shows only where many channels "
        "keep a level of their own, as raw light does; one channel's level is met by chance too often, and a signal "
        "without a level (movement, EEG after a high-pass) has none.\n\n"
        + markdown(["world", "samples lost", "joined rightly", "joined wrongly"], rows)
    )


def _bodies(table: pd.DataFrame) -> str:
    rows = []
    for _, r in table.iterrows():
        seconds, decibel = r["cell"].split("|")
        rows.append([f"{seconds} s", f"{decibel} dB", share(r["hits"], r["n"]), f"{r['locking']:.2f}"])
    return (
        "## One heart in two people's recordings\n\nThe channels of one simulated cap given to two people, each with "
        "noise of its own (over all frequencies).\n\n"
        + markdown(["length", "signal to noise", "found", "median locking"], rows)
    )


def _marks(table: pd.DataFrame) -> str:
    rows = []
    for _, r in table.iterrows():
        kind, count, height = r["cell"].split("|")
        rows.append([kind, count, height if kind != "dropouts" else "", share(r["together"], r["n"]),
                     share(r["apart"], r["n"])])  # fmt: skip
    return (
        "## Marks of a machine in both recordings\n\nPlanted into independent recordings of 10 min: at the same "
        "samples (or of one frequency), or at each one's own. Steps in SD of a sample's change, lines in SD of the "
        "recording.\n\n" + markdown(["mark", "how many", "height", "found", "told where each has its own"], rows)
    )
