"""Metrics in closed form from the histograms, exact under ties; float64 throughout.

A bucket is the items at one distance of one query. Inside it every order is equally likely, and
the expectation over all orders has a closed form. Queries are rows, buckets are columns.

Source: McSherry and Najork, "Computing information retrieval performance measures efficiently in
the presence of tied scores", ECIR 2008, for the expectation of average precision; the form for
the denominator "hits", whose value is random when the cutoff falls inside a bucket, is ours.
"""

import functools

import numpy as np

_BLOCK = 1 << 14  # numbers of hits in cut buckets that are weighed together


class Buckets:
    """The histograms of some queries and what lies in front of each bucket.

    Args:
        total: int64 `(queries, bits + 1)`, items at each distance.
        relevant: int64 of the same shape, relevant ones among them.
    """

    def __init__(self, total, relevant):
        self.total = total
        self.relevant = relevant
        self.before = np.cumsum(total, axis=1) - total
        self.hits_before = np.cumsum(relevant, axis=1) - relevant
        self.sizes = total.sum(axis=1)
        self.all_relevant = relevant.sum(axis=1)
        # Prefix sums in extended precision, so that their differences keep float64's digits.
        self._steps = np.arange(1, int(self.sizes.max(initial=0)) + 1, dtype=np.longdouble)
        self.harmonic = np.concatenate([[0.0], np.cumsum(1.0 / self._steps)]).astype(np.float64)

    @functools.cached_property
    def log_factorial(self):
        """log(i!) for i from 0 to the largest database."""
        return np.concatenate([[0.0], np.cumsum(np.log(self._steps))])

    def inside(self, cutoff):
        """Slots of each bucket up to rank `cutoff`, an int or one for each query, `(queries, 1)`;
        all of them for None."""
        if cutoff is None:
            return self.total
        return np.clip(cutoff - self.before, 0, self.total)


def expected_precision_sum(buckets, cutoff=None, gained=None):
    """Expected sum of precisions at the relevant items up to a rank, per bucket.

    Args:
        buckets: `Buckets`.
        cutoff: as of `Buckets.inside`.
        gained: for relevant items that count by their gain, tuple of float64
            `(queries, bits + 1)`: the gains before each bucket, and the mean gain of its relevant
            items. Precision is then the mean gain up to a rank. None for a gain of 1 each.

    Returns:
        float64 `(queries, bits + 1)`.
    """
    before, gain = (buckets.hits_before, 1) if gained is None else gained
    slots = buckets.inside(cutoff)
    share = buckets.relevant / np.maximum(buckets.total, 1)
    # Chance that an earlier slot of the bucket is relevant too, given that one slot is; if none
    # is, it is multiplied by 0.
    companion = (buckets.relevant - 1) / np.maximum(buckets.total - 1, 1)
    span = buckets.harmonic[buckets.before + slots] - buckets.harmonic[buckets.before]
    inner = (before + gain * (1 - companion * (buckets.before + 1))) * span
    return share * (inner + gain * companion * slots)


def average_precision(buckets, cutoff=None, denominator="total", sums=None, gained=None):
    """Expected average precision of each query.

    Args:
        buckets: `Buckets`.
        cutoff: int rank R, or None for the whole database, where the denominators agree.
        denominator: "hits" (relevant items up to R), "min" (the smaller of R and all relevant
            items) or "total" (all relevant items).
        sums: `expected_precision_sum(buckets, cutoff, gained)`, where it is needed more than once.
        gained: as of `expected_precision_sum`.

    Returns:
        float64 `(queries,)`; 0 where there is nothing relevant.
    """
    if sums is None:
        sums = expected_precision_sum(buckets, cutoff, gained)
    if cutoff is not None and denominator == "hits":
        return _hits_average(buckets, sums, cutoff, gained)
    return ratio(sums.sum(axis=1), _denominator(buckets, cutoff, denominator, None))


def bounded_average_precision(buckets, first, cutoff=None, denominator="total"):
    """Average precision with the relevant items of every bucket first, or last.

    These bound every order for all denominators but "hits".

    Args:
        first: bool, relevant items first (best) or last (worst).

    Returns:
        float64 `(queries,)`.
    """
    start = buckets.before if first else buckets.before + buckets.total - buckets.relevant
    hits = buckets.relevant if cutoff is None else np.clip(cutoff - start, 0, buckets.relevant)
    # A bucket without hits inside starts past the table's end at most at its last entry.
    span = buckets.harmonic[start + hits] - buckets.harmonic[start]
    sums = hits + (buckets.hits_before - start) * span
    found = hits.sum(axis=1)
    return ratio(sums.sum(axis=1), _denominator(buckets, cutoff, denominator, found))


def hits_at(buckets, cutoff):
    """Expected number of relevant items up to a rank, float64 `(queries,)`."""
    return (buckets.inside(cutoff) * ratio(buckets.relevant, buckets.total)).sum(axis=1)


def hit_chances(buckets, cutoff):
    """Chance over the orders of ties that a relevant item is among the first R.

    Args:
        buckets: `Buckets`.
        cutoff: int rank R.

    Returns:
        float64 `(queries,)` in [0, 1].
    """
    slots = buckets.inside(cutoff)
    with_hits = buckets.relevant > 0
    chances = (with_hits & (slots == buckets.total)).any(axis=1).astype(np.float64)
    cut = with_hits & (slots > 0) & (slots < buckets.total) & (chances[:, None] == 0)
    rows, columns = np.nonzero(cut)  # one bucket a query at most
    size, relevant, drawn = (
        field[rows, columns] for field in (buckets.total, buckets.relevant, slots)
    )
    misses = size - relevant
    # m items drawn of a bucket's n miss all r relevant ones: C(n - r, m) / C(n, m).
    log = buckets.log_factorial
    exponents = log[misses] - log[np.maximum(misses - drawn, 0)] - log[size] + log[size - drawn]
    found = -np.expm1(exponents.astype(np.float64))
    chances[rows] = np.where(drawn > misses, 1.0, found)
    return chances


def hits_by_rank(buckets, ranks):
    """Expected number of relevant items up to each of `ranks`, float64 `(queries, ranks)`.

    Between the ends of buckets the expectation grows linearly; past a query's last item it
    stays.
    """
    ends = np.pad(np.cumsum(buckets.total, axis=1), ((0, 0), (1, 0)))
    hits = np.pad(np.cumsum(buckets.relevant, axis=1), ((0, 0), (1, 0)))
    # One line for all queries, each shifted behind the one before.
    shift = np.arange(len(ends))[:, None] * (int(buckets.sizes.max(initial=0)) + 1)
    wanted = np.minimum(ranks, buckets.sizes[:, None]) + shift
    return np.interp(wanted, (ends + shift).ravel(), hits.ravel())


def within_radius(buckets):
    """Items and relevant items within each radius 0 to bits, int64 `(queries, bits + 1)` each."""
    return buckets.before + buckets.total, buckets.hits_before + buckets.relevant


def ratio(numerator, denominator):
    """Quotient in float64; 0 where the denominator is not positive."""
    numerator = np.asarray(numerator, np.float64)
    positive = np.asarray(denominator) > 0
    return np.divide(numerator, denominator, out=np.zeros(numerator.shape), where=positive)


def _hits_average(buckets, sums, cutoff, gained):
    """Expected precision sum over expected-by-case hits.

    Only the bucket that the cutoff cuts has a random number of hits: hypergeometric, and given
    it the order of its slots inside is uniform again.
    """
    slots = buckets.inside(cutoff)
    cut = (slots > 0) & (slots < buckets.total)
    whole_sums = np.where(cut, 0.0, sums).sum(axis=1)
    whole_hits = np.where(cut, 0, np.where(slots > 0, buckets.relevant, 0)).sum(axis=1)
    result = ratio(whole_sums, whole_hits)
    rows, columns = np.nonzero(cut)
    fields = (buckets.total, buckets.relevant, buckets.before, buckets.hits_before, slots)
    cuts = np.stack([field[rows, columns] for field in fields])
    if gained is None:
        gained = cuts[3], np.ones(len(rows))
    else:
        gained = tuple(field[rows, columns] for field in gained)
    gains = np.stack([*gained, whole_sums[rows]])
    low, high = _likely_hits(*cuts[[0, 1, 4]])
    # Queries of like widths go together, few enough for the cache.
    order = np.argsort(high - low)
    block = max(1, _BLOCK // int((high - low + 1).max(initial=1)))
    for start in range(0, len(order), block):
        some = order[start : start + block]
        inside = low[some, None] + np.arange(int((high - low)[some].max()) + 1)
        result[rows[some]] = _cut_average(
            buckets, inside, high[some, None], cuts[:, some, None], gains[:, some, None]
        )
    return result


def _likely_hits(size, relevant, slots):
    """Ends of the range of hits inside a cut bucket; what it leaves out sums to below 1e-19.

    Bernstein's bound with the binomial's variance holds for draws without replacement too:
    Hoeffding, "Probability inequalities for sums of bounded random variables", JASA 1963,
    section 6. 46 is more than log(2e19) + 1.
    """
    mean = slots * relevant / size
    variance = mean * (1 - relevant / size)
    reach = 46 / 3 + np.sqrt((46 / 3) ** 2 + 2 * 46 * variance)
    low = np.maximum(np.floor(mean - reach).astype(np.int64), slots - (size - relevant))
    high = np.minimum(np.ceil(mean + reach).astype(np.int64), relevant)
    return np.maximum(low, 0), np.minimum(high, slots)


def _cut_average(buckets, inside, high, cuts, gains):
    """Mean over the number of hits `inside` the cut bucket, int64 `(queries, numbers)`."""
    size, relevant, before, hits, slots = cuts
    gains_before, gain, sums_before = gains
    weighed = inside <= high
    inside = np.minimum(inside, high)
    log = buckets.log_factorial
    exponents = (log[relevant] + log[size - relevant] + log[slots] + log[size - slots]) - log[size]
    exponents = exponents - log[inside] - log[relevant - inside]
    exponents -= log[slots - inside] + log[size - relevant - slots + inside]
    weights = np.where(weighed, np.exp(exponents.astype(np.float64)), 0.0)
    companion = ratio(inside - 1, slots - 1)
    span = buckets.harmonic[before + slots] - buckets.harmonic[before]
    inner = (gains_before + gain * (1 - companion * (before + 1))) * span
    inner += gain * companion * slots
    values = ratio(sums_before + inside / slots * inner, hits + inside)
    return (weights * values).sum(axis=1) / weights.sum(axis=1)


def _denominator(buckets, cutoff, denominator, found):
    if cutoff is None or denominator == "total":
        return buckets.all_relevant
    if denominator == "min":
        return np.minimum(cutoff, buckets.all_relevant)
    return found
