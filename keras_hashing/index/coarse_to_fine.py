"""Two-stage search: a pool by Hamming distance, ranked by the distance of float features.

Source: Lin, Yang, Hsiao and Chen, "Deep Learning of Binary Hash Codes for Fast Image
Retrieval", CVPR Workshops 2015, coarse-to-fine search.
"""

import numpy as np

from keras_hashing import checks

METRICS = ("euclidean", "cosine")

_ROWS = 4096  # features that are converted to float64 in one step


class CoarseToFine:
    """An index of codes with the features of its items, for a second, finer ranking.

    Features belong to ids: items may be removed from the index afterwards. An item that is added,
    or gets the id of another one, needs a new object.

    Args:
        index: `keras_hashing.Index`.
        features: float array `(len(index), channels)`, in the order of `index.ids`; may be
            mapped from a file. It is kept, not copied.
        metric: `"euclidean"`, or `"cosine"`, 1 - cosine, which is 1 for a row of zeros.

    Raises:
        ValueError: features of another rank or number of rows, NaN or infinity in them, or an
            unknown metric.

    Example:
        >>> from keras_hashing import Index
        >>> index = Index(bits=2)
        >>> index.add(np.array([[0b00], [0b01], [0b11]], np.uint8))
        >>> search = CoarseToFine(index, np.array([[0.0], [3.0], [9.0]])).search
        >>> distances, ids = search(np.array([[0b00]], np.uint8), np.array([[2.0]]), k=2, radius=1)
        >>> distances.tolist(), ids.tolist()
        ([[1.0, 2.0]], [[1, 0]])

    Source: the paper above; its cosine form is ours.
    """

    def __init__(self, index, features, metric="euclidean"):
        self.index = index
        self.features = _features("features", features)
        checks.same_length("features", self.features, "index", index)
        self.metric = checks.one_of("metric", metric, METRICS)
        self._row_ids = index.ids
        self._rows = np.argsort(self._row_ids)  # by ascending id
        self._ids = self._row_ids[self._rows]

    def search(self, query_codes, query_features, k=10, pool=1000, radius=None):
        """First k items of each query's pool in (distance of features, position) order.

        Args:
            query_codes: uint8 array `(queries, ceil(bits / 8))`.
            query_features: float array `(queries, channels)`.
            k: int, 1 or more.
            pool: int >= 1, most items of a pool: the first ones in (Hamming distance, position)
                order. None for no limit.
            radius: int in 0..bits, largest Hamming distance of a pool's items. None for any;
                with `pool=None` too, all items are ranked.

        Returns:
            Distances, float32 `(queries, k)`, at least 0, and ids, int64 `(queries, k)`; infinity
            and -1 at the end of rows whose pool has fewer than k items.

        Raises:
            TypeError: codes are not uint8, or a number is not whole.
            ValueError: queries of another width or number, NaN or infinity in them, a number out
                of range, or an item in the index that has no features here.
        """
        query_codes = checks.codes("query_codes", query_codes, self.index.bits)
        queries = _features("query_features", query_features)
        checks.same_length("query_codes", query_codes, "query_features", queries)
        if queries.shape[1] != self.features.shape[1]:
            raise ValueError(
                f"`query_features` must have {self.features.shape[1]} channels, as the items; "
                f"got {queries.shape[1]}. Take both from the same model."
            )
        k = checks.whole("k", k, 1, None, "Ask for one item at least.")
        if pool is not None:
            pool = checks.whole("pool", pool, 1, None, "Pass None for no limit.")
        if radius is not None:
            checks.whole("radius", radius, 0, self.index.bits, "It counts differing bits.")
        distances = np.full((len(queries), k), np.inf, np.float32)
        ids = np.full((len(queries), k), -1, np.int64)
        for number, query in enumerate(queries):
            rows = self._pool(query_codes[number : number + 1], pool, radius)
            found = self._distances(query, rows)
            order = np.argsort(found, kind="stable")[:k]
            distances[number, : len(order)] = found[order]
            ids[number, : len(order)] = self._row_ids[rows[order]]
        return distances, ids

    def _pool(self, query_code, pool, radius):
        """Rows of the features of one query's pool, ascending, which is by position."""
        if radius is not None:
            _, _, ids = self.index.radius_search(query_code, radius)
            ids = ids[:pool]
        elif pool is not None and pool < len(self.index):
            ids = self.index.search(query_code, pool)[1][0]
        else:
            ids = self.index.ids
        places = np.searchsorted(self._ids, ids)
        known = places < len(self._ids)
        known[known] = self._ids[places[known]] == ids[known]
        if not known.all():
            raise ValueError(
                f"the index has item {ids[~known][0]}, which has no features here. Make a new "
                "CoarseToFine with the features of all items."
            )
        return np.sort(self._rows[places])

    def _distances(self, query, rows):
        """float32 distances; rounded before they are ranked, so that equal ones are ties."""
        query = query.astype(np.float64)
        found = np.empty(len(rows), np.float32)
        for start in range(0, len(rows), _ROWS):
            part = slice(start, start + _ROWS)
            # Sums along each row, never a matrix product: equal rows get equal distances.
            items = self.features[rows[part]].astype(np.float64)
            if self.metric == "euclidean":
                found[part] = np.sqrt(np.square(items - query).sum(axis=1))
            else:
                norms = np.sqrt(np.square(items).sum(axis=1) * np.square(query).sum())
                products = (items * query).sum(axis=1)
                cosines = np.divide(products, norms, out=np.zeros_like(norms), where=norms > 0)
                found[part] = np.maximum(1.0 - cosines, 0.0)
        return found


def _features(name, array):
    array = np.asarray(array)
    checks.rank(name, array, 2, "Pass one row of channels per item.")
    if array.dtype.kind not in "iuf":
        raise TypeError(
            f"`{name}` must be numbers; got dtype {array.dtype}. Pass the backbone's features."
        )
    checks.finite(name, array)
    return array
