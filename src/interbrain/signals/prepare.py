"""One door for all modalities: raw to analysable."""

from __future__ import annotations

from interbrain.data.plan import Plan
from interbrain.data.signal import Signal
from interbrain.signals import eeg, motion
from interbrain.signals.prepared import Prepared

__all__ = ["Prepared", "prepare"]


def prepare(signal: Signal, modality: str, plan: Plan) -> Prepared:
    """Make one person's signal analysable.

    Parameters
    ----------
    modality
        ``"fnirs"`` and ``"eeg"`` have their own steps; every other (``"motion"``, ``"eda"``, ``"heart"``,
        ``"voice"``, ``"misc"``) is a slow signal.

    Raises
    ------
    BadInput
        The recording cannot carry what the plan asks of it, or has no channel of the modality.
    """
    if modality == "fnirs":
        from interbrain.signals import fnirs  # MNE costs a second to import

        return fnirs.prepare(signal, plan)
    if modality == "eeg":
        return eeg.prepare(signal, plan)
    return motion.prepare(signal, plan, modality)
