"""The audit's tables as text."""

import numpy as np

import keras_hashing as kh
from keras_hashing.auditing import tables


def audit(labelled=True, queries=True):
    rng = np.random.default_rng(0)
    signs = 2 * rng.integers(0, 2, (130, 10)) - 1
    signs[:, 3], signs[:, 8] = 1, -signs[:, 2]
    codes = kh.codes.pack(signs)
    given = {"labels": rng.integers(0, 3, 130)} if labelled else {}
    if queries:
        given["query_codes"] = codes[:7]
        if labelled:
            given["query_labels"] = given["labels"][:7]
    return kh.audit(codes, 10, **given)


def cells(found, title):
    """First cell -> the others, of the table whose title begins so."""
    (rows,) = [rows for name, _, rows in tables.tables(found) if name.startswith(title)]
    return {row[0]: row[1:] for row in rows}


def test_every_row_has_a_cell_a_column():
    for found in (audit(), audit(labelled=False), audit(queries=False)):
        for _, columns, rows in tables.tables(found):
            assert rows and all(len(row) == len(columns) for row in rows)
            assert all(isinstance(cell, str) for row in rows for cell in row)


def test_tables_without_data_are_left_out():
    assert len(tables.tables(audit())) == 4
    assert len(tables.tables(audit(labelled=False))) == 2
    assert len(tables.tables(kh.audit(np.zeros((1, 1), np.uint8)))) == 1


def test_figures():
    found = audit()
    rows = cells(found, "Codes and bits")
    assert rows["queries in the database"] == ("no ids", "by id")
    assert rows["queries identical to an item"][0] == "7"
    assert rows["queries identical to an item"][1].startswith("same code and label; chance gives")
    assert rows["dead bits"] == ("1", "3")
    assert rows["repeated bits"] == ("1", "8 is not 2")
    assert rows["different codes"][0] == f"{found.duplicates.distinct:,}"
    assert "queries in the database" not in cells(audit(queries=False), "Codes and bits")


def test_ties_and_orders():
    found = audit()
    at, everything = found.ties
    ties = cells(found, "Ties")
    assert ties["100"] == (f"{at.inside:.1%}", f"{at.bucket:,.1f}", f"{at.by_tie_order:,.1f}")
    assert ties["all"] == ("", f"{everything.bucket:,.1f}", "")
    spread = found.tie_range["map@all"]
    values = (spread.worst, spread.expected, spread.best, spread.index)
    assert cells(found, "What tie order")["map@all"] == tuple(f"{v:.4f}" for v in values)


def test_who_used_what_is_said_once():
    rng = np.random.default_rng(0)
    found = kh.audit(
        rng.integers(0, 256, (1100, 1)).astype(np.uint8), 8, labels=rng.integers(0, 3, 1100)
    )
    rows = cells(found, "The same codes")
    assert rows["precision@1000"][3] == "as precision@100"
    texts = [row[3] for row in rows.values() if not row[3].startswith("as ")]
    assert len(set(texts)) == len(texts)
    assert rows["map@all, self found"][2] == ""


def test_headline():
    assert tables.headline(audit()) == "130 codes of 10 bits; 7 queries, given"
    one = kh.audit(np.zeros((1, 1), np.uint8))
    assert tables.headline(one) == "1 code of 8 bits"


def test_queries_with_nothing_relevant_in_both_ways():
    # Distances 0, 1; the first query's item of its label is at 1: 1/2. The second has none.
    codes, queries = np.array([[0], [1]], np.uint8), np.array([[0], [0]], np.uint8)
    found = kh.audit(codes, 2, labels=[0, 1], query_codes=queries, query_labels=[1, 7])
    row = cells(found, "The same codes")["map@all"]
    assert row[:3] == ("0.5000", "0.2500", "0.5000, as 0 0.2500")
    found = kh.audit(codes, 2, labels=[0, 1], query_codes=queries, query_labels=[1, 1])
    assert cells(found, "The same codes")["map@all"][:3] == ("0.5000", "0.5000", "0.5000")
