"""A look at an HDF5 file's text heaps before the library reads them: damage there makes it turn for ever."""

from __future__ import annotations

import mmap
import struct
from pathlib import Path

from interbrain.data.errors import BadInput

HEAP = b"GCOL\x01\x00\x00\x00"
"""Signature and version of a global heap collection (HDF5 File Format Specification 3.0, III.E)."""


def check_heaps(path: Path) -> None:
    """Every global heap's objects must lead to its end in whole steps.

    Raises
    ------
    BadInput
        A heap is larger than the file, or an object in it has no size or reaches beyond it.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as held:
        at = held.find(HEAP)
        while at >= 0:
            (size,) = struct.unpack_from("<Q", held, at + 8) if at + 16 <= len(held) else (0,)
            if size < 16 or at + size > len(held) or not _leads_to_its_end(held, at + 16, at + size):
                raise BadInput("is damaged (a heap of texts is broken); allowed is a whole HDF5 file; copy it again.")
            at = held.find(HEAP, at + size)


def _leads_to_its_end(held: mmap.mmap, at: int, end: int) -> bool:
    while at + 16 <= end:
        index, _, _, size = struct.unpack_from("<HHIQ", held, at)
        # Number 0 is what is free, counted with its header; the others are padded to eight bytes after theirs.
        step = size if index == 0 else 16 + (size + 7) // 8 * 8
        if not 0 < step <= end - at:
            return False
        at += step
    return True
