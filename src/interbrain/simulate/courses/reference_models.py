"""Two published models of therapist and client in few equations, as references beside the mechanistic one.

Neither has brains, channels or sessions. Tschacher and Haken: a linear pair with a multiplicative influence; Liebovitch
and colleagues: each one's change is own inertia plus an influence of the other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.optimize import fsolve

from interbrain.arrays.streams import stream
from interbrain.data.errors import BadInput
from interbrain.simulate._checked import all_within, finite, within


@dataclass(frozen=True)
class TschacherHaken:
    """Therapist and client as W. Tschacher and H. Haken (2019, doi:10.1007/978-3-030-12748-0, chapter 8) have them.

        x_th' = -k_th x_th + g_th k_th + a x_cl x_th
        x_cl' = -k_cl x_cl + g_cl k_cl + b x_th^2 + noise

    (Minus signs restored from a damaged copy of equations 8.8, 8.9 and 8.72.) The book's claims: a therapist is slow
    (small ``k_th``) and shielded from noise.

    Parameters
    ----------
    k_th, k_cl
        Rates of return, 1/s, above 0 to 100.
    g_th, g_cl
        What each returns to alone, -100 to 100.
    a, b
        Influence on the therapist and on the client, -100 to 100.
    noise
        SD on the client a square root of time, 0 to 100.
    """

    k_th: float = 0.2
    k_cl: float = 1.0
    g_th: float = 1.0
    g_cl: float = 0.0
    a: float = 0.0
    b: float = 0.5
    noise: float = 0.0

    def __post_init__(self) -> None:
        all_within(self, k_th=(1e-9, 100), k_cl=(1e-9, 100), noise=(0, 100))
        all_within(self, **dict.fromkeys(("g_th", "g_cl", "a", "b"), (-100, 100)))

    def fixed_points(self) -> list[tuple[float, float]]:
        """Every state that stays, therapist first: real roots of a cubic."""
        cubic = [self.a * self.b / self.k_cl, 0.0, self.a * self.g_cl - self.k_th, self.g_th * self.k_th]
        roots = np.roots(np.trim_zeros(cubic, "f"))
        real = sorted(float(r.real) for r in roots if abs(r.imag) < 1e-9 * max(1.0, abs(r)))
        return [(x, self.g_cl + self.b / self.k_cl * x * x) for x in real]

    def jacobian(self, point: tuple[float, float]) -> np.ndarray:
        """``(2, 2)`` at (therapist, client)."""
        th, cl = point
        return np.array([[-self.k_th + self.a * cl, self.a * th], [2 * self.b * th, -self.k_cl]])

    def discriminant(self, point: tuple[float, float]) -> float:
        """Below 0 exactly where the pair turns around the point: (a X_cl - k_th + k_cl)^2 + 8 a b X_th^2.

        So it takes influences of opposite sign, a b < 0.
        """
        th, cl = point
        return float((self.a * cl - self.k_th + self.k_cl) ** 2 + 8 * self.a * self.b * th**2)

    def simulate(self, start: tuple[float, float], duration: float, dt: float = 0.01, seed: int = 0) -> np.ndarray:
        """``(time, 2)``: therapist and client from ``start``, Heun's method, noise added a step.

        Raises
        ------
        BadInput
        """
        within("TschacherHaken", "dt", dt, 1e-6, 1)
        within("TschacherHaken", "duration", duration, dt, 1e6 * dt)
        kicks = self.noise * np.sqrt(dt) * stream(seed, "tschacher haken").standard_normal(round(duration / dt))
        state, found = np.array(start, dtype=float), [np.array(start, dtype=float)]
        with np.errstate(over="ignore", invalid="ignore"):
            for kick in kicks:
                first = self._slope(state)
                state = state + dt / 2 * (first + self._slope(state + dt * first)) + [0.0, kick]
                found.append(state)
        return finite("TschacherHaken", np.array(found), "a, b and the start drive it away, or dt is too long")

    def _slope(self, state: np.ndarray) -> np.ndarray:
        th, cl = state
        return np.array(
            [
                -self.k_th * th + self.g_th * self.k_th + self.a * cl * th,
                -self.k_cl * cl + self.g_cl * self.k_cl + self.b * th**2,
            ]
        )


@dataclass(frozen=True)
class Liebovitch:
    """Therapist and client after L. Liebovitch et al. (2011, PMC3179545): own inertia plus the other's influence.

        T' = -m_T T + b_T + c_T F(C),    C' = -m_C C + b_C + c_C F(T)

    The form is stated in an abstract; ``F`` and constants are not known to us and are choices here.

    Parameters
    ----------
    m_t, m_c
        Inertia, 1/s, above 0 to 100.
    b_t, b_c
        What each is drawn to without the other, times inertia, -100 to 100.
    c_t, c_c
        Strength of the other's influence (how responsive each is), -100 to 100.
    influence
        ``"tanh"``: saturates; ``"bilinear"``: negative affect weighs ``negative`` times as much.
    """

    m_t: float = 1.0
    m_c: float = 1.0
    b_t: float = 0.3
    b_c: float = -0.1
    c_t: float = 0.5
    c_c: float = 1.5
    influence: Literal["tanh", "bilinear"] = "tanh"
    negative: float = 2.0

    def __post_init__(self) -> None:
        all_within(self, m_t=(1e-9, 100), m_c=(1e-9, 100), negative=(0, 100))
        all_within(self, **dict.fromkeys(("b_t", "b_c", "c_t", "c_c"), (-100, 100)))
        if self.influence not in ("tanh", "bilinear"):
            raise BadInput(f"Liebovitch: influence is {self.influence!r}; it must be 'tanh' or 'bilinear'.")

    def felt(self, other: np.ndarray) -> np.ndarray:
        """F."""
        if self.influence == "tanh":
            return np.tanh(other)
        return np.asarray(np.where(other < 0, self.negative * other, other))

    def slope(self, state: np.ndarray) -> np.ndarray:
        therapist, client = state
        return np.array(
            [
                -self.m_t * therapist + self.b_t + self.c_t * self.felt(client),
                -self.m_c * client + self.b_c + self.c_c * self.felt(therapist),
            ]
        )

    def simulate(self, start: tuple[float, float], duration: float = 30.0, dt: float = 0.01) -> np.ndarray:
        """``(time, 2)``: therapist and client.

        Raises
        ------
        BadInput
        """
        within("Liebovitch", "dt", dt, 1e-6, 1)
        within("Liebovitch", "duration", duration, dt, 1e6 * dt)
        state, found = np.array(start, dtype=float), [np.array(start, dtype=float)]
        with np.errstate(over="ignore", invalid="ignore"):
            for _ in range(round(duration / dt)):
                first = self.slope(state)
                state = state + dt / 2 * (first + self.slope(state + dt * first))
                found.append(state)
        return finite("Liebovitch", np.array(found), "influence is stronger than inertia, or dt is too long")

    def rest(self, start: tuple[float, float]) -> tuple[float, float]:
        """The state that stays, reached from ``start``."""
        near = self.simulate(start, 40 / min(self.m_t, self.m_c), 0.02 / max(self.m_t, self.m_c, 1.0))[-1]
        found = fsolve(self.slope, near)
        return float(found[0]), float(found[1])


def stated_results(model: Liebovitch | None = None) -> dict[str, tuple[bool, str]]:
    """What comes out for the four results that the authors state, with its figures: reported, not required.

    1 who responds more ends up more positive; 2 the client oscillates before settling; 3 therapy succeeds least where
    the therapist starts negative; 4 influence and inertia act inversely.
    """
    model = model or Liebovitch()
    good, bad = (0.8, -0.5), (-0.8, -0.5)
    therapist, client = model.rest(good)
    responsive = client > therapist if model.c_c > model.c_t else therapist > client
    course = model.simulate(good)[:, 1]
    turns = int(np.count_nonzero(np.diff(np.sign(np.diff(course[np.abs(np.diff(course, append=course[-1])) > 1e-7])))))
    worse = model.rest(bad)[1]
    more_influence = replace(model, c_c=1.2 * model.c_c).rest(good)[1] - client
    more_inertia = replace(model, m_c=1.2 * model.m_c).rest(good)[1] - client
    return {
        "responsive": (responsive, f"client {client:.2f}, therapist {therapist:.2f}"),
        "oscillates": (turns > 1, f"{turns} turning points"),
        "negative start": (worse < client - 1e-6, f"client ends at {worse:.2f}, else at {client:.2f}"),
        "inverse": (
            more_influence * more_inertia < 0,
            f"a fifth more influence {more_influence:+.2f}, a fifth more inertia {more_inertia:+.2f}",
        ),
    }
