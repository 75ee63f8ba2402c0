"""Losses of the hashing papers, by family; each returns one value per anchor."""

from keras_hashing.losses.pairwise import PairwiseCrossEntropy, PairwiseLoss, PairwiseSquaredError

__all__ = [
    "PairwiseCrossEntropy",
    "PairwiseLoss",
    "PairwiseSquaredError",
]
