"""FDR of the course and of outcome, against statsmodels: one p a family, every association of an analysis."""

import numpy as np
import pandas as pd
from statsmodels.stats.multitest import multipletests

from interbrain.data.tables import TABLES
from interbrain.study.growth import _course_fdr, _outcome_fdr


def test_each_family_of_the_course_enters_once_with_its_smallest_p():
    rows = [
        ("hbo", "task", 0.01),
        ("hbo", "task", 0.5),
        ("hbr", "task", 0.03),
        ("hbr", "task", 0.02),
        ("hbo", "rest", 0.9),
    ]
    course = pd.DataFrame(rows, columns=["signal_a", "segment", "p_family"]).assign(term="session")
    course = course.reindex(columns=list(TABLES["course"]))
    found = _course_fdr(course)["p_fdr"].to_numpy(dtype=float)
    families = multipletests([0.01, 0.02, 0.9], method="fdr_bh")[1]
    np.testing.assert_allclose(found, families[[0, 0, 1, 1, 2]])


def test_all_associations_of_an_analysis_are_corrected_together():
    p = np.array([0.001, 0.2, 0.04, np.nan, 0.03])
    rows = pd.DataFrame({"analysis": "x", "segment": "task", "null": "n", "instrument": list("aabbb"), "p": p})
    rows = pd.concat([rows, rows.assign(analysis="y", p=p * 2)], ignore_index=True)
    found = _outcome_fdr(rows.reindex(columns=list(TABLES["outcome"])))["p_fdr"].to_numpy(dtype=float)
    known = np.isfinite(p)
    np.testing.assert_allclose(found[:5][known], multipletests(p[known], method="fdr_bh")[1])
    np.testing.assert_allclose(found[5:][known], multipletests(2 * p[known], method="fdr_bh")[1])
    assert np.isnan(found[3])
