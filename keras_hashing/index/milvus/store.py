"""A collection of Milvus behind `keras_hashing.Index`: a server, a cluster, or a local file."""

import numpy as np

from keras_hashing import checks
from keras_hashing.index import labels as labels_of_items
from keras_hashing.index import servers
from keras_hashing.index.exact.file import MOST_IDS
from keras_hashing.index.milvus.collection import Collection

_MOST_FOUND = 16384  # items that Milvus answers to one query
_ANSWERED = 100_000  # items that are asked for at once, as each becomes an object here
_MOST_LISTS = 65536
_MOST_PARTITIONS = 1024


class MilvusStore:
    """Codes in a collection of Milvus. Arguments of methods come checked, from `Index`.

    Positions are the order of ids. All codes are compared, unless the collection has `lists`:
    then a search looks into the nearest ones and may miss items. Distances are exact, and answers
    are in (distance, position) order; which of the items at the last distance of an answer are in
    it is Milvus' choice. An answer has at most 16,384 items.

    Items go to the server in messages of 5,000, and a lost server is an error that says how many
    were stored; some seconds after it is back a call connects again, and the same items as `upsert`
    mend it. Default ids count on from the largest one in the collection, or that this object added
    or removed; where several processes add, pass ids: Milvus does not refuse one that it has.

    Args:
        bits: int in 1..4096, the code length; Milvus sees it rounded up to whole bytes.
        uri: str, a server's, like `http://127.0.0.1:19530`, or the path of a local file whose
            name ends in `.db`, for Milvus Lite. One process may have such a file open.
        collection: str, 1 to 48 letters, digits and underscores; made if there is none.
        token: str, `user:password` or an API key, for servers that want one.
        lists: int in 1..65536, for a new collection: lists of an inverted index (BIN_IVF_FLAT).
        effort: int >= 1, how many lists a search looks into (`nprobe`); by default twice the
            square root of their number. Measure the recall on your codes.
        partitions: int in 1..1024, for a new collection: partitions that labels fall into; a
            search by labels looks into theirs only.

    Raises:
        ConnectionError: the server does not answer or let the user in.
        ValueError: the collection holds codes of another length, or something else; it was made
            with other `lists`; `effort` without lists; `lists` for a local file.
        ModuleNotFoundError: pymilvus, or Milvus Lite for a local file, is not installed.
    """

    keeps_labels = True

    def __init__(self, bits, uri, collection, token=None, lists=None, effort=None, partitions=None):
        self.bits = bits
        if lists is not None:
            lists = checks.whole("lists", lists, 1, _MOST_LISTS, "Of 1e6 codes, take 1024.")
        if effort is not None:
            effort = checks.whole("effort", effort, 1, None, "More finds more, and takes longer.")
        if partitions is not None:
            hint = "Leave it out for one."
            partitions = checks.whole("partitions", partitions, 1, _MOST_PARTITIONS, hint)
        self._collection = Collection(str(uri), collection, bits, token, lists, partitions)
        lists = self._collection.lists
        if effort is not None and lists is None:
            raise ValueError("`effort` is for lists, and this collection has none. Leave it out.")
        self._options = {}  # of every search
        if lists is not None:
            self._options["nprobe"] = min(effort or int(2 * lists**0.5), lists)
        self._next_id = 0  # above all that this object added or removed

    def __len__(self):
        return self._collection.call("query", output_fields=["count(*)"])[0]["count(*)"]

    @property
    def ids(self):
        return self._read(["id"])[0]

    @property
    def codes(self):
        return self._read(["id", "code"])[1]

    @property
    def next_id(self):
        # Milvus tells no maximum, but whether there is an id above a bound: steps up, then half
        # of the last step, and so on. Mostly the first question is the only one.
        low, high, step = self._next_id, MOST_IDS, 1
        while low < high:
            bound = low + min(step, high - low) - 1
            larger = self._collection.call(
                "query", filter=f"id >= {bound}", limit=1, output_fields=["id"]
            )
            if larger:
                low, step = larger[0]["id"] + 1, 2 * step
            else:
                high, step = bound, max(1, step // 2)
        return low

    @property
    def facts(self):
        return {"backend": "milvus", "collection": self._collection.name}

    def known(self, ids):
        found = []
        for part in servers.batches(len(ids)):
            rows = self._collection.call(
                "query", filter=f"id in {ids[part].tolist()}", output_fields=["id"]
            )
            found += [row["id"] for row in rows]
        return np.isin(ids, found)

    def upsert(self, new_codes, ids, labels=None):
        if labels is None:
            labels = np.full(len(ids), labels_of_items.NONE)
        for part in servers.batches(len(ids)):
            columns = (ids[part].tolist(), new_codes[part], labels[part].tolist())
            rows = [
                {"id": number, "code": code.tobytes(), "label": label}
                for number, code, label in zip(*columns, strict=True)
            ]
            done = f"Of these {len(ids)} items the first {part.start} are stored. "
            self._collection.call("upsert", rows, done=done)
            self._note(ids[part])

    # What `add` brings is new, as `Index` makes sure. An insert of what is there would double it.
    add = upsert

    def remove(self, ids):
        for part in servers.batches(len(ids)):
            done = f"Of these {len(ids)} items the first {part.start} are removed. "
            self._collection.call("delete", ids=ids[part].tolist(), done=done)
        self._note(ids)

    def search(self, query_codes, k, mask, labels=None):
        servers.refuse_mask(mask)
        if k > _MOST_FOUND:
            raise ValueError(
                f"`k` must be at most {_MOST_FOUND} for Milvus; got {k}. Use the exact backend to "
                "rank more."
            )
        where = "" if labels is None else f"label in {labels.tolist()}"
        found, at_once = [], max(1, _ANSWERED // k)
        for start in range(0, len(query_codes), at_once):
            found += self._found(query_codes[start : start + at_once], k, self._options, where)
        return servers.filled(found, k)

    def radius_search(self, query_codes, radius):
        options = {"radius": radius + 1, "range_filter": 0} | self._options
        found = []
        for row in range(len(query_codes)):
            found += self._found(query_codes[row : row + 1], _MOST_FOUND, options, "")
            if len(found[-1]) == _MOST_FOUND:
                raise ValueError(
                    f"within {radius} bits of query {row} lie {_MOST_FOUND} items or more, and "
                    "Milvus answers no more. Use a smaller radius, or the exact backend."
                )
        return servers.joined(found)

    def save(self, path):
        servers.refuse_file(f"collection {self._collection.name!r}")

    def __reduce__(self):
        servers.refuse_copy(f"collection {self._collection.name!r}")

    def _found(self, query_codes, limit, options, where):
        """For each query a list of pairs (distance, id)."""
        answers = self._collection.call(
            "search",
            [code.tobytes() for code in query_codes],
            limit=limit,
            filter=where,
            search_params={"metric_type": "HAMMING", "params": options},
        )
        return [[(hit["distance"], hit["id"]) for hit in answer] for answer in answers]

    def _read(self, fields):
        """Ids, read-only, and codes if they are among the fields, of all items, by id."""
        ids, codes = [], []
        with self._collection.explained():
            items = self._collection.call(
                "query_iterator", batch_size=servers.BATCH, output_fields=fields
            )
            while batch := items.next():
                ids += [item["id"] for item in batch]
                codes += [item["code"][0] for item in batch if "code" in fields]
            items.close()
        order = np.argsort(ids)
        sorted_ids = np.array(ids, np.int64)[order]
        sorted_ids.flags.writeable = False
        rows = np.frombuffer(b"".join(codes), np.uint8).reshape(-1, -(-self.bits // 8))
        return sorted_ids, rows[order] if len(rows) else rows

    def _note(self, ids):
        self._next_id = max(self._next_id, int(ids.max()) + 1)
