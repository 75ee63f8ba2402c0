"""Slow loops that say what the fast code must compute; plain Python and NumPy float64 only."""

import fractions
import itertools
import math

import numpy as np

# The example of the facts on pairwise losses: three items of two bits, classes 0, 0, 1.
OUTPUTS = np.array([[0.5, -0.5], [0.8, 0.6], [-0.4, 0.9]])
LABELS = np.array([0, 0, 1])


def share_label(one, other):
    """Whether two labels, ints or multi-hot rows, have a class in common."""
    if np.ndim(one) == 0:
        return bool(one == other)
    return any(a > 0 and b > 0 for a, b in zip(one, other, strict=True))


def inner_product(one, other):
    return sum(float(a) * float(b) for a, b in zip(one, other, strict=True))


def log_cosh(x):
    return abs(x) + math.log1p(math.exp(-2 * abs(x))) - math.log(2)


def quantization(output):
    """Sum over bits of log cosh(|u| - 1) for one item."""
    return sum(log_cosh(abs(float(u)) - 1) for u in output)


def cross_entropy(similar, product, alpha):
    theta = alpha * product
    return max(theta, 0) - theta * similar + math.log1p(math.exp(-abs(theta)))


def squared_error(similar, product, bits, targets):
    target = similar if targets == "01" else 2 * similar - 1
    return (target - product / bits) ** 2


def pair_rows(labels, outputs, pair_value, quantization_weight=0.0):
    """One value per anchor: mean of `pair_value(similar, product)` over all other items."""
    rows = []
    for i in range(len(outputs)):
        values = [
            pair_value(share_label(labels[i], labels[j]), inner_product(outputs[i], outputs[j]))
            for j in range(len(outputs))
            if j != i
        ]
        mean = sum(values) / len(values) if values else 0.0
        rows.append(mean + quantization_weight * quantization(outputs[i]))
    return np.array(rows)


def slices(features, kernel, bias):
    """DNNH's slice layer: output k of the k-th part of the features."""
    bits, width = kernel.shape
    outputs = np.zeros((len(features), bits))
    for n in range(len(features)):
        for k in range(bits):
            for d in range(width):
                outputs[n, k] += float(features[n, k * width + d]) * float(kernel[k, d])
            outputs[n, k] += float(bias[k])
    return outputs


def bit_string(code, bits):
    """The bits of one packed code, as a list of 0 and 1."""
    return [(int(code[j // 8]) >> (j % 8)) & 1 for j in range(bits)]


def hamming(query_codes, database_codes, bits):
    """Hamming distances by comparing bits one by one."""
    return np.array(
        [
            [
                sum(
                    a != b
                    for a, b in zip(bit_string(query, bits), bit_string(other, bits), strict=True)
                )
                for other in database_codes
            ]
            for query in query_codes
        ]
    )


def average_precision(relevant, cutoff=None, denominator="total"):
    """Average precision of one ranking, in exact fractions.

    Args:
        relevant: bools in rank order.
    """
    cutoff = len(relevant) if cutoff is None else min(cutoff, len(relevant))
    hits, precisions = 0, fractions.Fraction(0)
    for rank, hit in enumerate(relevant[:cutoff], start=1):
        if hit:
            hits += 1
            precisions += fractions.Fraction(hits, rank)
    divisor = {"hits": hits, "min": min(cutoff, sum(relevant)), "total": sum(relevant)}
    return precisions / divisor[denominator] if divisor[denominator] else fractions.Fraction(0)


def tie_orders(distances, relevant):
    """Every distinct ranking of relevance that is sorted by distance."""
    buckets = [
        sorted(
            set(
                itertools.permutations(
                    r for d, r in zip(distances, relevant, strict=True) if d == at
                )
            )
        )
        for at in sorted(set(distances))
    ]
    for parts in itertools.product(*buckets):
        yield [hit for part in parts for hit in part]


def ndcg(ranked_grades, all_grades, cutoff=None, gain=lambda grade: 2**grade - 1):
    """Normalized discounted cumulative gain of one ranking."""

    def total(grades):
        return math.fsum(
            gain(grade) / math.log2(rank + 1) for rank, grade in enumerate(grades[:cutoff], start=1)
        )

    return total(ranked_grades) / total(sorted(all_grades, reverse=True))


def average_cumulative_gain(ranked_grades, cutoff):
    """Mean number of shared labels of the first items, in exact fractions (Zhao et al. 2015)."""
    first = ranked_grades[:cutoff]
    return fractions.Fraction(sum(first), len(first))


def weighted_average_precision(ranked_grades, cutoff=None):
    """Mean of the average cumulative gain at each relevant item's rank (Zhao et al. 2015)."""
    values = [
        average_cumulative_gain(ranked_grades, rank)
        for rank, grade in enumerate(ranked_grades[:cutoff], start=1)
        if grade
    ]
    return sum(values, fractions.Fraction(0)) / len(values) if values else fractions.Fraction(0)


def map_at_r_and_r_precision(relevant):
    """PyTorch Metric Learning's two figures of one ranking: its first R items, R relevant."""
    first = relevant[: sum(relevant)]
    precisions = [
        fractions.Fraction(sum(first[:rank]), rank) for rank, hit in enumerate(first, 1) if hit
    ]
    return (
        sum(precisions, fractions.Fraction(0)) / len(first),
        fractions.Fraction(sum(first), len(first)),
    )


def expected_average_precision(distances, relevant, cutoff=None, denominator="total"):
    """Mean of average precision over all orders of ties, position by position.

    Args:
        distances: ints of one query's database. relevant: bools, in the same order.
    """
    cutoff = len(distances) if cutoff is None else min(cutoff, len(distances))
    rank = hits = 0
    sums = 0.0
    for at in sorted(set(distances)):
        bucket = [r for d, r in zip(distances, relevant, strict=True) if d == at]
        size, good = len(bucket), sum(bucket)
        slots = min(size, cutoff - rank)
        if denominator == "hits" and 0 < slots < size:
            value = 0.0
            for inside in range(max(0, slots - size + good), min(slots, good) + 1):
                ways = math.comb(good, inside) * math.comb(size - good, slots - inside)
                found = hits + inside
                precisions = sums + _bucket_sum(rank, hits, slots, inside, slots)
                share = float(fractions.Fraction(ways, math.comb(size, slots)))
                value += share * precisions / found if found else 0.0
            return value
        sums += _bucket_sum(rank, hits, size, good, slots)
        rank, hits = rank + size, hits + good
        if rank >= cutoff:
            break
    everything = sum(relevant)
    divisor = {"hits": hits, "min": min(cutoff, everything), "total": everything}[denominator]
    return sums / divisor if divisor else 0.0


def _bucket_sum(rank, hits, size, good, slots):
    """Expected precisions at the hits in the first slots of a bucket behind `rank` items."""
    if not good:
        return 0.0
    companion = (good - 1) / (size - 1) if size > 1 else 0.0
    return math.fsum(
        good / size * (hits + 1 + companion * slot) / (rank + slot + 1) for slot in range(slots)
    )


def peer_map(peer, query_signs, query_labels, database_signs, database_labels, topk):
    """mAP as other projects' evaluation code computes it, retold.

    All of them divide by the hits among the first `topk`. Ties stand in database order here; the
    projects' own sorts leave them in any order.

    Args:
        peer: "DeepHash-pytorch" (`utils/tools.py`, `CalcTopMap`): -1 drops the item ranked last,
            and a query without a hit counts as 0. "HashNet" (`pytorch/src/test.py`): such a query
            is left out. "OrthoHash" (`functions/hashing.py`): it counts as 0. "FIRe"
            (`functions/metrics.py`): the same, and -1 stands for the whole database. The others
            take no -1.
        query_signs, database_signs: -1/+1 `(n, bits)`.
        query_labels, database_labels: 0/1 rows.
        topk: int.

    Returns:
        float; NaN where HashNet has no query left.
    """
    if peer == "FIRe" and topk == -1:
        topk = len(database_signs)
    values = []
    for signs, labels in zip(query_signs, query_labels, strict=True):
        distances = [(len(signs) - inner_product(signs, other)) / 2 for other in database_signs]
        order = sorted(range(len(distances)), key=lambda i, d=distances: (d[i], i))
        relevant = [share_label(labels, database_labels[i]) for i in order][:topk]
        hits, precisions = 0, 0.0
        for rank, hit in enumerate(relevant, start=1):
            if hit:
                hits += 1
                precisions += hits / rank
        if hits:
            values.append(precisions / hits)
        elif peer != "HashNet":
            values.append(0.0)
    return sum(values) / len(values) if values else math.nan
