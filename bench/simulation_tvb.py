"""The Virtual Brain's side of T1–T3; times in ms."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np

from bench._task import Built
from bench.simulation import NOISE, Problem, compare

logging.disable(logging.CRITICAL)
from tvb.datatypes.connectivity import Connectivity  # noqa: E402
from tvb.simulator.lab import coupling, integrators, models, monitors, noise, simulator  # noqa: E402


def build(problem: Problem) -> Built:
    weights, lengths = problem.tables()
    n, dt = problem.n, 1000 * problem.dt
    begin = problem.start()

    def simulate(seconds: float, noisy: bool, seed: int) -> np.ndarray:
        joined = Connectivity(
            weights=weights, tract_lengths=lengths, speed=_one(10.0), centres=np.zeros((n, 3)),
            region_labels=np.array([f"r{i}" for i in range(n)]),
        )  # fmt: skip
        joined.configure()
        model, pull, size = _parts(problem)
        if noisy:
            kicks = noise.Additive(nsig=size[:, None, None], noise_seed=seed + 1)
            step: Any = integrators.HeunStochastic(dt=dt, noise=kicks)
        else:
            step = integrators.HeunDeterministic(dt=dt)
        horizon = round(lengths.max() / 10 / dt) + 2
        run = simulator.Simulator(
            model=model, connectivity=joined, coupling=pull, integrator=step, conduction_speed=10.0,
            monitors=(monitors.Raw(),), initial_conditions=np.repeat(begin[None, :, :, None], horizon, axis=0),
        )  # fmt: skip
        run.configure()
        ((_, states),) = run.run(simulation_length=1000 * seconds)
        seen = states[:, :, :, 0]
        return seen[:, 0] - seen[:, 1] if problem.kind == "jansen_rit" else seen[:, 0]

    return compare(problem, simulate, 1.0)


def _one(x: float) -> np.ndarray:
    return np.array([x])


def _parts(problem: Problem) -> tuple[Any, Any, np.ndarray]:
    """Node, coupling, and half the square of the noise of each variable (its ``nsig``)."""
    gain = float(problem.coupling[0])
    if problem.kind == "kuramoto":
        model = models.Kuramoto(omega=2 * np.pi * problem.frequencies() / 1000)
        return model, coupling.Kuramoto(a=_one(gain / 1000)), _one(NOISE**2 / 2 / 1000)
    if problem.kind == "wilson_cowan":
        model = models.WilsonCowan(
            c_ee=_one(16.0), c_ei=_one(12.0), c_ie=_one(15.0), c_ii=_one(3.0), a_e=_one(1.3), a_i=_one(2.0),
            b_e=_one(4.0), b_i=_one(3.7), tau_e=_one(8.0), tau_i=_one(8.0), theta_e=_one(0.0), theta_i=_one(0.0),
            P=_one(1.25), Q=_one(0.0), r_e=_one(1.0), r_i=_one(1.0), k_e=_one(1.0), k_i=_one(1.0),
            c_e=_one(1.0), c_i=_one(1.0), alpha_e=_one(1.0), alpha_i=_one(1.0), shift_sigmoid=np.array([True]),
            variables_of_interest=("E", "I"),
        )  # fmt: skip
        return model, coupling.Linear(a=_one(gain), b=_one(0.0)), np.full(2, 0.05**2 / 2 / 8.0)
    model = models.JansenRit(
        A=_one(3.25), B=_one(22.0), mu=_one(0.15), nu_max=_one(0.0025), v0=_one(6.0), r=_one(0.56),
        variables_of_interest=("y1", "y2"),
    )  # fmt: skip
    pull = coupling.SigmoidalJansenRit(cmin=_one(0.0), cmax=_one(0.005), midpoint=_one(6.0), r=_one(0.56), a=_one(gain))
    size = np.zeros(6)
    size[4] = (3.25 * 100 * NOISE / 1000) ** 2 / 2 / 1000
    return model, pull, size
