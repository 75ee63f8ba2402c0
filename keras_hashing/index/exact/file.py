"""An index on disk: one file of a header with checksums, the codes' words, and the ids.

Header, little-endian: magic (8 bytes), version and bits (uint32), count and next id (uint64),
SHA-256 of the rest of the file, SHA-256 of the header up to here. Then uint64 words
`(num_words, count)` and int64 ids `(count,)`.
"""

import contextlib
import dataclasses
import hashlib
import os
import pathlib
import struct

import numpy as np

from keras_hashing import checks, files

MAGIC = b"KHINDEX\n"
VERSION = 1
MOST_IDS = 1 << 63  # ids are int64, and not negative

_FIELDS = struct.Struct("<8sIIQQ32s")
_DIGEST_BYTES = 32
HEADER_BYTES = _FIELDS.size + _DIGEST_BYTES
_HASHED_BYTES = 1 << 22  # bytes hashed in one step


@dataclasses.dataclass
class ExactContents:
    """What an index file holds.

    Args:
        bits: int, the code length.
        words: uint64 array `(ceil(bits / 64), n)`.
        ids: int64 array `(n,)`, unique, not negative.
        next_id: int, above every id ever given.
    """

    bits: int
    words: np.ndarray
    ids: np.ndarray
    next_id: int


def write(path, contents):
    """Write an index file; an old one at `path` stays whole until the new one is.

    Raises:
        OSError: it cannot be written, as on a full disk. The old file is as it was.
    """
    # One row at a time: rows are contiguous, all words together need not be.
    arrays = [np.ascontiguousarray(row, "<u8") for row in contents.words]
    arrays.append(np.ascontiguousarray(contents.ids, "<i8"))
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(array.data)
    count = len(contents.ids)
    fields = _FIELDS.pack(MAGIC, VERSION, contents.bits, count, contents.next_id, digest.digest())
    with (
        _explained(path),
        files.atomic_path(path) as temporary,
        temporary.open("wb") as file,
    ):
        file.write(fields + hashlib.sha256(fields).digest())
        for array in arrays:
            file.write(array)


def read(path, verify=True):
    """Read an index file; its arrays stay on disk, mapped into memory.

    Args:
        path: path-like.
        verify: bool, whether to read all of it and compare its checksum.

    Returns:
        `ExactContents` with read-only arrays.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no index file, damaged, or of another version.
    """
    path = pathlib.Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"No index file at {path}. Make one with `Index.save`.")
    with path.open("rb") as file:  # once: a save may put another file in its place meanwhile
        header = file.read(HEADER_BYTES)
        size = os.fstat(file.fileno()).st_size
        bits, count, next_id, digest = _header(path, header, size)
        data = np.asarray(np.memmap(file, np.uint8, "r"))[HEADER_BYTES:]
    num_words = -(-bits // 64)
    words = data[: 8 * num_words * count].view("<u8").reshape(num_words, count)
    ids = data[8 * num_words * count :].view("<i8")
    contents = ExactContents(bits, words, ids, next_id)
    if verify:
        _check_data(path, data, digest, contents)
    return contents


def _header(path, header, size):
    """The header's fields, each checked."""
    if header[: len(MAGIC)] != MAGIC[: len(header)] or size == 0:
        raise ValueError(f"{path} is no index file. Pass a file written by `Index.save`.")
    if len(header) < HEADER_BYTES:
        raise _damaged(path, f"its header has {len(header)} of {HEADER_BYTES} bytes")
    fields, header_digest = header[: _FIELDS.size], header[_FIELDS.size :]
    _, version, bits, count, next_id, digest = _FIELDS.unpack(fields)
    if hashlib.sha256(fields).digest() != header_digest:
        raise _damaged(path, "its header's checksum is wrong")
    if version != VERSION:
        raise ValueError(
            f"{path} is an index file of version {version}; this release reads {VERSION}. "
            "Update keras_hashing, or save the index again with this release."
        )
    if not 1 <= bits <= checks.MAX_BITS:
        raise _damaged(path, f"it claims {bits} bits, allowed are 1 to {checks.MAX_BITS}")
    expected = HEADER_BYTES + count * 8 * (-(-bits // 64) + 1)
    if size != expected:
        raise _damaged(path, f"it has {size} bytes, but {count} codes take {expected}")
    if not count <= next_id <= MOST_IDS:
        raise _damaged(path, f"its next id is {next_id} after {count} codes")
    return bits, count, next_id, digest


def _check_data(path, data, digest, contents):
    found = hashlib.sha256()
    for start in range(0, len(data), _HASHED_BYTES):
        found.update(data[start : start + _HASHED_BYTES])
    if found.digest() != digest:
        raise _damaged(path, "the checksum of its codes and ids is wrong")
    spare = contents.bits % 64
    if spare and (contents.words[-1] >> np.uint64(spare)).any():
        raise _damaged(path, f"codes have bits set beyond bit {contents.bits}")
    ids = contents.ids
    if len(ids) and (ids.min() < 0 or ids.max() >= contents.next_id):
        raise _damaged(path, f"ids must be 0 to {contents.next_id - 1}")
    if not (ids[1:] > ids[:-1]).all() and len(np.unique(ids)) != len(ids):
        raise _damaged(path, "some ids occur twice")


@contextlib.contextmanager
def _explained(path):
    """Says in an error of the disk what was not saved, and that nothing is lost."""
    try:
        yield
    except OSError as error:
        text = f"{error.strerror or error}: the index was not saved; an older file is as it was"
        raise OSError(error.errno, text, str(path)) from error


def _damaged(path, what):
    return ValueError(
        f"The index file {path} is damaged: {what}. Copy it again, or build the index again."
    )
