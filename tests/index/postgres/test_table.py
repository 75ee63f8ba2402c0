import importlib

import pytest

from keras_hashing.index import Index
from keras_hashing.index.postgres.table import Table

pytestmark = pytest.mark.engines


@pytest.fixture
def connection(postgres):
    psycopg = importlib.import_module("psycopg")
    with psycopg.connect(postgres, autocommit=True) as connection:
        yield connection


def test_what_is_made(postgres, connection):
    Table(postgres, "made", 20)
    Table(postgres, "made", 20)  # is there already
    columns = connection.execute(
        "select column_name, data_type, character_maximum_length, is_nullable "
        "from information_schema.columns where table_name = 'made' order by ordinal_position"
    ).fetchall()
    assert columns == [
        ("id", "bigint", None, "NO"),
        ("code", "bit", 20, "NO"),
        ("label", "bigint", None, "NO"),
    ]
    indexes = connection.execute("select indexdef from pg_indexes where tablename = 'made'")
    definitions = sorted(definition for (definition,) in indexes)
    assert len(definitions) == 2
    assert "WHERE (label >= 0)" in definitions[0]
    assert "UNIQUE" in definitions[1]


def test_a_table_of_something_else_is_left_alone(postgres, connection):
    connection.execute("create table people (id bigint primary key, name text)")
    connection.execute("insert into people values (1, 'Ada')")
    with pytest.raises(ValueError, match="'people' is no index of this package: its columns are"):
        Table(postgres, "people", 20)
    assert connection.execute("select * from people").fetchall() == [(1, "Ada")]
    connection.execute("create table near (id bigint primary key, code text, label bigint)")
    with pytest.raises(ValueError, match="columns are id, code, label, not id"):
        Table(postgres, "near", 20)


def test_names_are_kept_as_they_are(postgres):
    one, other = (Index(20, "pgvector", dsn=postgres, table=name) for name in ("Cats", "cats"))
    assert len(one) == len(other) == 0
    with pytest.raises(ValueError, match="`table` must be 1 to 48 letters"):
        Table(postgres, "x; drop table made", 20)


def test_no_server(tmp_path):
    with pytest.raises(
        ConnectionError, match="cannot be reached. Check `dsn`, and that the server runs"
    ):
        Table(f"postgresql://user:secret@/x?host={tmp_path}", "a", 20)
    try:
        Table(f"postgresql://user:secret@/x?host={tmp_path}", "a", 20)
    except ConnectionError as error:
        assert "secret" not in str(error)


def test_no_pgvector(postgres, connection):
    """A user who may not create extensions, in a database without pgvector."""
    connection.execute("create database bare")
    connection.execute("create role guest login")
    dsn = postgres.replace("/postgres?", "/bare?").replace("postgres:@", "guest:@")
    assert dsn != postgres
    with pytest.raises(ValueError, match="has no pgvector: .* Install pgvector on the server"):
        Table(dsn, "a", 20)


def test_an_old_pgvector_makes_no_graph(postgres, monkeypatch):
    table = Table(postgres, "old", 20)
    execute = importlib.import_module("psycopg").Cursor.execute

    def pretend(cursor, query, *rest, **options):
        if "extversion" in str(query):
            query = "select '0.7.4'"
        return execute(cursor, query, *rest, **options)

    monkeypatch.setattr("psycopg.Cursor.execute", pretend)
    with pytest.raises(ValueError, match="needs pgvector 0.8 or newer; the server has 0.7.4"):
        table.make_graph()


def test_a_lost_connection_is_opened_again(postgres, connection):
    table = Table(postgres, "lost", 20)
    with (
        pytest.raises(ConnectionError, match="went away when table 'lost' was to do this: wait"),
        table.transaction("wait") as cursor,
    ):
        (process,) = cursor.execute("select pg_backend_pid()").fetchone()
        table.run(cursor, "insert into {table} values (1, {bits}::bit({bits}), 3)")
        connection.execute("select pg_terminate_backend(%s)", [process])
        table.run(cursor, "select * from {table}")
    with table.transaction("count") as cursor:
        assert table.run(cursor, "select * from {table}").fetchall() == []


def test_other_errors_pass(postgres):
    psycopg = importlib.import_module("psycopg")
    table = Table(postgres, "other", 20)
    with (
        pytest.raises(psycopg.errors.UndefinedColumn),
        table.transaction("read") as cursor,
    ):
        table.run(cursor, "select nothing from {table}")
