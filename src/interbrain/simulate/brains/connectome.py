"""Which region sends to which, how strongly and over what distance.

Orientation, everywhere in the simulator: ``weights[to, from]``. Row ``i`` holds what region ``i`` receives. Who reads
a table must say its orientation; symmetric tables (from diffusion imaging) are the same either way.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from interbrain.arrays.streams import stream
from interbrain.data.errors import BadInput
from interbrain.simulate._checked import within

Orientation = Literal["to_from", "from_to"]


@dataclass(frozen=True, eq=False)
class Connectome:
    """Regions and their connections.

    Parameters
    ----------
    weights
        ``(to, from)``, 0 or more, 0 where there is none; the diagonal is 0.
    lengths
        ``(to, from)`` in mm, 0 or more.
    labels
        One a region.
    hemispheres
        ``(region,)``: 0 left, 1 right.
    centres
        ``(region, 3)`` in mm: right, anterior, superior; NaN where unknown.
    """

    weights: np.ndarray
    lengths: np.ndarray
    labels: tuple[str, ...]
    hemispheres: np.ndarray
    centres: np.ndarray

    def __post_init__(self) -> None:
        n = len(self.labels)
        for name in ("weights", "lengths"):
            table = getattr(self, name)
            if table.shape != (n, n):
                raise BadInput(f"Connectome: {name} have shape {table.shape}; {n} labels need ({n}, {n}).")
            if not np.all(np.isfinite(table)) or np.any(table < 0):
                raise BadInput(f"Connectome: {name} must be numbers of 0 or more; some are not.")
        if len(set(self.labels)) < n:
            raise BadInput("Connectome: two regions have the same label.")
        if n < 2 or np.any(np.diagonal(self.weights)):
            raise BadInput("Connectome: two or more regions are needed, and none may send to itself.")

    @property
    def density(self) -> float:
        """Share of the possible connections that exist."""
        n = len(self.labels)
        return float(np.count_nonzero(self.weights) / (n * (n - 1)))

    def scaled(self, how: Literal["max", "rows", "mean_row"]) -> Connectome:
        """With other units of weight.

        ``"max"``: the strongest is 1. ``"rows"``: what each region receives sums to 1. ``"mean_row"``: what regions
        receive sums to 1 on average, so that hubs stay hubs.
        """
        received = self.weights.sum(axis=1)
        if how == "max":
            weights = self.weights / self.weights.max()
        elif how == "rows":
            weights = self.weights / np.where(received > 0, received, 1.0)[:, None]
        elif how == "mean_row":
            weights = self.weights / received.mean()
        else:
            raise BadInput(f"scaled: {how!r} is not known; known are 'max', 'rows', 'mean_row'.")
        return replace(self, weights=weights)


def from_tables(
    weights: np.ndarray,
    lengths: np.ndarray,
    orientation: Orientation,
    labels: tuple[str, ...] | None = None,
    hemispheres: np.ndarray | None = None,
    centres: np.ndarray | None = None,
) -> Connectome:
    """A connectome from square tables whose orientation the caller states.

    ``"to_from"``: rows receive (as here, and as The Virtual Brain multiplies them); ``"from_to"``: rows send (as most
    tables of tract tracing are printed). The diagonal of the weights is left out.

    Raises
    ------
    BadInput
    """
    if orientation not in ("to_from", "from_to"):
        raise BadInput(f"orientation is {orientation!r}; say 'to_from' (rows receive) or 'from_to' (rows send).")
    tables = [np.array(x, dtype=float) for x in (weights, lengths)]
    if tables[0].ndim != 2:
        raise BadInput(f"A table of weights has two dimensions; this one has {tables[0].ndim}.")
    if orientation == "from_to":
        tables = [x.T.copy() for x in tables]
    n = len(tables[0])
    np.fill_diagonal(tables[0], 0)
    return Connectome(
        tables[0],
        tables[1],
        labels or tuple(f"region{i + 1}" for i in range(n)),
        np.repeat([0, 1], [(n + 1) // 2, n // 2]) if hemispheres is None else np.asarray(hemispheres, dtype=int),
        np.full((n, 3), np.nan) if centres is None else np.asarray(centres, dtype=float),
    )


def read_connectome(weights: Path, orientation: Orientation, lengths: Path | None = None) -> Connectome:
    """Read square text tables, or a zip archive in The Virtual Brain's layout.

    Parameters
    ----------
    weights
        Numbers with white space, commas or tabs between them, a line a row; or a ``.zip`` that holds ``weights.txt``,
        ``tract_lengths.txt`` and, if there, ``centres.txt`` (label, x, y, z) and ``hemispheres.txt`` (1 right).
    lengths
        The table of lengths in mm, where ``weights`` is a text file.

    Raises
    ------
    BadInput
    """
    weights = Path(weights)
    if weights.suffix == ".zip":
        return _read_zip(weights, orientation)
    if lengths is None:
        raise BadInput(f"{weights}: a table of weights needs a table of lengths (mm) beside it.")
    return from_tables(_table(weights), _table(Path(lengths)), orientation)


def _table(path: Path) -> np.ndarray:
    if not path.is_file():
        raise BadInput(f"{path}: there is no such file.")
    return _numbers(path.read_text(encoding="utf-8-sig"), str(path))


def _numbers(text: str, source: str) -> np.ndarray:
    try:
        return np.loadtxt(io.StringIO(text.replace(",", " ").replace(";", " ")), ndmin=2)
    except ValueError as error:
        raise BadInput(f"{source}: not a table of numbers ({error}).") from error


def _read_zip(path: Path, orientation: Orientation) -> Connectome:
    try:
        with zipfile.ZipFile(path) as archive:
            text = {Path(n).stem: archive.read(n).decode("utf-8-sig") for n in archive.namelist() if n.endswith(".txt")}
    except (OSError, zipfile.BadZipFile, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: not a zip archive of text tables ({error}).") from error
    if missing := {"weights", "tract_lengths"} - set(text):
        raise BadInput(f"{path}: {', '.join(sorted(missing))}.txt is not in the archive.")
    labels = centres = sides = None
    if "centres" in text:
        rows = [line.split() for line in text["centres"].splitlines() if line.strip()]
        labels = tuple(row[0] for row in rows)
        centres = np.array([[float(x) for x in row[1:4]] for row in rows])
    if "hemispheres" in text:
        sides = _numbers(text["hemispheres"], f"{path}: hemispheres.txt").ravel()
    weights, lengths = (_numbers(text[name], f"{path}: {name}.txt") for name in ("weights", "tract_lengths"))
    return from_tables(weights, lengths, orientation, labels, sides, centres)


def built_in(regions: int = 68, density: float = 0.3, seed: int = 0, reach: float = 30.0) -> Connectome:
    """A connectome that looks like those of diffusion imaging, of any size.

    Regions lie evenly over two half ellipsoids (140 × 170 × 110 mm), the right mirroring the left with 2 mm of scatter.
    The undirected connections that exist are drawn without replacement with odds ``exp(-length / reach)``, crossing the
    midline at a quarter of the odds, homologous regions always; exactly ``density`` of them exist. Weights are
    log-normal (SD of the logarithm 1) times ``exp(-length / reach)``, the strongest 1. Lengths are 1.3 times the
    straight line, those across the midline go through the corpus callosum.

    Built in: the distance rule, the mirror, the spread of weights. Not built in: hubs and modules, which follow.

    Parameters
    ----------
    regions
        Even, 4 to 1000; 68, 90 and 200 are usual.
    density
        0.05 to 1.
    reach
        mm, 5 to 200.
    """
    within("built_in", "regions", regions, 4, 1000)
    within("built_in", "density", density, 0.05, 1)
    within("built_in", "reach", reach, 5, 200, "mm")
    if regions % 2:
        raise BadInput(f"built_in: regions is {regions}; two hemispheres need an even number.")
    draws = stream(seed, "connectome", regions)
    half = regions // 2
    centres = _positions(half, draws)
    side = np.repeat([0, 1], half)
    lengths = _lengths(centres, side)
    row, column = np.triu_indices(regions, 1)
    log_odds = -lengths[row, column] / reach + np.where(side[row] != side[column], np.log(0.25), 0.0)
    rank = log_odds + draws.gumbel(size=len(row))
    rank[column - row == half] = np.inf
    kept = np.argsort(-rank, kind="stable")[: max(round(density * len(row)), half)]
    weights = np.zeros((regions, regions))
    strength = np.exp(draws.standard_normal(len(kept)) - lengths[row[kept], column[kept]] / reach)
    weights[row[kept], column[kept]] = strength / strength.max()
    labels = tuple(f"{hemisphere}{i + 1:03d}" for hemisphere in "LR" for i in range(half))
    return Connectome(weights + weights.T, lengths, labels, side, centres)


def _positions(half: int, draws: np.random.Generator) -> np.ndarray:
    """Even over a half ellipsoid by a Fibonacci spiral, then its mirror image."""
    k = np.arange(half) + 0.5
    x = k / half  # from the midline outwards
    angle = np.pi * (1 + np.sqrt(5)) * k
    ring = np.sqrt(1 - x**2)
    left = np.column_stack([-70 * x, 85 * ring * np.cos(angle), 55 * ring * np.sin(angle)])
    left[:, 0] = np.minimum(left[:, 0], -3.0)
    right = left * [-1, 1, 1]
    return np.concatenate([left, right]) + draws.normal(0, 2.0, (2 * half, 3))


def _lengths(centres: np.ndarray, side: np.ndarray) -> np.ndarray:
    def straight(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.sqrt(((a[:, None] - b[None]) ** 2).sum(-1))

    direct = straight(centres, centres)
    callosum = straight(centres, np.array([[0.0, 0.0, 10.0]]))
    around = callosum + callosum.T
    lengths = 1.3 * np.where(side[:, None] != side[None], np.maximum(direct, 0.7 * around), direct)
    np.fill_diagonal(lengths, 0)
    return lengths
