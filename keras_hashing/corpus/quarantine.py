"""`quarantine.jsonl`: the images of a corpus that gave no code, each once, with the reason."""

import json

from keras_hashing.corpus import manifest as manifests
from keras_hashing.corpus import shards
from keras_hashing.corpus.writing import whole_file

NAME = "quarantine.jsonl"


def write(folder, manifest):
    """Collect the broken images of all shards into one file, which replaces an older one.

    Args:
        folder: `pathlib.Path` of a corpus whose shards are all there.
        manifest: dict.

    Returns:
        Int, how many there are.
    """
    lines = []
    for number in range(len(manifests.ranges(manifest))):
        for place, source, reason in shards.footer(folder, manifest, number)[1]:
            line = {"id": place, "source": source, "reason": reason}
            lines.append(json.dumps(line, ensure_ascii=False) + "\n")
    with whole_file(folder / NAME) as temporary:
        temporary.write_text("".join(lines), encoding="utf-8")
    return len(lines)
