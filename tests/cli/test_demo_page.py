"""The demo's page: pictures, marks and figures of what it was given, in one file."""

import re

import numpy as np

import keras_hashing as kh
from keras_hashing.cli import demo_page


def test_page(tmp_path):
    sample = kh.data.sample().subset(np.arange(0, 2000, 40))
    rng = np.random.default_rng(0)
    outputs = rng.uniform(-1, 1, (50, 12)).astype("float32")
    codes = kh.codes.pack(outputs)
    query, database = np.arange(14), np.arange(14, 50)
    index = kh.Index(bits=12)
    index.add(codes[database], ids=database)
    distances, ids = index.search(codes[query], k=3)
    report = kh.evaluate(
        codes[query],
        sample.labels[query],
        codes[database],
        sample.labels[database],
        bits=12,
        at=(10,),
    )
    demo_page.write(
        tmp_path / "page.html", "<entry>", sample, outputs, query, distances, ids, report
    )
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    right = sample.labels[ids[:12]] == sample.labels[query[:12], None]
    assert page.count('<figure class="small right">') == right.sum()
    assert page.count('<figure class="small wrong">') == (~right).sum()
    assert page.count("data:image/png;base64,") == 12 * 4
    assert f"<b>{report.map:.3f}</b>" in page
    assert "&lt;entry&gt;" in page and "<entry>" not in page
    assert re.search(r"<svg[^>]*>", page)
    shown = [int(d) for d in re.findall(r"<span>(\d+) bits? differs?</span></figure>", page)]
    assert shown == distances[:12].ravel().tolist()
