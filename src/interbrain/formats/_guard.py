"""One way in for every reader: libraries stay silent, and whatever they raise becomes one clear error."""

from __future__ import annotations

import logging
import struct
import warnings
import zlib
from collections.abc import Callable, Mapping
from configparser import Error as ConfigError
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

import numpy as np
from scipy.io.matlab import MatReadError

from interbrain.data.errors import BadInput, InterbrainError
from interbrain.data.records import FormatRecord
from interbrain.data.study import Loaded

LIBRARY_FAILURES: tuple[type[BaseException], ...] = (
    OSError,
    EOFError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    NameError,
    AssertionError,
    ArithmeticError,
    RuntimeError,
    MemoryError,
    SyntaxError,
    BufferError,
    struct.error,
    zlib.error,
    ConfigError,
    ExpatError,
    MatReadError,
)
"""What the readers' libraries raise on files that are damaged or of another kind (found by mutating real files)."""

CUT_SHORT = ("truncated file", "does not match the file size", "corrupt", "cut short", "unexpected end")
"""Words of a library's warning that mean that samples are missing: then reading on would hide a loss."""

ANSWERED = (
    "Extraction of measurement date",
    "Unable to extract sample rate",
    "Limited ",
    "Omitted ",
    "A single dat file was expected",
)
"""Warnings about things that our readers take from the file themselves, or that NIRx leaves out as a rule (.dat)."""

LARGEST = 1e100
"""What no device gives in any unit."""

LOGGERS = ("mne", "pyxdf", "pyxdf.pyxdf", "edfio", "snirf")


def guarded(path: Path, record: FormatRecord, read_it: Callable[[], Loaded]) -> Loaded:
    """Run a reader in silence; what its library warned of goes to ``meta["notes"]``.

    Raises
    ------
    BadInput
        The path is missing, empty, of the wrong type (file or folder), damaged or cut short.
    """
    check_path(path, record)
    heard: list[str] = []
    with warnings.catch_warnings(record=True) as caught, _Listening(heard), np.errstate(all="ignore"):
        warnings.simplefilter("always")
        try:
            loaded = read_it()
        except InterbrainError as error:
            text = str(error)
            raise BadInput(text if str(path) in text else f"{path}: {text}") from error
        except LIBRARY_FAILURES as error:
            raise unreadable(path, record, _in_a_line(error)) from error
        except Exception as error:
            # MNE raises Exception itself where annotations are no text.
            if type(error) is not Exception:
                raise
            raise unreadable(path, record, _in_a_line(error)) from error
    heard += [str(w.message) for w in caught if not issubclass(w.category, (DeprecationWarning, FutureWarning))]
    heard = [h for h in heard if not h.startswith(ANSWERED)]
    lost = next((h for h in heard if any(word in h.lower() for word in CUT_SHORT)), None)
    if lost is not None:
        raise unreadable(path, record, f"it is damaged or was cut short: {_shorten(lost)}")
    loaded, beyond = _bounded(loaded)
    heard += beyond
    notes = (*loaded.meta.get("notes", ()), *dict.fromkeys(_shorten(h) for h in heard))
    return replace(loaded, meta={**loaded.meta, "notes": notes}) if notes else loaded


def reader(record: FormatRecord, read_it: Callable[[Path], Loaded]) -> Callable[[Path], Loaded]:
    """``read`` of a format that is one file and takes no options."""

    def read(path: Path) -> Loaded:
        """Continuous data in one segment; epochs, where the format has them, as many.

        Raises
        ------
        BadInput
            The file is missing, empty, cut short or of another kind.
        """
        path = Path(path)
        return guarded(path, record, lambda: read_it(path))

    return read


def _bounded(loaded: Loaded) -> tuple[Loaded, list[str]]:
    """Numbers beyond any unit are damage, and their squares would overflow: they become missing samples."""
    values = loaded.signal.values
    finite = np.isfinite(values)
    highest, lowest = (of(values, where=finite, initial=0.0) for of in (np.max, np.min))
    if max(highest, -lowest) <= LARGEST:
        return loaded, []
    with np.errstate(invalid="ignore"):
        held = np.abs(values) <= LARGEST
    note = f"{int((~held & finite).sum())} samples beyond ±{LARGEST:g} are no measurement and were masked"
    return replace(loaded, signal=loaded.signal.with_values(np.where(held, values, np.nan))), [note]


def check_path(path: Path, record: FormatRecord) -> None:
    """The path exists, is a file or a folder as the format wants, and is not empty."""
    try:
        if not path.exists():
            raise BadInput(f"{path}: does not exist; allowed is {describe(record)}; check the path.")
        if path.is_dir() and not record.folder:
            raise BadInput(f"{path}: is a folder; allowed is {describe(record)}; name the file itself.")
        if path.is_file() and path.stat().st_size == 0:
            raise BadInput(f"{path}: is empty; allowed is {describe(record)}; copy it from the device again.")
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror or error}); check the path and its rights.") from error


def check_options(path: Path, record: FormatRecord, options: Mapping[str, Any]) -> None:
    """Options are those of the format's record."""
    unknown = [name for name in options if name not in record.options]
    if unknown:
        allowed = ", ".join(record.options) or "none"
        raise BadInput(f"{path}: {record.name} has no option {unknown[0]!r}; allowed: {allowed}; correct its name.")


def describe(record: FormatRecord) -> str:
    what = "a folder" if record.folder else "a file"
    return f"{what} of {record.title} ({', '.join(record.suffixes)})"


def unreadable(path: Path, record: FormatRecord, why: str) -> BadInput:
    """The one error of a file that its library could not read."""
    return BadInput(
        f"{path}: cannot be read as {record.name} ({why}); allowed is {describe(record)}; "
        "copy it from the device again, or name its right format."
    )


def _in_a_line(error: BaseException) -> str:
    return f"{type(error).__name__}: {_shorten(str(error))}" if str(error) else type(error).__name__


def _shorten(text: str, longest: int = 200) -> str:
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


class _Listening(logging.Handler):
    """Collect the warnings that libraries log instead of letting them reach the user's screen."""

    def __init__(self, heard: list[str]) -> None:
        super().__init__(logging.WARNING)
        self.heard = heard
        self.before: dict[str, tuple[int, bool, list[logging.Handler]]] = {}

    def emit(self, entry: logging.LogRecord) -> None:
        self.heard.append(entry.getMessage())

    def __enter__(self) -> _Listening:
        for name in LOGGERS:
            logger = logging.getLogger(name)
            self.before[name] = (logger.level, logger.propagate, list(logger.handlers))
            logger.handlers[:] = [self]
            logger.propagate = False
            logger.setLevel(logging.WARNING)
        return self

    def __exit__(self, *_: object) -> None:
        for name, (level, propagate, handlers) in self.before.items():
            logger = logging.getLogger(name)
            logger.handlers[:] = handlers
            logger.propagate = propagate
            logger.setLevel(level)
