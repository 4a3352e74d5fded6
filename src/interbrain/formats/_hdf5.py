"""A look at an HDF5 file's text heaps before the library reads them: damage there makes it turn for ever."""

from __future__ import annotations

import mmap
import struct
from pathlib import Path
from typing import Any

import h5py

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


def check_links(file: Any) -> None:
    """All that the file shows must be in it: HDF5 can take groups and samples from any other file.

    Raises
    ------
    BadInput
        A link, or the samples of a data set, are in another file.
    """
    left, seen = [file], set()
    while left:
        group = left.pop()
        for name in group:
            elsewhere = isinstance(group.get(name, getlink=True), h5py.ExternalLink)
            held = None if elsewhere else group.get(name)
            if elsewhere or (isinstance(held, h5py.Dataset) and (held.external or held.is_virtual)):
                raise BadInput(
                    f"takes {name!r} from another file; allowed is a file that holds everything itself; save it whole."
                )
            if isinstance(held, h5py.Group) and held.id not in seen:
                seen.add(held.id)
                left.append(held)
