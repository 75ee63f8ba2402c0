"""Two-stage search: a pool by Hamming distance, ranked by the distance of float features.

Source: Lin, Yang, Hsiao and Chen, "Deep Learning of Binary Hash Codes for Fast Image
Retrieval", CVPR Workshops 2015, coarse-to-fine search.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from keras_hashing import checks, html
from keras_hashing.index import feature_distances
from keras_hashing.index.feature_distances import METRICS
from keras_hashing.types import ArrayLike, Float32Array, Int64Array

if TYPE_CHECKING:
    from keras_hashing.index import Index

_FOUND = 1 << 18  # items of pools that are held at once
_FIRST_POOL = 1000  # where `pool_for` begins to look


class CoarseToFine:
    """An index of codes with the features of its items, for a second, finer ranking.

    Features belong to ids: items may be removed from the index afterwards. An item that is added,
    or gets the id of another one, needs a new object.

    Args:
        index: `keras_hashing.Index`.
        features: float array `(len(index), channels)`, in the order of `index.ids`, or the path
            of an `.npy` file of it. A file is mapped, and read in parts, those of the pools; an
            array is kept, not copied, as it may be large: leave it as it is.
        metric: `"euclidean"`, or `"cosine"`, 1 - cosine, which is 1 for a row of zeros.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: features of another rank or number of rows, NaN or infinity in them (those of
            a file are looked at when they are read), a file that is no array, or an unknown
            metric.

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

    def __init__(self, index: "Index", features: ArrayLike, metric: str = "euclidean") -> None:
        self.index = index
        self.features = feature_distances.opened("features", features).view()
        self.features.flags.writeable = False  # its values were checked
        checks.same_length("features", self.features, "index", index)
        self.metric = checks.one_of("metric", metric, METRICS)
        self._row_ids = np.array(index.ids)
        self._rows = np.argsort(self._row_ids)  # by ascending id
        self._ids = self._row_ids[self._rows]

    def __repr__(self):
        return html.lines(self._facts(), type(self).__name__)

    def _repr_html_(self):
        return html.table(self._facts(), caption=type(self).__name__)

    def search(
        self,
        query_codes: ArrayLike,
        query_features: ArrayLike,
        k: int = 10,
        pool: int | None = 1000,
        radius: int | None = None,
    ) -> tuple[Float32Array, Int64Array]:
        """First k items of each query's pool in (distance of features, position) order.

        Args:
            query_codes: uint8 array `(queries, ceil(bits / 8))`.
            query_features: float array `(queries, channels)`.
            k: int, 1 or more.
            pool: int >= 1, most items of a pool: the first ones in (Hamming distance, position)
                order. None for no limit.
            radius: int in 0..bits, largest Hamming distance of a pool's items; a query with no
                item so near takes the `pool` nearest instead. None for any; with `pool=None` too,
                all items are ranked.

        Returns:
            Distances, float32 `(queries, k)`, at least 0, and ids, int64 `(queries, k)`; infinity
            and -1 at the end of rows whose pool has fewer than k items.

        Raises:
            TypeError: codes are not uint8, or a number is not whole.
            ValueError: queries of another width or number, NaN or infinity in them or in the
                features that are read, a number out of range, or an item in the index that has no
                features here.
        """
        query_codes, queries = self._queries(query_codes, query_features)
        k = checks.whole("k", k, 1, None, "Ask for one item at least.")
        if pool is not None:
            pool = checks.whole("pool", pool, 1, None, "Pass None for no limit.")
        if radius is not None:
            checks.whole("radius", radius, 0, self.index.bits, "It counts differing bits.")
        distances = np.full((len(queries), k), np.inf, np.float32)
        ids = np.full((len(queries), k), -1, np.int64)
        if radius is None and (pool is None or pool >= len(self.index)):
            found, rows = self._nearest(queries, k)
            distances[:, : found.shape[1]] = found
            ids[:, : rows.shape[1]] = self._row_ids[rows]
            return distances, ids
        for number, pool_ids in enumerate(self._pools(query_codes, pool, radius)):
            rows = np.sort(self._rows_of(pool_ids))  # which is by position
            found = feature_distances.to_rows(self.features, rows, queries[number], self.metric)
            order = np.argsort(found, kind="stable")[:k]
            distances[number, : len(order)] = found[order]
            ids[number, : len(order)] = self._row_ids[rows[order]]
        return distances, ids

    def recall_curve(
        self,
        query_codes: ArrayLike,
        query_features: ArrayLike,
        k: int = 10,
        pools: Sequence[int] = (10, 100, 1000, 10_000),
    ) -> dict[int, float]:
        """How much of the exact answer pools of several sizes hold.

        The exact answer are the k items of the index whose features are nearest, ties by
        position; all features are read for it, once, in blocks.

        Args:
            query_codes: uint8 array `(queries, ceil(bits / 8))`, at least one.
            query_features: float array `(queries, channels)`.
            k: int, 1 or more.
            pools: ints, 1 or more: items of a pool, the nearest in Hamming distance.

        Returns:
            dict, pool -> float in [0, 1]: the share of the exact answers of all queries that
            lies in a pool of that size. `search` with that `pool` finds just these.

        Raises:
            TypeError: codes are not uint8, or a number is not whole.
            ValueError: no queries or items, and as for `search`.
        """
        pools = checks.cutoffs("pools", pools)
        query_codes, wanted = self._exact(query_codes, query_features, k)
        ranks = self._ranks(query_codes, wanted, max(pools, default=1))
        return {pool: float((ranks < pool).mean()) for pool in pools}

    def pool_for(
        self, recall: float, query_codes: ArrayLike, query_features: ArrayLike, k: int = 10
    ) -> int:
        """The smallest pool that holds a wanted share of the exact answer for sample queries.

        Args:
            recall: float in [0, 1], as `recall_curve` measures it.
            query_codes: uint8 array `(queries, ceil(bits / 8))`, at least one; queries like those
                to come.
            query_features: float array `(queries, channels)`.
            k: int, 1 or more.

        Returns:
            int, 1 to `len(index)`, for `search(..., pool=...)`.

        Raises:
            TypeError: codes are not uint8, or a number is of another type.
            ValueError: `recall` outside [0, 1], or out of reach of an approximate index; no
                queries or items, and as for `search`.
        """
        checks.between("recall", recall, 0.0, 1.0, "It is a share, for example 0.95.")
        query_codes, wanted = self._exact(query_codes, query_features, k)
        needed = math.ceil(recall * wanted.size)
        if needed and (needed - 1) / wanted.size >= recall:  # the product was rounded up
            needed -= 1
        pool = min(_FIRST_POOL, len(self.index))
        while True:
            ranks = self._ranks(query_codes, wanted, pool)
            reached = int((ranks < pool).sum())
            if reached >= needed:
                return int(np.sort(ranks, axis=None)[needed - 1]) + 1 if needed else 1
            if pool == len(self.index):
                raise ValueError(
                    f"`recall` of {recall} is out of reach: asked for all items, the index finds "
                    f"{reached / wanted.size:.4f} of the nearest ones. Let it look at more of its "
                    "items, or take an exact index."
                )
            pool = min(4 * pool, len(self.index))

    def _facts(self):
        rows, channels = self.features.shape
        return [
            ("codes", f"{self.index.bits} bits"),
            ("features", f"{rows:,} x {channels}, {self.features.dtype}"),
            ("metric", self.metric),
        ]

    def _queries(self, query_codes, query_features):
        query_codes = checks.codes("query_codes", query_codes, self.index.bits)
        queries = np.asarray(feature_distances.opened("query_features", query_features))
        checks.finite("query_features", queries)
        checks.same_length("query_codes", query_codes, "query_features", queries)
        if queries.shape[1] != self.features.shape[1]:
            raise ValueError(
                f"`query_features` must have {self.features.shape[1]} channels, as the items; "
                f"got {queries.shape[1]}. Take both from the same model."
            )
        return query_codes, queries.astype(np.float64)

    def _exact(self, query_codes, query_features, k):
        """Checked codes, and the ids of the exact answers, `(queries, min(k, items))`."""
        query_codes, queries = self._queries(query_codes, query_features)
        k = checks.whole("k", k, 1, None, "Ask for one item at least.")
        if not len(queries) or not len(self.index):
            raise ValueError(
                f"recall needs queries and items; got {len(queries)} queries and an index of "
                f"{len(self.index)} items. Pass some of the queries to come."
            )
        _, rows = self._nearest(queries, k)
        return query_codes, self._row_ids[rows]

    def _nearest(self, queries, k):
        """Distances and rows of the exact answers, among the items that are in the index now."""
        rows = np.sort(self._rows_of(self.index.ids))
        return feature_distances.nearest(self.features, queries, k, self.metric, rows)

    def _pools(self, query_codes, pool, radius):
        """Yield the ids of each query's pool, int64."""
        most = len(self.index) if pool is None else min(pool, len(self.index))
        held = most if radius is None else len(self.index)
        step = max(1, _FOUND // max(1, held))
        for start in range(0, len(query_codes), step):
            block = query_codes[start : start + step]
            if radius is None:
                yield from (ids[ids >= 0] for ids in self.index.search(block, most)[1])
                continue
            lims, _, ids = self.index.radius_search(block, radius)
            for number in range(len(block)):
                found = ids[lims[number] : lims[number + 1]][:pool]
                if not len(found) and most:
                    found = self.index.search(block[number : number + 1], most)[1][0]
                yield found[found >= 0]

    def _ranks(self, query_codes, wanted, pool):
        """Place of each wanted id in the order of its query's pool; `pool` where it is not there.

        Returns int64, of the shape of `wanted`.
        """
        ranks = np.full(wanted.shape, pool, np.int64)
        for number, ids in enumerate(self._pools(query_codes, pool, None)):
            if not len(ids):
                continue
            order = np.argsort(ids)
            places = np.minimum(np.searchsorted(ids[order], wanted[number]), len(ids) - 1)
            found = order[places]
            hit = ids[found] == wanted[number]
            ranks[number, hit] = found[hit]
        return ranks

    def _rows_of(self, ids):
        """Rows of the features of items, in the order of their ids."""
        places = np.searchsorted(self._ids, ids)
        known = places < len(self._ids)
        known[known] = self._ids[places[known]] == ids[known]
        if not known.all():
            raise ValueError(
                f"the index has item {ids[~known][0]}, which has no features here. Make a new "
                "CoarseToFine with the features of all items."
            )
        return self._rows[places]
