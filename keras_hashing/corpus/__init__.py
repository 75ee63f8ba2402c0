"""Codes of many images: encoded to parquet shards, read back, searched and evaluated from there."""

from keras_hashing import spelling
from keras_hashing.corpus.corpus import Corpus, Shard
from keras_hashing.corpus.encoding import Summary, encode
from keras_hashing.corpus.evaluation import evaluate

__all__ = ["Corpus", "Shard", "Summary", "encode", "evaluate"]

spelling.guide(__name__)
