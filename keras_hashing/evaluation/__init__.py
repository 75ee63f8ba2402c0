"""Exact retrieval metrics of codes and labels; no model is needed."""

from keras_hashing import spelling
from keras_hashing.evaluation.at_once import evaluate
from keras_hashing.evaluation.evaluator import Evaluator
from keras_hashing.evaluation.float_ranking import mean_average_precision
from keras_hashing.evaluation.report import Report

__all__ = ["Evaluator", "Report", "evaluate", "mean_average_precision"]

spelling.guide(__name__)
