"""The two people of a pair as blocks: which members, which kinds of signal, which places."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from interbrain.data.errors import BadInput
from interbrain.data.plan import CONFOUND_NAMES, Analysis
from interbrain.data.signal import Channel, Signal
from interbrain.data.study import Meeting, Member, Recording, Study
from interbrain.data.tables import WHOSE


@dataclass(frozen=True)
class Places:
    """How channel pairs become the places of a table: names of both sides and the channel indices in each."""

    level: str
    names_a: tuple[str, ...]
    names_b: tuple[str, ...]
    members_a: tuple[tuple[int, ...], ...]
    members_b: tuple[tuple[int, ...], ...]
    keep: np.ndarray

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """Index pairs ``(a, b)`` of the places that are kept, in order."""
        return [(int(a), int(b)) for a, b in np.argwhere(self.keep)]

    def pool(self, values: np.ndarray, axis: int = 0) -> np.ndarray:
        """Mean over the channel pairs of each kept place: ``(…, A, B, …)`` becomes ``(…, place, …)``.

        ``axis`` is the position of A. NaN pairs are left out of the mean; a place with none left is NaN.
        """
        moved = np.moveaxis(values, (axis, axis + 1), (0, 1))
        pooled = np.empty((len(self.pairs), *moved.shape[2:]), dtype=moved.dtype)
        for i, (a, b) in enumerate(self.pairs):
            part = moved[np.ix_(self.members_a[a], self.members_b[b])]
            pooled[i] = _mean(part.reshape(-1, *moved.shape[2:]))
        return np.moveaxis(pooled, 0, axis)

    def n_pairs(self, values: np.ndarray) -> np.ndarray:
        """How many channel pairs of each kept place have a value, for values ``(A, B, …)``."""
        return np.stack(
            [np.isfinite(values[np.ix_(self.members_a[a], self.members_b[b])]).sum((0, 1)) for a, b in self.pairs]
        )


def _mean(part: np.ndarray) -> np.ndarray:
    if len(part) == 1:
        return part[0]
    known = np.isfinite(part)
    count = known.sum(0)
    total = np.where(known, part, 0).sum(0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def places_of(analysis: Analysis, a: Signal, b: Signal, roles: tuple[str, str] | None = None) -> Places:
    """Channels, or regions where the analysis asks for them and both people's channels have one.

    With ``roles`` each name says whose it is, ``"mother: Fz"``: in groups of more than two, two people's channels of
    one name are two places.
    """
    regional = bool(a.channels and b.channels) and all(c.region for c in (*a.channels, *b.channels))
    level = "region" if analysis.level == "region" or (analysis.level == "auto" and regional) else "channel"
    names_a, members_a = _grouped(a, level)
    names_b, members_b = _grouped(b, level)
    keep = np.ones((len(names_a), len(names_b)), dtype=bool)
    if analysis.pairs == "homologous":
        keep = np.array(names_a)[:, None] == np.array(names_b)[None, :]
    if not keep.any():
        raise BadInput(
            f"no {level} pair is left ({analysis.pairs}): one person has {', '.join(names_a[:4]) or 'none'}, the other "
            f'{", ".join(names_b[:4]) or "none"}. Name regions in the study, or take pairs = "all".'
        )
    if roles is not None:
        names_a, names_b = (tuple(f"{r}{WHOSE}{n}" for n in names) for r, names in zip(roles, (names_a, names_b)))
    return Places(level, names_a, names_b, members_a, members_b, keep)


def _grouped(signal: Signal, level: str) -> tuple[tuple[str, ...], tuple[tuple[int, ...], ...]]:
    labels = [(c.region or "") if level == "region" else c.name for c in signal.channels]
    names = tuple(dict.fromkeys(name for name in labels if name))
    return names, tuple(tuple(i for i, label in enumerate(labels) if label == name) for name in names)


def kinds_of(analysis: Analysis, a: Signal, b: Signal) -> list[tuple[str, str]]:
    """Kinds of signal to be measured with each other, first A's: the same kind of both people, in the analysis' order.

    Where the two people give two modalities, every kind of A that the analysis asks for with every such kind of B.
    """
    has_a, has_b = (dict.fromkeys(c.kind for c in s.channels if not is_confound(c, analysis)) for s in (a, b))
    if analysis.modalities[0] != analysis.modalities[1]:
        wanted = analysis.signals or (*has_a, *has_b)
        return list(product([k for k in has_a if k in wanted], [k for k in has_b if k in wanted]))
    shared = [k for k in has_a if k in has_b]
    return [(k, k) for k in analysis.signals if k in shared] if analysis.signals else [(k, k) for k in shared]


def is_confound(channel: Channel, analysis: Analysis) -> bool:
    """Whether the analysis names a channel of the recording itself as a confound: then it is not measured."""
    named = {CONFOUND_NAMES.get(name, name) for name in analysis.confounds} | set(analysis.confounds)
    return channel.name in named or channel.kind in named


def channels_of(analysis: Analysis, signal: Signal, kind: str) -> Signal:
    """The channels of one kind that are measured."""
    return signal.pick([i for i, c in enumerate(signal.channels) if c.kind == kind and not is_confound(c, analysis)])


@dataclass(frozen=True)
class Side:
    """A member with the recording of theirs that takes part."""

    member: Member
    recording: Recording


def pairs_of(
    study: Study, meeting: Meeting, modality: str, modality_b: str | None = None
) -> tuple[list[tuple[Side, Side]], list[tuple[str, str]]]:
    """Pairs of members with a recording each, ordered by the study's roles; and who lacks which modality.

    The first of a pair gives ``modality``, the second ``modality_b`` (None: the same).
    """
    modality_b = modality_b or modality
    order = {role: i for i, role in enumerate(study.roles)}
    members = sorted(study.group(meeting.group).members, key=lambda m: order.get(m.role, len(order)))
    # The role too: two people's files may carry the same subject id.
    of_a, of_b = (
        {m: [r for r in meeting.of(m.role, wanted) if r.person == m.person] for m in members}
        for wanted in (modality, modality_b)
    )
    absent = []
    for i, m in enumerate(members):
        first, last = i == 0, i == len(members) - 1
        needed = [] if modality != modality_b and last else [(modality, of_a)]
        needed += [(modality_b, of_b)] if modality != modality_b and not first else []
        if not any(recordings[m] for _, recordings in needed):
            absent.append((f"{m.role} {m.person}", " or ".join(kind for kind, _ in needed)))
    pairs = [
        (Side(m, x), Side(n, y)) for m, n in combinations(members, 2) for x, y in product(of_a[m][:1], of_b[n][:1])
    ]
    return pairs, absent
