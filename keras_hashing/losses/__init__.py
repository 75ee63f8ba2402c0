"""Losses of the hashing papers, by family; each returns one value per anchor."""

from keras_hashing import spelling
from keras_hashing.losses.centres import bernoulli_centres, class_centres, hadamard
from keras_hashing.losses.code_factorization import factorize
from keras_hashing.losses.contrastive import (
    bernoulli_divergence,
    nt_xent,
    symmetric_divergence,
)
from keras_hashing.losses.deepbit import (
    bit_balance,
    bit_certainty_gap,
    bit_decorrelation,
    rotation_gap,
)
from keras_hashing.losses.dsh import PairwiseContrastive
from keras_hashing.losses.hashnet import WeightedPairwiseCrossEntropy
from keras_hashing.losses.pairwise import PairwiseCrossEntropy, PairwiseLoss, PairwiseSquaredError
from keras_hashing.losses.proxy import CentreCrossEntropy, CosineMargin, Polarization
from keras_hashing.losses.ranking import HistogramLoss, TieAwareAP
from keras_hashing.losses.triplet import TripletLoss, TripletRanking
from keras_hashing.losses.unsupervised import (
    bit_bias,
    code_gap,
    cosine_structure,
    relation_gap,
    spread_cosines,
    unit_gap,
)

__all__ = [
    "CentreCrossEntropy",
    "CosineMargin",
    "HistogramLoss",
    "PairwiseContrastive",
    "PairwiseCrossEntropy",
    "PairwiseLoss",
    "PairwiseSquaredError",
    "Polarization",
    "TieAwareAP",
    "TripletLoss",
    "TripletRanking",
    "WeightedPairwiseCrossEntropy",
    "bernoulli_centres",
    "bernoulli_divergence",
    "bit_balance",
    "bit_bias",
    "bit_certainty_gap",
    "bit_decorrelation",
    "class_centres",
    "code_gap",
    "cosine_structure",
    "factorize",
    "hadamard",
    "nt_xent",
    "relation_gap",
    "rotation_gap",
    "spread_cosines",
    "symmetric_divergence",
    "unit_gap",
]

spelling.guide(__name__)
