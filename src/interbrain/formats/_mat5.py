"""Is a MATLAB 5 file what its own tags say? SciPy's reader trusts them, and a spoilt one ends the whole process.

The elements are walked as the format describes them (MAT-File Format, MathWorks; version 5): every length must fit into
what holds it, and every array must hold as many numbers as its dimensions say. Values are not read.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

from interbrain.data.errors import BadInput

SIZES = {1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 4, 9: 8, 12: 8, 13: 8, 16: 1, 17: 2, 18: 4}
"""Bytes of a number of each type."""
MATRIX, COMPRESSED = 14, 15
CELL, STRUCT, OBJECT, CHAR, SPARSE, FUNCTION, OPAQUE = 1, 2, 3, 4, 5, 16, 17
MOST = 1 << 31
DEEPEST = 20


def check(path: Path) -> None:
    """Nothing where the file is sound, or is no MATLAB 5 file at all.

    Raises
    ------
    BadInput
        An element that does not fit.
    """
    content = memoryview(path.read_bytes())
    if len(content) < 128 or bytes(content[124:128]) not in (b"\x00\x01IM", b"\x01\x00MI"):
        return
    order = "<" if bytes(content[126:128]) == b"IM" else ">"
    try:
        at = 128
        while at < len(content):
            kind, start, stop, at = _element(content, at, len(content), order)
            if kind == COMPRESSED:
                whole = memoryview(_inflated(content[start:stop]))
                kind, start, stop, _ = _element(whole, 0, len(whole), order)
                _matrix(whole, start, stop, order, 0)
            elif kind == MATRIX:
                _matrix(content, start, stop, order, 0)
            else:
                raise ValueError(f"a variable of type {kind}")
    except (ValueError, struct.error, zlib.error) as error:
        raise BadInput(
            f"its MATLAB variables are spoilt ({error}); allowed is a whole file as its program saves it; "
            "copy it again from where it was made."
        ) from error


def _inflated(packed: memoryview) -> bytes:
    reader = zlib.decompressobj()
    whole = reader.decompress(packed, MOST)
    if reader.unconsumed_tail:
        raise ValueError("a variable of more than 2 GB")
    return whole


def _element(content: memoryview, at: int, end: int, order: str) -> tuple[int, int, int, int]:
    """Type, first byte, byte after the last, and where the next element begins."""
    if at + 8 > end:
        raise ValueError("a tag is cut short")
    kind, size = struct.unpack_from(order + "II", content, at)
    if kind >> 16:  # a small element: its length stands in the tag, its bytes in the same eight
        kind, size = kind & 0xFFFF, kind >> 16
        if size > 4:
            raise ValueError(f"a small element of {size} bytes")
        return kind, at + 4, at + 4 + size, at + 8
    start, stop = at + 8, at + 8 + size
    if stop > end:
        raise ValueError(f"an element of {size} bytes where {end - start} are left")
    padded = stop if kind == COMPRESSED else stop + (-stop + start) % 8
    return kind, start, stop, min(padded, end) if padded - end < 8 else padded


def _count(content: memoryview, at: int, end: int, order: str) -> tuple[int, int, int, int]:
    """How many numbers the element at ``at`` holds, its first byte and its end, and where the next one begins."""
    kind, start, stop, following = _element(content, at, end, order)
    if kind not in SIZES or (stop - start) % SIZES[kind]:
        raise ValueError(f"{stop - start} bytes of type {kind}")
    return (stop - start) // SIZES[kind], start, stop, following


def _matrix(content: memoryview, at: int, end: int, order: str, depth: int) -> None:
    if at == end:
        return  # an empty array is saved as nothing
    if depth > DEEPEST:
        raise ValueError(f"more than {DEEPEST} arrays within each other")
    n, start, _, at = _count(content, at, end, order)
    if n != 2:
        raise ValueError("an array without its flags")
    flags = struct.unpack_from(order + "I", content, start)[0]
    kind, is_complex = flags & 0xFF, bool(flags & 0x800)
    if kind in (FUNCTION, OPAQUE):
        return  # of MATLAB's own making; the reader leaves them out
    n, start, _, at = _count(content, at, end, order)
    if not 1 <= n <= 32:
        raise ValueError(f"an array of {n} dimensions")
    numbers, sizes = 1, struct.unpack_from(f"{order}{n}i", content, start)
    for size in sizes:
        numbers *= size
        if size < 0 or numbers > MOST:
            raise ValueError("dimensions below 0 or beyond 2 GB")
    _, _, _, at = _count(content, at, end, order)  # the name
    if kind in (CELL, STRUCT, OBJECT):
        _children(content, at, end, order, kind, numbers, depth)
    elif kind == SPARSE:
        _, _, _, at = _element(content, at, end, order)  # rows
        held, _, _, at = _count(content, at, end, order)
        if n != 2 or held != sizes[1] + 1:
            raise ValueError(f"{held} beginnings of columns in a sparse array of {sizes}")
        for _ in range(1 + is_complex):
            _, _, _, at = _element(content, at, end, order)
    else:
        for _ in range(1 + is_complex):
            held, _, _, at = _count(content, at, end, order)
            if held != numbers and (kind != CHAR or held < numbers):  # a letter may take several bytes
                raise ValueError(f"{held} numbers in an array of {numbers}")


def _children(content: memoryview, at: int, end: int, order: str, kind: int, numbers: int, depth: int) -> None:
    if kind == OBJECT:
        _, _, _, at = _count(content, at, end, order)  # the class
    if kind != CELL:
        n, start, _, at = _count(content, at, end, order)
        length = struct.unpack_from(order + "i", content, start)[0] if n == 1 else 0
        held, _, _, at = _count(content, at, end, order)
        if length <= 0 or held % length:
            raise ValueError(f"{held} letters of field names, {length} each")
        numbers *= held // length
    for _ in range(numbers):
        inner, start, stop, at = _element(content, at, end, order)
        if inner != MATRIX:
            raise ValueError(f"a field of type {inner}")
        _matrix(content, start, stop, order, depth + 1)
