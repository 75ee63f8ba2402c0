"""Rows (id, code, label) in PostgreSQL's binary form of COPY, whole batches at once.

A row is the number of its fields, int16, and then each field's length, int32, and bytes, all
big-endian. A `bit(n)` is its number of bits, int32, and bytes with the highest bit first, so that
bit j of a code is `get_bit(code, j)`.

Source: The PostgreSQL Global Development Group, PostgreSQL Documentation, COPY, "Binary Format".
"""

import numpy as np

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)  # signature, flags, length of an extension
TRAILER = b"\xff\xff"


def pack(ids, codes, labels, bits):
    """Rows for COPY FROM, without header and trailer.

    Args:
        ids, labels: int64 arrays `(n,)`.
        codes: uint8 array `(n, ceil(bits / 8))`.
        bits: int, the code length.

    Returns:
        bytes.
    """
    rows = np.empty(len(ids), _row(bits))
    rows["fields"] = 3
    rows["id_bytes"] = rows["label_bytes"] = 8
    rows["id"], rows["label"] = ids, labels
    rows["code_bytes"] = 4 + codes.shape[1]
    rows["bits"] = bits
    rows["code"] = turned(codes)
    return rows.tobytes()


def unpack(data, bits):
    """What COPY TO sent: ids, int64 `(n,)`, read-only, and codes, uint8 `(n, ceil(bits / 8))`."""
    row = _row(bits)
    count = (len(data) - len(HEADER) - len(TRAILER)) // row.itemsize
    rows = np.frombuffer(data, row, count, len(HEADER))
    ids = rows["id"].astype(np.int64)
    ids.flags.writeable = False
    return ids, turned(rows["code"])


def turned(codes):
    """Codes, uint8 `(n, bytes)`, with the order of bits in every byte turned round."""
    return np.packbits(np.unpackbits(codes, axis=1, bitorder="little"), axis=1)


def text(code, bits):
    """One code, uint8 `(bytes,)`, as PostgreSQL writes it: digits 0 and 1, bit 0 first."""
    digits = np.unpackbits(code, bitorder="little", count=bits) + np.uint8(ord("0"))
    return digits.tobytes().decode("ascii")


def _row(bits):
    return np.dtype(
        [
            ("fields", ">i2"),
            ("id_bytes", ">i4"),
            ("id", ">i8"),
            ("code_bytes", ">i4"),
            ("bits", ">i4"),
            ("code", "u1", (-(-bits // 8),)),
            ("label_bytes", ">i4"),
            ("label", ">i8"),
        ]
    )
