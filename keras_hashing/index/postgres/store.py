"""A table of PostgreSQL with pgvector behind `keras_hashing.Index`: `bit(n)`, `<~>`, HNSW."""

import numpy as np

from keras_hashing import checks
from keras_hashing.index import labels as labels_of_items
from keras_hashing.index import servers
from keras_hashing.index.postgres import binary_copy
from keras_hashing.index.postgres.table import Table, load_psycopg

_DEFAULT_EF_SEARCH = 64
_MOST_EF_SEARCH = 1000  # pgvector takes no more


class PgvectorStore:
    """Codes in a table of PostgreSQL. Arguments of methods come checked, from `Index`.

    Positions are the order of ids. By default all answers are exact and in (distance, position)
    order, also where the table has a graph: a query is compared with every row, or with every row
    of the labels asked for. With `graph=True` `search` walks an HNSW graph, which may miss items;
    `radius_search` stays exact.

    An `add`, an `upsert` or a `remove` is one transaction: all of it is stored or nothing. Default
    ids count on from the largest one that the table has, or that this object added or removed;
    where several processes add, pass ids. A lost connection is an error once; the next call opens
    another.

    Args:
        bits: int in 1..4096, the code length.
        dsn: str, connection string as `psycopg.connect` takes it.
        table: str, 1 to 48 letters, digits and underscores; made if there is none.
        graph: bool, whether to search by an HNSW graph. It is made, once, of the rows that are
            there, when the table has none; that takes minutes for millions, so load first,
            without it. Later rows join it.
        effort: int in 1..1000, how many items a walk keeps (`hnsw.ef_search`), 64 by default, and
            k if that is more. Measure the recall on your codes.

    Raises:
        ConnectionError: the server does not answer or let the user in.
        ValueError: the table holds codes of another length, or something else; `effort` without
            `graph`; the server has no pgvector, or one older than 0.8 for a graph.
        ModuleNotFoundError: psycopg is not installed.
    """

    keeps_labels = True

    def __init__(self, bits, dsn, table, graph=False, effort=None):
        self.bits = bits
        self._graph = bool(graph)
        if effort is not None:
            hint = "More finds more, and takes longer."
            effort = checks.whole("effort", effort, 1, _MOST_EF_SEARCH, hint)
            if not graph:
                raise ValueError("`effort` is for a graph. Pass `graph=True`, or leave it out.")
        self._effort = effort or _DEFAULT_EF_SEARCH
        self._next_id = 0  # above all that this object added or removed
        self._table = Table(dsn, table, bits)
        if self._graph:
            self._table.make_graph()

    def __len__(self):
        with self._table.transaction("count") as cursor:
            return self._table.run(cursor, "select count(*) from {table}").fetchone()[0]

    @property
    def ids(self):
        return self._read()[0]

    @property
    def codes(self):
        return self._read()[1]

    @property
    def next_id(self):
        with self._table.transaction("look for the largest id") as cursor:
            (largest,) = self._table.run(cursor, "select max(id) from {table}").fetchone()
        return max(self._next_id, 0 if largest is None else largest + 1)

    @property
    def facts(self):
        return {"backend": "pgvector", "table": self._table.name}

    def known(self, ids):
        found = []
        with self._table.transaction("look for ids") as cursor:
            for part in servers.batches(len(ids)):
                query = "select id from {table} where id = any(%s)"
                found += [row[0] for row in self._table.run(cursor, query, ids[part].tolist())]
        return np.isin(ids, found)

    def add(self, new_codes, ids, labels=None):
        try:
            with self._table.transaction("add items") as cursor:
                self._copy(cursor, "{table}", new_codes, ids, labels)
        except load_psycopg().errors.UniqueViolation as error:
            raise ValueError(
                "`ids` must be unique; another process added some of them meanwhile, and nothing "
                "was added here. Pass ids that no other process uses, or `upsert`."
            ) from error
        self._note(ids)

    def upsert(self, new_codes, ids, labels=None):
        run = self._table.run
        with self._table.transaction("add or replace items") as cursor:
            run(cursor, "create temp table {new} (like {table}) on commit drop")
            self._copy(cursor, "pg_temp.{new}", new_codes, ids, labels)
            run(
                cursor,
                "insert into {table} select * from pg_temp.{new} on conflict (id) "
                "do update set code = excluded.code, label = excluded.label",
            )
        self._note(ids)

    def remove(self, ids):
        with self._table.transaction("remove items") as cursor:
            for part in servers.batches(len(ids)):
                query = "delete from {table} where id = any(%s)"
                self._table.run(cursor, query, ids[part].tolist())
        self._note(ids)

    def search(self, query_codes, k, mask, labels=None):
        servers.refuse_mask(mask)
        where, chosen = "", []
        if labels is not None:  # the second condition is that of the index on labels
            where, chosen = "where label = any(%s) and label >= 0 ", [labels.tolist()]
        query = "select code <~> %s::bit({bits}) d, id from {table} " + where
        found = []
        with self._table.transaction("search") as cursor:
            self._choose_plan(cursor, k)
            for code in query_codes:
                values = (binary_copy.text(code, self.bits), *chosen, k)
                rows = self._table.run(cursor, query + "order by d, id limit %s", *values)
                found.append(rows.fetchall())
        return servers.filled(found, k)

    def radius_search(self, query_codes, radius):
        distances = "select code <~> %s::bit({bits}) d, id from {table}"
        query = f"select d, id from ({distances}) t where d <= %s"
        found = []
        with self._table.transaction("search") as cursor:
            for code in query_codes:
                values = (binary_copy.text(code, self.bits), radius)
                found.append(self._table.run(cursor, query, *values).fetchall())
        return servers.joined(found)

    def save(self, path):
        servers.refuse_file(f"table {self._table.name!r}")

    def __reduce__(self):
        servers.refuse_copy(f"table {self._table.name!r}")

    def _choose_plan(self, cursor, k):
        if self._graph:
            # Strict, as rows must come by distance for the rest of the order to be made of them.
            cursor.execute("set local hnsw.iterative_scan = strict_order")
            effort = min(max(self._effort, k), _MOST_EF_SEARCH)
            cursor.execute(f"set local hnsw.ef_search = {effort}")
        else:  # or the planner takes a graph that somebody made, and items are missed unseen
            cursor.execute("set local enable_indexscan = off")
            cursor.execute("set local enable_seqscan = on")

    def _read(self):
        copy = "copy (select id, code, label from {table} order by id) to stdout (format binary)"
        with (
            self._table.transaction("read items") as cursor,
            cursor.copy(self._table.sql(copy)) as rows,
        ):
            return binary_copy.unpack(b"".join(rows), self.bits)

    def _copy(self, cursor, target, codes, ids, labels):
        if labels is None:
            labels = np.full(len(ids), labels_of_items.NONE)
        copy = f"copy {target} (id, code, label) from stdin (format binary)"
        with cursor.copy(self._table.sql(copy)) as rows:
            rows.write(binary_copy.HEADER)
            for part in servers.batches(len(ids)):
                rows.write(binary_copy.pack(ids[part], codes[part], labels[part], self.bits))
            rows.write(binary_copy.TRAILER)

    def _note(self, ids):
        self._next_id = max(self._next_id, int(ids.max()) + 1)
