"""The table of an index in PostgreSQL: its connection, its transactions, and how it is made."""

import contextlib
import threading
import weakref

from keras_hashing.index import servers

_COLUMNS = ("id", "code", "label")


class Table:
    """A table `(id bigint primary key, code bit(bits), label bigint)`, made if there is none.

    In the text of a query `{table}` is its name, `{bits}` the code length, `{new}` the name of a
    temporary table beside it, `{by_label}` and `{graph}` those of its indexes.

    Args:
        dsn: str, connection string as `psycopg.connect` takes it.
        name: str, 1 to 48 letters, digits and underscores.
        bits: int, the code length.

    Raises:
        ConnectionError: the server does not answer or let the user in.
        ValueError: the table holds codes of another length, or something else; the server has no
            pgvector.
        ModuleNotFoundError: psycopg is not installed.
    """

    def __init__(self, dsn, name, bits):
        self.name, self.bits = servers.name("table", name), bits
        self._dsn, self._connection = dsn, None
        self._turn = threading.Lock()  # a connection has one transaction at a time
        with self.transaction("open it") as cursor:
            self._make_extension(cursor)
            self._make(cursor)

    def sql(self, text):
        """A query with this table's names in it, quoted."""
        from psycopg import sql

        names = {
            "table": self.name,
            "new": f"{self.name}_new",
            "by_label": f"{self.name}_label_idx",
            "graph": f"{self.name}_code_idx",
        }
        quoted = {part: sql.Identifier(name) for part, name in names.items()}
        return sql.SQL(text).format(bits=sql.Literal(self.bits), **quoted)

    def run(self, cursor, text, *values):
        """Execute a query; returns the cursor."""
        return cursor.execute(self.sql(text), values or None)

    @contextlib.contextmanager
    def transaction(self, what):
        """A cursor in a transaction of its own, on a connection that is opened when there is none.

        Args:
            what: str, for the error: what the transaction does.

        Raises:
            ConnectionError: there is no connection, or it broke. The next call opens another.
        """
        psycopg = load_psycopg()
        try:
            with self._turn:
                connection = self._open()
                with connection.transaction(), connection.cursor() as cursor:
                    yield cursor
        except psycopg.OperationalError as error:
            if not connection.closed:
                raise
            raise ConnectionError(
                f"PostgreSQL went away when table {self.name!r} was to do this: {what}. It was one "
                "transaction: all of it is stored or nothing. When the server is back, repeat it, "
                "an `add` as `upsert`."
            ) from error

    def make_graph(self):
        """Make the HNSW graph of the rows that are there, unless the table has it.

        Raises:
            ValueError: pgvector is too old to filter what a walk meets.
        """
        with self.transaction("make the graph") as cursor:
            query = "select extversion from pg_extension where extname = 'vector'"
            version = cursor.execute(query).fetchone()[0]
            if tuple(int(part) for part in version.split(".")[:2]) < (0, 8):
                raise ValueError(
                    f"a graph needs pgvector 0.8 or newer; the server has {version}. Update it "
                    "and run `alter extension vector update`, or leave `graph` out."
                )
            self.run(
                cursor,
                "create index if not exists {graph} on {table} using hnsw (code bit_hamming_ops)",
            )

    def _open(self):
        psycopg = load_psycopg()
        if self._connection is None or self._connection.closed:
            try:
                self._connection = psycopg.connect(self._dsn, autocommit=True)
            except psycopg.OperationalError as error:
                raise ConnectionError(
                    "PostgreSQL cannot be reached. Check `dsn`, and that the server runs. The "
                    f"client says: {str(error).strip()}"
                ) from error
            weakref.finalize(self, self._connection.close)
        return self._connection

    @staticmethod
    def _make_extension(cursor):
        errors = load_psycopg().errors
        if cursor.execute("select from pg_extension where extname = 'vector'").rowcount:
            return
        try:
            cursor.execute("create extension if not exists vector")
        except (
            errors.FeatureNotSupported,
            errors.UndefinedFile,
            errors.InsufficientPrivilege,
        ) as error:
            raise ValueError(
                f"this PostgreSQL database has no pgvector: {str(error).splitlines()[0]}. Install "
                "pgvector on the server, and let its owner run `create extension vector` there."
            ) from error

    def _make(self, cursor):
        columns = self._columns(cursor)
        if not columns:
            self.run(
                cursor,
                "create table if not exists {table} "
                "(id bigint primary key, code bit({bits}) not null, label bigint not null)",
            )
            # Partial, so that it costs nothing where items have no labels.
            query = "create index if not exists {by_label} on {table} (label) where label >= 0"
            self.run(cursor, query)
            columns = self._columns(cursor)
        if columns == dict(zip(_COLUMNS, ("bigint", f"bit({self.bits})", "bigint"), strict=True)):
            return
        if tuple(columns) == _COLUMNS and columns["code"].startswith("bit("):
            raise ValueError(
                f"table {self.name!r} holds codes of {columns['code'][4:-1]} bits; got "
                f"bits={self.bits}. Open it with that number, or name another table."
            )
        raise ValueError(
            f"table {self.name!r} is no index of this package: its columns are "
            f"{', '.join(columns)}, not id, code and label. Name another table."
        )

    def _columns(self, cursor):
        """Name -> type of the table's columns; empty without a table."""
        rows = cursor.execute(
            "select attname, format_type(atttypid, atttypmod) from pg_attribute "
            "where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped order by attnum",
            [self.sql("{table}").as_string(cursor)],
        )
        return dict(rows.fetchall())


def load_psycopg():
    """The module psycopg.

    Raises:
        ModuleNotFoundError: it is not installed.
    """
    try:
        import psycopg
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "backend 'pgvector' needs the package psycopg. Install keras_hashing[postgres], or "
            "use the exact backend."
        ) from error
    return psycopg
