"""What does an audit say of codes that another library made?

    python -m benchmarks.audit_foreign_codes --data-dir DIR --cache DIR --docs docs

FAISS makes 48-bit codes, by random projections (`IndexLSH`) and by ITQ (`index_factory`
"ITQ48,LSH"), both trained on the 5,000 training images of `cifar10-s1`, from the same features of
a frozen EfficientNet-Lite0 that `python -m benchmarks.methods` caches. The zoo's own trained codes
stand beside them. FAISS' distances must be those of this package. Writes the section of
`audit.md` in the folder given and the pictures that it shows. Without the features nothing is done.
"""

import argparse
import os
import pathlib
import re

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np

import keras_hashing as kh
from keras_hashing import files

BITS = 48
PROTOCOL = "cifar10-s1"
ENTRY = "dhn_cifar10_48"
BEGIN = "<!-- written by `python -m benchmarks.audit_foreign_codes` -->"
END = "<!-- end of what is written -->"
NEEDED = "efficientnet_lite0_224_*.npy"


def main():
    arguments = parse()
    missing = what_is_missing(arguments)
    if missing:
        print(f"Nothing done: {missing}")
        return
    try:
        sets = foreign_sets(arguments)
    except OSError as error:  # no CIFAR-10 there, and none to be had
        print(f"Nothing done: {error}")
        return
    sets[f"`{ENTRY}`, trained"] = zoo_set()
    audits = {name: kh.audit(bits=BITS, **given) for name, given in sets.items()}
    text = markdown(audits)
    print(text)
    if arguments.docs:
        publish(arguments.docs, text, audits)


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", help="folder of TensorFlow Datasets; default: its own")
    parser.add_argument(
        "--cache", type=pathlib.Path, default=pathlib.Path("features"), help="folder of features"
    )
    parser.add_argument("--docs", type=pathlib.Path, help="folder whose audit.md is brought up")
    return parser.parse_args()


def what_is_missing(arguments):
    """A sentence on the first thing that is not there; None if all is."""
    try:
        import faiss  # noqa: F401
    except ImportError:
        return "FAISS is not installed; `pip install faiss-cpu` does it."
    if len(list(arguments.cache.glob(NEEDED))) < 2:
        return (
            f"no cached features ({NEEDED}) in `{arguments.cache}`; name their folder with "
            "--cache, or make them with `python -m benchmarks.methods`."
        )
    return None


def foreign_sets(arguments):
    """What `kh.audit` takes, for each of FAISS' coders."""
    import faiss

    from benchmarks.methods import feature_sets

    parts = kh.data.load("cifar10", PROTOCOL, arguments.data_dir)
    features = feature_sets.load(PROTOCOL, arguments.cache, arguments.data_dir)
    channels = features.training.features.shape[1]
    faiss.omp_set_num_threads(1)
    coders = {
        "FAISS `IndexLSH`": faiss.IndexLSH(channels, BITS),
        "FAISS `ITQ48,LSH`": faiss.index_factory(channels, f"ITQ{BITS},LSH"),
    }
    sets = {}
    for name, coder in coders.items():
        coder.train(np.ascontiguousarray(features.training.features))
        given = {}
        for prefix, part in (("", "database"), ("query_", "query")):
            some = getattr(features, part)
            np.testing.assert_array_equal(some.labels, getattr(parts, part).labels)
            given[f"{prefix}codes"] = coder.sa_encode(np.ascontiguousarray(some.features))
            given[f"{prefix}labels"] = some.labels
            given[f"{prefix}ids"] = getattr(parts, part).ids
        check(given)
        sets[name] = given
    return sets


def check(given):
    """FAISS finds the same nearest distances in these codes as a plain count of bits."""
    import faiss

    index = faiss.IndexBinaryFlat(8 * given["codes"].shape[1])
    index.add(given["codes"])
    found, _ = index.search(given["query_codes"][:20], 100)
    distances = np.sort(kh.codes.hamming(given["query_codes"][:20], given["codes"]), axis=1)
    np.testing.assert_array_equal(found, distances[:, :100])


def zoo_set():
    stored = kh.zoo.codes(ENTRY)
    names = ("codes", "labels", "ids")
    database = {name: getattr(stored, f"database_{name}") for name in names}
    return database | {f"query_{name}": getattr(stored, f"query_{name}") for name in names}


def markdown(audits):
    """A row a line of the audit, a column a set."""
    columns = [dict(lines(audit)) for audit in audits.values()]
    rows = [["", *audits], ["---"] * (1 + len(audits))]
    rows += [[name, *(column[name] for column in columns)] for name in columns[0]]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def lines(audit):
    """Pairs of what and value."""
    leaks, found, of_bits = audit.leaks, audit.duplicates, audit.of_bits
    low, high = of_bits.balance.min(), of_bits.balance.max()
    yield "queries in the database, by id", f"{leaks.ids:,}"
    chance = f"{leaks.identical_expected:,.0f} ± {leaks.identical_spread:,.0f}"
    yield "queries identical to an item / by chance", f"{leaks.identical:,} / {chance}"
    yield "different codes", f"{found.distinct:,} of {audit.items:,}"
    yield "items of the most frequent code", f"{found.largest:,}"
    yield "items that share a code with another class", f"{found.mixed:,}"
    yield "dead / repeated bits", f"{len(audit.dead_bits)} / {len(audit.duplicated_bits)}"
    yield "share of items with a bit on", f"{low:.3f} to {high:.3f}"
    yield "entropy of a bit, mean", f"{audit.entropy['per_bit']:.3f}"
    most = audit.entropy["codes_most"]
    yield "entropy of the codes, bits", f"{audit.entropy['codes']:.2f} of {most:.2f}"
    correlation = f"{of_bits.correlation_mean:.3f} / {of_bits.correlation_most:.3f}"
    yield "correlation of two bits, mean / largest", correlation
    for at in audit.ties:
        name = "all" if at.cutoff is None else f"{at.cutoff:,}"
        cut = "" if at.cutoff is None else f"{at.inside:.1%}, "
        yield f"cutoff {name}: queries cut, bucket", f"{cut}{at.bucket:,.0f} items"
    for name, spread in audit.tie_range.items():
        yield f"{name}, worst to best tie order", f"{spread.worst:.4f} to {spread.best:.4f}"
    for row in audit.conventions:
        index = "" if row.index is None else f" / {row.index:.4f}"
        yield f"{row.name}, expected / database order", f"{row.expected:.4f}{index}"


def publish(folder, text, audits):
    """Put the table into audit.md, and the pictures of FAISS' codes into results/."""
    shown = []
    for name, audit in audits.items():
        shown.append(f"{name}. " + " ".join([*audit.faults, *audit.remarks]))
        if name.startswith("FAISS"):
            picture = "audit_" + re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") + ".png"
            audit.plot(folder / "results" / picture)
            alt = f"Audit of {name.replace('`', '')}: balance, correlation, ties, conventions"
            shown.append(f"![{alt}](results/{picture})")
    page = folder / "audit.md"
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    body = "\n\n".join([BEGIN, text, *shown, END])
    with files.atomic_path(page) as temporary:
        temporary.write_text(before + body + after, encoding="utf-8")


if __name__ == "__main__":
    main()
