"""Figures of a simulated synapse and its plasticity: development, spikes, scaling, structure, modulators.

Unlike the report's figures these are Matplotlib figures, for whoever works with the simulator in Python.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from interbrain.simulate.plasticity.modulators import Dopamine, Oxytocin, Rewards, Stress, Tapping, dopamine, learn
from interbrain.simulate.plasticity.scaling import Scaled
from interbrain.simulate.plasticity.spiking import Spikes
from interbrain.simulate.plasticity.structural import Grown
from interbrain.simulate.plasticity.synapse import Development

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_development(runs: dict[str, Development]) -> Figure:
    """Mean evoked and spontaneous strength over age, each run in a column, in units of their value at eye opening."""
    figure, axes = _panels(1, len(runs), "Strength over that at eye opening")
    for axis, (name, run) in zip(axes[0], runs.items(), strict=True):
        opening = run.at(run.rearing.eyes_open)
        for values, label, style in ((run.evoked, "evoked", "-"), (run.spontaneous, "spontaneous", "--")):
            axis.plot(run.age, values.mean(1) / values[opening].mean(), style, label=label)
        axis.axvline(run.rearing.eyes_open, color="0.7", lw=1)
        axis.set(title=name, xlabel="Age (days)", ylim=(0, None))
    axes[0][0].legend(frameon=False)
    return figure


def draw_spikes(run: Spikes, neurons: int = 100) -> Figure:
    """Spikes of some neurons, the population's rate in bins of 10 ms, and the mean plastic weight at each second."""
    figure, axes = _panels(3, 1, "Neuron", width=6.4, height=1.8)
    start, n = run.step * run.network.dt / 1000 - run.seconds, run.network.neurons
    shown = np.linspace(0, n - 1, min(neurons, n)).astype(int)
    some = np.isin(run.who, shown)
    axes[0][0].plot(run.times[some], run.who[some], "k.", ms=1.5)
    edges = start + np.arange(0, run.seconds + 0.005, 0.01)
    axes[1][0].stairs(np.histogram(run.times, edges)[0] / n / 0.01, edges)
    ends = np.minimum(start + 1 + np.arange(len(run.mean_weight)), start + run.seconds)
    axes[2][0].plot(ends, run.mean_weight, "o-", ms=3)
    axes[1][0].set_ylabel("Rate (Hz)")
    axes[2][0].set(ylabel="Mean weight (mV)", xlabel="Time (s)")
    for row in axes:
        row[0].set_xlim(start, start + run.seconds)
    return figure


def draw_scaling(run: Scaled) -> Figure:
    """Mean rate over time, and every excitatory weight at the end over itself at the start: a line through 0."""
    figure, axes = _panels(1, 2, "Mean rate (Hz)", width=3.6)
    axes[0][0].plot(run.hours, run.rate.mean(1))
    axes[0][0].set(xlabel="Hours", ylim=(0, None))
    for weights, label in ((run.excitatory, "excitatory"), (run.inhibitory, "inhibitory")):
        if weights.shape[2]:
            axes[0][1].plot(weights[0].ravel(), weights[-1].ravel(), ".", ms=2, label=label)
    top = max(run.excitatory[0].max(), run.excitatory[-1].max())
    axes[0][1].plot([0, top], [0, top], color="0.7", lw=1)
    axes[0][1].set(xlabel="Weight at the start", ylabel="Weight at the end")
    axes[0][1].legend(frameon=False)
    return figure


def draw_growth(run: Grown) -> Figure:
    """The growth rule of excitatory neurons, mean calcium of both kinds beside their targets, and synapses."""
    figure, axes = _panels(1, 3, "Elements a second")
    s, n_e = run.structure, run.structure.excitatory
    rule = s.on_excitatory
    levels = np.linspace(0, 1.6 * rule.epsilon, 200)
    axes[0][0].plot(levels, [rule.rate(x) for x in levels])
    axes[0][0].axhline(0, color="0.7", lw=1)
    axes[0][0].set(xlabel="Calcium", title="Growth rule")
    for part, target, label in (
        (slice(0, n_e), rule.epsilon, "excitatory"),
        (slice(n_e, None), s.on_inhibitory.epsilon, "inhibitory"),
    ):
        if run.calcium[:, part].shape[1]:
            (line,) = axes[0][1].plot(run.seconds, run.calcium[:, part].mean(1), label=label)
            axes[0][1].axhline(target, color=line.get_color(), lw=1, ls=":")
    axes[0][1].set(xlabel="Time (s)", title="Mean calcium")
    axes[0][1].legend(frameon=False)
    axes[0][2].plot(run.seconds, run.synapses)
    axes[0][2].set(xlabel="Time (s)", title="Synapses", ylim=(0, None))
    return figure


def draw_modulators(trials: int = 4000, seed: int = 1) -> Figure:
    """Weights under four third factors, plasticity under stress, and tapping with and without oxytocin."""
    figure, axes = _panels(1, 3, "Weights of three situations", width=3.8)
    for third, colour in zip(dopamine.THIRD, ("C3", "C1", "C4", "C0"), strict=True):
        run = learn(Dopamine(third), Rewards(), trials, seed)
        axes[0][0].plot(run.weight[:, 0], color=colour, label=third)
        axes[0][0].plot(run.weight[:, 1:], color=colour)
    axes[0][0].set(xlabel="Trial", title="Nothing to learn: who drifts", ylim=(-5, 12))
    axes[0][0].legend(frameon=False)
    levels = np.linspace(0, 1.5, 200)
    for hours in (0.0, 24.0, 168.0):
        axes[0][1].plot(levels, [Stress().gain(s, hours) for s in levels], label=f"{hours:g} h")
    axes[0][1].set(xlabel="Stress", title="Gain on plasticity", ylim=(0, None))
    axes[0][1].legend(frameon=False)
    cases = {"leader": Tapping(), "mutual": Tapping(partner=0.35), "metronome": Tapping(person=False)}
    at = np.arange(len(cases))
    for k, (label, dose) in enumerate({"placebo": Oxytocin(), "oxytocin": Oxytocin(1.0)}.items()):
        axes[0][2].bar(at + 0.4 * k - 0.2, [c.asynchrony_sd(dose) for c in cases.values()], 0.36, label=label)
    axes[0][2].set(xticks=at, xticklabels=list(cases), ylabel="SD of asynchrony (ms)", title="Tapping together")
    axes[0][2].legend(frameon=False)
    return figure


def _panels(rows: int, columns: int, name_y: str = "", width: float = 3.2, height: float = 2.8) -> tuple[Figure, Any]:
    """A figure of its own (no global state) and its axes (rows, columns), open above and to the right."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width * columns, height * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    for axis in axes.flat:
        axis.spines[["top", "right"]].set_visible(False)
    axes[0][0].set_ylabel(name_y)
    return figure, axes
