"""The counting of pairs in plain C (`_pair_histogram.c`): what one thread can reach."""

import ctypes
import pathlib
import shutil
import subprocess
import tempfile

import numpy as np

import keras_hashing as kh


def compiled(data, bits):
    """The program, compiled on the spot.

    Args:
        data: query codes and labels, database codes and labels.
        bits: int, at most 64.

    Returns:
        Function of a number of queries, the first ones, to int64 counts
        `(queries, bits + 1, 2)`, not relevant and relevant; None without a compiler.
    """
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        return None
    source = pathlib.Path(__file__).with_suffix(".c")
    with tempfile.TemporaryDirectory() as folder:
        library = f"{folder}/pair_histogram.so"
        flags = ["-O3", "-march=native", "-shared", "-fPIC"]
        subprocess.run([compiler, *flags, str(source), "-o", library], check=True)
        program = ctypes.CDLL(library).count
    query_codes, query_labels, database_codes, database_labels = data
    words = [kh.codes.words(part)[:, 0].copy() for part in (query_codes, database_codes)]
    labels = [part.astype(np.int32) for part in (query_labels, database_labels)]

    def pointer(array):
        return array.ctypes.data_as(ctypes.c_void_p)

    def count(queries):
        counts = np.empty((queries, bits + 1, 2), np.int64)
        sizes = [ctypes.c_int64(size) for size in (queries, len(words[1]), bits)]
        program(
            pointer(words[0]), pointer(labels[0]), sizes[0], pointer(words[1]), pointer(labels[1]),
            sizes[1], sizes[2], pointer(counts),
        )  # fmt: skip
        return counts

    return count
