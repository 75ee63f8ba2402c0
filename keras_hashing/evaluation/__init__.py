"""Exact retrieval metrics of codes and labels; no model is needed."""

from keras_hashing.evaluation.evaluator import Evaluator, evaluate
from keras_hashing.evaluation.report import Report

__all__ = ["Evaluator", "Report", "evaluate"]
