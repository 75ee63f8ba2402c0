"""The parquet shards of a corpus: each whole or not there, and marked with what it is a part of.

The images that gave no code stand in the shard's own metadata, so that they and its rows become
true together, whatever is killed when.
"""

import json

import numpy as np
import pyarrow
import pyarrow.parquet

from keras_hashing.corpus import manifest as manifests

QUARANTINE = "quarantine.jsonl"

_FACTS, _BROKEN = b"keras_hashing", b"keras_hashing_broken"


def path_of(folder, number):
    """Path of the shard `number` of a corpus."""
    return folder / f"part-{number:05d}.parquet"


def write(folder, manifest, number, rows):
    """Write a shard.

    Args:
        folder: `pathlib.Path`.
        manifest: dict.
        number: int.
        rows: `encoder.Rows`.

    Raises:
        OSError: no space left, or the folder cannot be written; nothing is left behind then.
    """
    path = path_of(folder, number)
    table = _table(manifest, number, rows)
    buffer = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(
        table, buffer, compression="zstd", use_dictionary=False, write_page_checksum=True
    )
    with manifests.whole_file(path) as temporary:
        temporary.write_bytes(buffer.getvalue())


def finished(folder, manifest, number):
    """Whether a shard is there and whole; one that is damaged counts as missing.

    Raises:
        ValueError: it is there, but of another corpus.
    """
    try:
        footer(folder, manifest, number)
    except (FileNotFoundError, Damaged):
        return False
    return True


class Damaged(ValueError):
    """A shard that is cut short or not as it was written."""


def footer(folder, manifest, number):
    """Check a shard by its footer.

    Args:
        folder, manifest, number: as for `write`.

    Returns:
        (rows, broken): int, and list of (id, source, reason).

    Raises:
        FileNotFoundError: it is missing.
        Damaged: it is cut short, or has another number of rows than it should.
        ValueError: its codes are of another width, model or corpus.
    """
    path = path_of(folder, number)
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is missing: the corpus is not finished. Run the same `keras-hashing encode` "
            "again; it makes what is missing."
        )
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            schema, count = file.schema_arrow, file.metadata.num_rows
    except (pyarrow.ArrowException, OSError) as error:
        raise Damaged(_damaged(path, error)) from error
    _check_facts(path, schema, manifest, number)
    broken = [tuple(item) for item in json.loads(schema.metadata.get(_BROKEN, b"[]"))]
    first, end = manifests.ranges(manifest)[number]
    if count + len(broken) != end - first:
        raise Damaged(_damaged(path, f"{count} rows, of {end - first} images"))
    return count, broken


def read(folder, manifest, number, columns):
    """Columns of a shard, after checking it.

    Args:
        folder, manifest, number: as for `write`.
        columns: list of str.

    Returns:
        Dict, name -> numpy array; `source` as an array of str objects.

    Raises:
        FileNotFoundError, Damaged, ValueError: as `footer`; ids that are not in order.
    """
    footer(folder, manifest, number)
    path = path_of(folder, number)
    try:
        with pyarrow.parquet.ParquetFile(path, page_checksum_verification=True) as file:
            table = file.read(sorted({*columns, "id"}))
    except (pyarrow.ArrowException, OSError) as error:
        raise Damaged(_damaged(path, error)) from error
    ids = table.column("id").to_numpy()
    first, end = manifests.ranges(manifest)[number]
    if len(ids) and not (ids[0] >= first and ids[-1] < end and (np.diff(ids) > 0).all()):
        raise Damaged(_damaged(path, f"its ids are not ascending between {first} and {end - 1}"))
    return {name: _to_numpy(table.column(name)) for name in columns}


def write_quarantine(folder, manifest):
    """Write `quarantine.jsonl`: the images of a corpus that gave no code, with the reason.

    It is collected from all shards, and replaces an older one.

    Args:
        folder: `pathlib.Path` of a corpus whose shards are all there.
        manifest: dict.

    Returns:
        Int, how many there are.
    """
    lines = []
    for number in range(len(manifests.ranges(manifest))):
        for place, source, reason in footer(folder, manifest, number)[1]:
            line = {"id": place, "source": source, "reason": reason}
            lines.append(json.dumps(line, ensure_ascii=False) + "\n")
    with manifests.whole_file(folder / QUARANTINE) as temporary:
        temporary.write_text("".join(lines), encoding="utf-8")
    return len(lines)


def _table(manifest, number, rows):
    width = -(-manifest["bits"] // 8)
    count = len(rows.ids)
    codes = pyarrow.py_buffer(np.ascontiguousarray(rows.codes))
    columns = {
        "id": pyarrow.array(rows.ids, pyarrow.int64()),
        "source": pyarrow.array(rows.sources, pyarrow.string()),
        "code": pyarrow.FixedSizeBinaryArray.from_buffers(
            pyarrow.binary(width), count, [None, codes]
        ),
    }
    if manifest["label"] is not None:
        labels = np.zeros(0, np.int32) if rows.labels is None else rows.labels
        columns["label"] = pyarrow.array(labels, pyarrow.int32())
    if rows.features is not None:
        flat = pyarrow.array(rows.features.reshape(-1))
        columns["features"] = pyarrow.FixedSizeListArray.from_arrays(flat, rows.features.shape[1])
    facts = {**manifest, "part": number}
    metadata = {_FACTS: json.dumps(facts), _BROKEN: json.dumps(rows.broken)}
    fields = [pyarrow.field(name, data.type, nullable=False) for name, data in columns.items()]
    return pyarrow.table(list(columns.values()), pyarrow.schema(fields, metadata))


def _check_facts(path, schema, manifest, number):
    """Compare what a shard says of itself with the manifest; raise ValueError with the file."""
    try:
        facts = json.loads((schema.metadata or {})[_FACTS])
    except (KeyError, ValueError) as error:
        raise ValueError(f"{path} is no shard of a corpus. Take it away.") from error
    for key, value in {**manifest, "part": number}.items():
        if key != "model" and facts.get(key) != value:
            raise ValueError(
                f"{path} is of another corpus: its {key} is {facts.get(key)}, that of the "
                f"{manifests.NAME} beside it {value}. Delete the file and run the same "
                "`keras-hashing encode` again."
            )
    width = -(-manifest["bits"] // 8)
    names = ["id", "source", "code"]
    names += ["label"] * (manifest["label"] is not None)
    names += ["features"] * (manifest["features"] is not None)
    form = schema.field("code").type if "code" in schema.names else None
    if schema.names != names or form != pyarrow.binary(width):
        raise ValueError(
            f"{path} must have the columns {', '.join(names)} with codes of {width} bytes; it has "
            f"{', '.join(schema.names)}, codes: {form}. Delete the file and run the same "
            "`keras-hashing encode` again."
        )


def _to_numpy(column):
    """A column as an array; copied only where it has several chunks."""
    kind = column.type
    if pyarrow.types.is_fixed_size_binary(kind):
        chunks = [_codes(chunk, kind.byte_width) for chunk in column.chunks]
        empty = np.zeros((0, kind.byte_width), np.uint8)
    elif pyarrow.types.is_fixed_size_list(kind):
        chunks = [
            chunk.flatten().to_numpy().reshape(len(chunk), kind.list_size)
            for chunk in column.chunks
        ]
        empty = np.zeros((0, kind.list_size), kind.value_type.to_pandas_dtype())
    else:
        return column.to_numpy()
    return chunks[0] if len(chunks) == 1 else np.concatenate([empty, *chunks])


def _codes(chunk, width):
    """The bytes of one chunk, in place; the chunk may begin inside its buffer."""
    end = chunk.offset + len(chunk)
    values = np.frombuffer(chunk.buffers()[1], np.uint8, count=end * width)
    return values.reshape(-1, width)[chunk.offset :]


def _damaged(path, error):
    return (
        f"{path} is damaged: {error}. Delete it and run the same `keras-hashing encode` again, "
        "which makes it again."
    )
