"""neurolib's side of T1b: its Wilson–Cowan model."""

from __future__ import annotations

import numpy as np

from bench._task import Built
from bench.simulation import Problem, compare


def build(problem: Problem) -> Built:
    from neurolib.models.wc import WCModel

    weights, lengths = problem.tables()

    def simulate(seconds: float, noisy: bool, seed: int) -> np.ndarray:
        model = WCModel(Cmat=weights, Dmat=lengths, seed=seed)
        model.params.update(
            Cmat=weights, dt=1000 * problem.dt, duration=1000 * seconds, signalV=10.0, K_gl=float(problem.coupling[0]),
            tau_exc=8.0, tau_inh=8.0, c_excexc=16.0, c_inhexc=12.0, c_excinh=15.0, c_inhinh=3.0, a_exc=1.3, a_inh=2.0,
            mu_exc=4.0, mu_inh=3.7, exc_ext=1.25, inh_ext=0.0, sigma_ou=0.01 * noisy,
        )  # fmt: skip
        model.params["exc_init"], model.params["inh_init"] = (x[:, None] for x in problem.start())
        model.run()
        return np.asarray(model.exc).T

    built = compare(problem, simulate, problem.duration, same=False)
    return Built(built.steps, None, built.warm)
