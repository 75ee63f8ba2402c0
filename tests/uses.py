"""What users write with the names of the README; `mypy --strict` reads it, nothing runs it."""

from typing import assert_type

import numpy as np
import numpy.typing as npt

import keras_hashing as kh
from keras_hashing.serving import Client

Bytes = npt.NDArray[np.uint8]
Found = tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]


def search_and_evaluate() -> None:
    model = kh.zoo.load("dhn_fashion_48")
    assert_type(model, kh.methods.HashingModel)
    sample = kh.data.sample()
    assert_type(sample, kh.data.ImageSet)
    codes = kh.encode(model, sample.images)
    assert_type(codes, Bytes)
    index = kh.Index(bits=48)
    index.add(codes)
    assert_type(index.search(codes[:1], k=5), Found)
    assert_type(index.ids, npt.NDArray[np.int64])
    index.save("index.khindex")
    assert_type(kh.Index.load("index.khindex"), kh.Index)
    report = kh.evaluate(
        codes[:100], sample.labels[:100], codes[100:], sample.labels[100:], at=(10,)
    )
    assert_type(report, kh.evaluation.Report)
    assert_type(report.map, float)
    evaluator = kh.Evaluator(codes, sample.labels)
    evaluator.update(codes, sample.labels)
    assert_type(evaluator.result(), kh.evaluation.Report)
    assert_type(kh.audit(codes).dead_bits, tuple[int, ...])
    assert_type(kh.codes.prefix(codes, 32, 16), Bytes)
    assert_type(kh.zoo.list(method="dhn"), list[str])
    assert_type(kh.zoo.info("dhn_fashion_48").bits, int)


def train_and_export() -> None:
    data = kh.data.from_folder("photos", image_size=128)
    assert_type(data.train, kh.data.ImageSet)
    model = kh.methods.DHN(bits=32, image_size=128, alpha=0.2, quantization_weight=0.01)
    model.compile("adamw")
    watch = kh.callbacks.RetrievalEvaluation(data.validation)
    board = kh.callbacks.TensorBoardRetrieval("logs", data.query, data.database)
    model.fit(data.train.dataset(32, shuffle=True), epochs=10, callbacks=[watch, board])
    model.save("photos.keras")
    kh.load("photos.keras")
    index = kh.Index(bits=32)
    kh.export(model, "served/photos", index=index)
    kh.export_onnx(model, "photos.onnx")
    nested = kh.methods.Nested(kh.methods.HashNet, bits=(16, 32), backbone=None, hidden=128)
    assert_type(kh.encode(nested, np.zeros((3, 8))), Bytes)
    ranked = kh.CoarseToFine(index, np.zeros((0, 8), np.float32))
    assert_type(ranked.pool_for(0.95, [[0]], [[0.0]]), int)


def serve_and_encode_a_corpus() -> None:
    client = Client("http://127.0.0.1:8501")
    client.encode(["photos/roses/0.jpg"])
    client.search("photos/roses/0.jpg")
    summary = kh.corpus.encode(kh.zoo.load("dhn_fashion_48"), "photos", "shards")
    assert_type(summary.encoded, int)
    corpus = kh.corpus.Corpus("shards")
    assert_type(corpus.codes, Bytes)
    kh.corpus.evaluate(corpus.codes, corpus.labels, "shards")
    kh.losses.PairwiseCrossEntropy(alpha=1.0)
    kh.layers.HashHead(bits=48)
    kh.hashers.ITQ(bits=48)
