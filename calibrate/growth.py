"""Coverage and size of the growth interval over simulated studies: ``python -m calibrate.growth [n]``.

Not part of the test run, which holds a short form of it.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
import pandas as pd

from interbrain.course.growth import growth
from interbrain.data.plan import Course

KEY = {
    "analysis": "a", "measure": "wtc", "modality": "fnirs", "signal_a": "hbo", "signal_b": "hbo", "level": "region",
    "place_a": "left", "place_b": "right", "band": "slow", "direction": "", "segment": "task", "null": "circular_shift",
}  # fmt: skip


@dataclass(frozen=True)
class World:
    """A kind of study: dyads, sessions, share missing, mean and SD of the dyads' slopes."""

    dyads: int = 8
    sessions: int = 6
    missing: float = 1 / 3
    slope: float = 0.02
    slope_sd: float = 0.02


def study(world: World, rng: np.random.Generator) -> pd.DataFrame:
    """Meetings with varying length and usable share that have no influence; every dyad comes at least twice."""
    rows = []
    for k in range(world.dyads):
        level, own = rng.normal(0.2, 0.06), rng.normal(world.slope, world.slope_sd)
        n = max(2, rng.binomial(world.sessions, 1 - world.missing))
        for s in np.sort(rng.permutation(world.sessions)[:n]):
            rows.append(
                {
                    **KEY, "group": f"{k:02d}", "session": s + 1, "excess": level + own * s + rng.normal(0, 0.04),
                    "duration_s": rng.normal(1500, 200), "usable": rng.uniform(0.6, 1),
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def calibrate(world: World, n: int, plan: Course, seed: int = 1) -> dict[str, float]:
    """Share of intervals that cover the planted slope, and of each p at most .05."""
    rng = np.random.default_rng(seed)
    rows = [growth(study(world, rng), plan, seed)[0].iloc[0] for _ in range(n)]
    fitted = [r for r in rows if np.isfinite(r.slope)]
    return {
        "coverage": float(np.mean([r.ci_low <= world.slope <= r.ci_high for r in fitted])),
        "p": float(np.mean([r.p <= 0.05 for r in fitted])),
        "p_signflip": float(np.mean([r.p_signflip <= 0.05 for r in fitted])),
        "width": float(np.mean([r.ci_high - r.ci_low for r in fitted])),
        "fitted": len(fitted) / n,
    }


def main() -> None:
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    for dyads in (5, 8, 20):
        for slope in (0.0, 0.02):
            for slope_sd in (0.0, 0.01, 0.02, 0.04):
                world = World(dyads=dyads, slope=slope, slope_sd=slope_sd)
                print(world, {k: round(v, 3) for k, v in calibrate(world, n, Course()).items()}, flush=True)


if __name__ == "__main__":
    main()
