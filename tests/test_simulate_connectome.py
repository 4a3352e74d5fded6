"""Connectomes: orientation, what is read, and what the generator promises."""

import zipfile

import numpy as np
import pytest

from interbrain.data.errors import BadInput
from interbrain.simulate.brains.connectome import built_in, from_tables, read_connectome
from interbrain.simulate.brains.network import network_of

WEIGHTS = np.array([[9.0, 1, 2], [0, 0, 3], [4, 0, 0]])
LENGTHS = np.array([[0.0, 10, 20], [10, 0, 30], [20, 30, 0]])


def test_orientation_is_stated_and_kept():
    rows_receive = from_tables(WEIGHTS, LENGTHS, "to_from")
    rows_send = from_tables(WEIGHTS.T, LENGTHS.T, "from_to")
    np.testing.assert_array_equal(rows_receive.weights, rows_send.weights)
    network = network_of(rows_receive)
    edges = {(int(t), int(s)): w for t, s, w in zip(network.to, network.source, network.weight)}
    assert edges == {(0, 1): 1, (0, 2): 2, (1, 2): 3, (2, 0): 4}  # region 0 hears 1 and 2; nobody hears itself
    with pytest.raises(BadInput, match="say 'to_from'"):
        from_tables(WEIGHTS, LENGTHS, "rows")


def test_delay_is_length_over_speed():
    network = network_of(from_tables(WEIGHTS, LENGTHS, "to_from"), speed=5.0)
    assert network.delay == pytest.approx([0.002, 0.004, 0.006, 0.004])
    assert network_of(from_tables(WEIGHTS, LENGTHS, "to_from"), speed=np.inf).delay.max() == 0


@pytest.mark.parametrize("separator", [" ", ",", "\t"])
def test_tables_are_read(tmp_path, separator):
    for name, table in (("w", WEIGHTS), ("l", LENGTHS)):
        text = "\n".join(separator.join(str(x) for x in row) for row in table)
        (tmp_path / f"{name}.txt").write_text(text)
    read = read_connectome(tmp_path / "w.txt", "from_to", tmp_path / "l.txt")
    np.testing.assert_array_equal(read.weights, from_tables(WEIGHTS, LENGTHS, "from_to").weights)


def test_an_archive_in_the_virtual_brains_layout_is_read(tmp_path):
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        archive.writestr("weights.txt", "\n".join(" ".join(map(str, row)) for row in WEIGHTS))
        archive.writestr("tract_lengths.txt", "\n".join(" ".join(map(str, row)) for row in LENGTHS))
        archive.writestr("centres.txt", "lA 1 2 3\nlB 4 5 6\nrA 7 8 9\n")
        archive.writestr("hemispheres.txt", "0\n0\n1\n")
    read = read_connectome(tmp_path / "c.zip", "to_from")
    assert read.labels == ("lA", "lB", "rA")
    assert list(read.hemispheres) == [0, 0, 1]
    assert read.centres[2].tolist() == [7, 8, 9]
    assert read.weights[0, 2] == 2


def test_what_cannot_be_read_is_told(tmp_path):
    (tmp_path / "w.txt").write_text("1 2\n3 x\n")
    for name, said in (("w.txt", "needs a table of lengths"), ("c.zip", "not a zip archive")):
        with pytest.raises(BadInput, match=said):
            read_connectome(tmp_path / name, "to_from")
    with pytest.raises(BadInput, match="not a table of numbers"):
        read_connectome(tmp_path / "w.txt", "to_from", tmp_path / "w.txt")
    with pytest.raises(BadInput, match=r"weights must be numbers of 0 or more"):
        from_tables(-WEIGHTS, LENGTHS, "to_from")
    with pytest.raises(BadInput, match=r"lengths have shape \(2, 2\)"):
        from_tables(WEIGHTS, LENGTHS[:2, :2], "to_from")


@pytest.mark.parametrize("regions", [68, 90, 200])
def test_the_built_in_connectome_keeps_its_promises(regions):
    found = built_in(regions, 0.3, seed=3)
    w, half = found.weights, regions // 2
    there = w > 0
    assert found.density == pytest.approx(0.3, abs=0.5 / regions)
    np.testing.assert_array_equal(w, w.T)
    assert list(found.hemispheres) == [0] * half + [1] * half
    assert np.all(found.centres[:half, 0] < 5) and np.all(found.centres[half:, 0] > -5)
    homologous = np.arange(half)
    assert there[homologous, homologous + half].all()
    upper = np.triu(np.ones_like(w, bool), 1)
    short = found.lengths < np.median(found.lengths[upper])
    assert there[upper & short].mean() > 2 * there[upper & ~short].mean()
    across = found.hemispheres[:, None] != found.hemispheres
    assert there[upper & ~across].mean() > 2 * there[upper & across].mean()
    rest = np.log(w[upper & there]) + found.lengths[upper & there] / 30.0
    assert rest.std() == pytest.approx(1.0, abs=0.1)
    assert abs(((rest - rest.mean()) ** 3).mean()) < 0.4
    delay = network_of(found, speed=10.0).delay
    assert delay.min() > 0.0005 and 0.015 < delay.max() < 0.03


def test_the_built_in_connectome_follows_its_seed():
    a, b, c = (built_in(68, 0.3, seed).weights for seed in (1, 1, 2))
    assert a.tobytes() == b.tobytes() != c.tobytes()


def test_scales_say_what_they_do():
    found = built_in(20, 0.3, 1)
    assert found.scaled("max").weights.max() == 1
    assert found.scaled("rows").weights.sum(axis=1) == pytest.approx(np.ones(20))
    assert found.scaled("mean_row").weights.sum(axis=1).mean() == pytest.approx(1)
    with pytest.raises(BadInput, match="known are 'max'"):
        found.scaled("best")
