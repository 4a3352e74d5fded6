"""How often the check of stationarity warns where nothing is wrong, and how often it notices what is.

``python -m calibrate stationarity``: single recordings of each noise and length (false alarms), of each world that
breaks an assumption and strength (hits), and real recordings, through ``inference.stationarity.check``.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from calibrate import recordings
from calibrate._kept import FOLDER, finished, markdown, origin
from calibrate.size import SLOW_RATES
from calibrate.worlds import BROKEN, NOISES, Broken, Noise
from interbrain.arrays.streams import stream
from interbrain.data.signal import Block
from interbrain.inference.stationarity import SHARE, check

TITLE = "The check of stationarity: false alarms and hits"
PAGE = FOLDER / "stationarity.md"
TABLE = FOLDER / "stationarity.tsv"
STRENGTHS = {"independent random walks": (0.1, 0.3, 1.0)}
USUAL = (0.5, 1.0, 2.0, 3.0)
EPOCHS = (25, 120, 600)
FLAGS = ("drifts", "swells", "repeats", "any")


def cells(n: int, seed: int) -> dict[str, Callable[[], Mapping[str, Any]]]:
    """Every cell by name: kind, world, strength, length."""
    found: dict[str, Callable[[], Mapping[str, Any]]] = {}
    for kind, world, strength, label, make in _series():
        found[f"{kind}: {world}, {strength:g}, {label}"] = _cell(kind, world, strength, label, make, n, seed)
    if recordings.folder() is not None:
        found["real: motion, 10 min"] = _real
    return found


Make = Callable[[np.random.Generator], Block]


def _series() -> Iterator[tuple[str, str, float, str, Make]]:
    for minutes, rate in SLOW_RATES:
        samples = round(60 * minutes * rate)
        label = f"{minutes} min at {rate:g} Hz"
        for name, noise in NOISES.items():
            yield "noise", name, 0.0, label, _of_noise(noise, samples, rate)
        for name, world in BROKEN.items():
            for s in STRENGTHS.get(name, USUAL):
                yield "broken", name, s, label, _of_world(world, s, samples, rate)
    for count in EPOCHS:
        for growth in (0.0, 0.2, 0.5, 1.0):
            kind = "broken" if growth else "noise"
            name = "epochs whose SD grows" if growth else "epochs of white noise"
            yield kind, name, growth, f"{count} epochs", _of_epochs(count, growth)


def _one(series: np.ndarray, rate: float) -> Block:
    return Block(series[None, None], np.ones((1, 1, len(series)), dtype=bool), rate)


def _of_noise(noise: Noise, samples: int, rate: float) -> Make:
    return lambda random: _one(noise(random, samples, rate), rate)


def _of_world(world: Broken, strength: float, samples: int, rate: float) -> Make:
    """The second person, who is the louder one where one is."""
    return lambda random: _one(world(random, samples, rate, strength)[1], rate)


def _of_epochs(count: int, growth: float) -> Make:
    """Epochs of 64 samples whose SD grows in a straight line from 1 to 1 + growth."""

    def make(random: np.random.Generator) -> Block:
        values = random.standard_normal((count, 1, 64)) * np.linspace(1, 1 + growth, count)[:, None, None]
        return Block(values, np.ones(values.shape, dtype=bool), 64.0, True)

    return make


def _cell(
    kind: str, world: str, strength: float, label: str, make: Make, n: int, seed: int
) -> Callable[[], Mapping[str, Any]]:
    def run() -> Mapping[str, Any]:
        found = [check(make(stream(seed, "stationarity", kind, world, str(strength), label, k))) for k in range(n)]
        about = {"kind": kind, "world": world, "strength": strength, "recording": label, "n": n}
        return about | {f: float(np.mean([getattr(d, f)[0] for d in found])) for f in FLAGS}

    return run


def _real() -> Mapping[str, Any]:
    """The first ten minutes of every person's motion energy at 2 Hz."""
    found = [check(_one(p.values[0, :1200], 2.0)) for p in recordings.motion(2.0) if p.values.shape[-1] >= 1200]
    about = {"kind": "real", "world": "real motion", "strength": 0.0, "recording": "10 min at 2 Hz", "n": len(found)}
    return about | {f: float(np.mean([getattr(d, f)[0] for d in found])) for f in FLAGS}


def page(rows: pd.DataFrame) -> str:
    header = ("drift", "swelling", "blocks", "any of them")

    def table(kind: str, first: tuple[str, ...], names: tuple[str, ...]) -> str:
        part = rows[rows["kind"] == kind]
        lines = [[*(f"{r[c]:g}" if c == "strength" else str(r[c]) for c in names), *(f"{r[f]:.3f}" for f in FLAGS)]
                 for _, r in part.iterrows()]  # fmt: skip
        return markdown((*first, *header), lines)

    n = int(rows[rows["kind"] == "noise"]["n"].max())
    good = rows[rows["kind"] == "noise"]
    worst = good.loc[good["any"].idxmax()]
    return f"""# {TITLE}

Every within-dyad surrogate takes for granted that a recording's statistics do not change. `interbrain run` looks at
each channel for drift of the level, for fluctuations that grow or fade (swelling), and for a level that comes and goes
like clockwork (blocks), and says in `problems.tsv` what it found with its figure; a recording of several channels is
spoken of where more than {SHARE:.0%} of them are flagged. Here are the shares of single channels that are flagged, {n}
recordings a row. A share of .05 is known to ± {1.96 * np.sqrt(0.05 * 0.95 / n):.3f}.

## False alarms: nothing is wrong

The worst row is {worst["world"]}, {worst["recording"]}: {worst["any"]:.0%}. Noise whose memory is a good part of the
recording cannot be told from drift by anyone; the page [Size under no effect](size.md) says what p is worth for it.

{table("noise", ("noise", "recording"), ("world", "recording"))}

## Hits: an assumption is broken

Strength is in SDs of AR(1) 0.9 noise; for walks the SD of a step, for louder ends and epochs by how much the SD grows.
One person louder breaks no assumption (a measure that divides by each person's SD does not see it): its row holds false
alarms. Turns of irregular length that both people share are a stationary process: a recording alone does not give them
away, and only re-paired partners answer for them.

{table("broken", ("world", "strength", "recording"), ("world", "strength", "recording"))}

## Real recordings

Nobody knows what is right here: people do move more at some times than at others.

{table("real", ("recordings", "length"), ("world", "recording"))}

{origin([rows], "python -m calibrate stationarity")}
"""


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=1000, help="recordings a cell")
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--fresh", action="store_true", help="compute finished cells again")
    asked = parser.parse_args(argv)
    begin = time.perf_counter()
    with threadpool_limits(1):
        rows = finished(TABLE, cells(asked.n, asked.seed), f"n = {asked.n}, seed = {asked.seed}", asked.fresh)
    PAGE.write_text(page(rows), encoding="utf-8")
    print(f"{PAGE.name}: {len(rows)} cells, {time.perf_counter() - begin:.0f} s")


if __name__ == "__main__":
    main()
