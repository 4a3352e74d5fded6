"""Quick forms of the calibrations over whole studies: re-pairing, families, contrasts."""

import numpy as np
import pytest
from scipy.stats import binom

from calibrate import contrasts, families, repairing
from calibrate._kept import finished


def within(hits, n, level):
    """Inside the interval that a right test leaves once in 5,000."""
    return binom.ppf(1e-4, n, level) <= hits <= binom.ppf(1 - 1e-4, n, level)


@pytest.mark.parametrize("name", ["one therapist, 4 patients", "3 therapists, 4 patients each, alike, a third missing"])
def test_re_pairing_holds_its_size_on_whole_studies(name):
    found = repairing.cell(repairing.WORLDS[name], 40, 5, name)
    assert within(found["hits"], found["n"], found["reachable"])
    assert found["uniform"] > 1e-3


def test_re_pairing_on_signals_with_a_common_task():
    """Circular shifts call the common task synchrony; re-pairing does not, unless its times are the group's own."""
    common = repairing.SIGNALS["signals: a common task, followed unequally"]
    found = repairing.signal_cell(common, 12, 5, "quick")
    assert within(found["hits"], 12, found["reachable"]) and found["shift"] > 0.6
    own = repairing.signal_cell(repairing.SIGNALS["signals: a common task at times of each group's own"], 5, 5, "quick")
    assert own["hits"] >= 3


def test_finished_cells_are_kept(tmp_path):
    calls = []

    def cell():
        calls.append(1)
        return {"n": 3}

    for about in ("n=3", "n=3", "n=4"):
        table = finished(tmp_path / "t.tsv", {"x": cell}, about, False)
    assert len(calls) == 2 and table["about"].tolist() == ["n=4"] and np.isfinite(table["seconds"]).all()


@pytest.mark.parametrize("r", [0.0, 0.9])
@pytest.mark.parametrize("coupling", [0.0, 1.5])
def test_errors_over_a_family(r, coupling):
    for kind in list(families.KINDS)[1:]:
        found = families.cell(kind, families.World(r, coupling), 150, 4)
        assert found["hits"] <= binom.ppf(1 - 1e-4, 150, 0.05), kind
        assert found["found"] > 0.9 if coupling else found["hits"] >= binom.ppf(1e-4, 150, 0.05), kind


def test_false_discoveries_among_families():
    found = families.discoveries(families.World(0.5, 5.0), 60, 4)
    assert found["rate"] <= 0.05 + 3.5 * found["se"] and found["found"] > 0.6


@pytest.mark.parametrize("name", ["segments, 8 groups, skewed noise", "arms, 5 and 15 groups"])
def test_contrasts_hold_their_size_over_groups_and_not_over_meetings(name):
    found = contrasts.cell(contrasts.WORLDS[name], 80, 6, name)
    assert within(found["hits"], 80, found["reachable"])
    assert found["sessions"] > 0.1


def test_who_leads_where_dyads_have_leads_of_their_own():
    found = contrasts.lead_cell("who leads (wlcc), 7 groups, each dyad a lead of its own", 12, 6)
    assert within(found["hits"], 12, found["reachable"])
    slower = contrasts.lead_cell("who leads (wlcc), 7 groups, coupled without a lag, B's response is slower", 4, 6)
    assert slower["hits"] >= 3


@pytest.mark.parametrize("coupling", [0.0, 0.6])
def test_clusters_hold_their_error_and_carry_places_along(coupling):
    found = families.cluster_cell(families.World(0.5, coupling), 150, 4)
    assert found["hits"] <= binom.ppf(1 - 1e-4, 150, 0.05)
    assert (found["found"] > 0.6 and found["beside"] > 0.05) if coupling else found["hits"] >= 1
