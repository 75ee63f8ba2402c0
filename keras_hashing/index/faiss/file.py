"""A FAISS index on disk: one file of a header with a checksum, ids, keys, and FAISS' own bytes.

Header, little-endian: magic (8 bytes), version and bits (uint32), count and next id (uint64),
SHA-256 of all the rest and of the fields before it. Then int64 ids `(count,)`, int64 keys
`(count,)`, which are FAISS' numbers of the items, and what FAISS serializes.
"""

import dataclasses
import hashlib
import pathlib
import struct

import numpy as np

from keras_hashing import files

MAGIC = b"KHFAISS\n"
VERSION = 1

_FIELDS = struct.Struct("<8sIIQQ")
_DIGEST_BYTES = 32
HEADER_BYTES = _FIELDS.size + _DIGEST_BYTES


@dataclasses.dataclass
class FaissContents:
    """What the file of a FAISS index holds.

    Args:
        bits: int, the code length.
        ids: int64 array `(n,)`, by position.
        keys: int64 array `(n,)`, ascending, by position.
        next_id: int, above every id ever given.
        serialized: uint8 array, what `faiss.serialize_index_binary` returns.
    """

    bits: int
    ids: np.ndarray
    keys: np.ndarray
    next_id: int
    serialized: np.ndarray


def recognises(path):
    """Whether there is a file at `path` that begins as these do."""
    path = pathlib.Path(path)
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def write(path, contents):
    """Write the file; an old one at `path` stays whole until the new one is."""
    fields = _FIELDS.pack(MAGIC, VERSION, contents.bits, len(contents.ids), contents.next_id)
    parts = [
        np.ascontiguousarray(contents.ids, "<i8"),
        np.ascontiguousarray(contents.keys, "<i8"),
        contents.serialized,
    ]
    digest = _digest(fields, parts)
    with files.atomic_path(path) as temporary, temporary.open("wb") as file:
        file.write(fields + digest)
        for part in parts:
            file.write(part)


def read(path):
    """Read the file and compare its checksum.

    Raises:
        ValueError: it is damaged, or of another version.
    """
    data = np.fromfile(path, np.uint8)
    if len(data) < HEADER_BYTES:
        raise damaged(path, f"its header has {len(data)} of {HEADER_BYTES} bytes")
    fields = data[: _FIELDS.size].tobytes()
    _, version, bits, count, next_id = _FIELDS.unpack(fields)
    rest = data[HEADER_BYTES:]
    if _digest(fields, [rest]) != data[_FIELDS.size : HEADER_BYTES].tobytes():
        raise damaged(path, "its checksum is wrong")
    if version != VERSION:
        raise ValueError(
            f"{path} is a FAISS index file of version {version}; this release reads {VERSION}. "
            "Update keras_hashing, or build the index again with this release."
        )
    if len(rest) < 16 * count:
        raise damaged(path, f"it has {len(data)} bytes, too few for {count} items")
    ids, keys = rest[: 16 * count].view("<i8").reshape(2, count)
    return FaissContents(bits, ids, keys, next_id, rest[16 * count :])


def damaged(path, what):
    """The error for a file that cannot be used as it is."""
    return ValueError(
        f"The FAISS index file {path} is damaged: {what}. Copy it again, or build the index again."
    )


def _digest(fields, parts):
    digest = hashlib.sha256(fields)
    for part in parts:
        digest.update(part.data)
    return digest.digest()
