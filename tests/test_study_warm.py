"""Warming up reaches everything that is compiled."""

import subprocess
import sys
from collections import Counter

from interbrain import measures
from interbrain.study import warm


def test_every_measure_and_every_simulator_is_compiled_by_one_process_only():
    named = Counter(name for part in warm.parts() for name in part)
    assert set(named) == {*measures.records(), *warm.SIMULATORS}
    assert set(named.values()) == {1}


def test_a_second_process_compiles_nothing():
    count = (
        "from numba.core import event\n"
        "from interbrain.study.warm import first_call\n"
        "with event.install_recorder('numba:compile') as found: first_call({name!r})\n"
        "print(len(found.buffer))"
    )
    for name in ("course", "wpli"):
        warm.first_call(name)
        done = subprocess.run([sys.executable, "-c", count.format(name=name)], capture_output=True, text=True)
        assert done.returncode == 0 and int(done.stdout) == 0, done.stderr
