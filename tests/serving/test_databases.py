"""`docs/databases.md`, block by block: a real server's reply into real engines.

`make test-engines` installs them.
"""

import base64
import importlib.util
import pathlib
import re

import numpy as np
import pytest
import requests

from tests.exporting.images import BITS, file_bytes, photo
from tests.index import stores

COUNT = 12  # photos


def blocks():
    """Heading -> Python under it; the first block stands under the page's title."""
    page = pathlib.Path(__file__).parents[2] / "docs" / "databases.md"
    parts = re.split(r"^#+ (.*)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    found = {}
    for heading, text in zip(parts[::2], parts[1::2], strict=True):
        for code in re.findall(r"^```python\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE):
            assert heading not in found
            found[heading] = code
    return found


BLOCKS = blocks()


@pytest.fixture
def reply(local_server, tmp_path, monkeypatch):
    """Names that the page's first block defines, with the tiny model of 12 bits behind it."""
    (tmp_path / "photos").mkdir()
    for number in range(COUNT):
        content = file_bytes(photo(seed=number % 10), "JPEG")  # the last two are copies
        (tmp_path / "photos" / f"{number:02}.jpg").write_bytes(content)
    monkeypatch.chdir(tmp_path)
    code = BLOCKS["From a reply to a database"]
    code = code.replace("http://127.0.0.1:8501", local_server.url).replace(
        "models/model:", "models/tiny:"
    )
    return run(code.replace("BITS = 48", f"BITS = {BITS}"), {})


def run(code, names):
    exec(compile(code, "databases.md", "exec"), names)
    return names


def distances_by_hand(rows):
    """Of every code to the first, by counting ones in Python's own integers."""
    numbers = [int(row["code_hex"], 16) for row in rows]
    return [bin(number ^ numbers[0]).count("1") for number in numbers]


def check(distances, ids, rows):
    """Five nearest: right distances, and ids that have them, in the order of both."""
    right = distances_by_hand(rows)
    assert list(distances) == sorted(right)[:5]
    assert [right[i] for i in ids] == list(distances)
    assert len(set(ids)) == 5
    assert len(set(right)) > 3  # or the test shows nothing


def single_bits():
    """A reply of `BITS` codes, code j with bit j alone, packed by hand."""
    codes = [bytes((1 << j % 8) if j // 8 == byte else 0 for byte in range(2)) for j in range(BITS)]
    return [
        {"code_bytes": {"b64": base64.b64encode(code).decode()}, "code_hex": code.hex()}
        for code in codes
    ]


def test_the_reply_holds_the_models_codes(reply, local_server):
    images = [{"b64": base64.b64encode(pathlib.Path("photos/03.jpg").read_bytes()).decode()}]
    body = {"signature_name": "search_bytes", "instances": images}
    url = f"{local_server.url}/v1/models/tiny:predict"
    assert requests.post(url, json=body, timeout=60).status_code == 200
    assert len(reply["rows"]) == COUNT
    for row in reply["rows"]:
        assert base64.b64decode(row["code_bytes"]["b64"]).hex() == row["code_hex"]
        assert int(row["code_hex"][2], 16) == 0  # bits 12 to 15 are padding


def test_faiss(reply):
    faiss = pytest.importorskip("faiss", reason="faiss-cpu is not installed")
    names = run(BLOCKS["FAISS"], reply)
    check(names["distances"][0].tolist(), names["ids"][0].tolist(), reply["rows"])
    names = run(BLOCKS["FAISS"], {**reply, "rows": single_bits()})
    signs = np.zeros((BITS, 16), np.float32)
    faiss.binary_to_real(signs.size, faiss.swig_ptr(names["codes"]), faiss.swig_ptr(signs))
    np.testing.assert_array_equal(signs > 0, np.eye(BITS, 16, dtype=bool))


@pytest.mark.engines
def test_milvus(reply, tmp_path):
    pytest.importorskip("pymilvus", reason="pymilvus is not installed")
    pytest.importorskip("milvus_lite", reason="milvus-lite==2.5.1 is not installed")
    if importlib.util.find_spec("milvus_lite.server_manager") is None:
        pytest.skip("this Milvus Lite has no binary vectors; install milvus-lite==2.5.1")
    code = BLOCKS["Milvus"].replace("http://127.0.0.1:19530", str(tmp_path / "milvus.db"))
    names = run(code, reply)
    try:
        check(names["distances"], names["ids"], reply["rows"])
        client = names["client"]
        client.drop_collection("images")
        names = run(code, {**reply, "rows": single_bits()})
        stored = client.get("images", list(range(BITS)), output_fields=["code"])
        for item in stored:
            j = item["id"]
            (vector,) = item["code"]
            assert [vector[i // 8] >> i % 8 & 1 for i in range(16)] == [i == j for i in range(16)]
        assert len(stored) == BITS
    finally:
        names["client"].close()


@pytest.fixture
def postgres():
    """URI of an empty database with pgvector at hand."""
    with stores.postgres() as dsn:
        yield dsn


@pytest.mark.engines
def test_postgres(reply, postgres):
    psycopg = importlib.import_module("psycopg")
    code = BLOCKS["PostgreSQL with pgvector"].replace("postgresql://127.0.0.1/images", postgres)
    names = run(code, reply)
    check(names["distances"], names["ids"], reply["rows"])
    right = distances_by_hand(reply["rows"])
    assert list(names["ids"]) == sorted(range(COUNT), key=lambda i: (right[i], i))[:5]
    with psycopg.connect(postgres) as connection:
        counted = connection.execute(
            "select bit_count(a.code # b.code) from images a, images b where b.id = 0 order by a.id"
        )
        assert [count for (count,) in counted] == right
        connection.execute("drop table images")
        connection.commit()
        run(code, {**reply, "rows": single_bits()})
        probe = "select id from images where get_bit(code, %s) = 1"
        for j in range(BITS):
            assert connection.execute(probe, [j]).fetchall() == [(j,)]


@pytest.mark.engines
def test_postgres_from_hexadecimal(postgres):
    """What the page says of `x'..'` literals: distances, and where each bit is."""
    psycopg = importlib.import_module("psycopg")
    with psycopg.connect(postgres) as connection:
        for j in range(16):
            code = bytes((1 << j % 8) if j // 8 == byte else 0 for byte in range(2)).hex()
            place = f"get_bit(x'{code}'::bit(16), 8 * ({j} / 8) + 7 - {j} % 8)"
            apart = f"bit_count(x'{code}'::bit(16) # x'ffff'::bit(16))"
            assert connection.execute(f"select {place}, {apart}").fetchone() == (1, 15)


@pytest.mark.engines
def test_qdrant(reply):
    pytest.importorskip("qdrant_client", reason="qdrant-client is not installed")
    code = BLOCKS["Qdrant"].replace("http://127.0.0.1:6333", ":memory:")
    names = run(code, reply)
    check(names["distances"], names["ids"], reply["rows"])
    probes = run(code, {**reply, "rows": single_bits()})
    stored = probes["client"].retrieve("images", list(range(BITS)), with_vectors=True)
    for point in stored:
        assert point.vector == [1.0 if j == point.id else -1.0 for j in range(BITS)]
    assert len(stored) == BITS


def test_every_engine_of_the_page_is_tested():
    assert list(BLOCKS) == [
        "From a reply to a database",
        "FAISS",
        "Milvus",
        "PostgreSQL with pgvector",
        "Qdrant",
    ]
