"""The references of what ran, in the order in which the methods name them."""

from __future__ import annotations

from dataclasses import dataclass, field

KNOWN = {
    "tddr": (
        "Fishburn FA, Ludlum RS, Vaidya CJ, Medvedev AV (2019). Temporal derivative distribution repair "
        "(TDDR): a motion "
        "correction method for fNIRS. NeuroImage 184, 171–179.",
        "10.1016/j.neuroimage.2018.09.025",
    ),
    "mne": (
        "Gramfort A, Luessi M, Larson E, et al. (2013). MEG and EEG data analysis with MNE-Python. Frontiers in "
        "Neuroscience 7, 267.",
        "10.3389/fnins.2013.00267",
    ),
    "sci": (
        "Pollonini L, Olds C, Abaya H, Bortfeld H, Beauchamp MS, Oghalai JS (2014). Auditory cortex "
        "activation to natural "
        "speech and simulated cochlear implant speech measured with functional near-infrared spectroscopy. Hearing "
        "Research 309, 84–93.",
        "10.1016/j.heares.2013.11.007",
    ),
    "kenward-roger": (
        "Kenward MG, Roger JH (1997). Small sample inference for fixed effects from restricted maximum likelihood. "
        "Biometrics 53, 983–997.",
        "10.2307/2533558",
    ),
    "cluster-robust": (
        "Pustejovsky JE, Tipton E (2018). Small-sample methods for cluster-robust variance estimation and hypothesis "
        "testing in fixed effects models. Journal of Business & Economic Statistics 36, 672–683.",
        "10.1080/07350015.2016.1247004",
    ),
    "exact-p": (
        "Phipson B, Smyth GK (2010). Permutation P-values should never be zero: calculating exact P-values when "
        "permutations are randomly drawn. Statistical Applications in Genetics and Molecular Biology 9, 39.",
        "10.2202/1544-6115.1585",
    ),
    "max-statistic": (
        "Nichols TE, Holmes AP (2002). Nonparametric permutation tests for functional neuroimaging: a primer with "
        "examples. Human Brain Mapping 15, 1–25.",
        "10.1002/hbm.1058",
    ),
    "clusters": (
        "Maris E, Oostenveld R (2007). Nonparametric statistical testing of EEG- and MEG-data. Journal of Neuroscience "
        "Methods 164, 177–190.",
        "10.1016/j.jneumeth.2007.03.024",
    ),
    "fdr": (
        "Benjamini Y, Hochberg Y (1995). Controlling the false discovery rate: a practical and powerful approach to "
        "multiple testing. Journal of the Royal Statistical Society B 57, 289–300.",
        "10.1111/j.2517-6161.1995.tb02031.x",
    ),
    "within-between": (
        "Curran PJ, Bauer DJ (2011). The disaggregation of within-person and between-person effects in longitudinal "
        "models of change. Annual Review of Psychology 62, 583–619.",
        "10.1146/annurev.psych.093008.100356",
    ),
    "reliable-change": (
        "Jacobson NS, Truax P (1991). Clinical significance: a statistical approach to defining meaningful change in "
        "psychotherapy research. Journal of Consulting and Clinical Psychology 59, 12–19.",
        "10.1037/0022-006X.59.1.12",
    ),
    "split-half": (
        "Guttman L (1945). A basis for analyzing test-retest reliability. Psychometrika 10, 255–282.",
        "10.1007/BF02288892",
    ),
    "reliability-of-change": (
        "Cranford JA, Shrout PE, Iida M, Rafaeli E, Yip T, Bolger N (2006). A procedure for evaluating sensitivity to "
        "within-person change: can mood measures in diary studies detect change reliably? Personality and Social "
        "Psychology Bulletin 32, 917–929.",
        "10.1177/0146167206287721",
    ),
    "icc": (
        "McGraw KO, Wong SP (1996). Forming inferences about some intraclass correlation coefficients. Psychological "
        "Methods 1, 30–46.",
        "10.1037/1082-989X.1.1.30",
    ),
    "reliability-interval": (
        "Feldt LS (1965). The approximate sampling distribution of Kuder-Richardson reliability coefficient twenty. "
        "Psychometrika 30, 357–370.",
        "10.1007/BF02289499",
    ),
}
"""Works behind steps that have no record of their own."""


@dataclass
class Bibliography:
    """Numbers references as they are cited; the same work has one number."""

    entries: list[tuple[str, str]] = field(default_factory=list)

    def cite(self, reference: str, doi: str = "") -> str:
        """``" [3]"``; nothing where there is no reference."""
        if not reference:
            return ""
        for i, (known, known_doi) in enumerate(self.entries):
            if known == reference or (doi and doi.lower() == known_doi.lower()):
                return f" [{i + 1}]"
        self.entries.append((reference, doi))
        return f" [{len(self.entries)}]"

    def known(self, key: str) -> str:
        return self.cite(*KNOWN[key])
