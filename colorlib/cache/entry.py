"""What a store keeps: one array, with a header that says what it is and a checksum that says whether it still is."""

import json
import math
import zlib

import numpy as np
from numpy.typing import NDArray

from colorlib.errors import ColorlibError

MAGIC = b"colorlib-entry-2"
CHECKSUM = 4  # bytes of a CRC-32, a third of the time of a SHA-256: against damage, not against malice
KINDS = "biuf"  # numbers and booleans; never objects, which would need a pickle

_FIXED = len(MAGIC) + CHECKSUM + 2  # the header's length takes two bytes


class DamagedEntryError(Exception):
    """The bytes are not what was put there under this key."""


def pack(key: str, array: NDArray[np.generic]) -> bytes:
    """An array as bytes: magic, CRC-32 of the key and of all that follows, header's length, header (JSON), values.

    The key is in the checksum, so that a right entry in a wrong place is a damaged one.

    Raises:
        ColorlibError: an array of objects, text or times.
    """
    if not isinstance(array, np.ndarray) or array.dtype.kind not in KINDS:
        got = f"an array of {array.dtype}" if isinstance(array, np.ndarray) else f"a {type(array).__name__}"
        raise ColorlibError(f"the cache keeps numeric arrays, got {got}: keep its numbers, and rebuild the rest")
    header = json.dumps({"dtype": array.dtype.str, "shape": list(array.shape)}).encode("ascii")
    body = b"".join((len(header).to_bytes(2, "little"), header, np.ascontiguousarray(array).data))
    return b"".join((MAGIC, _checksum(key, body), body))


def unpack(key: str, data: bytes | bytearray) -> NDArray[np.generic]:
    """The array of an entry; writable, and a view of `data` where that is a bytearray.

    Raises:
        DamagedEntryError: cut, changed, of another key or another format.
    """
    view = memoryview(data)
    if len(view) < _FIXED or view[: len(MAGIC)] != MAGIC:
        raise DamagedEntryError("no entry of this format")
    body = view[len(MAGIC) + CHECKSUM :]
    if view[len(MAGIC) : len(MAGIC) + CHECKSUM] != _checksum(key, body):
        raise DamagedEntryError("the checksum is another")
    start = 2 + int.from_bytes(body[:2], "little")
    header = json.loads(bytes(body[2:start]))  # ours: the checksum was right
    dtype, shape = np.dtype(header["dtype"]), tuple(header["shape"])
    array = np.frombuffer(body[start:], dtype=dtype, count=math.prod(shape)).reshape(shape)
    return array if array.flags.writeable else array.copy()


def _checksum(key: str, body: bytes | memoryview) -> bytes:
    return zlib.crc32(body, zlib.crc32(key.encode("ascii"))).to_bytes(CHECKSUM, "little")
