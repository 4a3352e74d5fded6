"""False discovery rate over families: one p a family, and never twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import false_discovery_control

from interbrain.data.errors import BadInput, RefusedScience


@dataclass(frozen=True, eq=False)
class Corrected:
    """p-values after Benjamini–Hochberg, one a family; not an array, so that it cannot be corrected again unseen."""

    families: tuple[str, ...]
    p_fdr: np.ndarray

    def of(self, family: str) -> float:
        """The corrected p of one family."""
        if family not in self.families:
            raise BadInput(f"FDR: there is no family {family!r}; there are: {', '.join(self.families)}.")
        return float(self.p_fdr[self.families.index(family)])


def benjamini_hochberg(families: Sequence[str], p: Sequence[float] | np.ndarray | Corrected) -> Corrected:
    """Benjamini–Hochberg (1995, 10.1111/j.2517-6161.1995.tb02031.x) over families.

    Parameters
    ----------
    families
        Name of each family, each once.
    p
        One p a family: that of its maximum (the smallest ``p_family`` in it). NaN stays NaN and is not counted.

    Raises
    ------
    RefusedScience
        p that were corrected before; a family with several p, whose maximum would then be corrected a second time.
    BadInput
        Numbers that are not p-values, or not one a family.
    """
    if isinstance(p, Corrected):
        raise RefusedScience("FDR: these p-values were corrected already; correct the uncorrected ones, once.")
    names = tuple(str(f) for f in families)
    values = np.asarray(p, dtype=np.float64).reshape(-1)
    if len(names) != len(values):
        raise BadInput(f"FDR: {len(names)} families but {len(values)} p-values; there must be one p a family.")
    repeated = next((f for f in names if names.count(f) > 1), None)
    if repeated is not None:
        raise RefusedScience(
            f"FDR: the family {repeated!r} came with {names.count(repeated)} p-values. Its members are corrected by "
            "their maximum; give the smallest p_family of each family, once."
        )
    known = np.isfinite(values)
    if ((values[known] <= 0) | (values[known] > 1)).any():
        wrong = values[known][(values[known] <= 0) | (values[known] > 1)][0]
        raise BadInput(f"FDR: {wrong:g} is not a p-value; allowed is above 0 up to 1.")
    result = np.full(len(values), np.nan)
    if known.any():
        result[known] = false_discovery_control(values[known], method="bh")
    return Corrected(names, result)
