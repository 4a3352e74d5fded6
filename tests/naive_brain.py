"""The engine in plain NumPy, one region and one edge at a time: slow and obvious."""

import numpy as np

from interbrain.simulate.brains import _noise


def kicks(count, steps, seed):
    """``(step, number)``."""
    rows = _noise.rows_of(count, _noise.keys([seed]))
    out, words = np.zeros(2 * rows.shape[1], np.float32), np.zeros(rows.shape[1], np.uint32)
    found = []
    for step in range(steps):
        _noise.fill(out, step, rows, words)
        found.append(out[:count].astype(float))
    return np.array(found)


def at(value, i):
    return float(np.broadcast_to(value, 100)[i]) if np.ndim(value) == 0 else float(value[i])


def logistic(x):
    return 1 / (1 + np.exp(-x))


def kuramoto(node, i, s, received, weights, dt, kick):
    pull = sum(w * np.sin(np.arctan2(y, x) - s[0]) for w, (y, x) in zip(weights, received))
    slope = 2 * np.pi * at(node.frequency, i) + at(node.coupling, i) * pull
    return [s[0] + dt * slope + at(node.noise, i) * np.sqrt(dt) * kick[0]]


def hopf(node, i, s, received, weights, dt, kick):
    z = complex(*s)
    pull = at(node.coupling, i) * sum(w * (complex(*r) - z) for w, r in zip(weights, received))
    push = at(node.noise, i) * np.sqrt(dt) * complex(*kick)

    def slope(z):
        own = at(node.rate, i) * (at(node.mu, i) - abs(z) ** 2) * z + 2j * np.pi * at(node.frequency, i) * z
        return own + pull

    ahead = z + dt * slope(z) + push
    z = z + dt * (slope(z) + slope(ahead)) / 2 + push
    return [z.real, z.imag]


def wilson_cowan(node, i, s, received, weights, dt, kick):
    p = {k: at(v, i) for k, v in vars(node).items()}
    outside = p["coupling"] * sum(w * r[0] for w, r in zip(weights, received))
    tau = np.array([p["tau_e"], p["tau_i"]])
    push = p["noise"] * np.sqrt(dt / tau) * kick

    def squash(x, a, theta):
        return logistic(a * (x - theta)) - 1 / (1 + np.exp(a * theta))

    def slope(s):
        e, n = s
        to_e = squash(p["c_ee"] * e - p["c_ei"] * n + p["P"] + outside, p["a_e"], p["theta_e"])
        to_i = squash(p["c_ie"] * e - p["c_ii"] * n + p["Q"], p["a_i"], p["theta_i"])
        return (-s + (1 - p["refractory"] * s) * np.array([to_e, to_i])) / tau

    s = np.array(s)
    ahead = s + dt * slope(s) + push
    return list(s + dt * (slope(s) + slope(ahead)) / 2 + push)


def jansen_rit(node, i, s, received, weights, dt, kick):
    p = {k: at(v, i) for k, v in vars(node).items()}
    outside = p["p"] + p["coupling"] * sum(w * r[0] for w, r in zip(weights, received))
    push = np.array([0, 0, 0, 0, p["A"] * p["a"] * p["noise"] * np.sqrt(dt) * kick[0], 0])

    def fire(v):
        return 2 * p["e0"] * logistic(p["r"] * (v - p["v0"]))

    def slope(s):
        y, v, c = s[:3], s[3:], p["C"]
        return np.array([
            *v,
            p["A"] * p["a"] * fire(y[1] - y[2]) - 2 * p["a"] * v[0] - p["a"] ** 2 * y[0],
            p["A"] * p["a"] * (outside + 0.8 * c * fire(c * y[0])) - 2 * p["a"] * v[1] - p["a"] ** 2 * y[1],
            p["B"] * p["b"] * 0.25 * c * fire(0.25 * c * y[0]) - 2 * p["b"] * v[2] - p["b"] ** 2 * y[2],
        ])  # fmt: skip

    s = np.array(s)
    ahead = s + dt * slope(s) + push
    return list(s + dt * (slope(s) + slope(ahead)) / 2 + push)


def emitted(node, i, s):
    if node.name == "kuramoto":
        return [np.sin(s[0]), np.cos(s[0])]
    if node.name == "jansen_rit":
        return [2 * at(node.e0, i) * logistic(at(node.r, i) * (s[1] - s[2] - at(node.v0, i)))]
    return list(s)[: node.channels]


STEPS = {"kuramoto": kuramoto, "hopf": hopf, "wilson_cowan": wilson_cowan, "jansen_rit": jansen_rit}


def run(network, node, start, steps, dt, seed=0, plasticity=None):
    """Final ``(variable, region)``, edge weights and envelopes."""
    n = network.regions
    state = [list(start[:, i]) for i in range(n)]
    noise = kicks(node.kicks * n, steps, seed).reshape(steps, node.kicks, n)
    if not np.any(np.asarray(node.noise)):
        noise[:] = 0
    weight = network.weight.astype(float).copy()
    lag = np.rint(network.delay / dt).astype(int)
    sent = [[emitted(node, i, state[i]) for i in range(n)]]
    envelope = np.zeros(n)
    mean = np.array([x[0] for x in sent[0]])
    spread = np.full(n, 1e-12)
    for t in range(steps):
        now = [emitted(node, i, state[i]) for i in range(n)]
        sent.append(now)
        history = sent[1:]
        heard = [history[max(t - lag[e], 0)][network.source[e]] for e in range(len(weight))]
        if node.channels == 1 and plasticity is not None:
            for i in range(n):
                off = now[i][0] - mean[i]
                mean[i] += dt * off
                spread[i] += dt * (off**2 - spread[i])
        new, learnt = [], weight.copy()
        for i in range(n):
            mine = [e for e in range(len(weight)) if network.to[e] == i]
            values, w = [heard[e] for e in mine], [weight[e] for e in mine]
            new.append(STEPS[node.name](node, i, state[i], values, w, dt, noise[t][:, i]))
            if node.name == "kuramoto":
                total = sum(a * complex(x, y) for a, (y, x) in zip(w, values))
            else:
                raw = abs(complex(*now[i])) if node.name == "hopf" else now[i][0]
            for e in mine:
                if plasticity is None or not network.plastic[e]:
                    continue
                j = network.source[e]
                if node.channels == 2:
                    a, b = complex(*heard[e]), complex(*now[i])
                    alike = (a * b.conjugate()).real / (abs(a) * abs(b))
                else:
                    alike = (heard[e][0] - mean[j]) * (now[i][0] - mean[i]) / np.sqrt(spread[i] * spread[j])
                moved = weight[e] + dt * plasticity.rate * plasticity.gate * (plasticity.target * alike - weight[e])
                learnt[e] = min(max(moved, plasticity.floor), plasticity.ceiling)
            if node.name == "kuramoto":
                raw = abs(total) / max(abs(sum(w)), 1e-30)
            envelope[i] += dt / 0.5 * (raw - envelope[i])
        state, weight = new, learnt
    return np.array(state).T, weight, envelope
